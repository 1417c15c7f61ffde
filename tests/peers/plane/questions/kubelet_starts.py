"""Pods on a kubelet: images, configuration, volumes, admission, and what a container sees."""

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
    thing,
    wait,
)

NEVER = {"restartPolicy": "Never"}
STRATEGIC = "application/strategic-merge-patch+json"
SETTINGS = thing("ConfigMap", "settings", data={"level": "info", "size": "3"})
PASSWORD = thing("Secret", "password", stringData={"word": "abc"})


def tells(command: str, **more: Any) -> dict[str, Any]:
    """A container whose output stands in its Pod's status, as the log of a failure."""
    return shell(f"{command}; exit 1", terminationMessagePolicy="FallbackToLogsOnError", **more)


def _from(kind: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {kind: {"name": name, "key": key} | more}}]}


def _mounted(path: str = "/etc/own", **source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"volumeMounts": [{"name": "v", "mountPath": path}]}, {
        "volumes": [{"name": "v"} | source]
    }


def _with(command: str, path: str = "/etc/own", spec: dict[str, Any] | None = None, **source: Any
          ) -> dict[str, Any]:  # fmt: skip
    mount, volume = _mounted(path, **source)
    made = shell if command == "sleep 99" else tells
    return pod("p", made(command, **mount), **volume, **(spec or {}))


def _fields(**paths: str) -> dict[str, Any]:
    return {"env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
                    for name, path in paths.items()]}  # fmt: skip


def _amounts(**of: str) -> dict[str, Any]:
    return {"env": [{"name": name, "valueFrom": {"resourceFieldRef": {"resource": resource}}}
                    for name, resource in of.items()]}  # fmt: skip


CLAIMED = {"persistentVolumeClaim": {"claimName": "none"}}
ALIASES = [{"ip": "192.0.2.7", "hostnames": ["db"]}]
BOTH = {"resources": {"requests": {"cpu": "100m", "memory": "64Mi"},
                      "limits": {"cpu": "1500m", "memory": "128Mi"}}}  # fmt: skip
PORT = {"ports": [{"containerPort": 80, "hostPort": 18080}]}
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
VOLUMES = [
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
CASES = [*IMAGES, *CONFIGURATION, *VOLUMES, *SEEN, *PLACES]
