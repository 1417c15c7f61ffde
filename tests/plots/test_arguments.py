"""A figure of nothing is refused, in words that say what the figure is drawn from."""

from __future__ import annotations

import msgspec
import pandas as pd
import pytest

from course_lib import Cluster, plots
from course_lib.errors import CourseError
from course_lib.experiments import generate, run
from course_lib.network import PodNetwork


def _name(part: object) -> str | None:
    """The name of a case: the same in each process."""
    return getattr(part, "__name__", part if isinstance(part, str) else None)


TABLES = [
    plots.availability_by_size,
    plots.cluster_sizes,
    plots.latency_by_size,
    plots.overhead_by_payload,
    plots.request_balance,
    plots.rule_cost,
    plots.survival,
]
EQUAL = generate("equal", pods=2, nodes=2)
ONE_RUN = run("pack", EQUAL)


@pytest.mark.parametrize("plot", TABLES)
def test_a_table_has_rows_and_the_columns_that_are_drawn(plot):
    with pytest.raises(CourseError) as refused:
        plot(pd.DataFrame({"SOMETHING": [1]}))
    assert refused.value.found.startswith("no column ")
    columns = refused.value.expected.partition("columns ")[2].split(", ")
    with pytest.raises(CourseError) as refused:
        plot(pd.DataFrame(columns=columns))
    assert refused.value.found == "no rows"
    with pytest.raises(CourseError, match="of the wrong type"):
        plot([1, 2])


@pytest.fixture(scope="module")
def load():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web.yaml")
    cluster.run(20)
    load = cluster.load("web", requests_per_second=10)
    cluster.run(5)
    return load


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"bin_seconds": 0}, "bin_seconds"),
        ({"bin_seconds": 0.009}, "bin_seconds"),
        ({"bin_seconds": "a"}, "bin_seconds"),
        ({"since": -1}, "since"),
        ({"events": ["update"]}, "events"),
        ({"events": {"update": "soon"}}, "events: update"),
    ],
)
def test_requests_are_counted_in_bins_of_time(load, given, where):
    with pytest.raises(CourseError) as refused:
        plots.requests_over_time(load, **given)
    assert refused.value.where == where
    assert "50 sent" in plots.requests_over_time(load, bin_seconds=0.01).alt


REFUSED = [
    (plots.policy_comparison, {"runs": []}, "runs"),
    (plots.policy_comparison, {"runs": [3]}, "runs[0]"),
    (plots.policy_comparison, {"runs": [ONE_RUN], "measure": "speed"}, "measure"),
    (plots.fragmentation_curve, {"runs": ONE_RUN}, "runs"),
    (plots.node_heat_map, {"nodes": EQUAL}, "nodes"),
    (plots.node_heat_map, {"nodes": EQUAL.snapshot(), "columns": 0}, "columns"),
    (plots.packing, {"placed": {}, "workloads": [], "machines": []}, "placed"),
    (plots.packing, {"placed": {"x": [3]}, "workloads": [], "machines": []}, "placed: x"),
    (
        plots.packing,
        {"placed": {"x": []}, "workloads": [], "machines": [], "resource": "gpu"},
        "resource",
    ),
    (plots.start_up, {"clients": {}}, "clients"),
    (plots.start_up, {"clients": {"lxd": 3}}, "clients: lxd"),
    (plots.pods_over_time, {"cluster": 3}, "cluster"),
    (plots.utilisation_over_time, {"cluster": Cluster(nodes=0)}, "cluster"),
    (plots.requested_by_node, {"cluster": 3}, "cluster"),
    (plots.configuration, {"cluster": 3}, "cluster"),
    (plots.topology, {"network": 3}, "network"),
    (plots.way, {"trace": 3}, "trace"),
]


@pytest.mark.parametrize(("plot", "given", "where"), REFUSED, ids=_name)
def test_what_cannot_be_drawn_is_named(plot, given, where):
    with pytest.raises(CourseError) as refused:
        plot(**given)
    assert refused.value.where == where


def test_a_packet_without_an_answer_has_no_way_back():
    network = PodNetwork("calico", nodes=2, pods=1)
    network.cut(["node-1"], ["node-2"])
    with pytest.raises(CourseError, match="no answer: "):
        plots.way(network.trace("pod-1", "pod-2"), reply=True)


def test_policies_may_have_run_other_workloads():
    other = msgspec.structs.replace(run("spread", EQUAL), workload="other")
    assert "pack on equal 2, spread on other 2." in plots.policy_comparison([ONE_RUN, other]).alt
