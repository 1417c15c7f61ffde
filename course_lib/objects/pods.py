"""Questions that controllers ask of Pods (`pkg/controller/controller_utils.go`)."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import condition, is_true

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def is_ready(pod: Pod) -> bool:
    """Whether a Pod's Ready condition is true."""
    return is_true(pod.status.conditions, "Ready")


def is_active(pod: Pod) -> bool:
    """Neither ended nor being deleted: what counts towards a controller's replicas."""
    return pod.status.phase not in FINAL_PHASES and not pod.terminating


def ready_since(pod: Pod) -> str | None:
    """The timestamp since which a Pod is ready; None: it is not."""
    ready = condition(pod.status.conditions, "Ready")
    if ready is None or ready.status != "True":
        return None
    return ready.last_transition_time or "2026-01-01T00:00:00Z"


def available_in(pod: Pod, min_ready_seconds: int, now: float) -> float | None:
    """Seconds until a `pod` has been ready for `min_ready_seconds` at `now`; None: it is not."""
    since = ready_since(pod)
    return None if since is None else max(0.0, seconds_at(since) + min_ready_seconds - now)


def is_available(pod: Pod, min_ready_seconds: int, now: float) -> bool:
    """Whether a `pod` has been ready for `min_ready_seconds`, at `now` (simulated s)."""
    return available_in(pod, min_ready_seconds, now) == 0


def resolve(value: int | str | None, of: int, up: bool) -> int:
    """A count, or a percentage of a count, rounded up or down.

    `value` is such a count, a percentage as text, or None for 0.

    >>> resolve("25%", of=10, up=True), resolve("25%", of=10, up=False), resolve(2, of=10, up=True)
    (3, 2, 2)
    """
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * of / 100
    return math.ceil(share) if up else math.floor(share)


def template_hash(template: dict[str, Any], collisions: int = 0) -> str:
    """A short name for a Pod template: the same template, the same name.

    After each of the `collisions` with the name of something else it is another one.

    Upstream hashes its memory layout; here it is the canonical JSON, in upstream's alphabet.
    """
    text = json.dumps(template, sort_keys=True) + str(collisions or "")
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])
