"""Pods on a kubelet: volumes and variables, two features at a time."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    PASSWORD,
    SETTINGS,
    container,
    create,
    pod,
    shell,
    story,
    tells,
    wait,
)

NEVER, ON_FAILURE = {"restartPolicy": "Never"}, {"restartPolicy": "OnFailure"}
RUNS = "sleep 999"
SIDECAR = {"restartPolicy": "Always"}


def _mounts(*names: str, **more: Any) -> dict[str, Any]:
    return {"volumeMounts": [{"name": each, "mountPath": f"/{each}"} | more for each in names]}


def _projected(*sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "all", "projected": {"sources": list(sources)} | more}]}


CASES = [
    story(
        "a projected volume with labels, a ConfigMap and a Secret",
        *create(SETTINGS, PASSWORD),
        *create(
            pod(
                "p",
                tells("cd /all; ls; cat labels level word", **_mounts("all")),
                labels={"app": "web"},
                **_projected(
                    {
                        "configMap": {
                            "name": "settings",
                            "items": [{"key": "level", "path": "level"}],
                        }
                    },
                    {"secret": {"name": "password"}},
                    {
                        "downwardAPI": {
                            "items": [
                                {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
                            ]
                        }
                    },
                ),
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "a projected volume with a key that is not there",
        *create(SETTINGS),
        *create(
            pod(
                "p",
                shell(RUNS, **_mounts("all")),
                **_projected(
                    {"configMap": {"name": "settings", "items": [{"key": "no", "path": "no"}]}}
                ),
            )
        ),
        wait(12),
    ),
    story(
        "a projected volume with an optional Secret that is not there",
        *create(
            pod(
                "p",
                tells("ls /all | wc -l", **_mounts("all")),
                **_projected({"secret": {"name": "none", "optional": True}}),
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "a volume of amounts",
        *create(
            pod(
                "p",
                tells(
                    "cat /all/cpu /all/memory",
                    resources={"limits": {"cpu": "500m", "memory": "64Mi"}},
                    **_mounts("all"),
                ),
                volumes=[
                    {
                        "name": "all",
                        "downwardAPI": {
                            "items": [
                                {
                                    "path": "cpu",
                                    "resourceFieldRef": {
                                        "containerName": "c",
                                        "resource": "limits.cpu",
                                        "divisor": "1m",
                                    },
                                },
                                {
                                    "path": "memory",
                                    "resourceFieldRef": {
                                        "containerName": "c",
                                        "resource": "limits.memory",
                                        "divisor": "1Mi",
                                    },
                                },
                            ]
                        },
                    }
                ],
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "a volume that may not be written to",
        *create(
            pod(
                "p",
                tells("echo a > /data/word", **_mounts("data", readOnly=True)),
                volumes=[{"name": "data", "emptyDir": {}}],
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "a claim that is lost of a Pod on its node",
        *create(
            pod(
                "p",
                shell(RUNS, **_mounts("data")),
                nodeName="node-1",
                volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "none"}}],
            )
        ),
        wait(10),
    ),
    story(
        "an ephemeral claim of a Pod on its node",
        *create(
            pod(
                "p",
                shell(RUNS, **_mounts("data")),
                nodeName="node-1",
                volumes=[
                    {
                        "name": "data",
                        "ephemeral": {
                            "volumeClaimTemplate": {
                                "spec": {
                                    "accessModes": ["ReadWriteOnce"],
                                    "resources": {"requests": {"storage": "1Gi"}},
                                }
                            }
                        },
                    }
                ],
            )
        ),
        wait(10),
    ),
    story(
        "addresses and the node in the environment",
        *create(
            pod(
                "p",
                tells(
                    'test "$POD" && test "$HOST" && echo $NAMESPACE $NODE',
                    env=[
                        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
                        for name, path in {
                            "POD": "status.podIP",
                            "HOST": "status.hostIP",
                            "NAMESPACE": "metadata.namespace",
                            "NODE": "spec.nodeName",
                        }.items()
                    ],
                ),
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "an annotation that is not there in the environment",
        *create(
            pod(
                "p",
                tells(
                    "echo [$A]",
                    env=[
                        {
                            "name": "A",
                            "valueFrom": {
                                "fieldRef": {"fieldPath": "metadata.annotations['none']"}
                            },
                        }
                    ],
                ),
                **NEVER,
            )
        ),
        wait(10),
    ),
    story(
        "an init container with a key that is not in the Secret",
        *create(PASSWORD),
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[
                    shell(
                        "exit 0",
                        "i",
                        env=[
                            {
                                "name": "A",
                                "valueFrom": {"secretKeyRef": {"name": "password", "key": "no"}},
                            }
                        ],
                    )
                ],
            )
        ),
        wait(10),
    ),
    story(
        "a sidecar without its image",
        *create(
            pod(
                "p",
                shell(RUNS),
                initContainers=[container("registry.invalid/log:1", name="s", **SIDECAR)],
            )
        ),
        wait(12),
    ),
    story(
        "a container without its ConfigMap beside one that runs",
        *create(
            pod(
                "p",
                shell(RUNS, "a"),
                shell(RUNS, "b", envFrom=[{"configMapRef": {"name": "none"}}]),
            )
        ),
        wait(10),
    ),
]
