"""LimitRange: bounds and defaults for what one object may ask for (API reference, `core/v1`)."""

from __future__ import annotations

import math
import uuid

import msgspec

from course_lib.objects.field_errors import Errors, duplicate, forbidden, invalid, required
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, object_meta
from course_lib.objects.validation.resources import (
    container_resource_name,
    may_be_overcommitted,
    resource_name,
)

TYPES = "Container", "PersistentVolumeClaim", "Pod"
GROUPS = "max", "min", "default", "defaultRequest", "maxLimitRequestRatio"
NO_STORAGE = "either minimum or maximum storage value is required, but neither was provided"
MOST_MILLI = 2**63 // 1000  # above it, ratios are of whole amounts (`MaxMilliValue`)
_MIN, _MAX, _LIMIT, _REQUEST = (
    "min value",
    "max value",
    "default limit value",
    "default request value",
)
# Lower, higher, their words, the field of the message, and whose value it shows.
ORDER = (
    ("min", "max", (_MIN, _MAX), "min", "min"),
    ("min", "defaultRequest", (_MIN, _REQUEST), "defaultRequest", "defaultRequest"),
    ("defaultRequest", "max", (_REQUEST, _MAX), "defaultRequest", "defaultRequest"),
    ("defaultRequest", "default", (_REQUEST, _LIMIT), "defaultRequest", "defaultRequest"),
    ("min", "default", (_MIN, "default value"), "default", "min"),
    ("default", "max", ("default value", _MAX), "default", "max"),
)


class LimitRangeItem(Value, frozen=True):
    """Bounds and defaults for each Container, Pod or PersistentVolumeClaim."""

    type: str
    max: ResourceList | None = None
    min: ResourceList | None = None
    default: ResourceList | None = None
    default_request: ResourceList | None = None
    max_limit_request_ratio: ResourceList | None = None


class LimitRangeSpec(Value, frozen=True):
    """The bounds of a namespace."""

    limits: list[LimitRangeItem] = msgspec.field(default_factory=list)


class LimitRange(Object, frozen=True, kw_only=True):
    """Bounds and defaults for what one object may ask for."""

    spec: LimitRangeSpec = LimitRangeSpec()


def _complete(document: Document) -> None:
    """For containers: default limits come from `max`, default requests from those or from `min`."""
    for item in places(document, "spec.limits[*]", create=False):
        if item.get("type") != "Container":
            continue
        for field, sources in (("default", ("max",)), ("defaultRequest", ("default", "min"))):
            for source in sources:
                for amounts in places(item, source, create=False):
                    for target in places(item, field):
                        for name, amount in amounts.items():
                            target.setdefault(name, amount)


def _prepare(document: Document) -> None:
    """A LimitRange without a name gets one (`PrepareForCreate`); here it is drawn from its uid."""
    meta = document["metadata"]
    if not meta.get("name"):
        drawn = uuid.uuid5(uuid.UUID(meta["uid"]), "name")
        meta["name"] = str(uuid.UUID(bytes=drawn.bytes, version=4))


def _validate(document: Document) -> Errors:
    """Source: `ValidateLimitRange` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    seen: set[str] = set()
    for position, item in enumerate(document.get("spec", {}).get("limits") or ()):
        here, kind = f"spec.limits[{position}]", item.get("type", "")
        yield from _type_name(kind, f"{here}.type")
        if kind in seen:
            yield duplicate(f"{here}.type", kind)
        seen.add(kind)
        yield from _names(item, here)
        # Fields that Pods may not have are not held against the others.
        groups = [group for group in GROUPS if kind != "Pod" or not group.startswith("default")]
        amounts = {group: item.get(group) or {} for group in groups}
        for name in sorted({name for group in amounts.values() for name in group}):
            known = {group: Quantity(by[name]) for group, by in amounts.items() if name in by}
            yield from _order(name, known, here)
            yield from _ratio(name, known, here)


def _type_name(kind: str, path: str) -> Errors:
    problems = formats.label_key(kind)
    yield from all_invalid(path, kind, problems)
    if not problems and "/" not in kind and kind not in TYPES:
        yield invalid(path, kind, "must be a standard limit type or fully qualified")


def _names(item: Document, here: str) -> Errors:
    """The names of resources, and what only some types may have."""
    kind = item.get("type", "")
    judge = container_resource_name if kind in ("Pod", "Container") else resource_name
    bounded = any("storage" in (item.get(bound) or {}) for bound in ("min", "max"))
    for group in GROUPS:
        if kind == "Pod" and group.startswith("default"):
            if item.get(group):
                yield forbidden(f"{here}.{group}", "may not be specified when `type` is 'Pod'")
            continue
        if group == "maxLimitRequestRatio" and kind == "PersistentVolumeClaim" and not bounded:
            yield required(f"{here}.limits", NO_STORAGE)
        for name in sorted(item.get(group) or {}):
            yield from judge(name, f"{here}.{group}[{name}]")


def _order(name: str, known: dict[str, Quantity], here: str) -> Errors:
    """min <= defaultRequest <= default <= max, as far as they are there."""
    for low, high, words, field, shown in ORDER:
        if low in known and high in known and known[high] < known[low]:
            value = f"{known[low]}", f"{known[high]}"
            said = f"{words[0]} {value[0]} is greater than {words[1]} {value[1]}"
            yield invalid(f"{here}.{field}[{name}]", f"{known[shown]}", said)


def _ratio(name: str, known: dict[str, Quantity], here: str) -> Errors:
    ratio, path = known.get("maxLimitRequestRatio"), f"{here}.maxLimitRequestRatio[{name}]"
    if ratio is not None and ratio < Quantity("1"):
        yield invalid(path, f"{ratio}", f"ratio {ratio} is less than 1")
    if ratio is not None and "min" in known and "max" in known:
        amounts = ratio, known["max"], known["min"]
        if max(amount.value for amount in amounts) < MOST_MILLI:
            times, most, least = amounts[0].milli / 1000, amounts[1].milli, amounts[2].milli
        else:
            times, most, least = float(amounts[0].value), amounts[1].value, amounts[2].value
        limit = most / least if least else math.inf if most else math.nan
        if times > limit:
            yield invalid(path, f"{ratio}", f"ratio {ratio} is greater than max/min = {limit:f}")
    request, default = known.get("defaultRequest"), known.get("default")
    if not may_be_overcommitted(name) and request and default and request != default:
        said = f"default value {default} must equal to defaultRequest value {request} in {name}"
        yield invalid(f"{here}.defaultRequest[{name}]", f"{request}", said)


LIMIT_RANGE = Kind(
    "v1",
    LimitRange,
    ("limits",),
    defaults={"spec": {}},
    complete=_complete,
    prepare=_prepare,
    validate=_validate,
    validate_update=lambda new, old: _validate(new),
)
