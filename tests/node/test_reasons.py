"""Reasons and messages of the kubelet, as a real one words them."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod

FAILS = {"exec": {"command": ["false"]}, "periodSeconds": 2, "failureThreshold": 1}


@pytest.fixture
def one():
    return Cluster(nodes=1)


def runs(command, name="c", **more):
    return container(name=name, image="busybox:1.36", command=["sh", "-c", command], **more)


def status(cluster):
    return cluster.api.document("Pod", "web")["status"]


def conditions(cluster):
    return {each["type"]: each for each in status(cluster)["conditions"]}


@pytest.mark.parametrize(
    ("policy", "others", "message"),
    [
        ("Always", [], "Container c failed liveness probe, will be restarted"),
        ("Never", [], "Stopping container c"),
        ("Never", [runs("sleep 99", "d")], "Container c failed liveness probe"),
    ],
)
def test_why_a_container_is_killed(one, policy, others, message):
    first = runs("sleep 99", livenessProbe=FAILS)
    one.apply(pod(containers=[first, *others], restartPolicy=policy))
    one.run(10)
    assert one.log(reason="Killing").MESSAGE[0] == message


def test_a_container_is_killed_whose_hook_after_its_start_failed(one):
    hook = {"postStart": {"exec": {"command": ["false"]}}}
    one.apply(pod(containers=[runs("sleep 99", lifecycle=hook)]))
    one.run(10)
    assert one.log(reason="Killing").MESSAGE[0] == "FailedPostStartHook"


def test_a_sidecar_that_has_not_started_is_named(one):
    probe = FAILS | {"failureThreshold": 99}
    sidecar = runs("sleep 99", "side", restartPolicy="Always", startupProbe=probe)
    one.apply(pod(containers=[runs("sleep 99")], initContainers=[sidecar]))
    one.run(10)
    initialized = conditions(one)["Initialized"]
    assert initialized["message"] == "containers with incomplete status: [side]"


def test_a_pod_that_is_done_is_initialized_as_completed(one):
    one.apply(pod(containers=[runs("exit 0")], restartPolicy="Never"))
    one.run(10)
    assert conditions(one)["Initialized"]["reason"] == "PodCompleted"


def test_a_refused_pod_says_so_and_has_a_start_time(one):
    large = runs("sleep 99", resources={"requests": {"cpu": "900"}})
    one.apply(pod(containers=[large], nodeName="node-1"))
    one.run(10)
    assert status(one)["message"].startswith("Pod was rejected: Node didn't have enough resource")
    assert status(one)["startTime"]


def test_a_pod_that_is_over_has_no_sandbox_that_is_ready(one):
    one.apply(pod(containers=[runs("exit 3")], restartPolicy="Never"))
    one.run(10)
    ready = conditions(one)["PodReadyToStartContainers"]
    assert (ready["status"], ready["reason"]) == ("False", "PodSandboxNotReady")
    assert ready["message"] == "pod sandbox is not ready"


def test_a_pod_waits_for_the_conditions_of_its_readiness_gates(one):
    gate = "example.com/a"
    one.apply(pod(containers=[runs("sleep 99")], readinessGates=[{"conditionType": gate}]))
    one.run(10)
    ready = conditions(one)["Ready"]
    assert (ready["status"], ready["reason"]) == ("False", "ReadinessGatesNotReady")
    assert ready["message"] == (
        f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    )
    for value in ("False", "True"):
        stated = [*status(one)["conditions"], {"type": gate, "status": value}]
        stated = list({each["type"]: each for each in stated}.values())
        one.api.patch("Pod", "web", "default", {"status": {"conditions": stated}}, "status")
        one.run(5)
        assert conditions(one)["Ready"]["status"] == value
        assert conditions(one)[gate]["status"] == value


def test_a_deadline_is_told_by_an_event(one):
    one.apply(pod(containers=[runs("sleep 99")], activeDeadlineSeconds=5))
    one.run(20)
    assert len(one.log(reason="DeadlineExceeded")) == 1
