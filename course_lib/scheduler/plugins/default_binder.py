"""DefaultBinder: write the Pod's node through the `binding` subresource.

Source: `pkg/scheduler/framework/plugins/defaultbinder`.
"""

from __future__ import annotations

from course_lib.scheduler.framework import Plugin
from course_lib.scheduler.handle import Handle
from course_lib.scheduler.pod_info import PodInfo


class DefaultBinder(Plugin):
    """Bind every Pod."""

    name = "DefaultBinder"

    def bind(self, pod: PodInfo, node: str, handle: Handle) -> bool:
        """One binding; raises `Conflict` or `NotFound` when the Pod is gone or has a node."""
        handle.client.bind(pod.pod, node)
        return True
