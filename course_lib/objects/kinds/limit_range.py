"""LimitRange: bounds and defaults for what one object may ask for (API reference, `core/v1`)."""

from __future__ import annotations

import msgspec

from course_lib.objects.field_rules import label_key, matching, quantity
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.quantity import Quantity, ResourceList

TYPES = "Container", "PersistentVolumeClaim", "Pod"


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


def _of_type(item: Document, here: str) -> Problems:
    """What only some types of bounds may have (`ValidateLimitRange`)."""
    for field in ("default", "defaultRequest"):
        if item["type"] == "Pod" and item.get(field):
            yield Problem(f"{here}.{field}", "may not be specified when `type` is 'Pod'", None)
    bounds = [(item.get(field) or {}).get("storage") for field in ("min", "max")]
    if item["type"] == "PersistentVolumeClaim" and bounds == [None, None]:
        yield Problem(f"{here}.limits", "minimum or maximum storage value is required", None)
    if item["type"] == "Container":
        for field in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"):
            for name in item.get(field) or ():
                if name not in ("cpu", "memory", "ephemeral-storage") and not (
                    "/" in name or name.startswith("hugepages-")
                ):
                    path = f"{here}.{field}[{name}]"
                    yield Problem(path, "must be a standard resource for containers", name)


def _relations(document: Document) -> Problems:
    seen: set[str] = set()
    for position, item in enumerate(document["spec"].get("limits") or ()):
        here = f"spec.limits[{position}]"
        yield from _of_type(item, here)
        if item["type"] in seen:
            yield Problem(f"{here}.type", "Duplicate value: each type once", item["type"])
        seen.add(item["type"])
        order = ("min", "defaultRequest", "default", "max")
        for low, high in ((a, b) for i, a in enumerate(order) for b in order[i + 1 :]):
            for name, amount in (item.get(low) or {}).items():
                bound = (item.get(high) or {}).get(name)
                if bound is not None and Quantity(amount) > Quantity(bound):
                    expected = f"at most {high} {bound}"
                    yield Problem(f"{here}.{low}[{name}]", expected, str(amount))
        for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
            path = f"{here}.maxLimitRequestRatio[{name}]"
            if Quantity(ratio) < Quantity("1"):
                yield Problem(path, "a ratio of 1 or more", str(ratio))
            most, least = (Quantity((item.get(f) or {}).get(name, "0")) for f in ("max", "min"))
            if most.nano and least.nano and Quantity(ratio).nano * least.nano > most.nano * 10**9:
                yield Problem(path, "at most max/min", str(ratio))


LIMIT_RANGE = Kind(
    "v1",
    LimitRange,
    ("limits",),
    defaults={"spec": {}},
    complete=_complete,
    fields={
        "spec.limits[*].type": matching(
            lambda name: name in TYPES or ("/" in name and not label_key(name)),
            "supported values: " + ", ".join(f'"{name}"' for name in TYPES),
        ),
        **{
            f"spec.limits[*].{group}.*": quantity
            for group in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
        },
    },
    relations=_relations,
)
