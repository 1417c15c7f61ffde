"""HorizontalPodAutoscaler: replicas that follow the load (API reference, `autoscaling/v2`)."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from course_lib.objects.columns import NONE
from course_lib.objects.field_errors import no_errors
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds import autoscaler_rules
from course_lib.objects.kinds.autoscaler_versions import to_v1, to_v2
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value
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


class ContainerResourceMetric(Value, frozen=True):
    """The same of one container in each Pod."""

    name: str
    container: str
    target: MetricTarget


class MetricIdentifier(Value, frozen=True):
    """What a metric of an adapter is called; the selector chooses among those of the name."""

    name: str
    selector: LabelSelector | None = None


class PodsMetric(Value, frozen=True):
    """A number that each Pod has."""

    metric: MetricIdentifier
    target: MetricTarget


class ObjectMetric(Value, frozen=True):
    """A number that another object of the namespace has."""

    described_object: ScaleTarget
    metric: MetricIdentifier
    target: MetricTarget


class ExternalMetric(Value, frozen=True):
    """A number of something outside of the cluster."""

    metric: MetricIdentifier
    target: MetricTarget


class Metric(Value, frozen=True):
    """What an autoscaler looks at; the `type` says which of the others is set."""

    type: str
    resource: ResourceMetric | None = None
    container_resource: ContainerResourceMetric | None = None
    pods: PodsMetric | None = None
    object: ObjectMetric | None = None
    external: ExternalMetric | None = None


class ScalingPolicy(Value, frozen=True):
    """At most so many Pods, or per cent, in a period of seconds."""

    type: str
    value: int
    period_seconds: int


class ScalingRules(Value, frozen=True):
    """How fast to scale, and for how long to remember higher wishes."""

    stabilization_window_seconds: int | None = None
    select_policy: str = "Max"
    policies: list[ScalingPolicy] | None = None
    tolerance: str | int | float | None = None


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
    behavior: Behavior | None = None


class HorizontalPodAutoscalerStatus(Value, frozen=True):
    """What an autoscaler last saw and decided."""

    observed_generation: int | None = None
    last_scale_time: str | None = None
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[dict[str, Any]] | None = None
    conditions: list[Condition] | None = None


class HorizontalPodAutoscaler(Object, frozen=True, kw_only=True):
    """Replicas that follow the load."""

    spec: HorizontalPodAutoscalerSpec
    status: HorizontalPodAutoscalerStatus = HorizontalPodAutoscalerStatus()


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
    """80 % of the requested CPU, unless something else is said."""
    for spec in places(document, "spec", create=False):
        target = {"type": "Utilization", "averageUtilization": 80}
        if not spec.get("metrics"):
            metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
            spec["metrics"] = [metric]
        for behavior in places(spec, "behavior", create=False):
            for direction, rules in _RULES.items():
                for given in places(behavior, direction):
                    given.update(copy.deepcopy(rules | given))


_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _row(hpa: HorizontalPodAutoscaler, now: float) -> Row:
    seen = hpa.status.current_metrics or []
    metrics = hpa.spec.metrics or []
    targets = [
        _shown(metric, seen[place] if place < len(seen) else {})
        for place, metric in enumerate(metrics)
    ]
    more = f" + {len(targets) - 2} more..." if len(targets) > 2 else ""
    return (
        hpa.name,
        f"{hpa.spec.scale_target_ref.kind}/{hpa.spec.scale_target_ref.name}",
        (", ".join(targets[:2]) + more) or NONE,
        str(hpa.spec.min_replicas),
        hpa.spec.max_replicas,
        hpa.status.current_replicas,
    )


def _shown(metric: Metric, seen: Document) -> str:
    """A metric's value and its target, as kubectl shows them (`formatHPAMetrics`)."""
    place = _SOURCES.get(metric.type, "")
    source = getattr(metric, "container_resource" if place == "containerResource" else place, None)
    if source is None:
        return "<unknown type>"
    current, target = (seen.get(place) or {}).get("current") or {}, source.target
    if target.average_value is not None:
        shown = f"{current.get('averageValue', '<unknown>')}/{Quantity(target.average_value)}"
        if place in ("object", "external"):
            return f"{shown} (avg)"
    elif place in ("object", "external"):
        return f"{current.get('value', '<unknown>')}/{Quantity(target.value or 0)}"
    else:
        used, wanted = current.get("averageUtilization"), target.average_utilization
        shown = "<unknown>" if used is None else f"{used}%"
        shown += "/<auto>" if wanted is None else f"/{wanted}%"
    return f"{source.name}: {shown}" if place.lower().endswith("resource") else shown


COLUMNS = table_columns("Name  Reference  Targets  MinPods  MaxPods  Replicas  Age")

HORIZONTAL_POD_AUTOSCALER = Kind(
    "autoscaling/v2",
    HorizontalPodAutoscaler,
    ("hpa",),
    categories=("all",),
    versions=(
        Kind(
            "autoscaling/v1",
            HorizontalPodAutoscaler,
            ("hpa",),
            view=lambda document: msgspec.convert(to_v2(document), HorizontalPodAutoscaler),
            serve=to_v1,
            store=to_v2,
            generations=True,
            defaults={"spec.minReplicas": 1},
            validate=no_errors,
            columns=COLUMNS,
            row=_row,
        ),
    ),
    removed_versions={"autoscaling/v2beta1": "1.25", "autoscaling/v2beta2": "1.26"},
    generations=True,
    first_status=lambda view: {"desiredReplicas": 0},
    defaults={"spec.minReplicas": 1},
    complete=_complete,
    validate=autoscaler_rules.validate,
    validate_update=autoscaler_rules.validate_update,
    validate_status=autoscaler_rules.validate_status,
    columns=COLUMNS,
    row=_row,
)
