"""Pods where a LimitRange, a ResourceQuota, a PriorityClass or a level of security is given."""

from __future__ import annotations

from typing import Any

from tests.oracles.plane.files import Case
from tests.peers.plane.questions.pods import POD, WITH_INIT
from tests.peers.plane.questions.tables import Document, changes

RESOURCES = "spec.containers[0].resources"
ONE = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def _object(kind: str, version: str = "v1", **fields: Any) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "given"}} | fields


def _range(**item: Any) -> Document:
    return _object("LimitRange", spec={"limits": [{"type": "Container"} | item]})


def _quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> Document:
    none = dict.fromkeys(hard, "0")
    status = {"hard": hard, "used": none | (used or {})}
    return _object("ResourceQuota", spec={"hard": hard} | spec, status=status)


def _priority(value: int, **fields: Any) -> Document:
    return _object("PriorityClass", "scheduling.k8s.io/v1", value=value, **fields)


BOUNDS = _range(min={"cpu": "100m"}, max={"cpu": "2"})
BOTH = _range(default={"cpu": "500m"}, defaultRequest={"cpu": "200m"})
GIVEN: dict[str, tuple[list[Document], dict[str, Any]]] = {
    "LimitRange with default and defaultRequest": ([BOTH], {}),
    "LimitRange with default alone": ([_range(default={"memory": "128Mi"})], {}),
    "LimitRange with default, and a request of the Pod": (
        [BOTH], {f"{RESOURCES}.requests": {"cpu": "300m"}},
    ),
    "LimitRange with default, and a request above it": (
        [BOTH], {f"{RESOURCES}.requests": {"cpu": "1"}},
    ),
    "LimitRange with default, and a limit of the Pod": (
        [BOTH], {f"{RESOURCES}.limits": {"cpu": "1"}},
    ),
    "LimitRange with bounds, and nothing of the Pod": ([BOUNDS], {}),
    "LimitRange with bounds, at its lower end": (
        [BOUNDS], {RESOURCES: {"requests": {"cpu": "100m"}, "limits": {"cpu": "100m"}}},
    ),
    "LimitRange with bounds, below its lower end": (
        [BOUNDS], {RESOURCES: {"requests": {"cpu": "99m"}, "limits": {"cpu": "1"}}},
    ),
    "LimitRange with bounds, above its upper end": (
        [BOUNDS], {RESOURCES: {"requests": {"cpu": "1"}, "limits": {"cpu": "2001m"}}},
    ),
    "LimitRange with a minimum, and no request": ([_range(min={"cpu": "100m"})], {}),
    "LimitRange with a ratio, kept": (
        [_range(maxLimitRequestRatio={"cpu": "2"})],
        {RESOURCES: {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}},
    ),
    "LimitRange with a ratio, broken": (
        [_range(maxLimitRequestRatio={"cpu": "2"})],
        {RESOURCES: {"requests": {"cpu": "500m"}, "limits": {"cpu": "2"}}},
    ),
    "LimitRange with a ratio, and no limit": (
        [_range(maxLimitRequestRatio={"cpu": "2"})], {f"{RESOURCES}.requests": {"cpu": "1"}},
    ),
    "LimitRange of Pods, above its upper end": (
        [_range(type="Pod", max={"memory": "512Mi"})], {RESOURCES: ONE},
    ),
    "LimitRange of Pods, and nothing of the Pod": (
        [_range(type="Pod", max={"memory": "512Mi"})], {},
    ),
    "ResourceQuota of Pods, with room": ([_quota({"pods": "1"})], {}),
    "ResourceQuota of Pods, full": ([_quota({"pods": "0"})], {}),
    "ResourceQuota by count": ([_quota({"count/pods": "0"})], {}),
    "ResourceQuota of CPU, with room": ([_quota({"requests.cpu": "1"})], {RESOURCES: ONE}),
    "ResourceQuota of CPU, and no request": ([_quota({"requests.cpu": "1"})], {}),
    "ResourceQuota of CPU, too little": ([_quota({"requests.cpu": "999m"})], {RESOURCES: ONE}),
    "ResourceQuota of CPU by its short name": ([_quota({"cpu": "500m"})], {RESOURCES: ONE}),
    "ResourceQuota of limits, too little": (
        [_quota({"limits.cpu": "500m", "limits.memory": "512Mi"})], {RESOURCES: ONE},
    ),
    "ResourceQuota of limits, and no limit": (
        [_quota({"limits.memory": "1Gi"})], {f"{RESOURCES}.requests": {"memory": "1Gi"}},
    ),
    "ResourceQuota of a device": (
        [_quota({"requests.example.com/gpu": "1"})],
        {f"{RESOURCES}.limits": {"example.com/gpu": "2"}},
    ),
    "ResourceQuota of Pods without requests, full": (
        [_quota({"pods": "0"}, scopes=["BestEffort"])], {},
    ),
    "ResourceQuota of other Pods than this, full": (
        [_quota({"pods": "0"}, scopes=["NotBestEffort"])], {},
    ),
    "ResourceQuota of Pods with a deadline, full": (
        [_quota({"pods": "0"}, scopes=["Terminating"])], {"spec.activeDeadlineSeconds": 60},
    ),
    "ResourceQuota of a priority, full": (
        [
            _priority(10),
            _quota({"pods": "0"}, scopeSelector={"matchExpressions": [
                {"scopeName": "PriorityClass", "operator": "In", "values": ["given"]}
            ]}),
        ],
        {"spec.priorityClassName": "given"},
    ),
    "LimitRange and a ResourceQuota that its default fills": (
        [_range(default={"cpu": "1"}), _quota({"requests.cpu": "1"})], {},
    ),
    "PriorityClass": ([_priority(10)], {"spec.priorityClassName": "given"}),
    "PriorityClass that is not named": ([_priority(10)], {}),
    "PriorityClass for all Pods": ([_priority(10, globalDefault=True)], {}),
    "PriorityClass that does not preempt": (
        [_priority(10, preemptionPolicy="Never")], {"spec.priorityClassName": "given"},
    ),
    "PriorityClass, and another policy of the Pod": (
        [_priority(10)], {"spec.priorityClassName": "given", "spec.preemptionPolicy": "Never"},
    ),
    "PriorityClass, and its number": (
        [_priority(10)], {"spec.priorityClassName": "given", "spec.priority": 10},
    ),
    "PriorityClass, and another number": (
        [_priority(10)], {"spec.priorityClassName": "given", "spec.priority": 11},
    ),
    "PriorityClass of a number below 0": ([_priority(-5)], {"spec.priorityClassName": "given"}),
    "ServiceAccount with a pull secret": (
        [_object("ServiceAccount", imagePullSecrets=[{"name": "registry"}])],
        {"spec.serviceAccountName": "given"},
    ),
    "ServiceAccount without a token": (
        [_object("ServiceAccount", automountServiceAccountToken=False)],
        {"spec": POD["spec"] | {"serviceAccountName": "given"}},
    ),
}  # fmt: skip
CASES: list[Case] = [
    {"name": f"Pod with a given {name}", "given": given, "document": changes(POD, values)}
    for name, (given, values) in GIVEN.items()
]
CASES.append(
    {
        "name": "Pod with a given LimitRange with default, and an init container",
        "given": [BOTH],
        "document": WITH_INIT,
    }
)
TIGHT = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
    "capabilities": {"drop": ["ALL"]},
}
OWN = "spec.containers[0].securityContext"
LEVELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "plain, where baseline is kept": ("enforce", "baseline", {}),
    "privileged, where baseline is kept": ("enforce", "baseline", {f"{OWN}.privileged": True}),
    "on the host's network, where baseline is kept": (
        "enforce", "baseline", {"spec.hostNetwork": True},
    ),
    "with a path of the host, where baseline is kept": (
        "enforce", "baseline", {"spec.volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
    ),
    "plain, where restricted is kept": ("enforce", "restricted", {}),
    "restricted, where restricted is kept": ("enforce", "restricted", {OWN: TIGHT}),
    "plain, where restricted is warned of": ("warn", "restricted", {}),
    "privileged, where privileged is kept": ("enforce", "privileged", {f"{OWN}.privileged": True}),
}  # fmt: skip
for number, (name, (mode, level, values)) in enumerate(LEVELS.items()):
    space = f"level-{number}"
    labels = {f"pod-security.kubernetes.io/{mode}": level}
    CASES.append(
        {
            "name": f"Pod {name}",
            "given": [
                _object("Namespace") | {"metadata": {"name": space, "labels": labels}},
                _object("ServiceAccount") | {"metadata": {"name": "default", "namespace": space}},
            ],
            "path": f"/api/v1/namespaces/{space}/pods",
            "document": changes(POD, values),
        }
    )
