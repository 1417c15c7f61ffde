"""How many replicas a metric asks for.

Amounts are in thousandths (`MilliValue`): cores, bytes, or what a metric counts.
Source: `pkg/controller/podautoscaler/replica_calculator.go`, `metrics/utilization.go`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from course_lib.controllers.metrics import RESOLUTION
from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Container, Pod
from course_lib.objects.kinds.pod.requests import amounts
from course_lib.objects.meta import condition
from course_lib.objects.pods import is_ready
from course_lib.objects.quantity import MAX_INT32

CPU_INITIALIZATION = 300.0  # s after its start in which the CPU time of a Pod may mislead
READINESS_DELAY = 30.0  # s in which a Pod that is started is not ready yet
RatioOf = Callable[[Mapping[str, int]], float]  # of values, by the names of the Pods


class Tolerance(msgspec.Struct, frozen=True):
    """How far a ratio of usage to target may be from 1 without a change."""

    down: float = 0.1
    up: float = 0.1

    def allows(self, ratio: float) -> bool:
        """Whether a ratio is near enough to 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(msgspec.Struct, frozen=True):
    """The replicas that a metric asks for, its mean value, and the mean share of the requests."""

    replicas: int
    usage: int
    utilization: int | None = None


class PodGroups(msgspec.Struct, frozen=True):
    """The Pods of a target: ready ones are counted, those of the others are named."""

    ready: int
    unready: list[str]
    missing: list[str]  # without a value
    ignored: list[str]


