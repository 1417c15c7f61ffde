"""Which Pods a kubelet refuses, though somebody bound them to its node."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod

HERE = {"nodeName": "node-1"}
PORT = {"ports": [{"containerPort": 80, "hostPort": 8080}]}


def refusal(cluster: Cluster, name: str = "web") -> tuple[str, str] | None:
    """Reason and message of a Pod that was refused; None for one that runs."""
    cluster.run(seconds=20)
    status = cluster.document("pod", name)["status"]
    if status["phase"] != "Failed":
        assert status["phase"] == "Running"
        return None
    [event] = cluster.log(reason=status["reason"], object=f"Pod/{name}").MESSAGE
    assert status["message"] == f"Pod was rejected: {event}"
    assert "containerStatuses" not in status and "hostIP" not in status
    return status["reason"], event


def sysctl(name: str, **spec: object) -> dict:
    settings = {"sysctls": [{"name": name, "value": "1"}]}
    return pod(securityContext=settings, **spec)


NO_NODE = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
UNTOLERATED = "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
OTHER_OS = "Failed to admit pod as the OS field doesn't match node OS"


def required(value: str) -> dict:
    name = {"key": "kubernetes.io/hostname", "operator": "In", "values": [value]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [name]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (pod(nodeSelector={"disk": "ssd"}, **HERE), ("NodeAffinity", NO_NODE)),
        (pod(nodeSelector={"kubernetes.io/hostname": "node-1"}, **HERE), None),
        (pod(affinity=required("node-2"), **HERE), ("NodeAffinity", NO_NODE)),
        (pod(affinity=required("node-1"), **HERE), None),
        (pod(os={"name": "windows"}, **HERE), ("PodOSNotSupported", OTHER_OS)),
        (pod(os={"name": "linux"}, **HERE), None),
        (sysctl("net.ipv4.tcp_syncookies", **HERE), None),
        (
            sysctl("kernel.msgmax", **HERE),
            ("SysctlForbidden", 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
        ),
    ],
)
def test_a_pod_that_the_node_does_not_suit_is_refused(one, asked, answer):
    one.apply(asked)
    assert refusal(one) == answer


def test_a_label_for_another_operating_system_is_refused(one):
    asked = pod(**HERE)
    asked["metadata"]["labels"]["kubernetes.io/os"] = "windows"
    one.apply(asked)
    assert refusal(one) == (
        "PodOSSelectorNodeLabelDoesNotMatch",
        "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    )


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        ({"hostPort": 8080}, True),
        ({"hostPort": 8081}, False),
        ({"hostPort": 8080, "protocol": "UDP"}, False),
        ({"hostPort": 8080, "hostIP": "10.0.0.9"}, True),
    ],
)
def test_a_port_of_the_node_is_taken_once(one, second, refused):
    one.apply(pod("first", [container(**PORT)], **HERE))
    one.run(seconds=20)
    one.apply(pod(containers=[container(ports=[{"containerPort": 80} | second])], **HERE))
    why = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
    assert refusal(one) == (("NodePorts", why) if refused else None)


def test_the_port_of_a_pod_that_has_gone_is_free(one):
    one.apply(pod("first", [container(**PORT)], **HERE))
    one.run(seconds=20)
    one.delete("pod", "first")
    one.run(seconds=40)
    one.apply(pod(containers=[container(**PORT)], **HERE))
    assert refusal(one) is None


@pytest.mark.parametrize(("effect", "refused"), [("NoSchedule", False), ("NoExecute", True)])
def test_only_a_taint_that_evicts_keeps_a_bound_pod_away(one, effect, refused):
    one.api.patch("Node", "node-1", "", {"spec": {"taints": [{"key": "k", "effect": effect}]}})
    one.run(seconds=1)
    one.apply(pod(**HERE))
    one.run(seconds=2)
    seen = [each.REASON for each in one.log(object="Pod/web").itertuples()]
    assert ("TaintToleration" in seen) is refused
    if refused:
        assert UNTOLERATED in list(one.log(reason="TaintToleration").MESSAGE)


def test_a_port_is_free_as_soon_as_its_pod_is_deleted_at_once(one):
    one.apply(pod("old", [container(**PORT)], terminationGracePeriodSeconds=0, **HERE))
    one.run(seconds=20)
    one.delete("pod", "old")
    one.apply(pod(containers=[container(**PORT)], **HERE))
    assert refusal(one) is None
