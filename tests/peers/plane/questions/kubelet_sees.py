"""Pods on a kubelet: what a container sees, and where a Pod may run."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    BOX,
    container,
    create,
    delete,
    patch,
    pod,
    service,
    shell,
    story,
    tells,
    wait,
)

NEVER = {"restartPolicy": "Never"}
STRATEGIC = "application/strategic-merge-patch+json"


def _fields(**paths: str) -> dict[str, Any]:
    return {"env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
                    for name, path in paths.items()]}  # fmt: skip


def _amounts(**of: str) -> dict[str, Any]:
    return {"env": [{"name": name, "valueFrom": {"resourceFieldRef": {"resource": resource}}}
                    for name, resource in of.items()]}  # fmt: skip


ALIASES = [{"ip": "192.0.2.7", "hostnames": ["db"]}]
BOTH = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"},
                      "limits": {"cpu": "1500m", "memory": "128Mi"}}}  # fmt: skip
PORT = {"ports": [{"containerPort": 80, "hostPort": 18080}]}


SEEN = [
    story(
        "fields of the Pod in the environment",
        *create(
            pod(
                "p",
                tells(
                    "echo $NAME $LABEL $ACCOUNT",
                    **_fields(
                        NAME="metadata.name",
                        LABEL="metadata.labels['app']",
                        ACCOUNT="spec.serviceAccountName",
                    ),
                ),
                labels={"app": "web"},
                **NEVER,
            )
        ),
        wait(12),
    ),
    story(
        "amounts in the environment",
        *create(
            pod(
                "p",
                tells(
                    "echo $CPU $MEMORY $ASKED",
                    **_amounts(CPU="limits.cpu", MEMORY="limits.memory", ASKED="requests.cpu")
                    | BOTH,
                ),
                **NEVER,
            )
        ),
        wait(14),
    ),
    story(
        "variables made of variables",
        *create(
            pod(
                "p",
                tells(
                    "echo $B $C",
                    env=[
                        {"name": "A", "value": "1"},
                        {"name": "B", "value": "$(A)2"},
                        {"name": "C", "value": "$$(A) $(NONE)"},
                    ],
                ),
                **NEVER,
            )
        ),
        wait(12),
    ),
    story(
        "Services in the environment",
        *create(service()),
        wait(4),
        *create(pod("p", tells("echo $WEB_SERVICE_PORT $WEB_PORT_80_TCP_PROTO"), **NEVER)),
        wait(12),
    ),
    story(
        "no Services in the environment",
        *create(service()),
        wait(4),
        *create(
            pod(
                "p",
                tells("echo [$WEB_SERVICE_PORT] $KUBERNETES_SERVICE_PORT"),
                enableServiceLinks=False,
                **NEVER,
            )
        ),
        wait(12),
    ),
    story("the host name", *create(pod("p", tells("hostname"), **NEVER)), wait(12)),
    story(
        "another host name",
        *create(pod("p", tells("hostname"), hostname="db", subdomain="team", **NEVER)),
        wait(12),
    ),
    story(
        "names in the file of hosts",
        *create(pod("p", tells("cat /etc/hosts"), hostAliases=ALIASES, **NEVER)),
        wait(12),
    ),
]

PLACES = [
    story("a node that is not there", *create(pod("p", nodeName="none")), wait(12)),
    story(
        "a node that the selector excludes",
        *create(pod("p", nodeName="node-1", nodeSelector={"disk": "ssd"})),
        wait(12),
    ),
    story(
        "a node that is too small",
        *create(pod("p", container(resources={"requests": {"cpu": "5000"}}), nodeName="node-1")),
        wait(12),
    ),
    story(
        "a port of the node that is taken",
        *create(pod("a", shell("sleep 99", **PORT), nodeName="node-1")),
        wait(6),
        *create(pod("b", shell("sleep 99", **PORT), nodeName="node-1")),
        wait(6),
    ),
    story(
        "a kernel setting that is not allowed",
        *create(pod("p", securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]})),
        wait(12),
    ),
    story("another operating system", *create(pod("p", os={"name": "windows"})), wait(12)),
    story(
        "a readiness gate",
        *create(pod("p", shell("sleep 99"), readinessGates=[{"conditionType": "example.com/a"}])),
        wait(12),
        patch(
            "Pod/p",
            {"status": {"conditions": [{"type": "example.com/a", "status": "True"}]}},
            subresource="status",
            type=STRATEGIC,
        ),
        wait(6),
    ),
    story(
        "a scheduling gate that is removed",
        *create(pod("p", shell("sleep 99"), schedulingGates=[{"name": "example.com/a"}])),
        wait(6),
        patch("Pod/p", {"spec": {"schedulingGates": None}}),
        wait(12),
    ),
    story(
        "resources of a whole Pod",
        *create(
            pod(
                "p",
                shell("sleep 99", "a"),
                shell("sleep 99", "b"),
                resources={"requests": {"cpu": "100m"}, "limits": {"memory": "200Mi"}},
            )
        ),
        wait(12),
    ),
    story("the node's network", *create(pod("p", shell("sleep 99"), hostNetwork=True)), wait(12)),
    story(
        "an ephemeral container",
        *create(pod("p", shell("sleep 99"))),
        wait(12),
        patch(
            "Pod/p",
            {
                "spec": {
                    "ephemeralContainers": [
                        {"name": "debug", "image": BOX, "command": ["sh", "-c", "sleep 99"]}
                    ]
                }
            },
            subresource="ephemeralcontainers",
            type=STRATEGIC,
        ),
        wait(12),
    ),
    story(
        "deletion of a Pod that waits for an image",
        *create(pod("p", container("registry.invalid/app:1"), terminationGracePeriodSeconds=30)),
        wait(18),
        delete("Pod/p"),
        wait(6),
    ),
]
CASES = [*SEEN, *PLACES]
