"""What the scheduler does when something in the cluster changes: in its queue, and in its cache.

Source: `pkg/scheduler/eventhandlers.go`.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.client.informer import InformerFactory
from course_lib.objects.kinds.csi_node import CSINode
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.kinds.service import Service
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.kinds.storage_class import StorageClass
from course_lib.objects.meta import Object
from course_lib.scheduler.cache import SchedulerCache, scheduling_properties
from course_lib.scheduler.framework import CLAIM_UPDATE, NODE_ADD, NODE_UPDATE, POD_DELETE
from course_lib.scheduler.handle import WaitingPod
from course_lib.scheduler.queue import SchedulingQueue
from course_lib.scheduler.runtime import SchedulingFramework

DELETED_POD = "the Pod is deleted"
Selecting = Service | ReplicaSet | ReplicationController | StatefulSet


class EventHandlers:
    """Keeps `queue` and `cache` up to date with what the `informers` say.

    `frameworks` are the profiles by name: Pods of other schedulers are not queued. `waiting_pods`
    are those that Permit plugins keep waiting.
    """

    def __init__(
        self,
        informers: InformerFactory,
        queue: SchedulingQueue,
        cache: SchedulerCache,
        frameworks: Mapping[str, SchedulingFramework],
        waiting_pods: Mapping[str, WaitingPod],
    ) -> None:
        self._queue, self._cache = queue, cache
        self._frameworks, self._waiting_pods = frameworks, waiting_pods
        informers.informer(Pod).add_handler(self._on_pod)
        informers.informer(Node).add_handler(self._on_node)
        informers.informer(Namespace).add_handler(cache.update_namespace)
        for kind in (PersistentVolumeClaim, PersistentVolume, StorageClass, CSINode):
            informers.informer(kind).add_handler(self._on_storage)
        informers.informer(Service).add_handler(self._on_selector)
        informers.informer(ReplicaSet).add_handler(self._on_selector)
        informers.informer(ReplicationController).add_handler(self._on_selector)
        informers.informer(StatefulSet).add_handler(self._on_selector)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if before is None or after is None:
            self._cache.invalidate()
            if after is not None:
                self._queue.move(NODE_ADD)
            return
        self._cache.update_node(after)
        if scheduling_properties(before) != scheduling_properties(after):
            self._queue.move(NODE_UPDATE)

    def _on_storage(self, before: Object | None, after: Object | None) -> None:
        self._cache.touch()
        self._queue.move(CLAIM_UPDATE)

    def _on_selector(self, before: Selecting | None, after: Selecting | None) -> None:
        """A Service or a workload: its selector is part of the default spread constraints."""
        if before is None or after is None or before.spec.selector != after.spec.selector:
            self._cache.touch()

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        pod = after or before
        assert pod is not None
        over = after is None or pod.status.phase in FINAL_PHASES
        if pod.spec.node_name:
            self._leave_queue(pod)
            if not over and (happened := self._cache.update(pod)):
                self._queue.move(happened)
            elif over and self._cache.remove(pod):
                self._queue.move(POD_DELETE)
        elif over or pod.terminating:
            self._leave_queue(pod)
            if pod.uid in self._waiting_pods:
                self._waiting_pods[pod.uid].reject("", DELETED_POD)
            if over and self._cache.remove(pod):  # assumed, and never bound
                self._queue.move(POD_DELETE)
        elif framework := self._frameworks.get(pod.spec.scheduler_name):
            info = self._cache.shapes.info(pod)
            if not framework.pre_enqueue(info):
                self._queue.add(info)

    def _leave_queue(self, pod: Pod) -> None:
        self._queue.remove(pod.uid)
        self._cache.nominated.pop(pod.uid, None)
