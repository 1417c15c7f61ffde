"""Updates of Pods: what may change, and the subresources status, resize and ephemeralcontainers."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import JSON, STRATEGIC, changes, updates

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "nginx:1.27",
                "resources": {
                    "requests": {"cpu": "100m", "memory": "64Mi"},
                    "limits": {"cpu": "200m", "memory": "128Mi"},
                },
            }
        ],
        "initContainers": [{"name": "setup", "image": "busybox:1.36"}],
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute"}],
        "activeDeadlineSeconds": 100,
        "terminationGracePeriodSeconds": 30,
    },
}
GATED = changes(POD, {"spec.schedulingGates": [{"name": "course.example/a"}],
                      "spec.nodeSelector": {"disk": "ssd"}})  # fmt: skip
KEPT = changes(POD, {"spec.containers[0].resizePolicy": [
    {"resourceName": "cpu", "restartPolicy": "NotRequired"},
    {"resourceName": "memory", "restartPolicy": "RestartContainer"}]})  # fmt: skip
PLAIN = changes(POD, {"spec.containers[0].resources": {}, "spec.activeDeadlineSeconds": None})


def _web(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web"} | fields]}}


def _resources(kind: str, **amounts: str) -> dict[str, Any]:
    return _web(resources={kind: amounts})


DEBUG = {"name": "debug", "image": "busybox:1.36"}
CASES = [
    *updates(
        POD,
        {
            "image": _web(image="nginx:1.28"),
            "an empty image": _web(image=""),
            "image of an init container": {
                "spec": {"initContainers": [{"name": "setup", "image": "busybox:1.37"}]}
            },
            "image pull policy": _web(imagePullPolicy="Always"),
            "a container is added": {"spec": {"containers": [DEBUG]}},
            "a container is removed": {
                "spec": {"initContainers": [{"name": "setup", "$patch": "delete"}]}
            },
            "environment": _web(env=[{"name": "A", "value": "1"}]),
            "command": _web(command=["nginx"]),
            "resources outside resize": _resources("requests", cpu="150m"),
            "an ephemeral container outside its subresource": {
                "spec": {"ephemeralContainers": [DEBUG]}
            },
        },
        STRATEGIC,
    ),
    *updates(
        POD,
        {
            "node name": {"spec": {"nodeName": "node-1"}},
            "node selector": {"spec": {"nodeSelector": {"disk": "ssd"}}},
            "restart policy": {"spec": {"restartPolicy": "Never"}},
            "service account": {"spec": {"serviceAccountName": "other"}},
            "host network": {"spec": {"hostNetwork": True}},
            "priority": {"spec": {"priority": 5}},
            "grace period": {"spec": {"terminationGracePeriodSeconds": 5}},
            "a shorter deadline": {"spec": {"activeDeadlineSeconds": 50}},
            "a longer deadline": {"spec": {"activeDeadlineSeconds": 200}},
            "the deadline is removed": {"spec": {"activeDeadlineSeconds": None}},
            "a negative deadline": {"spec": {"activeDeadlineSeconds": -1}},
            "a toleration is added": {
                "spec": {
                    "tolerations": [*POD["spec"]["tolerations"], {"key": "b", "operator": "Exists"}]
                }
            },
            "tolerations are removed": {"spec": {"tolerations": []}},
            "a toleration lasts shorter": {
                "spec": {
                    "tolerations": [
                        {
                            "key": "a",
                            "operator": "Exists",
                            "effect": "NoExecute",
                            "tolerationSeconds": 10,
                        }
                    ]
                }
            },
            "a scheduling gate is added": {
                "spec": {"schedulingGates": [{"name": "course.example/b"}]}
            },
            "a status is left out": {"status": {"phase": "Running"}},
            "labels": {"metadata": {"labels": {"app": "other"}}},
        },
    ),
    *updates(PLAIN, {"a deadline is added": {"spec": {"activeDeadlineSeconds": 50}}}),
    *updates(
        GATED,
        {
            "a gate is removed": {"spec": {"schedulingGates": None}},
            "a gated Pod gets another gate": {
                "spec": {"schedulingGates": [{"name": "course.example/b"}]}
            },
            "a gated Pod gets more of a node selector": {"spec": {"nodeSelector": {"zone": "a"}}},
            "a gated Pod gets another value in its node selector": {
                "spec": {"nodeSelector": {"disk": "hdd"}}
            },
            "a gated Pod loses its node selector": {"spec": {"nodeSelector": None}},
            "a gated Pod gets a node": {"spec": {"nodeName": "node-1"}},
            "a gated Pod gets node affinity": {
                "spec": {
                    "affinity": {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
                                ]
                            }
                        }
                    }
                }
            },
        },
    ),
    *updates(
        POD,
        {
            "resize of CPU": _resources("requests", cpu="150m"),
            "resize of the memory limit": _resources("limits", memory="256Mi"),
            "resize changes the QoS class": {
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "resources": {"requests": {"cpu": "200m", "memory": "128Mi"}},
                        }
                    ]
                }
            },
            "resize of a request above its limit": _resources("requests", cpu="300m"),
            "resize to a negative amount": _resources("requests", cpu="-1"),
            "resize of ephemeral storage": _resources("requests", **{"ephemeral-storage": "1Gi"}),
            "resize removes a limit": {
                "spec": {"containers": [{"name": "web", "resources": {"limits": {"cpu": None}}}]}
            },
            "resize with another image": _web(image="nginx:1.28"),
            "resize of an absent container": {
                "spec": {"containers": [{"name": "other", "image": "a:1"}]}
            },
        },
        STRATEGIC,
        subresource="resize",
    ),
    *updates(
        KEPT,
        {
            "resize policy outside resize": _web(
                resizePolicy=[{"resourceName": "memory", "restartPolicy": "NotRequired"}]
            )
        },
        STRATEGIC,
    ),
    *updates(
        PLAIN,
        {"resize of a Pod without resources": _resources("requests", cpu="150m")},
        STRATEGIC,
        subresource="resize",
    ),
    *updates(
        POD,
        {
            "an ephemeral container": {"spec": {"ephemeralContainers": [DEBUG]}},
            "an ephemeral container with a target": {
                "spec": {"ephemeralContainers": [DEBUG | {"targetContainerName": "web"}]}
            },
            "an ephemeral container with an absent target": {
                "spec": {"ephemeralContainers": [DEBUG | {"targetContainerName": "other"}]}
            },
            "an ephemeral container with ports": {
                "spec": {"ephemeralContainers": [DEBUG | {"ports": [{"containerPort": 80}]}]}
            },
            "an ephemeral container with a probe": {
                "spec": {
                    "ephemeralContainers": [
                        DEBUG | {"livenessProbe": {"exec": {"command": ["true"]}}}
                    ]
                }
            },
            "an ephemeral container with resources": {
                "spec": {"ephemeralContainers": [DEBUG | {"resources": {"requests": {"cpu": "1"}}}]}
            },
            "an ephemeral container with a taken name": {
                "spec": {"ephemeralContainers": [DEBUG | {"name": "web"}]}
            },
            "an ephemeral container without an image": {
                "spec": {"ephemeralContainers": [{"name": "debug"}]}
            },
        },
        STRATEGIC,
        subresource="ephemeralcontainers",
    ),
    *updates(
        POD,
        {
            "status: a phase": {"status": {"phase": "Running"}},
            "status: a condition": {
                "status": {"conditions": [{"type": "course.example/a", "status": "True"}]}
            },
            "status: a condition with a wrong name": {
                "status": {"conditions": [{"type": "a b", "status": "True"}]}
            },
            "status: the QoS class": {"status": {"qosClass": "Guaranteed"}},
            "status: labels": {"metadata": {"labels": {"a": "b"}}},
            "status: a spec is left out": {"spec": {"nodeName": "node-1"}},
            "status: a nominated node": {"status": {"nominatedNodeName": "node-1"}},
        },
        subresource="status",
    ),
    *updates(POD, {"scale of a Pod": {"spec": {"replicas": 2}}}, subresource="scale"),
    *updates(
        POD,
        {
            "JSON patch of an image": [
                {"op": "replace", "path": "/spec/containers/0/image", "value": "nginx:1.28"}
            ]
        },
        JSON,
    ),
    *updates(
        POD,
        {
            "replaced by the same document": POD,
            "replaced with another image": changes(POD, {"spec.containers[0].image": "nginx:1.28"}),
            "replaced without tolerations": changes(POD, {"spec.tolerations": []}),
        },
        "application/json",
        method="PUT",
    ),
]
