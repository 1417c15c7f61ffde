"""A HorizontalPodAutoscaler: its metrics, current and wanted, and how fast it acts.

Source: `describeHorizontalPodAutoscalerV2` and `...V1` in `pkg/describe/describe.go` of
k8s.io/kubectl, which shows the second version where the server has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import date, quantity
from course_lib.kubectl.describing.writing import (
    UNKNOWN,
    UNSET,
    Lines,
    field,
    indented,
    table,
    titled,
)
from course_lib.objects.manifests import Document

Metric = Callable[[Document, Document], str]


def lines(autoscaler: DescribedObject) -> Lines:
    """All but the events."""
    yield from _head(autoscaler)
    current = autoscaler.status.get("currentMetrics") or []
    yield field("Metrics", "( current / target )")
    for n, metric in enumerate(autoscaler.spec.get("metrics") or ()):
        yield f"  {_metric(metric, (current[n] or {}) if n < len(current) else {})}"
    yield from _replicas(autoscaler)
    behavior = autoscaler.spec.get("behavior")
    if behavior:
        yield "Behavior:"
        for title, name in (("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")):
            if behavior.get(name):
                yield from indented(titled(title, _direction(behavior[name])))
    yield _pods(autoscaler)
    names = ("type", "status", "reason", "message")
    rows = [[c.get(n, "") for n in names] for c in autoscaler.status.get("conditions") or ()]
    if rows:
        yield from titled("Conditions", table("Type\tStatus\tReason\tMessage", rows))


def lines_of_first(autoscaler: DescribedObject) -> Lines:
    """One of the first version, all but the events."""
    spec, status = autoscaler.spec, autoscaler.status
    yield from _head(autoscaler)
    if spec.get("targetCPUUtilizationPercentage") is not None:
        current = status.get("currentCPUUtilizationPercentage", UNKNOWN)
        yield field("Target CPU utilization", f"{spec['targetCPUUtilizationPercentage']}%")
        yield field("Current CPU utilization", f"{current}%")
    yield from _replicas(autoscaler)
    yield _pods(autoscaler)


def _head(autoscaler: DescribedObject) -> Lines:
    target = autoscaler.spec.get("scaleTargetRef") or {}
    yield from autoscaler.head()
    yield field("CreationTimestamp", date(autoscaler.metadata.get("creationTimestamp")))
    yield field("Reference", f"{target.get('kind', '')}/{target.get('name', '')}")


def _replicas(autoscaler: DescribedObject) -> Lines:
    yield field("Min replicas", autoscaler.spec.get("minReplicas", UNSET))
    yield field("Max replicas", autoscaler.spec.get("maxReplicas", 0))


def _pods(autoscaler: DescribedObject) -> str:
    status, kind = autoscaler.status, autoscaler.at("spec.scaleTargetRef.kind")
    current, desired = status.get("currentReplicas", 0), status.get("desiredReplicas", 0)
    return field(f"{kind} pods", f"{current} current / {desired} desired")


def _direction(rules: Document) -> Lines:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None:
        yield f"Stabilization Window: {window} seconds"
    policies = rules.get("policies") or ()
    if policies:
        yield f"Select Policy: {rules.get('selectPolicy', 'Max')}"
        yield "Policies:"
    for each in policies:
        kind, value, seconds = each["type"], each["value"], each["periodSeconds"]
        yield f"  - Type: {kind}\tValue: {value}\tPeriod: {seconds} seconds"


def _metric(metric: Document, current: Document) -> str:
    kind = metric.get("type", "")
    if kind not in METRICS:
        return f"<unknown metric type {json.dumps(kind)}>"
    name = kind[0].lower() + kind[1:]
    return METRICS[kind](metric.get(name) or {}, (current.get(name) or {}).get("current") or {})


def _external(metric: Document, current: Document) -> str:
    name, target = json.dumps(metric["metric"]["name"]), metric["target"]
    if target.get("averageValue") is not None:
        return field(f"{name} (target average value)", _of(current, target, "averageValue"))
    return field(f"{name} (target value)", _of(current, target, "value"))


def _per_pod(metric: Document, current: Document) -> str:
    name = json.dumps(metric["metric"]["name"])
    return field(f"{name} on pods", _of(current, metric["target"], "averageValue"))


def _of_object(metric: Document, current: Document) -> str:
    about, target = metric.get("describedObject") or {}, metric["target"]
    name = f'"{metric["metric"]["name"]}" on {about.get("kind", "")}/{about.get("name", "")}'
    if target.get("type") == "AverageValue":
        return field(f"{name} (target average value)", _of(current, target, "averageValue"))
    return field(f"{name} (target value)", _of(current, target, "value"))


def _resource(metric: Document, current: Document) -> str:
    # As in the real one, two blanks stand before the brackets.
    return _usage(f"resource {metric.get('name', '')} on pods", metric["target"], current)


def _of_container(metric: Document, current: Document) -> str:
    name, container = metric.get("name", ""), metric.get("container", "")
    about = f'resource {name} of container "{container}" on pods'
    return _usage(about, metric["target"], current)


def _usage(about: str, target: Document, current: Document) -> str:
    if target.get("averageValue") is not None:
        return field(about, _of(current, target, "averageValue"))
    used, wanted = current.get("averageUtilization"), target.get("averageUtilization")
    amount = _amount(current.get("averageValue"))
    shown = UNKNOWN if used is None else f"{used}% ({amount})"
    aim = "<auto>" if wanted is None else f"{wanted}%"
    return field(f"{about}  (as a percentage of request)", f"{shown} / {aim}")


def _of(current: Document, target: Document, name: str) -> str:
    """The current amount and the wanted one."""
    now = _amount(current.get(name)) if current else UNKNOWN
    return f"{now} / {_amount(target.get(name))}"


def _amount(value: str | None) -> str:
    return "<nil>" if value is None else quantity(value)


METRICS: dict[str, Metric] = {
    "External": _external,
    "Pods": _per_pod,
    "Object": _of_object,
    "Resource": _resource,
    "ContainerResource": _of_container,
}
