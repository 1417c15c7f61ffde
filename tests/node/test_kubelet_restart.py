"""A kubelet stops and starts again, while its machine and the containers on it run on."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import container, pod, workload


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def status_of(cluster: Cluster, name: str = "web") -> dict:
    return cluster.document("pod", name)["status"]


def pause(cluster: Cluster, seconds: float, then: float = 5) -> None:
    cluster.faults.stop_kubelet("node-1")
    cluster.run(seconds=seconds)
    cluster.faults.start_kubelet("node-1")
    cluster.run(seconds=then)


def test_a_pod_goes_on_with_the_same_containers(one):
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 2}
    sidecar = shell("sleep 999", name="s", restartPolicy="Always")
    one.apply(pod(containers=[shell("sleep 999", readinessProbe=probe)],
                  initContainers=[shell("exit 0", name="i"), sidecar]))  # fmt: skip
    one.run(seconds=30)
    before = status_of(one)
    started = len(one.log(reason="Started", object="Pod/web"))
    pause(one, 20)
    assert status_of(one) == before
    assert len(one.log(reason="Started", object="Pod/web")) == started


def test_nobody_restarts_what_ends_meanwhile_and_the_kubelet_catches_up(one):
    one.apply(pod(containers=[shell("sleep 20; exit 3")]))
    one.run(seconds=10)
    one.faults.stop_kubelet("node-1")
    one.run(seconds=60)
    assert len(one.log(reason="Started")) == 1
    one.faults.start_kubelet("node-1")
    one.run(seconds=5)
    [status] = status_of(one)["containerStatuses"]
    assert status["restartCount"] == 1
    assert status["lastState"]["terminated"]["exitCode"] == 3


def test_a_pod_that_was_deleted_meanwhile_is_stopped_as_an_orphan(one):
    one.apply(pod(containers=[shell("sleep 999")]))
    one.run(seconds=10)
    one.faults.stop_kubelet("node-1")
    one.delete("pod", "web", grace_period=0)
    one.run(seconds=10)
    assert one.api.find("Pod", "web") is None
    assert [c for c in one.runtimes["node-1"].containers.values() if c.running]
    one.faults.start_kubelet("node-1")
    one.run(seconds=10)
    assert list(one.log(reason="Killing").MESSAGE) == ["Stopping container main"]
    assert not [c for c in one.runtimes["node-1"].containers.values() if c.running]


def test_a_node_without_a_kubelet_is_not_ready_and_its_pods_lose_their_readiness():
    cluster = Cluster(nodes=2)
    cluster.apply(workload(kind="DaemonSet", name="agent"))
    cluster.run(seconds=30)
    cluster.faults.stop_kubelet("node-2")
    cluster.run(seconds=70)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "NotReady"]
    [silent] = [p for p in cluster.api.list("Pod") if p.spec.node_name == "node-2"]
    document = cluster.document("pod", silent.name)["status"]["conditions"]
    told = {each["type"]: each for each in document}["Ready"]
    assert told["status"] == "False" and "reason" not in told
    assert told["observedGeneration"] == 1, "what the kubelet wrote stays"


def test_the_deadline_of_a_pod_counts_from_its_start_across_a_restart(one):
    spec = {"activeDeadlineSeconds": 40, "terminationGracePeriodSeconds": 1}
    one.apply(pod(containers=[shell("sleep 999")], **spec))
    one.run(seconds=10)
    pause(one, 15)
    assert status_of(one)["phase"] == "Running"
    one.run(seconds=14)
    assert status_of(one)["reason"] == "DeadlineExceeded"


def test_a_kubelet_needs_power_to_start_and_a_machine_that_gets_power_starts_it(one):
    one.faults.stop_kubelet("node-1")
    one.kill_node("node-1")
    with pytest.raises(CourseError, match="runs no kubelet"):
        one.faults.start_kubelet("node-1")
    one.restore_node("node-1")
    one.run(seconds=20)
    assert list(one.get("nodes").STATUS) == ["Ready"]
