"""HorizontalPodAutoscaler: replicas that follow the load (API reference, `autoscaling/v2`)."""

from __future__ import annotations

import copy
from typing import Any

from msgspec import field

from course_lib.objects.columns import NONE
from course_lib.objects.field_rules import Check, below, filled, needs, one_of, quantity, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.quantity import Quantity


class ScaleTarget(Value, frozen=True):
    """The workload that an autoscaler scales."""

    kind: str
    name: str
    api_version: str = ""


class MetricTarget(Value, frozen=True):
    """The value that a metric should have."""

    type: str
    average_utilization: int | None = None
    average_value: str | int | float | None = None
    value: str | int | float | None = None


class ResourceMetric(Value, frozen=True):
    """CPU or memory of the Pods, against their requests or absolute."""

    name: str
    target: MetricTarget


class Metric(Value, frozen=True):
    """What an autoscaler looks at; the simulation has Resource metrics."""

    UNKEPT = "containerResource external object pods"

    type: str
    resource: ResourceMetric | None = None


class ScalingPolicy(Value, frozen=True):
    """At most so many Pods, or per cent, in a period of seconds."""

    type: str
    value: int
    period_seconds: int


class ScalingRules(Value, frozen=True):
    """How fast to scale, and for how long to remember higher wishes."""

    UNKEPT = "tolerance"

    stabilization_window_seconds: int | None = None
    select_policy: str = "Max"
    policies: list[ScalingPolicy] | None = None


