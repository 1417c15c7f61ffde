"""Experiments, with results as DataFrames.

Workloads and traces, policies and sweeps, whole clusters of any size (chapter 04); failures,
availability, the time of a write (chapter 10); networks and rules (chapters 07 to 09). Each raises
`CourseError` for an argument with which it could not run, would not end, or had nothing to show.
"""

from course_lib.experiments.availability import Reliability, availability, closed_form
from course_lib.experiments.clusters import (
    autoscaling,
    default_limits,
    drains,
    rollouts,
    sizes,
    zone_failures,
)
from course_lib.experiments.consensus import latency_by_size
from course_lib.experiments.failures import failure_table
from course_lib.experiments.measures import fragmentation, utilisation
from course_lib.experiments.networking import (
    balance,
    chi_squared,
    network_event,
    network_events,
    overhead,
    rule_cost,
    state_growth,
)
from course_lib.experiments.policies import POLICIES
from course_lib.experiments.runs import Run, pods_table, run, runs_table, sweep
from course_lib.experiments.workloads import DISTRIBUTIONS, Scenario, generate, read_trace

__all__ = [
    "DISTRIBUTIONS",
    "POLICIES",
    "Reliability",
    "Run",
    "Scenario",
    "autoscaling",
    "availability",
    "balance",
    "chi_squared",
    "closed_form",
    "default_limits",
    "drains",
    "failure_table",
    "fragmentation",
    "generate",
    "latency_by_size",
    "network_event",
    "network_events",
    "overhead",
    "pods_table",
    "rollouts",
    "rule_cost",
    "read_trace",
    "run",
    "runs_table",
    "sizes",
    "state_growth",
    "sweep",
    "utilisation",
    "zone_failures",
]
