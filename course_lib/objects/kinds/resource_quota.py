"""ResourceQuota: a bound on what a namespace may ask for (API reference, `core/v1`)."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.field_errors import Errors, invalid, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.validation.meta import IMMUTABLE, object_meta, object_meta_update
from course_lib.objects.validation.resources import (
    COMPUTE,
    is_of_quota,
    quota_resource_name,
    resource_amount,
)

SIDES = "requests", "limits"


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


OF_PODS = (
    "BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity",
)  # fmt: skip
SCOPES = (*OF_PODS, "PriorityClass", "VolumeAttributesClass")
_COMPUTE = {"cpu", "memory", *(f"{side}.{n}" for side in SIDES for n in ("cpu", "memory"))}
_CLAIMS = {"persistentvolumeclaims", "requests.storage"}
_CONFLICTS = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
UNFIT = "unsupported scope applied to resource"
EXISTS = (
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
    "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
    "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
VALUES = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
NO_VALUES = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"


def _unfit(scope: str, hard: Document) -> Iterator[str]:
    """The amounts that a quota of a scope cannot bound (`IsResourceQuotaScopeValidForResource`)."""
    fit = {"pods"} if scope == "BestEffort" else {"pods", *_COMPUTE}
    if scope == "VolumeAttributesClass":
        fit = _CLAIMS
    for name in sorted(hard):
        if scope in SCOPES and is_of_quota(name) and name not in fit:
            yield name


def _validate(document: Document) -> Errors:
    """Source: `ValidateResourceQuota` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    yield from _spec(document.get("spec") or {})


def _spec(spec: Document) -> Errors:
    hard, scopes = spec.get("hard") or {}, spec.get("scopes") or []
    yield from _amounts(hard, "spec.hard")
    for scope in scopes:
        if scope not in SCOPES:
            yield invalid("spec.scopes", scopes, "unsupported scope")
        for _ in _unfit(scope, hard):
            yield invalid("spec.scopes", scopes, UNFIT)
    yield from _conflicts(set(scopes), "spec.scopes", scopes)
    if selector := spec.get("scopeSelector"):
        yield from _selector(selector, hard, scopes)


def _conflicts(held: set[str], path: str, scopes: list[str]) -> Errors:
    for pair in _CONFLICTS:
        if pair <= held:
            yield invalid(path, scopes or None, "conflicting scopes")


def _selector(selector: Document, hard: Document, scopes: list[str]) -> Errors:
    """Source: `validateScopedResourceSelectorRequirement`."""
    path, terms = "spec.scopeSelector.matchExpressions", selector.get("matchExpressions") or ()
    whole = {"MatchExpressions": [_internal(term) for term in terms]}
    for term in terms:
        scope, operator = term.get("scopeName", ""), term.get("operator", "")
        values = term.get("values") or []
        if scope not in SCOPES:
            yield invalid(f"{path}.scopeName", scope, "unsupported scope")
        for _ in _unfit(scope, hard):
            yield invalid(path, whole, UNFIT)
        if scope in OF_PODS and operator != "Exists":
            yield invalid(f"{path}.operator", operator, EXISTS)
        if operator in ("In", "NotIn"):
            if not values:
                yield required(f"{path}.values", VALUES)
        elif operator not in ("Exists", "DoesNotExist"):
            yield invalid(f"{path}.operator", operator, "not a valid selector operator")
        elif values:
            yield invalid(f"{path}.values", values, NO_VALUES)
    yield from _conflicts({term.get("scopeName", "") for term in terms}, path, scopes)


def _internal(term: Document) -> Document:
    """A term as messages show it."""
    names = term.get("scopeName", ""), term.get("operator", ""), term.get("values")
    return dict(zip(("ScopeName", "Operator", "Values"), names, strict=True))


def _amounts(amounts: Document, path: str) -> Errors:
    for name, amount in sorted(amounts.items()):
        yield from quota_resource_name(name, f"{path}[{name}]")
        yield from resource_amount(name, amount, f"{path}[{name}]")


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateResourceQuotaUpdate` in `pkg/apis/core/validation`."""
    yield from object_meta_update(new, old)
    yield from _spec(new.get("spec") or {})
    after, before = ((each.get("spec") or {}).get("scopes") or [] for each in (new, old))
    if set(after) != set(before):
        yield invalid("spec.scopes", after or None, IMMUTABLE)


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateResourceQuotaStatusUpdate` in `pkg/apis/core/validation`."""
    if (status := new.get("status") or {}) is not old.get("status"):
        yield from _amounts(status.get("hard") or {}, "status.hard")
        yield from _amounts(status.get("used") or {}, "status.used")


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `WarningsOnCreate` in `pkg/registry/core/resourcequota/strategy.go`."""
    hard = (new.get("spec") or {}).get("hard") or {}
    for name in () if old else COMPUTE:
        request, limit = f"requests.{name}", f"limits.{name}"
        if request not in hard and name in ("cpu", "memory"):
            request = name
        if request in hard and limit in hard and Quantity(hard[limit]) < Quantity(hard[request]):
            shown = f"{request} ({hard[request]}) should be less than {limit} ({hard[limit]})"
            yield f"ResourceQuota {shown}"


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
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    columns=table_columns("Name  Request  Limit  Age"),
    row=_row,
    counted=True,
)
