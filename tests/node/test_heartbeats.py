"""The times of heartbeats in a node's conditions."""

import pytest

from course_lib import Cluster
from course_lib.engine import Simulation
from course_lib.engine.timestamps import seconds_at


@pytest.fixture(params=[True, False], ids=["plain", "asleep"])
def cluster(request, monkeypatch) -> Cluster:
    monkeypatch.setattr(Simulation, "plain", request.param)
    cluster = Cluster(nodes=2, seed=4)
    cluster.run(seconds=60)
    return cluster


def heard(cluster: Cluster, node: str = "node-1") -> float:
    """When a node's conditions were last reported, which is the same for all of them."""
    conditions = cluster.api.document("Node", node)["status"]["conditions"]
    (stamp,) = {each["lastHeartbeatTime"] for each in conditions}
    return seconds_at(stamp)


def test_a_node_with_nothing_new_says_so_every_five_minutes(cluster):
    first = heard(cluster)
    assert first <= 60
    for seconds in (300 - 60, 20):
        cluster.run(seconds=seconds)
    second = heard(cluster)
    assert 300 <= second - first <= 311  # at the next look, one in ten seconds
    cluster.run(seconds=3000)
    assert heard(cluster) == pytest.approx(second + 3000, abs=1)
    listed = {node.name: node for node in cluster.api.list("Node")}
    assert set(listed) == {"node-1", "node-2"}


def test_conditions_keep_the_time_since_when_they_hold(cluster):
    def since() -> set[str]:
        conditions = cluster.api.document("Node", "node-1")["status"]["conditions"]
        return {each["lastTransitionTime"] for each in conditions}

    before = since()
    cluster.run(seconds=1000)
    assert since() == before


def test_the_last_heartbeat_of_a_silent_node_stays(cluster):
    cluster.run(seconds=400)
    last = heard(cluster)
    cluster.kill_node("node-1")
    cluster.run(seconds=1000)
    conditions = cluster.api.document("Node", "node-1")["status"]["conditions"]
    assert {each["status"] for each in conditions} == {"Unknown"}
    assert heard(cluster) == last


def test_a_watch_hears_of_each_heartbeat(cluster):
    heard_of = []
    watch = cluster.api.watch("Node", lambda event: heard_of.append(event.object.name))
    cluster.run(seconds=620)
    assert sorted(heard_of) == ["node-1", "node-1", "node-2", "node-2"]
    watch.stop()


def test_nobody_reads_and_no_heartbeat_is_written(monkeypatch):
    monkeypatch.setattr(Simulation, "plain", False)
    cluster = Cluster(nodes=2)
    cluster.run(seconds=60)
    before = cluster.api.server.store.revision
    cluster.run(seconds=3600)
    assert cluster.api.server.store.revision == before
    heard(cluster)
    assert cluster.api.server.store.revision == before + 1


@pytest.mark.parametrize("seconds", [290, 300, 310, 640])
def test_a_kubelet_that_is_woken_has_heartbeats_at_the_same_times(seconds, monkeypatch):
    found = []
    for plain in (True, False):
        monkeypatch.setattr(Simulation, "plain", plain)
        cluster = Cluster(nodes=1, seed=4)
        cluster.apply("""{apiVersion: v1, kind: Pod, metadata: {name: web},
                          spec: {containers: [{name: web, image: "nginx:1.27"}]}}""")
        cluster.run(seconds=seconds)
        cluster.delete("pod", "web")
        cluster.run(seconds=20)  # the kubelet looks, and has nothing new to say
        found.append(heard(cluster))
    assert found[0] == found[1]
