"""The workers of one node: one for each Pod that it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course_lib.node.node_parts import NodeParts
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.kinds.pod import Pod


class PodWorkers(Mapping[str, PodWorker]):
    """The workers of one node, by the UID of their Pod."""

    def __init__(self, node: NodeParts) -> None:
        self._node = node
        self._workers: dict[str, PodWorker] = {}

    def __getitem__(self, uid: str) -> PodWorker:
        return self._workers[uid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._workers)

    def __len__(self) -> int:
        return len(self._workers)

    def start(self, pod: Pod) -> PodWorker:
        """Begin to run a Pod; a worker that it has already does nothing any more."""
        self.retire(pod.uid)
        self._node.held.hold(pod)
        worker = self._workers[pod.uid] = PodWorker(self._node, pod)
        self._node.stir()
        return worker

    def retire(self, uid: str) -> None:
        """End a worker, if there is one."""
        if worker := self._workers.pop(uid, None):
            worker.retire()
            self._node.held.release(uid)
            self._node.stir()

    def retire_all(self) -> None:
        """End all workers: the power is gone, or another runtime has the node."""
        for uid in list(self._workers):
            self.retire(uid)
