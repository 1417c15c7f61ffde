"""Pods: probes and lifecycle hooks."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD, WITH_INIT
from tests.peers.plane.questions.tables import each, named

EXEC, GET = {"exec": {"command": ["true"]}}, {"httpGet": {"port": 80}}
LIVE, READY = "spec.containers[0].livenessProbe", "spec.containers[0].readinessProbe"
START, HOOKS = "spec.containers[0].startupProbe", "spec.containers[0].lifecycle"


def _get(**fields: object) -> dict[str, object]:
    return {"httpGet": {"port": 80} | fields}


CASES = each(
    POD,
    {
        LIVE: [
            {}, EXEC, EXEC | GET, {"exec": {}}, GET, {"httpGet": {}},
            {"tcpSocket": {"port": "http"}}, {"tcpSocket": {"port": 65536}}, {"tcpSocket": {}},
            {"grpc": {"port": 80}}, {"grpc": {"port": 0}}, {"grpc": {"port": "http"}},
            {"grpc": {"port": 80, "service": "health"}}, {"sleep": {"seconds": 1}},
            _get(port="HTTP"), _get(port=-1), _get(port="80"), _get(port=True),
            _get(path=""), _get(path="health"), _get(scheme="HTTPS"), _get(scheme="https"),
            _get(httpHeaders=[{"name": "X-A", "value": "b"}]), _get(httpHeaders=[{"name": "X A"}]),
            *(EXEC | {field: value} for field, values in {
                "initialDelaySeconds": (-1, 2147483647, 2147483648, 1.5),
                "timeoutSeconds": (0, -1, "1"),
                "periodSeconds": (0, -1),
                "successThreshold": (0, 2),
                "failureThreshold": (0,),
                "terminationGracePeriodSeconds": (0, 1),
            }.items() for value in values),
        ],
        READY: [
            EXEC | {"successThreshold": 2}, EXEC | {"successThreshold": -1},
            EXEC | {"terminationGracePeriodSeconds": 10}, {"periodSeconds": 5},
        ],
        START: [EXEC | {"successThreshold": 2}],
        HOOKS: [
            {}, {"preStop": EXEC}, {"preStop": {}}, {"postStart": GET}, {"preStop": EXEC | GET},
            {"preStop": {"sleep": {"seconds": 30}}}, {"preStop": {"sleep": {"seconds": 31}}},
            {"preStop": {"sleep": {"seconds": 0}}}, {"preStop": {"sleep": {}}},
            {"postStart": {"tcpSocket": {"port": 80}}}, {"preStop": {"grpc": {"port": 80}}},
            {"stopSignal": "SIGTERM"},
        ],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with a stop signal of its system": {
            "spec.os": {"name": "linux"},
            f"{HOOKS}.stopSignal": "SIGUSR1",
        },
        "with a stop signal that is none": {
            "spec.os": {"name": "linux"},
            f"{HOOKS}.stopSignal": "SIGSTOPNOW",
        },
        "with all probes and hooks": {
            LIVE: GET,
            READY: GET,
            START: EXEC,
            HOOKS: {"postStart": EXEC, "preStop": GET},
        },
        "with a sleep longer than its grace period": {
            "spec.terminationGracePeriodSeconds": 5,
            HOOKS: {"preStop": {"sleep": {"seconds": 10}}},
        },
    },
)
CASES += named(
    WITH_INIT,
    {
        "with a probe of an init container": {"spec.initContainers[0].livenessProbe": EXEC},
        "with a hook of an init container": {"spec.initContainers[0].lifecycle": {"preStop": EXEC}},
        "with a probe of a sidecar": {
            "spec.initContainers[0].restartPolicy": "Always",
            "spec.initContainers[0].startupProbe": GET,
        },
    },
)
