"""What of a Pod counts for its controller: tallied, so that a change costs one Pod, not all.

Source: `pkg/controller/controller_utils.go` (`FilterActivePods`, `FilterTerminatingPods`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.pods import is_active, is_ready, ready_since


class Standing(msgspec.Struct, frozen=True):
    """The phase of a Pod, and whether it is ready and being deleted."""

    phase: str
    ready: bool
    terminating: bool

    @property
    def ended(self) -> bool:
        """Whether all containers of the Pod have ended for good."""
        return self.phase in FINAL_PHASES

    @property
    def active(self) -> bool:
        """Neither ended nor being deleted: what counts towards a controller's replicas."""
        return not self.ended and not self.terminating


def by_standing(pod: Pod) -> list[tuple[str, Standing]]:
    """Tally function: the standing of the Pods of each controller."""
    owner = pod.metadata.controller
    return [] if owner is None else [(owner.uid, standing_of(pod))]


def standing_of(pod: Pod) -> Standing:
    """The standing of one Pod."""
    return Standing(pod.status.phase, is_ready(pod), pod.terminating)


def active_in(standings: Mapping[Standing, int]) -> int:
    """How many Pods are active."""
    return sum(count for standing, count in standings.items() if standing.active)


def in_phase(standings: Mapping[Standing, int], phase: str) -> int:
    """How many Pods are in a phase."""
    return sum(count for standing, count in standings.items() if standing.phase == phase)


def ready_in(standings: Mapping[Standing, int]) -> int:
    """How many Pods are active and ready."""
    return sum(count for pod, count in standings.items() if pod.active and pod.ready)


def terminating_in(standings: Mapping[Standing, int]) -> int:
    """How many Pods are being deleted and have not ended."""
    return sum(count for pod, count in standings.items() if pod.terminating and not pod.ended)


def by_time_ready(pod: Pod) -> list[tuple[str, str]]:
    """Tally function: since when the active and ready Pods of each controller are ready."""
    owner = pod.metadata.controller
    if owner is None or not is_active(pod):
        return []
    since = ready_since(pod)
    return [] if since is None else [(owner.uid, since)]


def available_among(
    since: Mapping[str, int], min_ready_seconds: int, now: float
) -> tuple[int, float]:
    """How many Pods have been ready for `min_ready_seconds` at `now`, and in how many s more have.

    `since` is a tally `by_time_ready`. The second number is 0 if no Pod is to become available.
    Source: `IsPodAvailable` in `pkg/api/v1/pod/util.go`.
    """
    if not min_ready_seconds:
        return sum(since.values()), 0.0
    waits = {written: seconds_at(written) + min_ready_seconds - now for written in since}
    available = sum(count for written, count in since.items() if waits[written] <= 0)
    return available, min((wait for wait in waits.values() if wait > 0), default=0.0)


def by_node(pod: Pod) -> list[tuple[str, str]]:
    """Tally function: the nodes of the active Pods of each controller."""
    owner, node = pod.metadata.controller, pod.spec.node_name
    return [(owner.uid, node)] if node and owner is not None and is_active(pod) else []
