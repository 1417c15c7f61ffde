"""Nodes: silence, taints, deletion, and address blocks."""

from __future__ import annotations

from course_lib.cluster import Cluster
from tests.conftest import pod, workload


def test_a_silent_node_is_noticed_after_50_seconds_and_believed_again_when_it_speaks():
    cluster = Cluster(nodes=2)
    cluster.run(seconds=100)
    cluster.kill_node("node-1")
    killed = cluster.now
    cluster.run_until(lambda: cluster.get("nodes").STATUS[0] == "NotReady", timeout=100)
    # The last renewal was up to 10 s before, the next look is up to 5 s after.
    assert 40 <= cluster.now - killed <= 55
    cluster.run(seconds=1)
    taints = {(t.key, t.effect) for t in cluster.api.get("Node", "node-1").spec.taints}
    key = "node.kubernetes.io/unreachable"
    assert taints == {(key, "NoSchedule"), (key, "NoExecute")}
    cluster.restore_node("node-1")
    cluster.run(seconds=5)
    assert cluster.get("nodes").STATUS[0] == "Ready"
    assert not cluster.api.get("Node", "node-1").spec.taints


def test_pods_stay_on_a_silent_node_for_as_long_as_they_tolerate_it():
    cluster = Cluster(nodes=1)
    key = "node.kubernetes.io/unreachable"
    short = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    forever = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    cluster.apply(
        [pod("short", tolerations=[short]), pod("usual"), pod("ever", tolerations=[forever])]
    )
    cluster.run(seconds=20)
    cluster.kill_node("node-1")

    def going() -> set[str]:
        return {p.name for p in cluster.api.list("Pod") if p.terminating}

    cluster.run(seconds=75)
    assert going() == set()
    cluster.run(seconds=20)
    assert going() == {"short"}
    cluster.run(seconds=280)
    assert going() == {"short", "usual"}


def test_a_deleted_node_takes_its_pods_with_it():
    cluster = Cluster(nodes=2)
    cluster.apply(workload(replicas=4))
    cluster.run(seconds=20)
    cluster.kill_node("node-1")
    cluster.delete("node", "node-1")
    cluster.run(seconds=30)
    assert "node-1" in set(cluster.get("pods", wide=True).NODE), "40 s are waited for the node"
    cluster.run(seconds=60)
    found = cluster.get("pods", wide=True)
    assert set(found.NODE) == {"node-2"}
    assert len(found) == 4


def test_a_pod_whose_node_never_existed_is_collected(cluster):
    cluster.apply(pod("ghostly", nodeName="ghost"))
    cluster.run(seconds=30)
    assert len(cluster.get("pods")) == 1
    cluster.run(seconds=50)
    assert len(cluster.get("pods")) == 0


def test_each_node_has_a_block_of_addresses_of_its_own():
    cluster = Cluster(nodes=20)
    blocks = {node.spec.pod_cidr for node in cluster.api.list("Node")}
    assert len(blocks) == 20
    assert "10.244.0.0/24" in blocks
