"""What the API server refuses in a HorizontalPodAutoscaler.

Source: `pkg/apis/autoscaling/validation/validation.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.kinds.workload_rules import counts
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, object_meta, object_meta_update
from course_lib.objects.validation.resources import container_resource_name, not_negative_amount

MOST_PERIOD, MOST_WINDOW = 1800, 3600  # s
SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
JUDGED = ("object", "external", "pods", "resource", "containerResource")  # in this order
BOTH = "may not set both a target raw value and a target utilization"
NEITHER = "must set either a target raw value or a target utilization"


class Strictness(NamedTuple):
    """How strictly the apiVersion of a reference is judged."""

    may_have_no_group: bool = False
    may_be_anything: bool = False


def validate(document: Document) -> Errors:
    """What is wrong with a new `document` (`ValidateHorizontalPodAutoscaler`)."""
    yield from object_meta(document)
    spec = document.get("spec") or {}
    by_name = (spec.get("scaleTargetRef") or {}).get("kind") == "ReplicationController"
    yield from _spec(spec, Strictness(by_name), Strictness(may_have_no_group=True))
    yield from _declared(spec)


def validate_update(new: Document, old: Document) -> Errors:
    """What is wrong with the `new` version of an `old` autoscaler.

    What was wrong with the apiVersion of a reference before may stay so.
    """
    yield from object_meta_update(new, old)
    spec, before = new["spec"], old["spec"]
    target, known = spec.get("scaleTargetRef") or {}, before["scaleTargetRef"]
    kept = all(target.get(field) == known.get(field) for field in ("apiVersion", "kind"))
    by_name = target.get("kind") == "ReplicationController"
    of_objects = Strictness(may_have_no_group=True)
    for metric in before.get("metrics") or ():
        about = (metric.get("object") or {}).get("describedObject")
        if about is not None and any(_version(about, "", of_objects)):
            of_objects = Strictness(may_be_anything=True)
    yield from _spec(spec, Strictness(by_name, kept), of_objects)
    yield from _declared(spec, before)


def validate_status(new: Document, old: Document) -> Errors:
    """What is wrong with the status of the `new` version of an `old` autoscaler."""
    yield from object_meta_update(new, old)
    status = new.get("status") or {}
    for position, condition in enumerate(status.get("conditions") or ()):
        yield from counts(condition, f"status.conditions[{position}]", "observedGeneration")
    yield from counts(status, "status", "currentReplicas", "desiredReplicas")


def _spec(spec: Document, target: Strictness, objects: Strictness) -> Errors:
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and most < least:
        said = "must be greater than or equal to `minReplicas`"
        yield invalid("spec.maxReplicas", most, said)
    yield from _reference(spec.get("scaleTargetRef") or {}, "spec.scaleTargetRef", target)
    metrics = spec.get("metrics") or ()
    for position, metric in enumerate(metrics):
        yield from _metric(metric, f"spec.metrics[{position}]", objects)
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        yield forbidden(
            "spec.metrics",
            "must specify at least one Object or External metric to support scaling to zero "
            "replicas",
        )
    behavior = spec.get("behavior") or {}
    for direction in ("scaleUp", "scaleDown"):
        if behavior.get(direction) is not None:
            yield from _rules(behavior[direction], f"spec.behavior.{direction}")


def _declared(spec: Document, before: Document | None = None) -> Errors:
    """The bounds that are declared beside the fields, judged last, and only where they changed.

    Source: `pkg/apis/autoscaling/v2/zz_generated.validations.go`.
    """
    known = before or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and least < 0 and least != known.get("minReplicas"):
        yield invalid("spec.minReplicas", least, formats.NEGATIVE)
    if most == known.get("maxReplicas"):
        return
    if most == 0:
        yield required("spec.maxReplicas")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to 1")


def _reference(reference: Document, path: str, strictness: Strictness) -> Errors:
    """Source: `ValidateCrossVersionObjectReference`."""
    for field in ("kind", "name"):
        value = reference.get(field, "")
        if not value:
            yield required(f"{path}.{field}")
        else:
            yield from all_invalid(f"{path}.{field}", value, formats.path_segment(value))
    yield from _version(reference, path, strictness)


def _version(reference: Document, path: str, strictness: Strictness) -> Errors:
    version = reference.get("apiVersion", "")
    if strictness.may_be_anything:
        return
    if version.count("/") > 1:
        said = f"unexpected GroupVersion string: {version}"
        yield invalid(f"{path}.apiVersion", version, said)
    elif not version.rpartition("/")[0] and not strictness.may_have_no_group:
        yield invalid(f"{path}.apiVersion", version, "apiVersion must specify API group")


def _metric(metric: Document, path: str, objects: Strictness) -> Errors:
    """A metric says where it comes from, and no more (`validateMetricSpec`)."""
    kind = metric.get("type", "")
    if not kind:
        yield required(f"{path}.type", "must specify a metric source type")
    if kind not in SOURCES:
        yield not_supported(f"{path}.type", kind, list(SOURCES))
    there = [source for source in JUDGED if metric.get(source) is not None]
    if there:
        yield from _source(there[0], metric[there[0]], f"{path}.{there[0]}", objects)
    expected = SOURCES.get(kind, "")
    if expected and expected not in there:
        said = "must populate information for the given metric source"
        yield required(f"{path}.{expected}", said)
    if len(there) != 1:
        for source in sorted(set(there) - {expected}):
            yield forbidden(f"{path}.{source}", "must populate the given metric source only")


def _source(source: str, said: Document, path: str, objects: Strictness) -> Errors:
    """What a metric says of one source: what is measured, and which value it should have."""
    target = said.get("target") or {}
    here, value = f"{path}.target", target.get("value")
    average, share = target.get("averageValue"), target.get("averageUtilization")
    if source in ("resource", "containerResource"):
        yield from _resource(said, path, source == "containerResource")
        yield from _target(target, here)
        if share is None and average is None:
            yield required(f"{here}.averageUtilization", NEITHER)
        elif share is not None and average is not None:
            yield forbidden(f"{here}.averageValue", BOTH)
        return
    if source == "object":
        about = said.get("describedObject") or {}
        yield from _reference(about, f"{path}.describedObject", objects)
    yield from _identifier(said.get("metric") or {}, f"{path}.metric")
    yield from _target(target, here)
    if source == "pods":
        missing = average is None and "must specify a positive target averageValue"
    elif source == "object":
        missing = value is average is None and "must set either a target value or averageValue"
    else:
        missing = (
            value is average is None
            and "must set either a target value for metric or a per-pod target"
        )
    if missing:
        yield required(f"{here}.averageValue", missing)
    if source == "external" and value is not None and average is not None:
        both = "may not set both a target value for metric and a per-pod target"
        yield forbidden(f"{here}.value", both)


def _resource(said: Document, path: str, of_container: bool) -> Errors:
    name, container = said.get("name", ""), said.get("container", "")
    if not name:
        yield required(f"{path}.name", "must specify a resource name")
    elif of_container:
        yield from container_resource_name(name, f"{path}.name")
    if of_container and not container:
        yield required(f"{path}.container", "must specify a container")
    elif of_container:
        yield from all_invalid(f"{path}.container", container, formats.label(container))


def _identifier(metric: Document, path: str) -> Errors:
    """Source: `validateMetricIdentifier`."""
    name = metric.get("name", "")
    if not name:
        yield required(f"{path}.name", "must specify a metric name")
    else:
        yield from all_invalid(f"{path}.name", name, formats.path_segment(name))


def _target(target: Document, path: str) -> Errors:
    """Source: `validateMetricTarget`."""
    kind = target.get("type", "")
    if not kind:
        yield required(f"{path}.type", "must specify a metric target type")
    if kind not in ("Utilization", "Value", "AverageValue"):
        said = "must be either Utilization, Value, or AverageValue"
        yield invalid(f"{path}.type", kind, said)
    for field in ("value", "averageValue"):
        value = target.get(field)
        if value is not None and Quantity(value).nano <= 0:
            yield invalid(f"{path}.{field}", str(Quantity(value)), "must be positive")
    share = target.get("averageUtilization")
    if share is not None and share < 1:
        yield invalid(f"{path}.averageUtilization", share, "must be greater than 0")


def _rules(rules: Document, path: str) -> Errors:
    """How fast to scale in one direction (`validateScalingRules`)."""
    window, select = rules.get("stabilizationWindowSeconds"), rules.get("selectPolicy")
    here = f"{path}.stabilizationWindowSeconds"
    if window is not None and window < 0:
        yield invalid(here, window, "must be greater than or equal to zero")
    if window is not None and window > MOST_WINDOW:
        yield invalid(here, window, f"must be less than or equal to {MOST_WINDOW}")
    if select not in (None, "Disabled", "Max", "Min"):
        yield not_supported(f"{path}.selectPolicy", select, ["Disabled", "Max", "Min"])
    policies: Iterable[Document] = rules.get("policies") or ()
    if not policies:
        yield required(f"{path}.policies", "must specify at least one Policy")
    for position, policy in enumerate(policies):
        yield from _policy(policy, f"{path}.policies[{position}]")
    if rules.get("tolerance") is not None:
        yield from not_negative_amount(rules["tolerance"], f"{path}.tolerance")


def _policy(policy: Document, path: str) -> Errors:
    """Source: `validateScalingPolicy`."""
    kind, seconds = policy.get("type", ""), policy.get("periodSeconds", 0)
    if kind not in ("Pods", "Percent"):
        yield not_supported(f"{path}.type", kind, ["Percent", "Pods"])
    if policy.get("value", 0) <= 0:
        yield invalid(f"{path}.value", policy.get("value", 0), "must be greater than zero")
    if seconds <= 0:
        yield invalid(f"{path}.periodSeconds", seconds, "must be greater than zero")
    if seconds > MOST_PERIOD:
        said = f"must be less than or equal to {MOST_PERIOD}"
        yield invalid(f"{path}.periodSeconds", seconds, said)
