"""What the API server refuses in devices that there are, and in rules that taint them.

Source: `pkg/apis/resource/validation/validation.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from course_lib.objects.kinds.pod.validation.affinity import node_selector
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    object_meta,
    object_meta_update,
    unchanged,
)
from course_lib.objects.validation.resources import driver_name

MOST_DEVICES, MOST_ADVANCED_DEVICES, MOST_POOL = 128, 64, 253
EFFECTS = ("NoExecute", "NoSchedule", "None")
PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
ONE_PLACE = f"exactly one of {', '.join(f'`{place}`' for place in PLACES)} is required"
Item = TypeVar("Item", str, Document)


def taint_rule_errors(document: Document) -> Errors:
    """Taints of devices (`ValidateDeviceTaintRule`)."""
    yield from object_meta(document, namespaced=False)
    yield from _taint_rule(document)


def taint_rule_update_errors(new: Document, old: Document) -> Errors:
    """All of a rule may change (`ValidateDeviceTaintRuleUpdate`)."""
    yield from object_meta_update(new, old)
    yield from _taint_rule(new)


def _taint_rule(document: Document) -> Errors:
    spec = document.get("spec") or {}
    chosen = spec.get("deviceSelector") or {}
    if (driver := chosen.get("driver")) is not None:
        yield from driver_name(driver, "spec.deviceSelector.driver")
    if (pool := chosen.get("pool")) is not None:
        yield from _pool_name(pool, "spec.deviceSelector.pool")
    if (device := chosen.get("device")) is not None:
        yield from all_invalid("spec.deviceSelector.device", device, formats.label(device))
    yield from _taint(spec.get("taint") or {}, "spec.taint")


def slice_errors(document: Document) -> Errors:
    """Devices of a node or of several (`ValidateResourceSlice`).

    Attributes, capacities and counters of devices are kept, and not judged.
    """
    yield from object_meta(document, namespaced=False)
    spec = document.get("spec") or {}
    yield from driver_name(spec.get("driver", ""), "spec.driver")
    pool = spec.get("pool") or {}
    yield from _pool_name(pool.get("name", ""), "spec.pool.name")
    if (count := pool.get("resourceSliceCount", 0)) <= 0:
        yield invalid("spec.pool.resourceSliceCount", count, "must be greater than zero")
    if (generation := pool.get("generation", 0)) < 0:
        yield invalid("spec.pool.generation", generation, "must be greater than or equal to zero")
    yield from _place(spec)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        yield invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    devices = spec.get("devices") or []
    advanced = any(each.get("taints") or each.get("consumesCounters") for each in devices)
    most = MOST_ADVANCED_DEVICES if advanced else MOST_DEVICES
    yield from distinct(devices, "spec.devices", most, _device)


def slice_update_errors(new: Document, old: Document) -> Errors:
    """A slice keeps its driver, its pool and its node (`ValidateResourceSliceUpdate`)."""
    yield from object_meta_update(new, old)
    yield from slice_errors(new)
    after, before = new.get("spec") or {}, old.get("spec") or {}
    pools = (spec.get("pool") or {} for spec in (after, before))
    yield from unchanged("spec.pool.name", *(pool.get("name", "") for pool in pools))
    for field in ("driver", "nodeName"):
        yield from unchanged(f"spec.{field}", after.get(field), before.get(field))


def _place(spec: Document) -> Errors:
    """Where the devices of a slice can be used."""
    given: list[str] = []
    if (node := spec.get("nodeName")) is not None:
        if node:
            given.append("`nodeName`")
            yield from all_invalid("spec.nodeName", node, formats.subdomain(node))
        else:
            yield invalid(
                "spec.nodeName", node, "must be either unset or set to a non-empty string"
            )
    if (selector := spec.get("nodeSelector")) is not None:
        given.append("`nodeSelector`")
        yield from node_selector(selector, "spec.nodeSelector")
        if len(terms := selector.get("nodeSelectorTerms") or []) != 1:
            rule = "must have exactly one node selector term"
            yield invalid("spec.nodeSelector.nodeSelectorTerms", terms or None, rule)
    for field in PLACES[2:]:
        if spec.get(field):
            given.append(f"`{field}`")
        elif spec.get(field) is not None:
            yield invalid(f"spec.{field}", False, "must be either unset or set to true")
    if not given:
        yield required("spec", ONE_PLACE)
    elif len(given) > 1:
        shown = f"{{{', '.join(given)}}}"
        yield invalid("spec", shown, f"{ONE_PLACE}, but multiple fields are set")


def _device(device: Document, path: str) -> Errors:
    name = device.get("name", "")
    yield from all_invalid(f"{path}.name", name, formats.label(name))
    for position, taint in enumerate(device.get("taints") or ()):
        yield from _taint(taint, f"{path}.taints[{position}]")


def _taint(taint: Document, path: str) -> Errors:
    key, value, effect = (taint.get(field, "") for field in ("key", "value", "effect"))
    yield from all_invalid(f"{path}.key", key, formats.label_key(key))
    yield from all_invalid(f"{path}.value", value, formats.label_value(value))
    if not effect:
        yield required(f"{path}.effect")
    elif effect not in EFFECTS:
        yield not_supported(f"{path}.effect", effect, EFFECTS)


def _pool_name(name: str, path: str) -> Errors:
    if not name:
        yield required(path)
        return
    if len(name.encode()) > MOST_POOL:
        yield too_long(path, MOST_POOL)
    for part in name.split("/"):
        yield from all_invalid(path, part, formats.subdomain(part))


def limited(
    items: list[Item] | None, path: str, most: int, judge: Callable[[Item, str], Errors]
) -> Errors:
    """Each item of a list that is not too long (`validateSlice`).

    The `items` stand at the `path`, `most` is how many there may be, `judge` judges one.
    """
    if len(items or ()) > most:
        yield too_many(path, len(items or ()), most)
        return
    for position, item in enumerate(items or ()):
        yield from judge(item, f"{path}[{position}]")


def distinct(
    items: list[Item] | None, path: str, most: int, judge: Callable[[Item, str], Errors]
) -> Errors:
    """The same, of items with names that differ (`validateSet`).

    `items`, `path`, `most` and `judge` are those of `limited`.
    """
    yield from limited(items, path, most, judge)
    seen: list[str] = []
    for position, item in enumerate(items or () if len(items or ()) <= most else ()):
        name = item if isinstance(item, str) else item.get("name", "")
        if name in seen:
            yield duplicate(f"{path}[{position}]", name)
        seen.append(name)
