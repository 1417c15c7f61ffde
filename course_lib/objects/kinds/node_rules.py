"""What the API server refuses of a Node, and what it warns of.

Source: `ValidateNode...` in `pkg/apis/core/validation/validation.go`;
`pkg/registry/core/node/strategy.go`. Left out: taints in an annotation (alpha).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from course_lib.objects.field_errors import (
    DUPLICATE,
    INTERNAL,
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.json_text import object_problem
from course_lib.objects.validation.meta import all_invalid, object_meta
from course_lib.objects.validation.resources import resource_amount

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
AVOID_PODS = "scheduler.alpha.kubernetes.io/preferAvoidPods"
PER_FAMILY = "may specify no more than one CIDR for each IP family"
_FEATURE = re.compile(r"[A-Z][a-zA-Z0-9]*(/[a-zA-Z][a-zA-Z0-9]*)*")


def _first_bad_block(blocks: list[str]) -> str:
    """What the first text says that is no block (`IsDualStackCIDRStrings`); empty for none."""
    for position, text in enumerate(blocks):
        if any(addresses.block("", text)):
            return f"invalid CIDR[{position}]: <nil> (invalid CIDR address: {text})"
    return ""


def validate(document: Document) -> Errors:
    """Errors of a new Node."""
    yield from object_meta(document, namespaced=False)
    spec, status = document.get("spec") or {}, document.get("status") or {}
    yield from _annotations(document)
    yield from _taints(spec.get("taints") or ())
    yield from _amounts(status)
    swap = ((status.get("nodeInfo") or {}).get("swap") or {}).get("capacity")
    if swap is not None and swap <= 0:
        yield invalid("metadata.nodeSwapStatus.capacity", swap, "must be greater than zero")
    yield from _features(status)
    blocks = spec.get("podCIDRs") or []
    for position, text in enumerate(blocks):
        yield from addresses.block(f"spec.podCIDRs[{position}]", text)
    if len(blocks) > 1 and (bad := _first_bad_block(blocks)):
        said = "invalid PodCIDRs. failed to check with dual stack with error:"
        yield FieldError("spec.podCIDRs", INTERNAL, "", said + bad)
    if len(blocks) > 1 and (len(blocks) > 2 or not addresses.one_of_each_family(blocks)):
        yield invalid("spec.podCIDRs", blocks, PER_FAMILY)


def validate_update(new: Document, old: Document) -> Errors:
    """Errors of a `new` version of an `old` Node."""
    yield from validate(new)
    yield from changed(new, old)


def changed(new: Document, old: Document) -> Errors:
    """Errors of an update and of a status (`ValidateNodeUpdate`); `new` replaces `old`."""
    status = new.get("status") or {}
    yield from _annotations(new)
    if status is not old.get("status"):
        yield from _status(status)
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    if spec is before:
        return
    known, given = before.get("podCIDRs") or [], spec.get("podCIDRs") or []
    if known and known != given:
        said = 'node updates may not change podCIDR except from "" to valid'
        yield forbidden("spec.podCIDRs", said)
    if (one := before.get("providerID")) and spec.get("providerID") != one:
        word = "modified" if spec.get("providerID") else "cleared"
        yield invalid("spec.providerID", None, f"field cannot be {word} once set")
    yield from _taints(spec.get("taints") or ())
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        yield forbidden("spec.externalID", "may not be updated")


def _status(status: Document) -> Errors:
    yield from _amounts(status)
    yield from _features(status)
    seen: list[Document] = []
    for position, each in enumerate(status.get("addresses") or ()):
        shown = {"Type": each.get("type", ""), "Address": each.get("address", "")}
        if shown in seen:
            yield duplicate(f"status.addresses[{position}]", shown)
        seen.append(shown)


def _annotations(document: Document) -> Errors:
    """The Pods that a node would rather not run (`ValidateAvoidPodsInNodeAnnotations`)."""
    written = (document["metadata"].get("annotations") or {}).get(AVOID_PODS)
    if not written:
        return
    if problem := object_problem(written):
        problem = problem.replace("map[string]interface {}", "v1.AvoidPods")
        yield invalid("metadata.annotations.AvoidPods", AVOID_PODS, problem)
        return
    entries = (json.loads(written) or {}).get("preferAvoidPods")
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        here = f"metadata.annotations.{AVOID_PODS}[{position}].PodSignature"
        controller = (entry.get("podSignature") or {}).get("podController")
        if controller is None:
            yield required(here)
        elif not controller.get("controller"):
            path = f"{here}.PodController.Controller"
            yield invalid(path, False, "must point to a controller")


def _taints(taints: list[Document] | tuple[()]) -> Errors:
    """Source: `validateNodeTaints`, which names them by `metadata`."""
    seen: set[tuple[str, str]] = set()
    for position, taint in enumerate(taints):
        here = f"metadata.taints[{position}]"
        key, value, effect = (taint.get(field, "") for field in ("key", "value", "effect"))
        yield from all_invalid(f"{here}.key", key, formats.label_key(key))
        if problems := formats.label_value(value):
            yield invalid(f"{here}.value", value, ";".join(problems))
        if not effect:
            yield required(f"{here}.effect")
        elif effect not in EFFECTS:
            yield not_supported(f"{here}.effect", effect, EFFECTS)
        if (key, effect) in seen:
            shown = {"Key": key, "Value": value, "Effect": effect}
            shown["TimeAdded"] = taint.get("timeAdded")
            said = "taints must be unique by key and effect pair"
            yield FieldError(here, DUPLICATE, shown, said)
        seen.add((key, effect))


def _amounts(status: Document) -> Errors:
    for field in ("capacity", "allocatable"):
        for name, amount in (status.get(field) or {}).items():
            yield from resource_amount(name, amount, f"status.{field}.{name}")


def _features(status: Document) -> Errors:
    """What the kubelet says that it can do: names, sorted (`validateNodeDeclaredFeatures`)."""
    names, path = status.get("declaredFeatures") or [], "status.declaredFeatures"
    for position, name in enumerate(names):
        if problem := _feature_problem(name):
            yield invalid(f"{path}[{position}]", name, f'invalid feature name "{name}": {problem}')
        following = names[position + 1 : position + 2]
        if following and following[0] == name:
            yield duplicate(f"{path}[{position + 1}]", name)
        elif following and following[0] < name:
            said = "list must be sorted alphabetically"
            yield invalid(f"{path}[{position + 1}]", following[0], said)


def _feature_problem(name: str) -> str:
    if len(name.encode()) > formats.MAX_SUBDOMAIN:
        return formats.too_many_characters(formats.MAX_SUBDOMAIN)
    if _FEATURE.fullmatch(name):
        return ""
    return (
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' "
        "(e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters "
        "and slashes"
    )


def warnings(new: Document, old: Document | None) -> Iterator[str]:
    """What the API server warns of (`nodeWarnings`)."""
    spec = new.get("spec") or {}
    if spec.get("externalID"):
        yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    for position, text in enumerate(spec.get("podCIDRs") or ()):
        yield from addresses.block_warnings(f"spec.podCIDRs[{position}]", text)


def drop_disabled(document: Document, old: Document | None = None) -> None:
    """Drop, in place, what this release does not have any more, or not yet."""
    spec, status = document.get("spec") or {}, document.get("status") or {}
    for field in ("configSource", "podPreemptionPolicy"):
        spec.pop(field, None)
    status.pop("config", None)
