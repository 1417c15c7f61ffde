"""How long a Job waits before it replaces a Pod that failed.

Source: `pkg/controller/job/backoff_utils.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import ContainerStatus
from course_lib.objects.meta import condition

FIRST_BACKOFF, LAST_BACKOFF = 10.0, 600.0  # s between a failed Pod and the next


class Failures(msgspec.Struct, frozen=True):
    """The failures of a Job since its last success, and when (simulated s) the last one was."""

    failures: int = 0
    last: float | None = None

    def after(self, succeeded: list[Pod], failed: list[Pod]) -> Failures:
        """The same, with Pods that ended since."""
        if not succeeded and not failed:
            return self
        since = max(map(finished_at, succeeded), default=None)
        times = [at for at in map(finished_at, failed) if since is None or at > since]
        before = self.failures if since is None else 0
        return Failures(before + len(times), max(times, default=None))

    def remaining(self, now: float) -> float:
        """The seconds to wait at `now` (simulated s)."""
        return remaining(self.failures, self.last, now)


def remaining(failures: int, last: float | None, now: float) -> float:
    """The seconds to wait after so many failures in a row, of which the last ended at `last`.

    10 s after the first, doubled up to ten minutes; `last` and `now` are in simulated s.
    """
    if not failures or last is None:
        return 0.0
    wait = min(FIRST_BACKOFF * 2.0 ** min(failures - 1, 30), LAST_BACKOFF)
    return max(0.0, last + wait - now)


def finished_at(pod: Pod) -> float:
    """When a Pod ended (simulated s): its last container, or what else tells it."""
    sidecars = {c.name for c in pod.spec.init_containers or () if c.restart_policy == "Always"}
    inits = [c for c in pod.status.init_container_statuses or () if c.name in sidecars]
    ends = [_ended(each) for each in (*(pod.status.container_statuses or ()), *inits)]
    if ends and all(ends):
        return max(seconds_at(end) for end in ends if end)
    ready = condition(pod.status.conditions, "Ready")
    if ready is not None and ready.status == "False" and ready.last_transition_time:
        return seconds_at(ready.last_transition_time)
    if pod.metadata.deletion_timestamp:
        grace = pod.metadata.deletion_grace_period_seconds or 0
        return seconds_at(pod.metadata.deletion_timestamp) - grace
    return seconds_at(pod.metadata.creation_timestamp or "")


def _ended(status: ContainerStatus) -> str | None:
    return status.state.terminated.finished_at if status.state.terminated else None
