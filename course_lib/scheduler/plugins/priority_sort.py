"""PrioritySort: the Pod of the highest priority first, then the one that waits longest.

Source: `pkg/scheduler/framework/plugins/queuesort`.
"""

from __future__ import annotations

from course_lib.scheduler.framework import Plugin
from course_lib.scheduler.queue import QueuedPod, SortKey


class PrioritySort(Plugin):
    """Order the queue."""

    name = "PrioritySort"

    def queue_sort(self, pod: QueuedPod) -> SortKey:
        """Priority, downwards; then the time at which the Pod entered the queue."""
        return -pod.info.pod.spec.priority, pod.added_at
