"""What a synchronisation of a Pod does, in which order, and when its results are seen."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.cluster import Cluster
from course_lib.cri import messages as v1
from course_lib.node.pod_actions import compute_actions
from course_lib.node.pod_state import PodState
from course_lib.node.pod_sync import RESYNC
from course_lib.node.slot import Seen, restarts
from course_lib.objects.decode import decode
from tests.conftest import container, pod, status_of


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def statuses(cluster: Cluster, group: str = "containerStatuses") -> list[dict]:
    return cluster.document("pod", "web")["status"][group]


def state_of(containers: list[dict], **spec: object) -> PodState:
    """What a kubelet knows of a Pod of which there is only the sandbox."""
    state = PodState(decode(pod(containers=containers, **spec)), 0.0)
    state.sandbox = "s"
    return state


def run(slot, exit_code: int | None = None, image: str = "busybox:1.36") -> None:
    """Put a container into a slot: one that runs, or has ended."""
    kind = v1.CONTAINER_RUNNING if exit_code is None else v1.CONTAINER_EXITED
    slot.take(Seen("id", image, image, "", kind, 0.0, 1.0, exit_code or 0, "", ""), "s")


def started(state: PodState) -> list[str]:
    return [slot.spec.name for slot in compute_actions(state).starts]


def killed(state: PodState) -> list[tuple[str, int]]:
    return [(kill.message, kill.grace) for kill in compute_actions(state).kills]


# Steps


def test_containers_are_started_one_after_the_other(one):
    one.apply(pod(containers=[shell("sleep 99", name="a"), container("b", "redis:7")]))
    one.run(seconds=60)
    told = one.log(object="Pod/web", component="kubelet/node-1").REASON
    assert list(told) == ["Pulling", "Pulled", "Created", "Started"] * 2


def test_nothing_is_told_of_a_first_container_before_the_image_of_the_second_is_there(one):
    one.apply(pod(containers=[shell("sleep 99", name="a"), container("b", "redis:7")]))
    one.run_until(lambda: len(one.log(reason="Pulling")) == 2)
    one.run(seconds=0.2)
    assert [each["state"] for each in statuses(one)] == [
        {"waiting": {"reason": "ContainerCreating"}}
    ] * 2


@pytest.mark.parametrize(("seconds", "phase"), [(8, "Pending"), (16, "Running")])
def test_a_container_counts_as_started_when_its_hook_has_ended(one, seconds, phase):
    hook = {"postStart": {"exec": {"command": ["sh", "-c", "sleep 10"]}}}
    one.apply(pod(containers=[shell("sleep 99", lifecycle=hook)]))
    one.run(seconds=seconds)
    assert one.document("pod", "web")["status"]["phase"] == phase


WHERE = 'for Container "main" in Pod "web_default({uid})" failed - error:'
REFUSED = 'Get "http://{ip}:81/ready": dial tcp {ip}:81: connect: connection refused'
ENDED = "command 'sh -c exit 5' exited with 5: "


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (
            {"httpGet": {"port": 81, "path": "/ready"}},
            f"HTTP lifecycle hook (/ready) {WHERE} {REFUSED}",
        ),
        (
            {"exec": {"command": ["sh", "-c", "exit 5"]}},
            f'Exec lifecycle hook ([sh -c exit 5]) {WHERE} {ENDED}, message: ""',
        ),
    ],
)
def test_a_container_whose_hook_fails_is_killed_and_says_why(one, hook, why):
    main = container(image="redis:7", lifecycle={"postStart": hook})
    one.apply(pod(containers=[main], terminationGracePeriodSeconds=1))
    one.run_until(lambda: status_of(one) == ["PostStartHookError"], timeout=60)
    assert set(one.log(reason="FailedPostStartHook").MESSAGE) == {"PostStartHook failed"}
    [seen] = statuses(one)
    uid, ip = one.api.get("Pod", "web").uid, one.document("pod", "web")["status"]["podIP"]
    assert seen["state"]["waiting"]["message"] == why.format(uid=uid, ip=ip)


@pytest.mark.parametrize(("port", "failed"), [(6379, 0), (81, 1)])
def test_a_request_before_the_stop_needs_a_server(one, port, failed):
    hooks = {"preStop": {"httpGet": {"port": port}}}
    ports = [{"containerPort": 6379}]
    one.apply(pod(containers=[container(image="redis:7", lifecycle=hooks, ports=ports)]))
    one.run(seconds=20)
    one.delete("pod", "web")
    one.run(seconds=5)
    assert len(one.log(reason="FailedPreStopHook")) == failed


# Back-off


def test_during_a_back_off_the_status_is_of_the_last_look(one):
    """Only the next synchronisation shows why a container waits: at the end, or in a minute."""
    one.apply(pod(containers=[shell("exit 3")]))
    one.run(seconds=60)
    [seen] = statuses(one)
    assert seen["state"]["terminated"]["exitCode"] == 3 and status_of(one) == ["Error"]
    one.run_until(lambda: len(one.log(reason="Started")) == 5)
    began = one.now
    one.run_until(lambda: status_of(one) == ["CrashLoopBackOff"])
    assert one.now - began == pytest.approx(RESYNC, abs=1)
    [seen] = statuses(one)
    assert seen["lastState"]["terminated"]["exitCode"] == 3


def test_a_container_that_a_probe_ends_is_started_again_at_once(one):
    """The back-off counts from the end of the container before it (`doBackOff`)."""
    probe = {"exec": {"command": ["false"]}, "failureThreshold": 1, "initialDelaySeconds": 15}
    one.apply(
        pod(containers=[shell("sleep 99", livenessProbe=probe)], terminationGracePeriodSeconds=1)
    )
    one.run(seconds=60)
    starts = list(one.log(reason="Started").TIME)
    assert len(starts) >= 3
    gaps = [later - before for before, later in pairwise(starts)]
    assert gaps == pytest.approx([17] * len(gaps), abs=1.5), "15 s, and 2 s until it is killed"


# What is started


def test_an_ephemeral_container_is_started_once_and_never_again():
    state = state_of([shell("sleep 9", name="a")], ephemeralContainers=[shell("ps", name="debug")])
    run(state.mains[0])
    assert started(state) == ["debug"]
    run(state.ephemerals[0], exit_code=1)
    assert started(state) == []


def test_init_containers_come_one_by_one_and_the_others_after_the_last():
    state = state_of([shell("x", name="a")], initContainers=[shell("x", name="i"),
                                                            shell("x", name="j")])  # fmt: skip
    assert started(state) == ["i"]
    run(state.inits[0])
    assert started(state) == []
    run(state.inits[0], exit_code=0)
    assert started(state) == ["j"]
    run(state.inits[1], exit_code=1)
    assert started(state) == ["j"]
    run(state.inits[1], exit_code=0)
    assert started(state) == ["a"]


def test_a_sidecar_that_runs_lets_the_next_one_start_and_comes_back_when_it_ends():
    sidecar = shell("x", name="s", restartPolicy="Always")
    state = state_of([shell("x", name="a")], initContainers=[sidecar, shell("x", name="i")])
    run(state.inits[0])
    assert started(state) == ["i"]
    run(state.inits[0], exit_code=0)
    run(state.inits[1], exit_code=0)
    assert started(state) == ["s", "a"]


def test_a_new_sandbox_begins_with_the_first_init_container():
    state = state_of([shell("x", name="a")], initContainers=[shell("x", name="i")])
    run(state.inits[0], exit_code=0)
    run(state.mains[0])
    run(state.mains[0], exit_code=1)
    state.sandbox = "another"
    assert started(state) == ["i"]


def test_an_init_container_that_fails_for_good_ends_the_pod():
    state = state_of([shell("x")], initContainers=[shell("x", name="i")], restartPolicy="Never")
    run(state.inits[0], exit_code=1)
    assert compute_actions(state).kill_pod and state.phase() == "Failed"


def test_sidecars_alone_do_not_keep_a_pod():
    sidecar = shell("x", name="s", restartPolicy="Always")
    state = state_of([shell("x")], initContainers=[sidecar], restartPolicy="Never")
    run(state.inits[0])
    run(state.mains[0], exit_code=0)
    assert compute_actions(state).kill_pod and state.phase() == "Running"
    run(state.inits[0], exit_code=137)
    assert state.phase() == "Succeeded"


def test_another_image_restarts_a_container_whatever_the_policy():
    state = state_of([shell("x", name="a")], restartPolicy="Never")
    run(state.mains[0], image="busybox:1.35")
    assert killed(state) == [("Container a definition changed, will be restarted", 30)]
    assert started(state) == ["a"]


def test_a_probe_may_have_a_grace_period_of_its_own():
    probe = {"exec": {"command": ["false"]}, "terminationGracePeriodSeconds": 4}
    state = state_of([shell("x", name="a", livenessProbe=probe), shell("x", name="b")])
    for slot in state.mains:
        run(slot)
    state.mains[0].observe("Liveness", False)
    assert killed(state) == [("Container a failed liveness probe, will be restarted", 4)]


def test_without_restarts_a_failed_probe_ends_one_container_and_the_last_one_the_pod():
    probe = {"exec": {"command": ["false"]}}
    state = state_of(
        [shell("x", name="a", livenessProbe=probe), shell("x", name="b")], restartPolicy="Never"
    )
    for slot in state.mains:
        run(slot)
    state.mains[0].observe("Liveness", False)
    assert killed(state) == [("Container a failed liveness probe", 30)]
    run(state.mains[1], exit_code=0)
    assert compute_actions(state).kill_pod


# Who is started again

RULES = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42, 43]}}]
OTHERS = [{"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [42]}}]


@pytest.mark.parametrize(
    ("own", "rules", "policy", "code", "again"),
    [
        (None, None, "Always", 0, True),
        (None, None, "OnFailure", 0, False),
        (None, None, "OnFailure", 1, True),
        (None, None, "Never", 1, False),
        ("Always", None, "Never", 0, True),
        ("OnFailure", None, "Never", 0, False),
        ("OnFailure", None, "Never", 1, True),
        ("Never", None, "Always", 1, False),
        ("Never", RULES, "Always", 43, True),
        ("Never", RULES, "Always", 44, False),
        ("Never", OTHERS, "Never", 42, False),
        ("Never", OTHERS, "Never", 0, True),
        (None, RULES, "Never", 42, False),  # rules hold beside a policy of the container's own
    ],
)
def test_a_container_may_have_its_own_restart_policy_and_rules(own, rules, policy, code, again):
    [slot] = state_of([container(restartPolicy=own, restartPolicyRules=rules)]).mains
    assert restarts(slot.spec, policy, code) is again


# What statuses tell


def test_a_status_names_the_volumes_that_a_container_mounts(one):
    mounts = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b", "readOnly": True}]
    one.apply(pod(containers=[shell("sleep 9", volumeMounts=mounts)],
                  volumes=[{"name": "v", "emptyDir": {}}]))  # fmt: skip
    one.run(seconds=20)
    told = [each for each in statuses(one)[0]["volumeMounts"] if each["name"] == "v"]
    assert told == [
        {"name": "v", "mountPath": "/a"},
        {"name": "v", "mountPath": "/b", "readOnly": True, "recursiveReadOnly": "Disabled"},
    ]


def test_a_container_that_waits_counts_as_lost_when_its_pod_is_over(one):
    broken = container(image="registry.invalid/app:1")
    one.apply(pod(containers=[broken], activeDeadlineSeconds=8))
    one.run(seconds=20)
    ended = statuses(one)[0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "ContainerStatusUnknown")
    assert ended["message"] == "The container could not be located when the pod was terminated"


def test_containers_of_a_pod_that_was_never_initialized_stay_waiting_when_it_is_over(one):
    first = container("first", "registry.invalid/app:1")
    one.apply(pod(initContainers=[first], activeDeadlineSeconds=8))
    one.run(seconds=20)
    assert "waiting" in statuses(one)[0]["state"]
    assert statuses(one, "initContainerStatuses")[0]["state"]["terminated"]["exitCode"] == 137
