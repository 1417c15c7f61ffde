"""What the metrics of an autoscaler ask for, and what of them its status shows.

Source: `computeReplicasForMetric` and `computeStatusFor...` in
`pkg/controller/podautoscaler/horizontal.go`; `metrics/client.go`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from course_lib.controllers.metrics import MetricsAdapter, MetricsServer
from course_lib.controllers.replica_calculator import Proposal, Replicas, Tolerance
from course_lib.errors import CourseError
from course_lib.objects.kinds.horizontal_pod_autoscaler import (
    ContainerResourceMetric,
    ExternalMetric,
    HorizontalPodAutoscaler,
    Metric,
    MetricIdentifier,
    MetricTarget,
    ObjectMetric,
    PodsMetric,
    ResourceMetric,
)
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import go_text
from course_lib.objects.quantity import BINARY_SI, DECIMAL_SI, Quantity
from course_lib.objects.selectors import Selector

# What a failure of a metric of a type is called, in its Event and condition.
REASONS = {
    "Resource": "FailedGetResourceMetric",
    "ContainerResource": "FailedGetContainerResourceMetric",
    "Pods": "FailedGetPodsMetric",
    "Object": "FailedGetObjectMetric",
    "External": "FailedGetExternalMetric",
}
NO_ADAPTER = "no custom metrics API (custom.metrics.k8s.io) registered"
Source = ResourceMetric | ContainerResourceMetric | PodsMetric | ObjectMetric | ExternalMetric


class Scaled(NamedTuple):
    """A target: how many replicas it asks for and has, and its Pods."""

    replicas: int
    has: int
    selector: Selector
    pods: list[Pod]


class MetricDemand(NamedTuple):
    """What a metric asks for, what it is called, and what the status shows of it."""

    replicas: int
    name: str
    shown: Document


class MetricFailure(CourseError):
    """A metric that cannot be had: why, and why as a sum of all metrics tells it."""

    def __init__(self, why: str, summary: str) -> None:
        super().__init__(why)
        self.summary = f"{summary}: {why}"


class MetricReader:
    """Reads the metrics of one autoscaler, `hpa`.

    `server` has them, `now` is the time (simulated s).
    """

    def __init__(self, server: MetricsServer, hpa: HorizontalPodAutoscaler, now: float) -> None:
        self._server, self._hpa, self._now = server, hpa, now

    def read(self, metric: Metric, target: Scaled) -> MetricDemand:
        """What one `metric` asks for, for a `target`; raises `MetricFailure`."""
        source = _source(metric)
        try:
            return self._read(source, target)
        except CourseError as problem:
            raise MetricFailure(problem.what, _summary(source)) from problem

    def _read(self, source: Source, target: Scaled) -> MetricDemand:
        calculator = Replicas(
            target.pods,
            target.replicas,
            _tolerance(self._hpa),
            self._server.scrapes()[-1] if self._server.scrapes() else 0.0,
            self._now,
        )
        match source:
            case PodsMetric():
                return self._of_pods(source, target, calculator)
            case ObjectMetric():
                return self._of_object(source, target, calculator)
            case ExternalMetric():
                return self._external(source, target, calculator)
        return self._of_resource(source, target, calculator)

    # CPU and memory

    def _of_resource(
        self,
        source: ResourceMetric | ContainerResourceMetric,
        target: Scaled,
        calculator: Replicas,
    ) -> MetricDemand:
        container = source.container if isinstance(source, ContainerResourceMetric) else ""
        name, aim = source.name, source.target
        what = "usage" if aim.average_value is not None else "utilization"
        try:
            values = self._usage(name, target.pods, container)
            if aim.average_value is not None:
                proposal = calculator.by_value(values, Quantity(aim.average_value).milli, name)
                called = f"{name} resource"
            else:
                percent = aim.average_utilization or 0
                proposal = calculator.by_utilization(values, name, percent, container)
                of = "container resource" if container else "resource"
                called = f"{name} {of} utilization (percentage of request)"
        except CourseError as problem:
            raise CourseError(f"failed to get {name} {what}: {problem.what}") from problem
        amount = _amount(proposal.usage, BINARY_SI if name == "memory" else DECIMAL_SI)
        current: Document = {"averageValue": amount}
        if proposal.utilization is not None:
            current["averageUtilization"] = proposal.utilization
        place = "containerResource" if container else "resource"
        more = {"container": container} if container else {}
        kind = "ContainerResource" if container else "Resource"
        shown = {"type": kind, place: {"name": name, **more, "current": current}}
        return MetricDemand(proposal.replicas, called, shown)

    def _usage(self, resource: str, pods: list[Pod], container: str) -> dict[str, int]:
        """What each Pod uses of a resource, or one container of it, in thousandths."""
        begin = f"unable to get metrics for resource {resource}: "
        if not self._server.installed:
            why = "the server could not find the requested resource (get pods.metrics.k8s.io)"
            raise CourseError(f"{begin}unable to fetch metrics from resource metrics API: {why}")
        used = {pod.name: self._server.usage(pod.uid, pod.spec.node_name) for pod in pods}
        if not any(used.values()):
            raise CourseError(f"{begin}no metrics returned from resource metrics API")
        found: dict[str, int] = {}
        for name, containers in used.items():
            chosen = [each for own, each in containers.items() if container in ("", own)]
            if chosen and resource == "cpu":
                found[name] = sum(math.ceil(round(each.cpu * 1e9) / 1e6) for each in chosen)
            elif chosen and resource == "memory":
                found[name] = sum(round(each.memory) * 1000 for each in chosen)
        return found

    # Metrics of an adapter

    def _adapter(self) -> MetricsAdapter:
        if self._server.adapter is None:
            raise CourseError(f"unable to fetch metrics from custom metrics API: {NO_ADAPTER}")
        return self._server.adapter

    def _of_pods(self, source: PodsMetric, target: Scaled, calculator: Replicas) -> MetricDemand:
        name, namespace = source.metric.name, self._hpa.namespace
        try:
            values = self._adapter().of_pods(namespace, name, target.selector)
            if not values:
                raise CourseError("no metrics returned from custom metrics API")
        except CourseError as problem:
            raise CourseError(f"unable to get metric {name}: {problem.what}") from problem
        aim = Quantity(source.target.average_value or 0).milli
        proposal = calculator.by_value(values, aim)
        shown = _shown(source.metric, averageValue=_amount(proposal.usage))
        return MetricDemand(
            proposal.replicas, f"pods metric {name}", {"type": "Pods", "pods": shown}
        )

    def _of_object(
        self, source: ObjectMetric, target: Scaled, calculator: Replicas
    ) -> MetricDemand:
        name, described, aim = source.metric.name, source.described_object, source.target
        where = f"{described.kind} {self._hpa.namespace}/{described.name}"
        try:
            total = self._adapter().of_object(
                self._hpa.namespace, described.kind, described.name, name
            )
        except CourseError as problem:
            why = f"unable to get metric {name} on {where}: {problem.what}"
            raise CourseError(why) from problem
        proposal, current = _by_total(calculator, total, aim, target.has)
        called = f"{described.kind} metric {name}"
        if aim.value is None:
            called = f"external metric {name}({go_text(source.metric.selector)})"
        shown = _shown(source.metric, **current)
        shown["describedObject"] = msgspec.to_builtins(described)
        return MetricDemand(proposal.replicas, called, {"type": "Object", "object": shown})

    def _external(
        self, source: ExternalMetric, target: Scaled, calculator: Replicas
    ) -> MetricDemand:
        name, namespace, aim = source.metric.name, self._hpa.namespace, source.target
        selector = go_text(source.metric.selector)
        try:
            if self._server.adapter is None:
                found = f"(get {name}.external.metrics.k8s.io)"
                why = f"the server could not find the requested resource {found}"
                raise CourseError(f"unable to fetch metrics from external metrics API: {why}")
            values = self._server.adapter.external(namespace, name)
            if not values:
                raise CourseError("no metrics returned from external metrics API")
        except CourseError as problem:
            metric = f"{namespace}/{name}/{selector}"
            why = f"unable to get external metric {metric}: {problem.what}"
            raise CourseError(why) from problem
        proposal, current = _by_total(calculator, sum(values), aim, target.has)
        shown = _shown(source.metric, **current)
        called = f"external metric {name}({selector})"
        return MetricDemand(proposal.replicas, called, {"type": "External", "external": shown})


def _source(metric: Metric) -> Source:
    """The part of a metric that its type names; an empty one is refused before."""
    sources = {
        "Resource": metric.resource,
        "ContainerResource": metric.container_resource,
        "Pods": metric.pods,
        "Object": metric.object,
        "External": metric.external,
    }
    found: Source | None = sources.get(metric.type)
    assert found is not None
    return found


def _summary(source: Source) -> str:
    """How a failure of a metric is told beside those of others."""
    match source:
        case PodsMetric():
            return "failed to get pods metric value"
        case ObjectMetric():
            what = f": failed to get {source.metric.name} object metric"
            return "failed to get object metric value" + (
                what if source.target.value is None else ""
            )
        case ExternalMetric():
            name = source.metric.name
            what = f"{name} external metric"
            if source.target.average_value is None:
                what = f"external metric {name}"
            return f"failed to get {name} external metric value: failed to get {what}"
        case ContainerResourceMetric():
            return f"failed to get {source.container} container metric value"
    return f"failed to get {source.name} resource metric value"


def _by_total(
    calculator: Replicas, total: int, aim: MetricTarget, has: int
) -> tuple[Proposal, Document]:
    """What one value asks for, against a target for all Pods or for each; and how it is shown."""
    if aim.value is not None:
        proposal = calculator.by_total(total, Quantity(aim.value).milli)
        return proposal, {"value": _amount(proposal.usage)}
    proposal = calculator.by_share(total, Quantity(aim.average_value or 0).milli, has)
    return proposal, {"averageValue": _amount(proposal.usage)}


def _shown(metric: MetricIdentifier, **current: str) -> Document:
    named: Document = msgspec.to_builtins(metric)
    return {"metric": named, "current": current}


def _amount(milli: int, notation: str = DECIMAL_SI) -> str:
    return str(Quantity.of(Fraction(milli, 1000), notation))


def _tolerance(hpa: HorizontalPodAutoscaler) -> Tolerance:
    behavior, known = hpa.spec.behavior, Tolerance()
    down: Any = behavior.scale_down.tolerance if behavior and behavior.scale_down else None
    up: Any = behavior.scale_up.tolerance if behavior and behavior.scale_up else None
    return Tolerance(
        known.down if down is None else float(Quantity(down)),
        known.up if up is None else float(Quantity(up)),
    )
