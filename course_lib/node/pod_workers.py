"""The workers of one node: one for each Pod that it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course_lib.node.adoption import Found, found_pods, orphan
from course_lib.node.node_parts import NodeParts
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.kinds.pod import Pod


class PodWorkers(Mapping[str, PodWorker]):
    """The workers of one node, by the UID of their Pod."""

    def __init__(self, node: NodeParts) -> None:
        self._node = node
        self._workers: dict[str, PodWorker] = {}
        self._found: dict[str, Found] = {}  # what the runtime had at the kubelet's start

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
        if found := self._found.pop(pod.uid, None):
            worker.adopt(found)
        self._node.stir()
        return worker

    def look(self) -> None:
        """The kubelet starts: see what its runtime still has of each Pod."""
        self._found = found_pods(self._node.runtime)

    def stop_orphans(self) -> None:
        """Stop what the runtime has of Pods that are not there any more (`HandlePodCleanups`)."""
        for uid, found in list(self._found.items()):
            if uid not in self._workers:
                self.start(orphan(found)).deleted()
        self._found.clear()

    def retire(self, uid: str) -> None:
        """End a worker, if there is one."""
        if worker := self._workers.pop(uid, None):
            worker.retire()
            self._node.held.release(uid)
            self._node.resizes.forget(uid)
            self._node.stir()

    def retire_all(self) -> None:
        """End all workers: the power is gone, or another runtime has the node."""
        for uid in list(self._workers):
            self.retire(uid)
