"""HorizontalPodAutoscaler: replicas that follow the load (chapter 03).

desired = ceil(current * usage / target), unless that is within a tenth of 1; and not down until
five minutes have passed without a higher recommendation.
Source: `pkg/controller/podautoscaler/horizontal.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.errors import Unavailable
from course_lib.apiserver.scales import scaled
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.autoscaler_metrics import REASONS, MetricFailure, MetricReader, Scaled
from course_lib.controllers.autoscaler_targets import (
    Decision,
    ScaledWorkload,
    ScaleTargets,
    counts_demand,
    is_scaled_to_zero,
)
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.metrics import MetricsServer
from course_lib.controllers.scaling import ScalingHistory, next_size, note_change
from course_lib.errors import CourseError
from course_lib.objects.kinds.horizontal_pod_autoscaler import HorizontalPodAutoscaler
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import Selector

SYNC_PERIOD = 15.0  # s


class AutoscalerController(Controller):
    """Scales workloads.

    `api` writes, `informers` read, `metrics` measure Pods.
    """

    name = "horizontal-pod-autoscaler"
    kind = "HorizontalPodAutoscaler"
    backoff = (SYNC_PERIOD, SYNC_PERIOD)  # each is looked at again, whatever came of the last look

    def __init__(self, api: Client, informers: InformerFactory, metrics: MetricsServer) -> None:
        self.metrics = metrics
        self._history: dict[str, ScalingHistory] = {}  # by uid of the autoscaler
        # By uid of the autoscaler: its namespace and name, and what its target selects.
        self._selectors: dict[str, tuple[str, str, Selector]] = {}
        super().__init__(api, informers)
        self._targets = ScaleTargets(api, informers)

    def watch_objects(self) -> None:
        """Look at an autoscaler at once where its spec changes, and then every 15 s."""
        self.objects.add_handler(self._on_change)

    def _on_change(
        self, before: HorizontalPodAutoscaler | None, after: HorizontalPodAutoscaler | None
    ) -> None:
        if before is not None and after is None:
            self._history.pop(before.uid, None)
            self._selectors.pop(before.uid, None)
        elif after is not None:
            same = before and before.metadata.generation == after.metadata.generation
            self.enqueue(key_of(after), after=SYNC_PERIOD if same else 0.0)

    def reconcile(self, hpa: HorizontalPodAutoscaler) -> None:
        """Scale the target of one autoscaler, and look at it again in 15 s."""
        self.enqueue(key_of(hpa), after=SYNC_PERIOD)
        try:
            self._autoscale(hpa)
        except Unavailable:
            raise
        except CourseError as refusal:
            self.sim.record(self.name, f"{hpa.kind}/{hpa.name}", "FailedUpdate", refusal.what)

    def _autoscale(self, hpa: HorizontalPodAutoscaler) -> None:
        """Scale the target of one autoscaler, or say why it cannot be scaled."""
        decision = Decision([msgspec.to_builtins(c) for c in hpa.status.conditions or ()])
        try:
            target = self._targets.find(hpa)
        except Unavailable:
            raise
        except CourseError as problem:
            self.warning(hpa, "FailedGetScale", problem.what)
            message = "the HPA controller was unable to get the target's current scale: "
            self._state(decision, "AbleToScale", False, "FailedGetScale", message + problem.what)
            self._write(hpa, decision, {})
            return
        message = "the HPA controller was able to get the target's current scale"
        self._state(decision, "AbleToScale", True, "SucceededGetScale", message)
        first = ScalingHistory([(self.sim.now, target.replicas)], [])
        history = self._history.setdefault(hpa.uid, first)
        wanted = self._wanted(hpa, target, decision, history)
        if wanted is None:
            self._write_size(hpa, decision, target.replicas, hpa.status.desired_replicas)
        elif self._rescale(hpa, target, decision, *wanted):
            desired = wanted[0]
            note_change(hpa, history, self.sim.now, desired - target.replicas)
            self._write_size(hpa, decision, target.replicas, desired, self.sim.timestamp)
        else:
            self._write_size(hpa, decision, target.replicas, target.replicas)

    def _wanted(
        self,
        hpa: HorizontalPodAutoscaler,
        target: ScaledWorkload,
        decision: Decision,
        history: ScalingHistory,
    ) -> tuple[int, str] | None:
        """The size that a target should have, and why; None where no metric says it.

        The bounds hold without metrics, too.
        """
        current, least = target.replicas, hpa.spec.min_replicas
        if current == 0:
            to_zero = is_scaled_to_zero(hpa)
            if not to_zero or (least == 0 and not counts_demand(hpa)):
                message = "scaling is disabled since the replica count of the target is zero"
                self._state(decision, "ScalingActive", False, "ScalingDisabled", message)
                return 0, ""
        elif current > hpa.spec.max_replicas:
            return hpa.spec.max_replicas, "Current number of replicas above Spec.MaxReplicas"
        elif current < least:
            return least, "Current number of replicas below Spec.MinReplicas"
        asked = self._by_metrics(hpa, target, decision)
        if asked is None:
            return None
        recommendation, name = asked
        why = f"{name} above target" if recommendation > current else ""
        why = "All metrics below target" if recommendation < current else why
        found = next_size(hpa, history, self.sim.now, current, recommendation)
        self._state(decision, "AbleToScale", True, *found.able)
        self._state(decision, "ScalingLimited", found.limited, *found.limit)
        if current == 0 and found.size < least:
            return least, why or "Current number of replicas below Spec.MinReplicas"
        return found.size, why

    def _by_metrics(
        self, hpa: HorizontalPodAutoscaler, target: ScaledWorkload, decision: Decision
    ) -> tuple[int, str] | None:
        """The most replicas that a metric asks for, and which; None if that is not known.

        A metric that fails does not stop others, unless they ask for fewer replicas
        (`computeReplicasForMetrics`).
        """
        scaled = self._scaled(hpa, target, decision)
        if scaled is None:
            return None
        reader, metrics = MetricReader(self.metrics, hpa, self.sim.now), hpa.spec.metrics or ()
        best, failures = (0, ""), list[tuple[str, MetricFailure]]()
        decision.metrics = []
        for metric in metrics:
            try:
                found = reader.read(metric, scaled)
            except MetricFailure as failure:
                reason = REASONS[metric.type]
                self.warning(hpa, reason, failure.what)
                failures.append((reason, failure))
                decision.metrics.append({"type": ""})
                continue
            decision.metrics.append(found.shown)
            if not best[0] or found.replicas > best[0]:
                best = found.replicas, found.name
        if len(failures) == len(metrics) or (failures and best[0] < target.replicas):
            reason, first = failures[0]
            message = f"the HPA was unable to compute the replica count: {first.what}"
            self._state(decision, "ScalingActive", False, reason, message)
            count = f"invalid metrics ({len(failures)} invalid out of {len(metrics)})"
            summary = f"{count}, first error is: {first.summary}"
            self.warning(hpa, "FailedComputeMetricsReplicas", summary)
            return None
        message = "the HPA was able to successfully calculate a replica count from "
        self._state(decision, "ScalingActive", True, "ValidMetricFound", message + best[1])
        return best

    def _scaled(
        self, hpa: HorizontalPodAutoscaler, target: ScaledWorkload, decision: Decision
    ) -> Scaled | None:
        """The Pods of a target; None where its selector does not say which, or not only of it."""
        if target.selector is None:
            reason, why = "InvalidSelector", "selector is required"
            self.warning(hpa, "SelectorRequired", why)
            message = "the HPA target's scale is missing a selector"
        else:
            self._selectors[hpa.uid] = hpa.namespace, hpa.name, target.selector
            pods = self.informers.list(Pod, hpa.namespace, target.selector)
            others = self._also_selecting(hpa, pods)
            if not others:
                return Scaled(target.replicas, target.has, target.selector, pods)
            named = " ".join(f"{hpa.namespace}/{name}" for name in sorted([hpa.name, *others])[:2])
            reason, why = "AmbiguousSelector", f"pods by selector {target.selector} are "
            why += f"controlled by more than one HPA (e.g. [{named}])"
            self.warning(hpa, reason, why)
            message = why
        self._state(decision, "ScalingActive", False, reason, message)
        self.warning(hpa, "FailedComputeMetricsReplicas", why)
        return None

    def _also_selecting(self, hpa: HorizontalPodAutoscaler, pods: list[Pod]) -> list[str]:
        """The other autoscalers whose targets have one of the `pods`."""
        others = sorted(
            (name, selector)
            for uid, (namespace, name, selector) in self._selectors.items()
            if uid != hpa.uid and namespace == hpa.namespace
        )
        return [name for name, wanted in others if any(wanted.matches(p.labels) for p in pods)]

    def _rescale(
        self,
        hpa: HorizontalPodAutoscaler,
        target: ScaledWorkload,
        decision: Decision,
        desired: int,
        why: str,
    ) -> bool:
        """Write the target's new size, if it changes; returns whether it does."""
        if desired == target.replicas:
            return False
        try:
            self.api.patch(target.kind, target.name, hpa.namespace, scaled(target.kind, desired))
        except Unavailable:
            raise
        except CourseError as refusal:
            message = f"New size: {desired}; reason: {why}; error: {refusal.what}"
            self.warning(hpa, "FailedRescale", message)
            message = f"the HPA controller was unable to update the target scale: {refusal.what}"
            self._state(decision, "AbleToScale", False, "FailedUpdateScale", message)
            self._write_size(hpa, decision, target.replicas, hpa.status.desired_replicas)
            raise
        message = f"the HPA controller was able to update the target scale to {desired}"
        self._state(decision, "AbleToScale", True, "SucceededRescale", message)
        self.normal(hpa, "SuccessfulRescale", f"New size: {desired}; reason: {why}")
        to_zero = desired == 0 and hpa.spec.min_replicas == 0 and counts_demand(hpa)
        did = "scaled" if to_zero else "did not scale"
        message = f"the HPA controller {did} the workload to zero"
        reason = "ScaledToZero" if to_zero else "NotScaledToZero"
        self._state(decision, "ScaledToZero", to_zero, reason, message)
        return True

    # The status

    def _state(
        self, decision: Decision, kind: str, status: bool, reason: str, message: str
    ) -> None:
        decision.state(self.sim.timestamp, kind, status, reason, message)

    def _write_size(
        self,
        hpa: HorizontalPodAutoscaler,
        decision: Decision,
        current: int,
        desired: int,
        scaled_at: str = "",
    ) -> None:
        status: Document = {
            "currentReplicas": current,
            "desiredReplicas": desired,
            "currentMetrics": decision.metrics,
            "observedGeneration": hpa.metadata.generation,
        }
        self._write(hpa, decision, status | ({"lastScaleTime": scaled_at} if scaled_at else {}))

    def _write(self, hpa: HorizontalPodAutoscaler, decision: Decision, status: Document) -> None:
        self.state(hpa, {"conditions": decision.conditions} | status)
