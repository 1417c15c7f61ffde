"""The kubelet: the agent that makes one machine a node (chapter 06).

It registers the node, renews its lease, and runs the Pods that are bound to it: a worker for
each. It hears of Pods and speaks of them through the API server alone; what is done for them on
the node it has done by the container runtime, through the CRI alone.
When no API server answers it goes on with what it knows, and tells later what came of it.
Source: `pkg/kubelet/kubelet.go`, `pkg/kubelet/status/status_manager.go`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.errors import APIError, Conflict, NotFound, Unavailable
from course_lib.apiserver.server import DELETED
from course_lib.client import Client
from course_lib.cri import CRIClient
from course_lib.network import Network
from course_lib.node import admission
from course_lib.node.backoff import Backoff
from course_lib.node.eviction import EvictionManager
from course_lib.node.garbage import GarbageCollector
from course_lib.node.images import ImageManager
from course_lib.node.logs import rotate
from course_lib.node.node_reporter import Machine, NodeReporter
from course_lib.node.pleg import PERIOD, PLEG
from course_lib.node.pod_worker import PodWorker
from course_lib.node.static_pods import StaticPods, is_mirror
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import Object
from course_lib.objects.selectors import parse_field_selector
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.files import FileSystem

REFUSAL_SECONDS = 0.5  # until a refused Pod's status has reached the API server

Document = dict[str, Any]


class Kubelet(NodeReporter):
    """The agent of one node."""

    def __init__(
        self, api: Client, machine: Machine, cri: CRIClient, network: Network, disk: FileSystem
    ) -> None:
        self.api, self.sim, self.machine = api, api.sim, machine
        self.name, self.address = machine.name, machine.address
        self.component = f"kubelet/{machine.name}"
        self.network, self.disk = network, disk
        self.backoff = Backoff()
        self.workers: dict[str, PodWorker] = {}
        self.pressure = False
        self.powered = True
        self.registered = False
        self._refused: set[str] = set()  # uids of Pods that did not fit
        self._untold: dict[str, PodWorker] = {}  # whose status did not get through
        self._unconfirmed: dict[str, Pod] = {}  # whose deletion did not
        self._images_told: tuple[str, ...] = ()
        self._phase = self.sim.random(f"{self.component}/relist").uniform(0, PERIOD)
        self._connect(cri)
        self._register()
        self.static = StaticPods(self)
        mine = parse_field_selector(f"spec.nodeName={self.name}")
        api.watch("Pod", self._on_pod, fields=mine)
        self._mine = mine
        self.sim.loop(self.component, self._heartbeat)
        self.eviction = EvictionManager(self)
        self.sim.loop(self.component, self.eviction.run)
        self.sim.loop(self.component, GarbageCollector(self).run)

    # The runtime

    def _connect(self, cri: CRIClient) -> None:
        """Speak to a runtime from now on."""
        self.cri = cri
        version = cri.call("Version")
        self.runtime_name, self.runtime_version = version.runtime_name, version.runtime_version
        self.images = ImageManager(self.api, cri, self.component)
        self.pleg = PLEG(self.sim, cri, self._phase, self._on_relist)
        self._block_told = ""

    def swap_runtime(self, cri: CRIClient) -> None:
        """Another runtime answers from now on: what ran under the old one starts again."""
        self.pleg.stop()
        self._connect(cri)
        self.workers.clear()
        with suppress(APIError):  # the API server may have been one of its containers
            self.report_node()
        self.static.start()
        self.take_up()

    def tell_address_block(self) -> None:
        """Tell the runtime from which block its Pods get their addresses, once it is given."""
        node = self.api.find("Node", self.name)
        block = node.spec.pod_cidr if node else ""
        if block and block != self._block_told:
            network = {"network_config": {"pod_cidr": block}}
            with suppress(RuntimeFault):  # it does not answer: it is told with the next heartbeat
                self.cri.call("UpdateRuntimeConfig", runtime_config=network)
                self._block_told = block

    def memory_used(self) -> dict[str, int] | None:
        """Bytes that each running container uses; None when the runtime does not answer."""
        try:
            found = self.cri.call("ListContainerStats").stats
        except RuntimeFault:
            return None
        return {s.attributes.id: s.memory.working_set_bytes.value for s in found}

    def runtime_problem(self) -> str:
        """Why no Pod can be run now; empty when all is well (`runtimeState`)."""
        try:
            conditions = self.cri.call("Status").status.conditions
        except RuntimeFault:
            return "container runtime is down"
        down = [c for c in conditions if c.type == "RuntimeReady" and not c.status]
        return f"container runtime is down: {down[0].message}" if down else ""

    def _on_relist(self, uid: str) -> None:
        if self.powered and (worker := self.workers.get(uid)):
            worker.changed()

    # The Pods

    def _on_pod(self, event: WatchEvent) -> None:
        pod = event.object
        assert isinstance(pod, Pod)
        worker = self.workers.get(pod.uid)
        if not self.powered:
            return
        if is_mirror(pod):
            self.static.on_mirror(event)
        elif event.type == DELETED:
            self._refused.discard(pod.uid)
            if worker is not None:
                worker.deleted()
        elif worker is not None:
            worker.update(pod)
        else:
            self._add(pod)

    def _add(self, pod: Pod) -> None:
        if pod.status.phase in ("Succeeded", "Failed"):
            if pod.terminating:
                self._confirm_deleted(pod)
            return
        if pod.uid in self._refused:
            return
        if not pod.terminating and (refusal := admission.refuse(self, pod)):
            self._refused.add(pod.uid)
            self.sim.at(self.sim.now + REFUSAL_SECONDS, lambda: self._refuse(pod, *refusal))
            return
        self.workers[pod.uid] = PodWorker(self, pod)

    def _refuse(self, pod: Pod, reason: str, message: str) -> None:
        """Fail a Pod that does not fit; it will not be tried again."""
        if not self.powered:
            self._refused.discard(pod.uid)  # the kubelet decides again after its start
            return
        with suppress(NotFound):
            status = {"phase": "Failed", "reason": reason, "message": message}
            self.api.patch_status(pod, status)
            self.warning(pod, reason, message)

    def finish(self, worker: PodWorker) -> None:
        """A worker has stopped everything: release what it held, and confirm the deletion."""
        self.workers.pop(worker.pod.uid, None)
        self.images.forget(worker.pod)
        self.backoff.forget(worker.pod.uid)
        if not worker.gone:
            self._confirm_deleted(worker.pod)

    def forget_files(self, uid: str) -> None:
        """A Pod's sandbox is removed: its volumes go too, and its logs."""
        self.disk.remove(f"/var/lib/kubelet/pods/{uid}")
        for path in [p for p in self.disk.files if p.startswith("/var/log/pods/")]:
            if path.split("/")[4].endswith(f"_{uid}"):
                self.disk.remove(path)

    def _confirm_deleted(self, pod: Pod) -> None:
        self._unconfirmed.pop(pod.uid, None)
        try:
            with suppress(NotFound, Conflict):  # somebody else was faster
                self.api.delete("Pod", pod.name, pod.namespace, grace_period=0, uid=pod.uid)
        except APIError:
            self._unconfirmed[pod.uid] = pod

    def report(self, worker: PodWorker, status: Document) -> None:
        """Write a Pod's status, if the Pod is still there; what does not get through, later."""
        self._untold.pop(worker.pod.uid, None)
        conditions = status["conditions"]
        worker.told_ready = next(c["status"] for c in conditions if c["type"] == "Ready")
        try:
            if worker.pod.uid in self.static.pods:
                self.static.report(worker, status)
            else:
                worker.pod = self.api.patch_status(worker.pod, status)
        except NotFound:
            worker.gone = worker.pod.uid not in self.static.pods
        except APIError:
            self._untold[worker.pod.uid] = worker

    def rotate_logs(self) -> None:
        """Begin new log files where the present ones are large."""
        rotate(self)

    def catch_up(self) -> None:
        """Tell what could not be told before (every ten seconds, as the status manager)."""
        for uid, worker in list(self._untold.items()):
            if uid in self.workers:
                worker.wake()
            else:
                del self._untold[uid]
        for pod in list(self._unconfirmed.values()):
            self._confirm_deleted(pod)
        self.static.mirror()

    # The machine

    def power_off(self) -> None:
        """The machine is gone: no heartbeat, no containers, no answers."""
        self.powered = False
        self.images.restart()
        self.workers.clear()

    def power_on(self) -> None:
        """The machine is back: its Pods start again, and what was deleted meanwhile stops."""
        self.powered = True
        self.static.start()
        self._register()
        if self.registered:
            self.report_node()
            self.take_up()

    def take_up(self) -> None:
        """Start the Pods that the API server has for this node."""
        with suppress(Unavailable):  # the watch will tell of them
            for pod in self.api.list("Pod", fields=self._mine):
                if is_mirror(pod) or pod.uid in self.workers:
                    continue
                self._add(pod)
                if worker := self.workers.get(pod.uid):
                    worker.resume(pod)
        self.static.mirror()

    # Saying

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Report that something went as it should."""
        self.api.events.normal(self.component, about, reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Report that something went wrong."""
        self.api.events.warning(self.component, about, reason, message)
