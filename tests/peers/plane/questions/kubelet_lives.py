"""Pods on a kubelet: init containers, sidecars, probes and hooks."""

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

NEVER = {"restartPolicy": "Never"}
RUNS = "sleep 999"


def _exec(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"command": ["sh", "-c", command]}, "periodSeconds": 5} | more


def _probed(kind: str, probe: dict[str, Any], command: str = RUNS, **spec: Any) -> dict[str, Any]:
    return pod("p", shell(command, **{f"{kind}Probe": probe}), **spec)


def _hook(when: str, command: str, **spec: Any) -> dict[str, Any]:
    handler = {"exec": {"command": ["sh", "-c", command]}}
    return pod("p", shell(RUNS, lifecycle={when: handler}), **spec)


def _first(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return pod("p", shell(RUNS), initContainers=list(containers), **spec)


CLOSED = {"host": "127.0.0.1", "port": 1}
SIDECAR = {"restartPolicy": "Always"}
CASES = [
    # Init containers
    story("an init container ends well", *create(_first(shell("exit 0", "i"))), wait(12)),
    story("an init container fails", *create(_first(shell("exit 1", "i"))), wait(25)),
    story(
        "an init container fails with Never",
        *create(_first(shell("exit 1", "i"), **NEVER)),
        wait(12),
    ),
    story(
        "an init container fails with OnFailure",
        *create(_first(shell("exit 1", "i"), restartPolicy="OnFailure")),
        wait(25),
    ),
    story(
        "an init container takes its time",
        *create(_first(shell("sleep 20", "i"), shell("exit 0", "j"))),
        wait(12),
        wait(18),
    ),
    story(
        "the second init container fails with Never",
        *create(_first(shell("exit 0", "i"), shell("exit 3", "j"), **NEVER)),
        wait(10),
    ),
    # Sidecars
    story("a sidecar", *create(_first(shell(RUNS, "s", **SIDECAR))), wait(10)),
    story(
        "a sidecar ends with the Pod",
        *create(pod("p", shell("sleep 3"), initContainers=[shell(RUNS, "s", **SIDECAR)], **NEVER)),
        wait(14),
    ),
    story("a sidecar fails", *create(_first(shell("exit 1", "s", **SIDECAR))), wait(26)),
    story(
        "a sidecar is not started",
        *create(
            _first(shell(RUNS, "s", startupProbe=_exec("exit 1", failureThreshold=9), **SIDECAR))
        ),
        wait(12),
    ),
    # Probes
    story("readiness fails", *create(_probed("readiness", _exec("exit 1"))), wait(12)),
    story("readiness holds", *create(_probed("readiness", _exec("exit 0"))), wait(12)),
    story(
        "readiness comes later",
        *create(
            _probed(
                "readiness",
                _exec("test -f /tmp/ok", periodSeconds=1),
                "sleep 16; touch /tmp/ok; sleep 999",
            )
        ),
        wait(10),
        wait(14),
    ),
    story(
        "readiness is lost",
        *create(
            _probed(
                "readiness",
                _exec(
                    "test -f /tmp/ok", periodSeconds=1, initialDelaySeconds=3, failureThreshold=2
                ),
                "touch /tmp/ok; sleep 20; rm /tmp/ok; sleep 999",
            )
        ),
        wait(12),
        wait(18),
    ),
    story(
        "liveness fails",
        *create(
            _probed(
                "liveness",
                _exec("exit 1", failureThreshold=1, initialDelaySeconds=12, periodSeconds=3),
            )
        ),
        wait(20),
    ),
    story(
        "liveness fails with Never",
        *create(
            _probed(
                "liveness",
                _exec("exit 1", failureThreshold=1, periodSeconds=3),
                restartPolicy="Never",
            )
        ),
        wait(10),
    ),
    story("liveness holds", *create(_probed("liveness", _exec("exit 0"))), wait(12)),
    story(
        "liveness with a grace period of its own",
        *create(
            _probed(
                "liveness",
                _exec(
                    "exit 1", failureThreshold=1, periodSeconds=3, terminationGracePeriodSeconds=20
                ),
                terminationGracePeriodSeconds=60,
            )
        ),
        wait(14),
    ),
    story(
        "startup fails",
        *create(_probed("startup", _exec("exit 1", periodSeconds=3, failureThreshold=1))),
        wait(9),
    ),
    story(
        "startup is awaited",
        *create(_probed("startup", _exec("exit 1", failureThreshold=20))),
        wait(12),
    ),
    story(
        "startup holds and readiness fails",
        *create(
            pod(
                "p",
                shell(
                    RUNS,
                    startupProbe=_exec("exit 0", periodSeconds=2),
                    readinessProbe=_exec("exit 1"),
                ),
            )
        ),
        wait(12),
    ),
    story(
        "a probe that takes too long",
        *create(_probed("readiness", _exec("sleep 9", timeoutSeconds=1))),
        wait(10),
    ),
    story(
        "a probe of a closed port over HTTP",
        *create(_probed("readiness", {"httpGet": CLOSED, "periodSeconds": 5})),
        wait(12),
    ),
    story(
        "a probe of a closed port over TCP",
        *create(
            _probed("liveness", {"tcpSocket": CLOSED, "periodSeconds": 5, "failureThreshold": 20})
        ),
        wait(12),
    ),
    # Hooks
    story("postStart ends well", *create(_hook("postStart", "exit 0")), wait(12)),
    story("postStart fails", *create(_hook("postStart", "echo bad; exit 5")), wait(25)),
    story("postStart takes its time", *create(_hook("postStart", "sleep 14")), wait(8), wait(14)),
    story(
        "preStop is awaited",
        *create(_hook("preStop", "sleep 12", terminationGracePeriodSeconds=30)),
        wait(12),
        delete("Pod/p"),
        wait(6),
    ),
    story(
        "preStop fails",
        *create(_hook("preStop", "exit 1", terminationGracePeriodSeconds=5)),
        wait(12),
        delete("Pod/p"),
        wait(12),
    ),
    story(
        "preStop takes longer than the grace period",
        *create(_hook("preStop", "sleep 60", terminationGracePeriodSeconds=6)),
        wait(12),
        delete("Pod/p"),
        wait(16),
    ),
    story(
        "preStop that only sleeps",
        *create(
            pod(
                "p",
                shell(RUNS, lifecycle={"preStop": {"sleep": {"seconds": 12}}}),
                terminationGracePeriodSeconds=30,
            )
        ),
        wait(12),
        delete("Pod/p"),
        wait(6),
    ),
]
