"""Server-side defaulting: what the API server writes into a document that leaves it out.

Source: `pkg/apis/*/v1/defaults.go` of Kubernetes. Each default is a path and a value, so
that the table below can be read as documentation; `[*]` means every item of a list.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from course_lib.objects.kind import Kind
from course_lib.objects.not_yet import POD_SPECS

Document = dict[str, Any]

PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "Deployment": {
        "spec.replicas": 1,
        "spec.strategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.progressDeadlineSeconds": 600,
    },
    "ReplicaSet": {"spec.replicas": 1},
    "ReplicationController": {"spec.replicas": 1},
    "StatefulSet": {
        "spec.replicas": 1,
        "spec.podManagementPolicy": "OrderedReady",
        "spec.updateStrategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.volumeClaimTemplates[*].spec.volumeMode": "Filesystem",
    },
    "DaemonSet": {"spec.revisionHistoryLimit": 10},
    "Job": {
        "spec.backoffLimit": 6,
        "spec.completionMode": "NonIndexed",
        "spec.suspend": False,
    },
    "CronJob": {
        "spec.concurrencyPolicy": "Allow",
        "spec.suspend": False,
        "spec.successfulJobsHistoryLimit": 3,
        "spec.failedJobsHistoryLimit": 1,
    },
    "Service": {
        "spec.type": "ClusterIP",
        "spec.sessionAffinity": "None",
        "spec.internalTrafficPolicy": "Cluster",
        "spec.ports[*].protocol": "TCP",
    },
    "PersistentVolumeClaim": {"spec.volumeMode": "Filesystem"},
    "PersistentVolume": {
        "spec.persistentVolumeReclaimPolicy": "Retain",
        "spec.volumeMode": "Filesystem",
    },
    "StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "HorizontalPodAutoscaler": {"spec.minReplicas": 1},
    "Secret": {"type": "Opaque"},
    "PriorityClass": {"value": 0, "preemptionPolicy": "PreemptLowerPriority"},
    "Namespace": {"spec.finalizers": ["kubernetes"], "status.phase": "Active"},
}


def set_defaults(document: Document, kind: Kind) -> None:
    """Write the defaults of a kind into a document, in place; wrong shapes stay for decoding."""
    document["apiVersion"] = kind.api_version
    for path, value in DEFAULTS.get(kind.kind, {}).items():
        for place in _places(document, path.split(".")[:-1]):
            place.setdefault(path.split(".")[-1], copy.deepcopy(value))
    special = _SPECIAL.get(kind.kind)
    if special and isinstance(document.get("spec"), dict):
        special(document)
    if kind.kind in POD_SPECS:
        for spec in _places(document, POD_SPECS[kind.kind].split("."), create=False):
            _pod_spec(spec)


def _places(document: Any, path: list[str], create: bool = True) -> Iterator[Document]:
    """The mappings at a path; missing ones are made, except below a list."""
    if not isinstance(document, dict):
        return
    if not path:
        yield document
        return
    step, rest = path[0], path[1:]
    if step.endswith("[*]"):
        items = document.get(step[:-3])
        for item in items if isinstance(items, list) else ():
            yield from _places(item, rest, create)
    elif step in document or create:
        yield from _places(document.setdefault(step, {}), rest, create)


def _pod_spec(spec: Document) -> None:
    for key, value in POD.items():
        spec.setdefault(key, copy.deepcopy(value))
    grace = spec["terminationGracePeriodSeconds"]
    if isinstance(grace, int) and grace < 0:
        spec["terminationGracePeriodSeconds"] = 1  # at once (`registry/core/pod/strategy.go`)
    for group in ("initContainers", "containers"):
        for container in _places(spec, [f"{group}[*]"]):
            _container(container)


def _container(container: Document) -> None:
    image = container.get("image")
    if isinstance(image, str):
        container.setdefault("imagePullPolicy", pull_policy(image))
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    for port in _places(container, ["ports[*]"]):
        port.setdefault("protocol", "TCP")
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        for probe in _places(container, [name], create=False):
            for key, value in PROBE.items():
                probe[key] = probe.get(key) or value  # 0 is "not said"
            for get in _places(probe, ["httpGet"], create=False):
                get["path"] = get.get("path") or "/"
                get["scheme"] = get.get("scheme") or "HTTP"
    # A limit without a request is also the request.
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        requests = resources.setdefault("requests", {})
        if isinstance(requests, dict):
            for name, limit in resources["limits"].items():
                requests.setdefault(name, limit)


def pull_policy(image: str) -> str:
    """`Always` for the tag latest (or none), else `IfNotPresent`; a digest never changes."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "Always" if not digest and tag in ("", "latest") else "IfNotPresent"


def _replication_controller(document: Document) -> None:
    """Its selector comes from the template's labels, where it says none."""
    spec = document["spec"]
    template = spec.get("template")
    metadata = template.get("metadata") if isinstance(template, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if labels:
        spec.setdefault("selector", copy.deepcopy(labels))


def _deployment(document: Document) -> None:
    for strategy in _places(document["spec"], ["strategy"]):
        if strategy.get("type") == "RollingUpdate":
            for rolling in _places(strategy, ["rollingUpdate"]):
                rolling.setdefault("maxSurge", "25%")
                rolling.setdefault("maxUnavailable", "25%")


def _daemon_set(document: Document) -> None:
    for strategy in _places(document["spec"], ["updateStrategy"]):
        strategy.setdefault("type", "RollingUpdate")
        if strategy["type"] == "RollingUpdate":
            for rolling in _places(strategy, ["rollingUpdate"]):
                rolling.setdefault("maxSurge", 0)
                rolling.setdefault("maxUnavailable", 1)


def _job(document: Document) -> None:
    """One completion and one at a time, unless only the parallelism is given (a work queue)."""
    spec = document["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)


def _service(document: Document) -> None:
    spec = document["spec"]
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    for port in _places(spec, ["ports[*]"]):
        port.setdefault("targetPort", port.get("port"))


def _autoscaler(document: Document) -> None:
    """80 % of the requested CPU, unless something else is said; autoscaling/v1 had one field."""
    spec = document["spec"]
    percent = spec.pop("targetCPUUtilizationPercentage", 80)
    spec.setdefault(
        "metrics",
        [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": percent},
                },
            }
        ],
    )


def _namespace(document: Document) -> None:
    """A label with the namespace's own name, for selectors of NetworkPolicies and their like."""
    for labels in _places(document, ["metadata", "labels"]):
        labels["kubernetes.io/metadata.name"] = document["metadata"].get("name", "")


def _limit_range(document: Document) -> None:
    """For containers: default limits come from `max`, default requests from those or from `min`."""
    for item in _places(document["spec"], ["limits[*]"]):
        if item.get("type") != "Container":
            continue
        for field, sources in (("default", ("max",)), ("defaultRequest", ("default", "min"))):
            for source in sources:
                for amounts in _places(item, [source], create=False):
                    for target in _places(item, [field]):
                        for name, amount in amounts.items():
                            target.setdefault(name, amount)


_SPECIAL = {
    "Deployment": _deployment,
    "ReplicationController": _replication_controller,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "LimitRange": _limit_range,
    "Namespace": _namespace,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
}
