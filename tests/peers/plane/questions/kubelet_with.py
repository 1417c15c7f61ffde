"""Pods on a kubelet: init containers, sidecars, probes, hooks and policies, two at a time."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    create,
    delete,
    pod,
    shell,
    story,
    wait,
)

NEVER, ON_FAILURE = {"restartPolicy": "Never"}, {"restartPolicy": "OnFailure"}
RUNS = "sleep 999"
SIDECAR = {"restartPolicy": "Always"}
STUBBORN = "trap '' TERM; sleep 999"


def _exec(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"command": ["sh", "-c", command]}, "periodSeconds": 2} | more


def _hook(when: str, command: str) -> dict[str, Any]:
    return {"lifecycle": {when: {"exec": {"command": ["sh", "-c", command]}}}}


CASES = [
    story(
        "a sidecar becomes ready before the init container that follows",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[
                    shell(RUNS, "s", startupProbe=_exec("exit 0"), **SIDECAR),
                    shell("exit 0", "i"),
                ],
            )
        ),
        wait(14),
    ),
    story(
        "a sidecar whose readiness fails",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[shell(RUNS, "s", readinessProbe=_exec("exit 1"), **SIDECAR)],
            )
        ),
        wait(12),
    ),
    story(
        "a sidecar whose liveness fails",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[
                    shell(
                        RUNS,
                        "s",
                        livenessProbe=_exec("exit 1", failureThreshold=1, initialDelaySeconds=10),
                        **SIDECAR,
                    )
                ],
            )
        ),
        wait(17),
    ),
    story(
        "two sidecars end after the container that is told to stop",
        *create(
            pod(
                "p",
                shell(RUNS, **_hook("preStop", "sleep 4")),
                initContainers=[shell(RUNS, "s", **SIDECAR), shell(STUBBORN, "t", **SIDECAR)],
                terminationGracePeriodSeconds=8,
            )
        ),
        wait(8),
        delete("Pod/p"),
        wait(3),
        wait(14),
    ),
    story(
        "a sidecar and an init container that fails with Never",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[shell(RUNS, "s", **SIDECAR), shell("exit 2", "i")],
                **NEVER,
            )
        ),
        wait(12),
    ),
    story(
        "a sidecar with a postStart that fails",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[shell(RUNS, "s", **_hook("postStart", "exit 1"), **SIDECAR)],
            )
        ),
        wait(12),
    ),
    story(
        "a container fails beside a sidecar with OnFailure",
        *create(
            pod(
                "p",
                shell("sleep 2; exit 1"),
                initContainers=[shell(RUNS, "s", **SIDECAR)],
                **ON_FAILURE,
            )
        ),
        wait(10),
    ),
    story(
        "a Pod is deleted during its init container",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[shell(STUBBORN, "i")],
                terminationGracePeriodSeconds=5,
            )
        ),
        wait(8),
        delete("Pod/p"),
        wait(3),
        wait(8),
    ),
    story(
        "an init container and a deadline",
        *create(pod("p", shell(RUNS), initContainers=[shell(RUNS, "i")], activeDeadlineSeconds=6)),
        wait(14),
    ),
    story(
        "a readiness gate and a readiness probe that fails",
        *create(
            pod(
                "p",
                shell(RUNS, readinessProbe=_exec("exit 1")),
                readinessGates=[{"conditionType": "example.com/a"}],
            )
        ),
        wait(10),
    ),
    story(
        "liveness fails while preStop sleeps",
        *create(
            pod(
                "p",
                shell(
                    RUNS,
                    livenessProbe=_exec("exit 1", failureThreshold=1, initialDelaySeconds=10),
                    **_hook("preStop", "sleep 5"),
                ),
                terminationGracePeriodSeconds=20,
            )
        ),
        wait(14),
        wait(10),
    ),
    story(
        "liveness and OnFailure",
        *create(
            pod(
                "p",
                shell(
                    "trap 'exit 0' TERM; while true; do sleep 1; done",
                    livenessProbe=_exec("exit 1", failureThreshold=1, initialDelaySeconds=3),
                ),
                terminationGracePeriodSeconds=10,
                **ON_FAILURE,
            )
        ),
        wait(24),
    ),
    story(
        "startup fails with Never",
        *create(pod("p", shell(RUNS, startupProbe=_exec("exit 1", failureThreshold=2)), **NEVER)),
        wait(12),
    ),
    story(
        "startup holds and liveness waits for it",
        *create(
            pod(
                "p",
                shell(
                    "sleep 5; touch /tmp/ok; sleep 999",
                    startupProbe=_exec("test -f /tmp/ok", failureThreshold=20, periodSeconds=1),
                    livenessProbe=_exec("test -f /tmp/ok", failureThreshold=1),
                ),
            )
        ),
        wait(14),
    ),
    story(
        "a deadline and a program that ignores SIGTERM",
        *create(
            pod("p", shell(STUBBORN), activeDeadlineSeconds=6, terminationGracePeriodSeconds=4)
        ),
        wait(18),
    ),
    story(
        "postStart and preStop of two containers",
        *create(
            pod(
                "p",
                shell(RUNS, "a", **_hook("postStart", "exit 0")),
                shell(RUNS, "b", **_hook("preStop", "sleep 3")),
                terminationGracePeriodSeconds=10,
            )
        ),
        wait(10),
        delete("Pod/p"),
        wait(2),
        wait(10),
    ),
    story(
        "a grace period of zero and preStop",
        *create(pod("p", shell(RUNS, **_hook("preStop", "sleep 3")))),
        wait(8),
        delete("Pod/p"),
        wait(6),
    ),
    story(
        "a Pod of three containers with three ends",
        *create(
            pod("p", shell("exit 0", "a"), shell("exit 1", "b"), shell(RUNS, "d"), **ON_FAILURE)
        ),
        wait(25),
    ),
]
