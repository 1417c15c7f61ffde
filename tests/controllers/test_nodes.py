"""Nodes: silence, taints, deletion, and address blocks."""

from __future__ import annotations

import pytest

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
    cluster.run(seconds=6)  # the controller looks every 5 s
    assert cluster.get("nodes").STATUS[0] == "Ready"
    assert not cluster.api.get("Node", "node-1").spec.taints


def test_pods_stay_on_a_silent_node_for_as_long_as_they_tolerate_it():
    cluster = Cluster(nodes=2)
    here = {"nodeName": "node-1"}
    key = "node.kubernetes.io/unreachable"
    short = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    forever = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    cluster.apply(
        [
            pod("short", tolerations=[short], **here),
            pod("usual", **here),
            pod("ever", tolerations=[forever], **here),
        ]
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


def made_by_hand(name: str = "spare", **spec: object) -> dict:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec}


def test_a_new_node_is_tainted_before_the_others_see_it(cluster):
    taints = [{"key": "disk", "value": "slow", "effect": "NoSchedule"}]
    found = cluster.api.create(made_by_hand(taints=taints))
    keys = [(taint.key, taint.effect) for taint in found.spec.taints]
    assert keys == [("disk", "NoSchedule"), ("node.kubernetes.io/not-ready", "NoSchedule")]
    assert cluster.api.get("Node", "node-1").spec.taints is None  # its kubelet calls it ready


def test_a_stored_node_has_all_fields_of_its_system_and_its_daemons(cluster):
    document = cluster.api.create(made_by_hand()) and cluster.api.document("Node", "spare")
    assert document["status"]["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 0}}
    assert set(document["status"]["nodeInfo"].values()) == {""}
    capacity = {"cpu": "4", "pods": "10"}
    cluster.api.patch_status(cluster.api.get("Node", "spare"), {"capacity": capacity})
    assert cluster.api.document("Node", "spare")["status"]["allocatable"] == capacity


def test_a_node_states_what_its_kubelet_says_of_it(cluster):
    document = cluster.api.document("Node", "node-1")
    stated = [
        (c["type"], c["status"], c["reason"], c["message"])
        for c in document["status"]["conditions"]
    ]
    assert stated == [
        (
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        (
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    assert document["status"]["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 10250}}
    info = document["status"]["nodeInfo"]
    assert [name for name, value in info.items() if not value] == ["kubeProxyVersion"]
    assert len(info["machineID"]) == 32


def test_a_machine_keeps_its_identifiers_and_gets_a_new_one_for_each_boot(cluster):
    def identifiers() -> list[str]:
        info = cluster.api.document("Node", "node-1")["status"]["nodeInfo"]
        return [info[name] for name in ("machineID", "systemUUID", "bootID")]

    before = identifiers()
    cluster.kill_node("node-1")
    cluster.run(seconds=5)
    cluster.restore_node("node-1")
    cluster.run(seconds=15)
    after = identifiers()
    assert after[:2] == before[:2] and after[2] != before[2]


@pytest.mark.parametrize(("seconds", "told"), [(None, 1), (5, 2)])
def test_an_eviction_that_waited_is_cancelled_when_its_pod_is_gone_at_once(cluster, seconds, told):
    key = "course.example/held"
    short = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
    tolerations = [short] if seconds else []
    cluster.apply(pod("web", nodeName="node-1", terminationGracePeriodSeconds=0,
                      tolerations=tolerations))  # fmt: skip
    cluster.run(seconds=10)
    taints = [{"key": key, "effect": "NoExecute"}]
    cluster.api.patch("Node", "node-1", "", {"spec": {"taints": taints}})
    cluster.run(seconds=10)
    both = ["Marking for deletion Pod default/web", "Cancelling deletion of Pod default/web"]
    assert list(cluster.log(reason="TaintManagerEviction").MESSAGE) == both[:told]
