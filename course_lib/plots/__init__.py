"""Figures: each function takes what was simulated and returns one picture with its alt text."""

from course_lib.errors import extra

with extra("notebook"):
    import matplotlib  # noqa: F401  (every figure needs it)

from course_lib.plots.availability import availability_by_size, latency_by_size, survival
from course_lib.plots.configuration import configuration
from course_lib.plots.experiments import cluster_sizes, fragmentation_curve, policy_comparison
from course_lib.plots.load import requests_over_time
from course_lib.plots.networks import overhead_by_payload, request_balance, rule_cost, topology, way
from course_lib.plots.nodes import requested_by_node
from course_lib.plots.packing import node_heat_map, packing
from course_lib.plots.picture import Picture
from course_lib.plots.runtimes import start_up
from course_lib.plots.timeline import pods_over_time
from course_lib.plots.utilisation import utilisation_over_time

__all__ = [
    "Picture",
    "availability_by_size",
    "cluster_sizes",
    "configuration",
    "fragmentation_curve",
    "latency_by_size",
    "node_heat_map",
    "overhead_by_payload",
    "packing",
    "pods_over_time",
    "policy_comparison",
    "request_balance",
    "requested_by_node",
    "requests_over_time",
    "rule_cost",
    "start_up",
    "survival",
    "topology",
    "utilisation_over_time",
    "way",
]
