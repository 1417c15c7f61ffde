"""The scheduler's cache: nodes, and the Pods that count on each.

The life of a Pod here: assumed, when a node has been chosen for it; then bound, when the watch
says so, or forgotten, when it could not be bound; removed, when it is deleted or over.
Source: `pkg/scheduler/backend/cache/cache.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.scheduler.framework import POD_ADD, POD_UPDATE
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo, Shapes


class SchedulerCache:
    """What the scheduler counts with; `nodes` and `namespaces` read what exists."""

    def __init__(
        self,
        nodes: Callable[[], Sequence[Node]],
        namespaces: Callable[[], dict[str, Mapping[str, str]]],
    ) -> None:
        self._read_nodes, self._read_namespaces = nodes, namespaces
        self._nodes: Nodes | None = None
        self.shapes = Shapes()
        self.bound: dict[str, PodInfo] = {}  # by uid
        self.assumed: dict[str, PodInfo] = {}
        self.nominated: dict[str, tuple[PodInfo, str]] = {}  # who waits for victims to leave

    @property
    def nodes(self) -> Nodes:
        """The present snapshot: the nodes, with all bound and assumed Pods."""
        if self._nodes is None:
            pods = [*self.bound.values(), *self.assumed.values()]
            self._nodes = Nodes(self._read_nodes(), pods, self._read_namespaces())
        return self._nodes

    def invalidate(self) -> None:
        """A node joins or leaves: the next snapshot is made from scratch."""
        self._nodes = None

    def touch(self) -> None:
        """Something else that plugins read has changed: what was worked out is old."""
        if self._nodes is not None:
            self._nodes.changes += 1

    def update_node(self, node: Node) -> None:
        """A node has changed; all others, and the Pods, stay as they are."""
        if self._nodes is not None and node.name in self._nodes.rows:
            self._nodes.update(node)

    def update_namespace(self, before: Namespace | None, after: Namespace | None) -> None:
        """A namespace has come, changed or gone: terms may select Pods by its labels."""
        if before is not None and after is not None and before.labels == after.labels:
            return
        if before is None and after is not None and self._nodes is not None:
            if after.name not in self._nodes.namespaces:
                self._nodes.namespaces[after.name] = after.labels  # no Pod is there yet
        else:
            self.invalidate()

    def with_nominated(self, pod: PodInfo) -> Nodes:
        """The snapshot in which nominated Pods of no lower priority are counted already."""
        counted = [
            (info, node)
            for info, node in self.nominated.values()
            if info.pod.uid != pod.pod.uid and info.pod.spec.priority >= pod.pod.spec.priority
        ]
        if not counted:
            return self.nodes
        nodes = self.nodes.copy()
        for info, node in counted:
            nodes.add(info, node)
        return nodes

    def assume(self, pod: PodInfo, node: str) -> PodInfo:
        """Count a Pod on the node chosen for it; returns the copy that stands for it here."""
        assumed = self.assumed[pod.pod.uid] = pod.assumed(node)
        self.nominated.pop(pod.pod.uid, None)
        self.nodes.add(assumed, node)
        return assumed

    def forget(self, assumed: PodInfo) -> None:
        """A Pod could not be bound: count it no more."""
        if self.assumed.pop(assumed.pod.uid, None) is not None:
            self._uncount(assumed)

    def update(self, pod: Pod) -> str:
        """A bound Pod is new or has changed; returns the event that this is, or nothing."""
        new = pod.uid not in self.bound
        known = self.assumed.pop(pod.uid, None) if new else self.bound[pod.uid]
        if known is not None and known.pod.spec == pod.spec and known.labels == pod.labels:
            info = known.renewed(pod)
            if self._nodes is not None:
                self._nodes.renew(info, pod.spec.node_name)
        else:
            info = self.shapes.info(pod)
            if known is not None:
                self._uncount(known)
            if self._nodes is not None:
                self._nodes.add(info, pod.spec.node_name)
        self.bound[pod.uid] = info
        if new:
            return POD_ADD
        assert known is not None
        changed = known.labels != pod.labels or known.pod.terminating != pod.terminating
        return POD_UPDATE if changed else ""

    def remove(self, pod: Pod) -> bool:
        """A Pod is deleted or over; returns whether it was counted."""
        known = self.bound.pop(pod.uid, None) or self.assumed.pop(pod.uid, None)
        if known is not None:
            self._uncount(known)
        return known is not None

    def _uncount(self, info: PodInfo) -> None:
        if self._nodes is not None:
            self._nodes.remove(info, info.pod.spec.node_name)


def scheduling_properties(node: Node) -> tuple[object, ...]:
    """What of a node, when it changes, can help a waiting Pod: not its images, nor its heartbeat.

    Source: `pkg/scheduler/framework/events.go` (`nodeSchedulingPropertiesChange`).
    """
    conditions = {c.type: c.status for c in node.status.conditions or ()}
    return (
        node.spec.unschedulable,
        node.spec.taints,
        node.status.allocatable,
        dict(node.labels),
        conditions,
    )
