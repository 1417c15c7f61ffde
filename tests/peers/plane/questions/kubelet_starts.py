"""Pods on a kubelet: images, and configuration in the environment."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    PASSWORD,
    SETTINGS,
    container,
    create,
    patch,
    pod,
    shell,
    story,
    tells,
    wait,
)

NEVER = {"restartPolicy": "Never"}
STRATEGIC = "application/strategic-merge-patch+json"


def _from(kind: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {kind: {"name": name, "key": key} | more}}]}


IMAGES = [
    story("an image that is there", *create(pod("p", shell("sleep 99"))), wait(12)),
    story(
        "an image of a registry that is not there",
        *create(pod("p", container("registry.invalid/app:1"))),
        wait(26),
    ),
    story("an image with a wrong name", *create(pod("p", container("Busybox:1"))), wait(7)),
    story(
        "an image that may not be pulled",
        *create(pod("p", shell("sleep 99", imagePullPolicy="Never"))),
        wait(7),
    ),
    story(
        "an image that is always pulled",
        *create(pod("p", shell("sleep 99", imagePullPolicy="Always"))),
        wait(12),
    ),
    story(
        "two containers with one image",
        *create(pod("p", shell("sleep 99", "a"), shell("sleep 99", "b"))),
        wait(12),
    ),
    story(
        "one image that is there and one that is not",
        *create(pod("p", shell("sleep 99", "a"), container("registry.invalid/app:1", name="b"))),
        wait(26),
    ),
    story(
        "a pull secret that is not there",
        *create(pod("p", shell("sleep 99"), imagePullSecrets=[{"name": "none"}])),
        wait(12),
    ),
    story(
        "a wrong image is mended",
        *create(pod("p", container("registry.invalid/app:1"))),
        wait(26),
        patch(
            "Pod/p",
            {"spec": {"containers": [{"name": "c", "image": "nginx:1.28"}]}},
            type=STRATEGIC,
        ),
        wait(20),
    ),
    story(
        "an init container with an image that is not there",
        *create(
            pod(
                "p",
                shell("sleep 99"),
                initContainers=[container("registry.invalid/app:1", name="i")],
            )
        ),
        wait(26),
    ),
]

CONFIGURATION = [
    story(
        "a ConfigMap that is not there",
        *create(pod("p", shell("sleep 99", **_from("configMapKeyRef", "none", "a")))),
        wait(7),
    ),
    story(
        "a Secret that is not there",
        *create(pod("p", shell("sleep 99", **_from("secretKeyRef", "none", "a")))),
        wait(7),
    ),
    story(
        "a key that is not in the ConfigMap",
        *create(SETTINGS, pod("p", shell("sleep 99", **_from("configMapKeyRef", "settings", "a")))),
        wait(7),
    ),
    story(
        "a key that is not in the Secret",
        *create(PASSWORD, pod("p", shell("sleep 99", **_from("secretKeyRef", "password", "a")))),
        wait(7),
    ),
    story(
        "an optional key that is not there",
        *create(
            pod(
                "p",
                tells("echo [$A]", **_from("secretKeyRef", "none", "a", optional=True)),
                **NEVER,
            )
        ),
        wait(12),
    ),
    story(
        "all of a ConfigMap that is not there",
        *create(pod("p", shell("sleep 99", envFrom=[{"configMapRef": {"name": "none"}}]))),
        wait(7),
    ),
    story(
        "all of an optional Secret that is not there",
        *create(
            pod("p", shell("sleep 99", envFrom=[{"secretRef": {"name": "none", "optional": True}}]))
        ),
        wait(12),
    ),
    story(
        "all of a ConfigMap with a prefix",
        *create(
            SETTINGS,
            pod(
                "p",
                tells(
                    "echo $MY_level $MY_size",
                    envFrom=[{"prefix": "MY_", "configMapRef": {"name": "settings"}}],
                ),
                **NEVER,
            ),
        ),
        wait(12),
    ),
    story(
        "a ConfigMap that comes late",
        *create(pod("p", shell("sleep 99", **_from("configMapKeyRef", "settings", "level")))),
        wait(7),
        *create(SETTINGS),
        wait(30),
    ),
    story(
        "root is not allowed",
        *create(pod("p", shell("sleep 99"), securityContext={"runAsNonRoot": True})),
        wait(7),
    ),
    story(
        "root is not allowed and not used",
        *create(
            pod(
                "p",
                tells("id -u", securityContext={"runAsUser": 1000}),
                securityContext={"runAsNonRoot": True},
                **NEVER,
            )
        ),
        wait(12),
    ),
    story(
        "a ServiceAccount that is not there", *create(pod("p", serviceAccountName="none")), wait(4)
    ),
    story("a RuntimeClass that is not there", *create(pod("p", runtimeClassName="none")), wait(4)),
    story(
        "a PriorityClass that is not there", *create(pod("p", priorityClassName="none")), wait(4)
    ),
]
CASES = [*IMAGES, *CONFIGURATION]
