"""ResourceQuota: a bound on what a namespace may ask for (API reference, `core/v1`)."""

from __future__ import annotations

import re
from typing import Any

from course_lib.objects.field_rules import label_key, matching, one_of, quantity
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.quantity import ResourceList


class ScopeRequirement(Value, frozen=True):
    """A property of the Pods that a quota counts."""

    scope_name: str
    operator: str
    values: list[str] | None = None


class ScopeSelector(Value, frozen=True):
    """Properties that Pods must all have."""

    match_expressions: list[ScopeRequirement] | None = None


class ResourceQuotaSpec(Value, frozen=True):
    """The most that a namespace may have of each thing; with scopes, only of some Pods."""

    hard: ResourceList | None = None
    scopes: list[str] | None = None
    scope_selector: ScopeSelector | None = None


class ResourceQuotaStatus(Value, frozen=True):
    """What the namespace has now."""

    hard: ResourceList | None = None
    used: ResourceList | None = None


class ResourceQuota(Object, frozen=True, kw_only=True):
    """A bound on what a namespace may ask for."""

    spec: ResourceQuotaSpec = ResourceQuotaSpec()
    status: ResourceQuotaStatus = ResourceQuotaStatus()


SCOPES = (
    "BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass",
    "Terminating", "VolumeAttributesClass",
)  # fmt: skip
_whole_amount = matching(
    lambda amount: re.fullmatch(r"[0-9]+([kMGTPE]|[KMGTPE]i)?", amount) is not None,
    "must be an integer",
)


def _hard(hard: Any) -> str:
    """What a quota bounds: amounts of 0 or more, and whole numbers where objects are counted."""
    if not isinstance(hard, dict):
        return "a mapping"
    for name, amount in hard.items():
        if problem := quantity(amount):
            return f"{name}: {problem}"
        counted = name.startswith("count/") or name in ("pods", "services", "secrets", "configmaps")
        if counted and _whole_amount(str(amount)):
            return f"{name}: must be an integer"
    return ""


_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_COUNTED = (
    "pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "resourcequotas",
    "replicationcontrollers", "services.nodeports", "services.loadbalancers", "storage",
)  # fmt: skip
_STANDARD = {*_COMPUTE, *_COUNTED, "requests.storage"}
_STANDARD |= {f"{side}.{name}" for side in ("requests", "limits") for name in _COMPUTE}
# What quotas for some Pods alone may count (`podComputeQuotaResources` and its like).
_OF_PODS = _STANDARD - {*_COUNTED[1:], "requests.storage"}


def _is_quota_name(name: str) -> bool:
    return name in _STANDARD or "hugepages-" in name or ("/" in name and not label_key(name))


def _scope(value: object) -> str:
    """A property of Pods, and how it is compared (`validateScopedResourceSelectorRequirement`)."""
    if not isinstance(value, dict):
        return "a mapping"
    if value.get("scopeName") not in SCOPES:
        return "scopeName: unsupported scope"
    operator, values = value.get("operator"), value.get("values")
    if operator in ("In", "NotIn") and not values:
        return "values: must be at least one value when `operator` is 'In' or 'NotIn'"
    if operator in ("Exists", "DoesNotExist") and values:
        return "values: must be no value when `operator` is 'Exist' or 'DoesNotExist'"
    by_name = value["scopeName"] in ("PriorityClass", "VolumeAttributesClass")
    return "" if by_name or operator == "Exists" else "operator: must be 'Exists'"


_CONFLICTS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})


def _relations(document: Document) -> Problems:
    scopes = {*(document["spec"].get("scopes") or ())}
    for pair in _CONFLICTS:
        if pair <= scopes:
            yield Problem("spec.scopes", "conflicting scopes", sorted(pair))
    hard = document["spec"].get("hard") or {}
    unfit = [name for name in hard if name in _STANDARD - _OF_PODS]
    if "BestEffort" in scopes:
        unfit = [name for name in hard if name != "pods"]
    if scopes and unfit:
        yield Problem("spec.scopes", "unsupported scope applied to resource", sorted(scopes))


def _row(q: ResourceQuota, now: float) -> Row:
    hard, used = q.status.hard or {}, q.status.used or {}
    shown = {name: f"{name}: {used.get(name, 0)}/{hard[name]}" for name in sorted(hard)}
    limits = [text for name, text in shown.items() if name.startswith("limits.")]
    requests = [text for name, text in shown.items() if not name.startswith("limits.")]
    return q.name, ", ".join(requests), ", ".join(limits)


RESOURCE_QUOTA = Kind(
    "v1",
    ResourceQuota,
    ("quota",),
    defaults={"spec": {}},
    first_status=lambda view: {},
    fields={
        "spec.hard": _hard,
        "spec.hard.~": matching(_is_quota_name, "a standard resource for quota"),
        "spec.scopes[*]": one_of(*SCOPES),
        "spec.scopeSelector.matchExpressions[*]": _scope,
        "spec.scopeSelector.matchExpressions[*].operator": one_of(
            "DoesNotExist", "Exists", "In", "NotIn"
        ),
    },
    relations=_relations,
    fixed=("spec.scopes", "spec.scopeSelector"),
    columns=table_columns("Name  Request  Limit  Age"),
    row=_row,
    counted=True,
)