class Behavior(Value, frozen=True):
    """The rules upwards and downwards."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class HorizontalPodAutoscalerSpec(Value, frozen=True):
    """What to scale, within which bounds, by which metrics."""

    scale_target_ref: ScaleTarget
    max_replicas: int
    min_replicas: int = 1
    metrics: list[Metric] | None = None
    target_cpu_utilization_percentage: int | None = field(
        default=None, name="targetCPUUtilizationPercentage"
    )
    behavior: Behavior | None = None


class HorizontalPodAutoscalerStatus(Value, frozen=True):
    """What an autoscaler last saw and decided."""

    observed_generation: int = 0
    last_scale_time: str | None = None
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[dict[str, Any]] | None = None
    conditions: list[Condition] | None = None


class HorizontalPodAutoscaler(Object, frozen=True, kw_only=True):
    """Replicas that follow the load."""

    spec: HorizontalPodAutoscalerSpec
    status: HorizontalPodAutoscalerStatus = HorizontalPodAutoscalerStatus()


_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _scale_target(value: object) -> str:
    if (problem := needs("kind", "name")(value)) or not isinstance(value, dict):
        return problem
    group, slash, version = str(value.get("apiVersion", "")).partition("/")
    if not (group and slash) or "/" in version:
        return "apiVersion must specify API group"
    return "may not contain '/'" if "/" in value["kind"] + value["name"] else ""


def _metric(value: object) -> str:
    """A metric says where it comes from, and no more (`validateMetricSpec`)."""
    if not isinstance(value, dict):
        return "a mapping"
    source = _SOURCES.get(value.get("type", ""), "")
    others = {*_SOURCES.values()} - {source} if source else ()
    if any(value.get(other) is not None for other in others):
        return "must populate the given metric source only"
    said = value.get(source) or {}
    if source and not said:
        return f"{source}: must populate information for the given metric source"
    if source == "containerResource" and not said.get("container"):
        return "containerResource.container: must specify a container"
    if source in ("pods", "object", "external") and not (said.get("metric") or {}).get("name"):
        return f"{source}.metric.name: must specify a metric name"
    if source == "pods" and not (said.get("target") or {}).get("averageValue"):
        return "pods.target.averageValue: must specify a positive target averageValue"
    return ""


_SCALING: dict[str, Check] = {
    "selectPolicy": one_of("Disabled", "Max", "Min"),
    "tolerance": quantity,
    "stabilizationWindowSeconds": whole(0, 3600),
    "policies": lambda v: "" if v else "must specify at least one Policy",
    "policies[*].type": one_of("Percent", "Pods"),
    "policies[*].value": whole(1),
    "policies[*].periodSeconds": whole(1, 1800),
}  # fmt: skip


_RULES: Document = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ],
    },
    "scaleDown": {
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}  # `SetDefaults_HorizontalPodAutoscaler` in `pkg/apis/autoscaling/v2/defaults.go`


def _complete(document: Document) -> None:
    """80 % of the requested CPU, unless something else is said; autoscaling/v1 had one field."""
    for spec in places(document, "spec", create=False):
        percent = spec.pop("targetCPUUtilizationPercentage", 80)
        target = {"type": "Utilization", "averageUtilization": percent}
        if not spec.get("metrics"):
            metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
            spec["metrics"] = [metric]
        for behavior in places(spec, "behavior", create=False):
            for direction, rules in _RULES.items():
                for given in places(behavior, direction):
                    given.update(copy.deepcopy(rules | given))


def _rules(view: HorizontalPodAutoscaler) -> Problems:
    spec = view.spec
    to_zero = any(metric.type in ("Object", "External") for metric in spec.metrics or ())
    if spec.min_replicas < 0 or (spec.min_replicas == 0 and not to_zero):  # since 1.37
        expected = "1 or more; 0 only with an Object or External metric"
        yield Problem("spec.minReplicas", expected, spec.min_replicas)
    if spec.max_replicas < max(1, spec.min_replicas):
        yield Problem("spec.maxReplicas", "at least minReplicas", spec.max_replicas)
    for position, metric in enumerate(spec.metrics or ()):
        if metric.type == "Resource" and metric.resource is None:
            yield Problem(f"spec.metrics[{position}].resource", "the metric's resource", None)


def _relations(document: Document) -> Problems:
    for position, metric in enumerate(document["spec"].get("metrics") or ()):
        target = (metric.get("resource") or {}).get("target")
        if target is None:
            continue
        path = f"spec.metrics[{position}].resource.target"
        if target.get("type") not in ("Utilization", "Value", "AverageValue"):
            expected = "must be either Utilization, Value, or AverageValue"
            yield Problem(f"{path}.type", expected, target.get("type"))
        if Quantity(target.get("averageValue", "1")).nano <= 0:
            yield Problem(f"{path}.averageValue", "must be positive", target["averageValue"])
        given = [f for f in ("averageUtilization", "averageValue") if f in target]
        if not given:
            expected = "must set either a target raw value or a target utilization: Required value"
            yield Problem(f"{path}.averageUtilization", expected, None)
        elif len(given) > 1:
            expected = "may not set both a target raw value and a target utilization"
            yield Problem(f"{path}.{given[1]}", expected, " and ".join(given))


def _row(hpa: HorizontalPodAutoscaler, now: float) -> Row:
    measured = [metric["resource"] for metric in hpa.status.current_metrics or ()]
    current = {resource["name"]: resource["current"] for resource in measured}
    targets = []
    for resource in (m.resource for m in hpa.spec.metrics or () if m.resource is not None):
        reading, target = current.get(resource.name, {}), resource.target
        if target.average_value is not None:
            shown = f"{reading.get('averageValue', '<unknown>')}/{target.average_value}"
        else:
            used = reading.get("averageUtilization")
            shown = "<unknown>" if used is None else f"{used}%"
            wanted = target.average_utilization
            shown += "/<auto>" if wanted is None else f"/{wanted}%"
        targets.append(f"{resource.name}: {shown}")
    more = f" + {len(targets) - 2} more..." if len(targets) > 2 else ""
    return (
        hpa.name,
        f"{hpa.spec.scale_target_ref.kind}/{hpa.spec.scale_target_ref.name}",
        (", ".join(targets[:2]) + more) or NONE,
        str(hpa.spec.min_replicas),
        hpa.spec.max_replicas,
        hpa.status.current_replicas,
    )


HORIZONTAL_POD_AUTOSCALER = Kind(
    "autoscaling/v2",
    HorizontalPodAutoscaler,
    ("hpa",),
    categories=("all",),
    equal_versions=("autoscaling/v1",),
    removed_versions={"autoscaling/v2beta1": "1.25", "autoscaling/v2beta2": "1.26"},
    generations=True,
    first_status=lambda view: {"desiredReplicas": 0},
    defaults={"spec.minReplicas": 1},
    complete=_complete,
    fields={
        "spec.metrics[*].type": one_of(
            "ContainerResource", "External", "Object", "Pods", "Resource"
        ),
        "spec.metrics[*].resource.name": filled,
        "spec.metrics[*].resource.target.averageUtilization": whole(1),
        "spec.metrics[*].resource.target.averageValue": quantity,
        "spec.metrics[*].resource.target.value": quantity,
        "spec.scaleTargetRef": _scale_target,
        "spec.metrics[*]": _metric,
        **below("spec.behavior.scaleUp", _SCALING),
        **below("spec.behavior.scaleDown", _SCALING),
    },
    rules=_rules,
    relations=_relations,
    columns=table_columns("Name  Reference  Targets  MinPods  MaxPods  Replicas  Age"),
    row=_row,
)
