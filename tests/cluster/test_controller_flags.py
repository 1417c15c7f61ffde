"""`controller_flags`: flags of kube-controller-manager whose limits show at scale."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.conftest import workload

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}


def slices(pods: int, **settings: object) -> list[int]:
    """How many endpoints each slice of a Service with so many Pods has."""
    cluster = Cluster(nodes=3, **settings)
    cluster.apply([SERVICE, workload(replicas=pods)])
    cluster.run(seconds=60)
    found = cluster.api.list("EndpointSlice", "default")
    named = [each for each in found if each.metadata.name.startswith("web-")]
    return sorted(len(each.endpoints or ()) for each in named)


@pytest.mark.parametrize(("most", "number"), [(1, 6), (5, 2), (6, 1), (1000, 1)])
def test_a_slice_has_no_more_endpoints_than_the_flag_says(most, number):
    found = slices(6, controller_flags={"max-endpoints-per-slice": most})
    assert len(found) == number and sum(found) == 6 and max(found) <= most


def recovery(nodes: int, **settings: object) -> float:
    """Seconds until all Pods run elsewhere after all nodes of one of two zones lost power."""
    cluster = Cluster(nodes=nodes, zones=["a", "b"], **settings)
    cluster.apply(workload(replicas=nodes))
    cluster.run(seconds=60)
    dead = [f"node-{number}" for number in range(1, nodes + 1, 2)]
    for name in dead:
        cluster.kill_node(name)
    began = cluster.now

    def elsewhere() -> bool:
        pods = [each for each in cluster.api.list("Pod", "default") if not each.terminating]
        return not any(each.spec.node_name in dead for each in pods)

    cluster.run_until(elsewhere, timeout=1000)
    return cluster.now - began


def test_nodes_are_given_up_at_the_rate_of_the_flag():
    slow = recovery(10)
    assert slow - recovery(10, controller_flags={"node-eviction-rate": 1}) == pytest.approx(36, 0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max-endpoints-per-slice": 0},
        {"max-endpoints-per-slice": 1001},
        {"max-endpoints-per-slice": 1.5},
        {"max-endpoints-per-slice": True},
        {"node-eviction-rate": -0.1},
        {"node-eviction-rate": "1"},
        {"node-eviction-rate": float("nan")},
        {"node-eviction-rate": float("inf")},
        {"unhealthy-zone-threshold": 1.1},
        {"large-cluster-size-threshold": -1},
        {"large-cluster-size-threshold": 2**31},
        {"large-cluster-size-threshold": 2**70},
        {"kube-api-qps": 100},
        {"max_endpoints_per_slice": 10},
        {1: 2},
        ["max-endpoints-per-slice"],
        "max-endpoints-per-slice",
    ],
)
def test_another_flag_or_value_is_refused_in_words(wrong):
    with pytest.raises(CourseError) as refused:
        Cluster(nodes=1, controller_flags=wrong)
    assert refused.value.where == "controller_flags" and refused.value.do


@pytest.mark.parametrize("rate", [0, 1000])
def test_a_value_within_its_limits_is_taken(rate):
    assert Cluster(nodes=1, controller_flags={"node-eviction-rate": rate})


def test_a_control_plane_on_machines_has_them_in_the_manifest_of_its_static_pod():
    cluster = Cluster.all_in_one(controller_flags={"max-endpoints-per-slice": 7})
    name = "kube-controller-manager-minikube"
    pod = cluster.document("pod", name, namespace="kube-system")
    command = pod["spec"]["containers"][0]["command"]
    assert command == [
        *("kube-controller-manager", "--leader-elect=true", "--max-endpoints-per-slice=7")
    ]
