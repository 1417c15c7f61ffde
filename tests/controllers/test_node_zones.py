"""How fast nodes are given up: by zones, and not at all where all are silent."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.node_zones import (
    FULL,
    NORMAL,
    PARTIAL,
    EvictionRates,
    ZoneQueue,
    Zones,
)

UNREACHABLE = "node.kubernetes.io/unreachable"
ZONE = "topology.kubernetes.io/zone"


@pytest.mark.parametrize(
    ("ready", "not_ready", "state"),
    [
        (0, 1, FULL),
        (1, 0, NORMAL),
        (1, 2, NORMAL),  # two thirds, but no more than two nodes
        (9, 10, NORMAL),  # 52.6 %
        (9, 11, PARTIAL),  # 55 %
        (8, 11, PARTIAL),
        (0, 0, NORMAL),
    ],
)
def test_a_zone_is_disrupted_from_55_per_cent_and_three_nodes_on(ready, not_ready, state):
    assert EvictionRates().state(ready, not_ready) == state


@pytest.mark.parametrize(("size", "rate"), [(49, 0.0), (50, 0.0), (51, 0.01)])
def test_a_disrupted_zone_is_given_up_slowly_if_it_is_large_and_else_not(size, rate):
    rates = EvictionRates()
    assert rates.rate(PARTIAL, size) == rate
    assert rates.rate(NORMAL, size) == rates.rate(FULL, size) == 0.1


def test_a_node_that_was_taken_waits_again_only_after_it_was_removed():
    queue = ZoneQueue(0.1, 0.0)
    queue.add("a")
    assert queue.take(0.0) == "a"
    assert not queue.add("a")
    queue.remove("a")
    assert queue.add("a") and queue.take(9.9) == "" and queue.take(10.0) == "a"


@pytest.mark.parametrize(("at", "due"), [(5.0, 105.0), (10.0, 10.0), (50.0, 50.0)])
def test_a_token_that_is_there_stays_when_the_rate_changes(at, due):
    queue = ZoneQueue(0.1, 0.0)
    queue.add("a")
    queue.add("b")
    assert queue.take(0.0) == "a"
    queue.swap(0.01, at)
    assert queue.due == due


def test_a_rate_that_comes_after_none_begins_without_a_token():
    queue = ZoneQueue(0.1, 0.0)
    queue.add("a")
    queue.swap(0.0, 0.0)
    assert queue.due == float("inf")
    queue.swap(0.1, 100.0)
    assert queue.due == 110.0


def test_zones_stop_when_all_are_down_and_go_on_when_one_is_well_again():
    zones = Zones()
    assert zones.update({"a": (1, 1), "b": (0, 2)}, 0.0) == ""
    assert zones.states == {"a": NORMAL, "b": FULL}
    assert zones.update({"a": (0, 2), "b": (0, 2)}, 5.0) == "stop"
    assert zones.update({"a": (0, 2), "b": (0, 2)}, 10.0) == ""
    assert {queue.rate for queue in zones.queues.values()} == {0.0}
    assert zones.update({"a": (1, 1), "b": (0, 2)}, 15.0) == "resume"
    assert {queue.rate for queue in zones.queues.values()} == {0.1}
    zones.update({"b": (0, 2)}, 20.0)
    assert list(zones.states) == list(zones.queues) == ["b"]


def evicting(cluster: Cluster) -> set[str]:
    """The nodes with the taint NoExecute."""
    return {
        node.name
        for node in cluster.api.list("Node")
        for taint in node.spec.taints or ()
        if (taint.key, taint.effect) == (UNREACHABLE, "NoExecute")
    }


def silent(cluster: Cluster) -> set[str]:
    """The nodes that get no Pods."""
    return {node.name for node in cluster.api.list("Node") if node.spec.taints}


def test_nodes_of_one_zone_get_their_taint_ten_seconds_apart():
    cluster = Cluster(nodes=5)
    cluster.run(seconds=20)
    for name in ("node-1", "node-2"):
        cluster.kill_node(name)
    cluster.run_until(lambda: len(evicting(cluster)) == 1, timeout=70)
    first = cluster.now
    cluster.run_until(lambda: len(evicting(cluster)) == 2, timeout=70)
    assert 9.9 <= cluster.now - first <= 15.1  # looks are 5 s apart


def test_a_small_zone_that_is_disrupted_keeps_its_pods():
    cluster = Cluster(nodes=5)
    cluster.run(seconds=20)
    dead = {"node-1", "node-2", "node-3"}
    for name in sorted(dead):
        cluster.kill_node(name)
    cluster.run(seconds=300)
    assert silent(cluster) == dead
    assert len(evicting(cluster)) <= 1  # before the zone is known to be disrupted


def test_no_node_is_given_up_where_all_are_silent():
    cluster = Cluster(nodes=3)
    cluster.run(seconds=20)
    for number in (1, 2, 3):
        cluster.kill_node(f"node-{number}")
    cluster.run(seconds=300)
    assert silent(cluster) == {"node-1", "node-2", "node-3"}
    assert evicting(cluster) == set()
    cluster.restore_node("node-1")
    cluster.run(seconds=9)
    assert evicting(cluster) == set()
    cluster.run(seconds=26)
    assert evicting(cluster) == {"node-2", "node-3"}


def test_a_node_that_never_spoke_is_unknown_after_a_minute(cluster):
    cluster.api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "spare"}})
    cluster.run(seconds=59)
    assert cluster.api.get("Node", "spare").status.conditions is None
    cluster.run(seconds=8)
    stated = cluster.api.get("Node", "spare").status.conditions
    assert [each.type for each in stated] == [
        "Ready",
        "MemoryPressure",
        "DiskPressure",
        "PIDPressure",
    ]
    assert {(c.status, c.reason, c.message) for c in stated} == {
        ("Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status.")
    }
    assert evicting(cluster) == {"spare"}
