"""How far and how fast an autoscaler scales: recommendations, windows and policies.

Source: `pkg/controller/podautoscaler` (`replica_calculator.go`; in `horizontal.go`
`normalizeDesiredReplicasWithBehaviors`).
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

from course_lib.objects.kinds.horizontal_pod_autoscaler import (
    HorizontalPodAutoscaler,
    ScalingPolicy,
    ScalingRules,
)

TOLERANCE = 0.1
UP = ScalingRules(
    stabilization_window_seconds=0,
    select_policy="Max",
    policies=[
        ScalingPolicy(type="Percent", value=100, period_seconds=15),
        ScalingPolicy(type="Pods", value=4, period_seconds=15),
    ],
)
DOWN = ScalingRules(
    stabilization_window_seconds=300,
    select_policy="Max",
    policies=[ScalingPolicy(type="Percent", value=100, period_seconds=15)],
)


class ScalingHistory(msgspec.Struct):
    """What an autoscaler remembers: its recommendations, and how it scaled (time, change)."""

    recommendations: deque[tuple[float, int]]
    changes: deque[tuple[float, int]]


def next_size(
    hpa: HorizontalPodAutoscaler,
    history: ScalingHistory,
    now: float,
    current: int,
    recommendation: int,
) -> int:
    """The size that a recommendation leads to at a simulated time `now`, in s.

    It is stabilised over the window, slowed by the policies, and between the bounds of `hpa`.
    `history` takes the recommendation in; `current` is the size so far.
    """
    behavior = hpa.spec.behavior
    up = _rules(behavior.scale_up if behavior else None, UP)
    down = _rules(behavior.scale_down if behavior else None, DOWN)
    history.recommendations.append((now, recommendation))
    longest = max(up.stabilization_window_seconds or 0, down.stabilization_window_seconds or 0)
    while history.recommendations[0][0] < now - longest:
        history.recommendations.popleft()
    highest = max(_within(history, now, down.stabilization_window_seconds or 0, recommendation))
    lowest = min(_within(history, now, up.stabilization_window_seconds or 0, recommendation))
    desired = min(max(current, lowest), highest) if lowest <= highest else recommendation
    if desired > current:
        desired = min(desired, _limit(up, history, now, current, +1))
    elif desired < current:
        desired = max(desired, _limit(down, history, now, current, -1))
    return min(max(desired, hpa.spec.min_replicas), hpa.spec.max_replicas)


def replicas_for(ratio: float, current: int, measured: int, unready: int) -> int:
    """Scale by a ratio, unless it is near 1; Pods not yet ready count as idle on the way up.

    `ratio` is usage to target, `measured` and `unready` are numbers of Pods; `current` is the
    number of replicas so far.
    """
    if abs(ratio - 1) <= TOLERANCE:
        return current
    if not unready:
        return math.ceil(round(ratio * measured, 9))
    counted = measured + (unready if ratio > 1 else 0)
    damped = ratio * measured / counted
    if abs(damped - 1) <= TOLERANCE or (damped > 1) != (ratio > 1):
        return current
    return math.ceil(round(damped * counted, 9))


def _rules(given: ScalingRules | None, default: ScalingRules) -> ScalingRules:
    if given is None:
        return default
    window = given.stabilization_window_seconds
    return ScalingRules(
        default.stabilization_window_seconds if window is None else window,
        given.select_policy,
        given.policies or default.policies,
    )


def _within(history: ScalingHistory, now: float, window: float, recommendation: int) -> list[int]:
    """The recommendations of the last so many seconds, and the present one."""
    return [*(count for at, count in history.recommendations if at >= now - window), recommendation]


def _limit(rules: ScalingRules, history: ScalingHistory, now: float, current: int, way: int) -> int:
    """How far the policies allow to go now; what was done within their period counts."""
    if rules.select_policy == "Disabled":
        return current
    limits = []
    for policy in rules.policies or ():
        since = now - policy.period_seconds
        done = sum(change for at, change in history.changes if at > since and change * way > 0)
        start = current - done
        step = policy.value if policy.type == "Pods" else start * policy.value / 100
        limits.append(math.ceil(start + step) if way > 0 else math.floor(start - step))
    furthest = max if (way > 0) == (rules.select_policy == "Max") else min
    return furthest(limits)
