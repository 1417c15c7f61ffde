"""HorizontalPodAutoscaler: replicas that follow the load (chapter 03).

desired = ceil(current * usage / target), unless that is within a tenth of 1; and not down until
five minutes have passed without a higher recommendation.
Source: `pkg/controller/podautoscaler` (`horizontal.go`, `replica_calculator.go`).
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress

import msgspec

from course_lib.apiserver.errors import Unavailable
from course_lib.apiserver.scales import scale_of, scaled
from course_lib.apiserver.server import not_found
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.controllers.metrics import MetricsServer
from course_lib.controllers.scaling import ScalingHistory, next_size, replicas_for
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.horizontal_pod_autoscaler import HorizontalPodAutoscaler, Metric
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import amounts
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, selector_of, set_condition
from course_lib.objects.pods import is_ready
from course_lib.objects.quantity import Quantity
from course_lib.objects.selectors import NOTHING, Selector, parse_selector, selector_from_labels

SYNC_PERIOD = 15.0  # s


class ScaledWorkload(msgspec.Struct, frozen=True):
    """What an autoscaler scales: its kind, its size, and the selector of its Pods."""

    kind: Kind
    name: str
    replicas: int
    selector: Selector | None  # None if a custom object has none


class AutoscalerController(Controller):
    """Scales workloads.

    `api` writes, `informers` read, `metrics` measure Pods.
    """

    name = "horizontal-pod-autoscaler"
    kind = "HorizontalPodAutoscaler"

    def __init__(self, api: Client, informers: InformerFactory, metrics: MetricsServer) -> None:
        self.metrics = metrics
        self._history: dict[str, ScalingHistory] = {}
        super().__init__(api, informers)
        self._ticker = Ticker(self.sim, self.sim.now + SYNC_PERIOD, SYNC_PERIOD, self._sync)
        informers.informer(self.kind).add_handler(self._on_change)

    def _on_change(self, before: Object | None, after: Object | None) -> None:
        self._ticker.wake()

    def _sync(self) -> float:
        """Look at all autoscalers; while there are none, there is nothing to do."""
        if not self.informers.synced:
            return SOON
        autoscalers = self.informers.list(self.kind)
        with suppress(Unavailable):
            for hpa in autoscalers:
                self._attempt(hpa)
        return SOON if autoscalers else FOR_EVER

    def _attempt(self, hpa: HorizontalPodAutoscaler) -> None:
        """Look at one autoscaler; what is wrong with it does not concern the others."""
        try:
            self._autoscale(hpa)
        except Unavailable:
            raise
        except CourseError as refusal:
            self.sim.record(self.name, f"{hpa.kind}/{hpa.name}", "FailedUpdate", refusal.what)
        except Exception as error:  # a fault of the controller itself
            self.sim.failed(error, self.name, f"{hpa.namespace}/{hpa.name}")

    def look(self, namespace: str, name: str) -> None:
        """Nothing between the syncs: the autoscaler goes by the clock."""

    def _autoscale(self, hpa: HorizontalPodAutoscaler) -> None:
        """Scale the target of one autoscaler, or say why it cannot be scaled."""
        try:
            target = self._target(hpa)
        except Unavailable:
            raise
        except CourseError as problem:
            self.warning(hpa, "FailedGetScale", problem.what)
            message = "the HPA controller was unable to get the target's current scale: "
            message += problem.what
            self._state(hpa, "AbleToScale", "False", "FailedGetScale", message)
            return
        if target.selector is None:
            message = "the HPA target's scale is missing a selector"
            self._state(hpa, "ScalingActive", "False", "InvalidSelector", message)
        elif target.replicas == 0:
            message = "scaling is disabled since the replica count of the target is zero"
            self._state(hpa, "ScalingActive", "False", "ScalingDisabled", message)
        else:
            self._follow_load(hpa, target)

    def _target(self, hpa: HorizontalPodAutoscaler) -> ScaledWorkload:
        """The target and its scale; raises `CourseError` if there is none."""
        reference, namespace = hpa.spec.scale_target_ref, hpa.namespace
        kind = self._scaled_kind(reference.api_version, reference.kind)
        if kind.scale is None:
            raise CourseError("the server could not find the requested resource")
        target = self.informers.find(kind, reference.name, namespace)
        if target is None:
            raise not_found(kind, reference.name)
        if isinstance(target, ReplicationController):
            selector: Selector | None = selector_from_labels(target.spec.selector)
        elif isinstance(target, Deployment | ReplicaSet | StatefulSet):
            selector = selector_of(target.spec.selector)
        else:
            scale = scale_of(kind, self.api.document(kind, target.name, namespace))
            written, replicas = scale["status"]["selector"], scale["spec"]["replicas"]
            selector = parse_selector(written) if written else None
            return ScaledWorkload(kind, target.name, replicas, selector)
        return ScaledWorkload(kind, target.name, target.spec.replicas, selector)

    def _scaled_kind(self, api_version: str, name: str) -> Kind:
        """The kind of a target: its group and name count, its version does not.

        Source: `reconcileAutoscaler` in `pkg/controller/podautoscaler/horizontal.go`.
        """
        group = api_version.rpartition("/")[0]
        for kind in self.informers.kinds:
            if (kind.group, kind.kind) == (group, name):
                return kind
        raise CourseError(f'no matches for kind "{name}" in group "{group}"')

    def _follow_load(self, hpa: HorizontalPodAutoscaler, target: ScaledWorkload) -> None:
        current, pods = target.replicas, self._pods(hpa.namespace, target)
        metrics = hpa.spec.metrics or ()
        made = [self._recommendation(hpa, metric, current, pods) for metric in metrics]
        known = [each for each in made if each is not None]
        if not known:
            reason = "FailedGetResourceMetric"
            message = "the HPA was unable to compute the replica count: "
            message += "no metrics known for ready pods"
            self._state(hpa, "ScalingActive", "False", reason, message)
            return
        recommendation, why, _ = max(known, key=lambda found: found[0])
        desired = self._rescale(hpa, target, recommendation, why)
        message = "the HPA was able to successfully calculate a replica count"
        status: Document = {
            "currentReplicas": current,
            "desiredReplicas": desired,
            "currentMetrics": [seen for _, _, seen in known],
            "observedGeneration": hpa.metadata.generation,
        }
        if desired != current:
            status["lastScaleTime"] = self.sim.timestamp
        self._state(hpa, "ScalingActive", "True", "ValidMetricFound", message, status)

    def _rescale(
        self, hpa: HorizontalPodAutoscaler, target: ScaledWorkload, recommendation: int, why: str
    ) -> int:
        """Write the target's new size, if it changes; returns the size."""
        current = target.replicas
        history = self._history.setdefault(hpa.uid, ScalingHistory(deque(), deque()))
        desired = next_size(hpa, history, self.sim.now, current, recommendation)
        if desired != current:
            self.api.patch(target.kind, target.name, hpa.namespace, scaled(target.kind, desired))
            history.changes.append((self.sim.now, desired - current))
            self.normal(hpa, "SuccessfulRescale", f"New size: {desired}; reason: {why}")
        return desired

    def _pods(self, namespace: str, target: ScaledWorkload) -> list[Pod]:
        pods = self.informers.list(Pod, namespace, target.selector or NOTHING)
        return [p for p in pods if p.status.phase != "Failed" and not p.terminating]

    def _recommendation(
        self, hpa: HorizontalPodAutoscaler, metric: Metric, current: int, pods: list[Pod]
    ) -> tuple[int, str, Document] | None:
        """The replicas that one metric asks for, the reason, and what was seen."""
        if metric.resource is None:
            return None
        name, target = metric.resource.name, metric.resource.target
        usage = {
            pod.uid: found.cpu if name == "cpu" else found.memory
            for pod in pods
            if (found := self.metrics.usage(pod.uid, pod.spec.node_name)) and is_ready(pod)
        }
        if not usage:
            why = f"failed to get {name} utilization: did not receive metrics for any ready pods"
            self.warning(hpa, "FailedGetResourceMetric", why)
            return None
        if target.average_utilization is not None:
            return self._by_utilization(hpa, name, target.average_utilization, current, pods, usage)
        if target.average_value is None:
            return None
        each = float(Quantity(target.average_value))
        mean = sum(usage.values()) / len(usage)
        recommendation = replicas_for(mean / each, current, len(usage), len(pods) - len(usage))
        way = "above" if mean > each else "below"
        why = f"{name} resource {way} target"
        return recommendation, why, _seen(name, averageValue=f"{mean:.3f}")

    def _by_utilization(
        self,
        hpa: HorizontalPodAutoscaler,
        name: str,
        target: int,
        current: int,
        pods: list[Pod],
        usage: dict[str, float],
    ) -> tuple[int, str, Document] | None:
        """Usage against what the Pods request, in per cent."""
        requests = 0.0
        for pod in pods:
            for container in pod.spec.containers:
                asked = amounts(container, "requests").get(name)
                if asked is None:
                    why = f"failed to get {name} utilization: missing request for {name} "
                    why += f"in container {container.name} of Pod {pod.name}"
                    self.warning(hpa, "FailedGetResourceMetric", why)
                    return None
                requests += float(asked) if pod.uid in usage else 0.0
        if not requests:
            return None
        percent = int(sum(usage.values()) * 100 / requests)
        recommendation = replicas_for(percent / target, current, len(usage), len(pods) - len(usage))
        way = "above" if percent > target else "below"
        why = f"{name} resource utilization (percentage of request) {way} target"
        if percent <= target and recommendation == current:
            why = "All metrics below target"
        return recommendation, why, _seen(name, averageUtilization=percent)

    def _state(
        self,
        hpa: HorizontalPodAutoscaler,
        kind: str,
        status: str,
        reason: str,
        message: str,
        more: Document | None = None,
    ) -> None:
        conditions = set_condition(
            hpa.status.conditions, kind, status, self.sim.timestamp, reason, message
        )
        self.api.patch_status(hpa, {"conditions": conditions} | (more or {}))


def _seen(name: str, **current: object) -> Document:
    return {"type": "Resource", "resource": {"name": name, "current": current}}
