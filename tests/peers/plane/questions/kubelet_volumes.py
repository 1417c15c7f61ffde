"""Pods on a kubelet: the volumes of each kind, and those that are not there."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    PASSWORD,
    SETTINGS,
    create,
    pod,
    shell,
    story,
    tells,
    wait,
)

NEVER = {"restartPolicy": "Never"}


def _mounted(path: str = "/etc/own", **source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"volumeMounts": [{"name": "v", "mountPath": path}]}, {
        "volumes": [{"name": "v"} | source]
    }


def _with(command: str, path: str = "/etc/own", spec: dict[str, Any] | None = None, **source: Any
          ) -> dict[str, Any]:  # fmt: skip
    mount, volume = _mounted(path, **source)
    made = shell if command == "sleep 99" else tells
    return pod("p", made(command, **mount), **volume, **(spec or {}))


CLAIMED = {"persistentVolumeClaim": {"claimName": "none"}}


CASES = [
    story(
        "a volume of a ConfigMap that is not there",
        *create(_with("sleep 99", configMap={"name": "none"})),
        wait(12),
    ),
    story(
        "a volume of a Secret that is not there",
        *create(_with("sleep 99", secret={"secretName": "none"})),
        wait(12),
    ),
    story(
        "a volume with a key that is not there",
        *create(
            SETTINGS,
            _with("sleep 99", configMap={"name": "settings", "items": [{"key": "a", "path": "a"}]}),
        ),
        wait(12),
    ),
    story(
        "an optional volume of a ConfigMap that is not there",
        *create(_with("sleep 99", configMap={"name": "none", "optional": True})),
        wait(12),
    ),
    story(
        "a file of a ConfigMap",
        *create(SETTINGS, _with("cat /etc/own/level", spec=NEVER, configMap={"name": "settings"})),
        wait(12),
    ),
    story("a claim that is not there", *create(_with("sleep 99", **CLAIMED)), wait(12)),
    story(
        "a folder of the node that is not there",
        *create(_with("sleep 99", hostPath={"path": "/nowhere/at/all", "type": "Directory"})),
        wait(12),
    ),
    story(
        "a file of the node where a folder is",
        *create(_with("sleep 99", hostPath={"path": "/etc", "type": "File"})),
        wait(12),
    ),
    story(
        "a sub-path with a variable that is not there",
        *create(
            pod(
                "p",
                shell(
                    "sleep 99",
                    volumeMounts=[{"name": "v", "mountPath": "/a", "subPathExpr": "$(NONE)"}],
                ),
                volumes=[{"name": "v", "emptyDir": {}}],
            )
        ),
        wait(7),
    ),
    story(
        "a projected volume of several sources",
        *create(
            SETTINGS,
            PASSWORD,
            _with(
                "cat /etc/own/level /etc/own/word /etc/own/name",
                spec=NEVER,
                projected={
                    "sources": [
                        {"configMap": {"name": "settings"}},
                        {"secret": {"name": "password"}},
                        {
                            "downwardAPI": {
                                "items": [
                                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
                                ]
                            }
                        },
                    ]
                },
            ),
        ),
        wait(12),
    ),
    story(
        "a projected volume without one of its sources",
        *create(
            _with(
                "sleep 99",
                projected={
                    "sources": [
                        {"configMap": {"name": "none"}},
                        {"secret": {"name": "none", "optional": True}},
                    ]
                },
            )
        ),
        wait(12),
    ),
    story(
        "a downward volume with labels",
        *create(
            {
                **_with(
                    "cat /etc/own/labels",
                    spec=NEVER,
                    downwardAPI={
                        "items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
                    },
                ),
                "metadata": {"name": "p", "labels": {"app": "web", "tier": "front"}},
            }
        ),
        wait(12),
    ),
]