class Replicas:
    """Calculates for one target: its `pods`, its `current` size, and the tolerance.

    `scraped` is when the values are of, `now` the time (both in simulated s).
    """

    def __init__(
        self, pods: list[Pod], current: int, tolerance: Tolerance, scraped: float, now: float
    ) -> None:
        self._pods, self._current, self._tolerance = pods, current, tolerance
        self._scraped, self._now = scraped, now

    def by_utilization(
        self, values: Mapping[str, int], resource: str, percent: int, container: str = ""
    ) -> Proposal:
        """Usage against what the Pods request of a `resource`, in `percent`.

        `values` are by the names of the Pods; with a `container`, of that one in each.
        """
        known, groups = self._known(values, resource)
        requests = {pod.name: request(pod, resource, container) for pod in self._pods}
        ratio, utilization, mean = _utilization(known, requests, percent)
        fallback = {name: requests[name] * max(100, percent) // 100 for name in groups.missing}
        replicas = self._replicas(
            known, groups, ratio, fallback, lambda all: _utilization(all, requests, percent)[0]
        )
        return Proposal(replicas, mean, utilization)

    def by_value(self, values: Mapping[str, int], target: int, resource: str = "") -> Proposal:
        """The mean of the Pods' values against a `target`; `resource` is empty for other metrics.

        `values` are by the names of the Pods.
        """
        known, groups = self._known(values, resource)
        ratio, mean = _usage(known, target)
        fallback = dict.fromkeys(groups.missing, target)
        replicas = self._replicas(
            known, groups, ratio, fallback, lambda all: _usage(all, target)[0]
        )
        return Proposal(replicas, mean)

    def by_total(self, total: int, target: int) -> Proposal:
        """One value against a `target` for all Pods together.

        Raises `CourseError` where there is no Pod to scale by.
        """
        ratio = total / target
        if not self._current:
            return Proposal(math.ceil(ratio), total)
        if self._tolerance.allows(ratio):
            return Proposal(self._current, total)
        if not self._pods:
            why = "no pods returned by selector while calculating replica count"
            raise CourseError(f"unable to calculate ready pods: {why}")
        ready = sum(pod.status.phase == "Running" and is_ready(pod) for pod in self._pods)
        return Proposal(min(MAX_INT32, math.ceil(ratio * ready)), total)

    def by_share(self, total: int, target: int, size: int) -> Proposal:
        """One value, `total`, shared by so many Pods (`size`), against a `target` for each."""
        replicas = size
        ratio = total / (target * size) if size else math.inf
        if not self._tolerance.allows(ratio):
            replicas = min(MAX_INT32, math.ceil(total / target))
        return Proposal(replicas, math.ceil(total / size) if size else total)

    def _known(self, values: Mapping[str, int], resource: str) -> tuple[dict[str, int], PodGroups]:
        """The values that count; raises `CourseError` if there is none."""
        if not self._pods:
            raise CourseError("no pods returned by selector while calculating replica count")
        groups = self._grouped(values, resource)
        left_out = {*groups.unready, *groups.ignored}
        known = {name: value for name, value in values.items() if name not in left_out}
        if not known:
            why = "did not receive metrics for targeted pods (pods might be unready)"
            raise CourseError(why)
        return known, groups

    def _grouped(self, values: Mapping[str, int], resource: str) -> PodGroups:
        """The Pods by whether their values count (`groupPods`)."""
        groups = PodGroups(0, [], [], [])
        ready = 0
        for pod in self._pods:
            if pod.terminating or pod.status.phase == "Failed":
                groups.ignored.append(pod.name)
            elif pod.status.phase == "Pending":
                groups.unready.append(pod.name)
            elif pod.name not in values:
                groups.missing.append(pod.name)
            elif resource == "cpu" and self._misleads(pod):
                groups.unready.append(pod.name)
            else:
                ready += 1
        return msgspec.structs.replace(groups, ready=ready)

    def _misleads(self, pod: Pod) -> bool:
        """Whether the CPU time of a Pod is that of its start."""
        ready, started = condition(pod.status.conditions, "Ready"), pod.status.start_time
        if ready is None or started is None:
            return True
        changed, begun = seconds_at(ready.last_transition_time or started), seconds_at(started)
        if begun + CPU_INITIALIZATION > self._now:
            return ready.status == "False" or self._scraped < changed + RESOLUTION
        return ready.status == "False" and begun + READINESS_DELAY > changed

    def _replicas(
        self,
        known: dict[str, int],
        groups: PodGroups,
        ratio: float,
        fallback: Mapping[str, int],
        again: RatioOf,
    ) -> int:
        """The replicas for a ratio; Pods without a value must not be the reason for a change.

        On the way down they count with `fallback`, on the way up with 0; `again` gives the ratio
        with them.
        """
        counts_unready = bool(groups.unready) and ratio > 1
        if not counts_unready and not groups.missing:
            if self._tolerance.allows(ratio):
                return self._current
            return math.ceil(ratio * groups.ready)
        counted = dict(known)
        if ratio < 1:
            counted |= fallback
        elif ratio > 1:
            counted |= dict.fromkeys(groups.missing, 0)
        if counts_unready:
            counted |= dict.fromkeys(groups.unready, 0)
        damped = again(counted)
        turned = (ratio < 1 < damped) or (damped < 1 < ratio)
        if self._tolerance.allows(damped) or turned:
            return self._current
        replicas = math.ceil(damped * len(counted))
        if (damped < 1 and replicas > self._current) or (damped > 1 and replicas < self._current):
            return self._current
        return replicas


def request(pod: Pod, resource: str, container: str = "") -> int:
    """How much a `pod` requests of a `resource`, or one `container` of it, in thousandths.

    Raises `CourseError` where a container has no request.
    """
    total = 0
    for each in _containers(pod):
        if container in ("", each.name):
            asked = amounts(each, "requests").get(resource)
            if asked is None:
                what = f"missing request for {resource} in container {each.name} of Pod "
                raise CourseError(what + pod.name)
            total += asked.milli
        if container == each.name:
            return total
    if container:
        raise CourseError(f"container {container} not found in Pod {pod.name}")
    return total


def _containers(pod: Pod) -> Iterable[Container]:
    sidecars = [c for c in pod.spec.init_containers or () if c.restart_policy == "Always"]
    return [*pod.spec.containers, *sidecars]


def _utilization(
    values: Mapping[str, int], requests: Mapping[str, int], percent: int
) -> tuple[float, int, int]:
    """The ratio to the target, the share of the requests in per cent, and the mean value."""
    counted = [name for name in values if name in requests]
    total = sum(values[name] for name in counted)
    asked = sum(requests[name] for name in counted)
    if not asked:
        raise CourseError("no metrics returned matched known pods")
    utilization = total * 100 // asked
    return utilization / percent, utilization, total // len(counted)


def _usage(values: Mapping[str, int], target: int) -> tuple[float, int]:
    """The ratio to the target, and the mean value."""
    mean = sum(values.values()) // len(values)
    return mean / target, mean
