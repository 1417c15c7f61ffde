"""How far and how fast an autoscaler follows what its metrics ask for: windows and policies.

Source: `pkg/controller/podautoscaler/horizontal.go` (`normalizeDesiredReplicas`,
`normalizeDesiredReplicasWithBehaviors`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from course_lib.objects.kinds.horizontal_pod_autoscaler import (
    Behavior,
    HorizontalPodAutoscaler,
    ScalingRules,
)

DOWN_WINDOW = 300.0  # s for which the highest recommendation counts
FACTOR, LEAST = 2.0, 4  # without policies: at most twice as many, or so many
WITHIN = "DesiredWithinRange", "the desired count is within the acceptable range"
TOO_MANY = "TooManyReplicas", "the desired replica count is more than the maximum replica count"
TOO_FEW = "TooFewReplicas", "the desired replica count is less than the minimum replica count"
TOO_FAST_UP = (
    "ScaleUpLimit",
    "the desired replica count is increasing faster than the maximum scale rate",
)
TOO_FAST_DOWN = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
)
READY = "ReadyForNewScale", "recommended size matches current size"
STABILIZED_UP = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
STABILIZED_DOWN = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent "
    "recommendation",
)
Reason = tuple[str, str]  # one word, and a sentence


class ScalingHistory(msgspec.Struct):
    """What an autoscaler remembers, each with its time (simulated s)."""

    recommendations: list[tuple[float, int]]
    changes: list[tuple[float, int]]  # how it scaled


class NextSize(NamedTuple):
    """The size that a recommendation leads to, and why: what `AbleToScale` and `ScalingLimited`
    state."""

    size: int
    able: Reason
    limit: Reason
    limited: bool


def next_size(
    hpa: HorizontalPodAutoscaler,
    history: ScalingHistory,
    now: float,
    current: int,
    recommendation: int,
) -> NextSize:
    """The size that a recommendation leads to at a simulated time `now`, in s.

    It is stabilised over a window, and then held between the bounds of `hpa` and of the rates that
    are allowed. `history` takes the recommendation in; `current` is the size so far.
    """
    behavior = hpa.spec.behavior
    if behavior is None:
        stable = _highest(history, now, DOWN_WINDOW, recommendation)
        able = READY if stable == recommendation else STABILIZED_DOWN
        size, limit = _bounded(hpa, current, stable)
    else:
        stable = _stabilized(behavior, history, now, current, recommendation)
        changed = STABILIZED_UP if recommendation >= current else STABILIZED_DOWN
        able = READY if stable == recommendation else changed
        size, limit = _bounded_by_rate(hpa, behavior, history, now, current, stable)
    longest = max(DOWN_WINDOW, *(_window(rules) for rules in _both(behavior)))
    kept = [each for each in history.recommendations if each[0] >= now - longest]
    history.recommendations = [*kept, (now, recommendation)]
    return NextSize(size, able, limit, size != stable)


def note_change(
    hpa: HorizontalPodAutoscaler, history: ScalingHistory, now: float, change: int
) -> None:
    """Remember a `change` of the size at a time `now` (simulated s), for the policies of `hpa`.

    The `history` forgets what no policy asks for any more.
    """
    policies = [p for rules in _both(hpa.spec.behavior) if rules for p in rules.policies or ()]
    longest = max((policy.period_seconds for policy in policies), default=0)
    kept = [each for each in history.changes if each[0] >= now - longest]
    history.changes = [*kept, (now, change)]


def _both(behavior: Behavior | None) -> list[ScalingRules | None]:
    return [behavior.scale_up, behavior.scale_down] if behavior else [None]


def _window(rules: ScalingRules | None) -> float:
    window = rules.stabilization_window_seconds if rules else 0
    return DOWN_WINDOW if window is None else window


def _highest(history: ScalingHistory, now: float, window: float, recommendation: int) -> int:
    """The highest of the recommendations within a window, and of the present one."""
    recent = [count for at, count in history.recommendations if at >= now - window]
    return max([*recent, recommendation])


def _stabilized(
    behavior: Behavior, history: ScalingHistory, now: float, current: int, recommendation: int
) -> int:
    """Between the lowest of the window upwards and the highest of the window downwards."""
    known = history.recommendations
    up, down = (_window(rules) for rules in (behavior.scale_up, behavior.scale_down))
    lowest = min([recommendation, *(count for at, count in known if at > now - up)])
    highest = max([recommendation, *(count for at, count in known if at > now - down)])
    return min(max(current, lowest), highest)


def _bounded(hpa: HorizontalPodAutoscaler, current: int, desired: int) -> tuple[int, Reason]:
    """A size without policies: between the bounds, and at most twice the size so far."""
    fastest = int(max(FACTOR * current, LEAST))
    most, reason = hpa.spec.max_replicas, TOO_MANY
    if most > fastest:
        most, reason = fastest, TOO_FAST_UP
    if desired < hpa.spec.min_replicas:
        return hpa.spec.min_replicas, TOO_FEW
    return (most, reason) if desired > most else (desired, WITHIN)


def _bounded_by_rate(
    hpa: HorizontalPodAutoscaler,
    behavior: Behavior,
    history: ScalingHistory,
    now: float,
    current: int,
    desired: int,
) -> tuple[int, Reason]:
    """A size between the bounds, and as far away as the policies allow."""
    if desired > current:
        fastest = max(current, _limit(behavior.scale_up, history, now, current, +1))
        most, reason = hpa.spec.max_replicas, TOO_MANY
        if most > fastest:
            most, reason = fastest, TOO_FAST_UP
        return (most, reason) if desired > most else (desired, WITHIN)
    if desired < current:
        fastest = min(current, _limit(behavior.scale_down, history, now, current, -1))
        least, reason = hpa.spec.min_replicas, TOO_FEW
        if least < fastest:
            least, reason = fastest, TOO_FAST_DOWN
        return (least, reason) if desired < least else (desired, WITHIN)
    return desired, WITHIN


def _limit(
    rules: ScalingRules | None, history: ScalingHistory, now: float, current: int, way: int
) -> int:
    """How far the policies allow to go now; what was done within their period counts."""
    if rules is None or rules.select_policy == "Disabled":
        return current
    limits = []
    for policy in rules.policies or ():
        since = now - policy.period_seconds
        start = current - sum(change for at, change in history.changes if at > since)
        if policy.type == "Pods":
            limits.append(start + way * policy.value)
        elif way > 0:
            limits.append(math.ceil(start * (1 + policy.value / 100)))
        else:
            limits.append(int(start * (1 - policy.value / 100)))
    furthest = max if (way > 0) == (rules.select_policy != "Min") else min
    return furthest(limits, default=current)
