"""The kubelet: the agent that makes one machine a node (chapter 06).

It registers the node, renews its lease, and runs the Pods that are bound to it: a worker for
each. It watches Pods and writes their status at the API server. The container runtime does the
work, through the CRI.
When no API server answers, it keeps its Pods running, and reports their status later.
Source: `pkg/kubelet/kubelet.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from course_lib.apiserver.errors import APIError, NotFound
from course_lib.client import Client
from course_lib.client.informer import Informer
from course_lib.cri import CRIClient
from course_lib.engine import SOON, timestamp
from course_lib.network import Network
from course_lib.node.admission import HeldResources, refusal
from course_lib.node.backoff import Backoff
from course_lib.node.container_options import ContainerOptions
from course_lib.node.eviction import MONITORING_PERIOD, EvictionManager
from course_lib.node.garbage import (
    CONTAINER_PERIOD,
    IMAGE_PERIOD,
    ImageGC,
    collect_containers,
)
from course_lib.node.images import ImageManager
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.logs import follow_logs, rotate_logs
from course_lib.node.machine import MachineInfo
from course_lib.node.mirror_pods import MirrorPods, is_mirror
from course_lib.node.node_parts import NodeParts
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.node_status import NodeStatusReporter
from course_lib.node.object_watches import ObjectWatches
from course_lib.node.pleg import PERIOD, PLEG
from course_lib.node.pod_state import PodState
from course_lib.node.pod_status import OWN
from course_lib.node.pod_workers import PodWorkers
from course_lib.node.resizes import Resizes
from course_lib.node.routine import Routine
from course_lib.node.static_pods import StaticPods
from course_lib.node.status_manager import StatusManager
from course_lib.objects.decode import encode
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.selectors import parse_field_selector
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.files import FileSystem

REFUSAL_SECONDS = 0.5  # until a refused Pod's status has reached the API server
HEARTBEAT = 10.0  # s between two renewals of the node's lease


class Kubelet:
    """The agent of one node.

    Its parts: `runtime` (the CRI), `node_status`, `workers` (of its Pods), `static` (Pods from
    files), and the managers of images, statuses, evictions and garbage. `client` reaches the
    API, `machine` is the node's, `cri` reaches the runtime, `network` carries probes, `disk` has
    volumes and logs.
    """

    def __init__(
        self,
        client: Client,
        machine: MachineInfo,
        cri: CRIClient,
        network: Network,
        disk: FileSystem,
    ) -> None:
        self._client, self._sim, self.machine, self.disk = client, client.sim, machine, disk
        self.component = f"kubelet/{machine.name}"
        self.powered = True
        self._refused: set[str] = set()  # UIDs of Pods that did not fit
        self._phase = self._sim.random(f"{self.component}/relist").uniform(0, PERIOD)
        self._events = KubeletEvents(client, self.component)
        self._routine = Routine(self._sim, cri, lambda: self.powered)
        self.runtime = NodeRuntime(cri)
        self._images = ImageManager(self._sim, self.runtime, self._events)
        self._pleg = self._relist()
        self._backoff, self._held = Backoff(), HeldResources()
        stir, retry = self._routine.stir, self._register_again
        expects_block = partial(network.has_block_for, machine.name)
        self.node_status = NodeStatusReporter(
            client, machine, self.runtime, self._events, retry, stir, expects_block
        )
        self._objects = ObjectWatches(client)
        self._pods: Informer[Pod] | None = None  # of this node, from the first registration on
        self._mirrors = MirrorPods(client, self.node_status, lambda: self.powered, self._wake)
        self._status = StatusManager(client, self._mirrors, self.runtime, machine.address, stir)
        self.workers = PodWorkers(self._parts(network))
        self.static = StaticPods(
            machine.name, disk, self.workers, self._mirrors, lambda: self.powered
        )
        if self.node_status.register():
            self._objects.start()
        self._follow_pods()
        self._begin_routine()

    def _begin_routine(self) -> None:
        """Begin what it does again and again; heartbeats of nodes are spread over their period."""
        first = self._sim.random(self.component).uniform(0, HEARTBEAT)
        well = self.node_status.found_well
        heartbeat = self._routine.every(HEARTBEAT, self._beat, first, slept=well)
        eviction = EvictionManager(
            self.machine, self.runtime, self.workers, self.disk, self._events, self.node_status
        )
        self._routine.every(MONITORING_PERIOD, lambda: eviction.look(self._sim.now))
        containers = partial(collect_containers, self.runtime, self.workers, self.disk)
        self._routine.every(CONTAINER_PERIOD, partial(self._safely, containers))
        images = ImageGC(self._sim, self.runtime, self.machine, self.component)
        self._routine.every(IMAGE_PERIOD, partial(self._safely, images.collect))
        self.node_status.lease.follow(lambda: heartbeat.last)
        self.node_status.heartbeat.follow(heartbeat)
        follow_logs(self.disk, self._routine.stir)

    def _parts(self, network: Network) -> NodeParts:
        """What the workers of this node share."""
        find = self.node_status.find
        return NodeParts(
            sim=self._sim,
            machine=self.machine,
            network=network,
            runtime=self.runtime,
            images=self._images,
            backoff=self._backoff,
            held=self._held,
            resizes=Resizes(self._sim, self._held, self.node_status, self._events),
            options=ContainerOptions(self._objects, self.disk, self.machine, find),
            status=self._status,
            events=self._events,
            tell_address_block=self._tell_address_block,
            pleg=lambda: self._pleg,
            stir=self._routine.stir,
            ended=self._finish,
        )

    @property
    def name(self) -> str:
        """The node's name."""
        return self.machine.name

    @property
    def cri(self) -> CRIClient:
        """The client of the node's runtime."""
        return self.runtime.cri

    # The runtime

    def swap_runtime(self, cri: CRIClient) -> None:
        """Another runtime answers from now on: what ran under the old one starts again."""
        self._pleg.stop()
        self.runtime.connect(cri)
        self._routine.follow(cri)
        self._routine.stir()
        self._images.swap()
        self._pleg = self._relist()
        self.workers.retire_all()
        with suppress(APIError):  # the API server may have been one of its containers
            self.node_status.report()
        self.static.start()
        self._take_up()

    def _relist(self) -> PLEG:
        return PLEG(self._sim, self.runtime.cri, self._phase, self._on_relist)

    def _on_relist(self, uid: str) -> None:
        if self.powered and (worker := self.workers.get(uid)):
            worker.changed()

    def _tell_address_block(self) -> str:
        """Pass the node's block of addresses on; why no Pod can get an address, if so."""
        self._pass_on_address_block()
        return self.runtime.network_problem()

    def _pass_on_address_block(self) -> None:
        node = self.node_status.find()
        self.runtime.tell_address_block(node.spec.pod_cidr if node else "")

    # The Pods

    def _follow_pods(self) -> None:
        """Watch the Pods that are bound to this node; those that are there start now."""
        mine = parse_field_selector(f"spec.nodeName={self.name}")
        self._pods = Informer(self._client, Pod, fields=mine)
        self._pods.add_handler(self._on_pod)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        if before is not None and (after is None or after.uid != before.uid):
            self._on_deleted(before)
        if after is None:
            return
        worker = self.workers.get(after.uid)
        if is_mirror(after):
            self._mirrors.on_change(after, deleted=False)
        elif worker is not None:
            worker.update(after)
        else:
            self._add(after)

    def _on_deleted(self, pod: Pod) -> None:
        if is_mirror(pod):
            self._mirrors.on_change(pod, deleted=True)
            return
        self._refused.discard(pod.uid)
        self._held.release(pod.uid)  # of what it holds, though its containers may run still
        if worker := self.workers.get(pod.uid):
            worker.deleted()

    def _add(self, pod: Pod) -> None:
        if pod.status.phase in FINAL_PHASES:
            if pod.terminating:
                self._status.confirm_deleted(pod)
            return
        if pod.uid in self._refused:
            return
        if not pod.terminating and (refused := self._refusal(pod)):
            self._refused.add(pod.uid)
            self._sim.at(self._sim.now + REFUSAL_SECONDS, lambda: self._refuse(pod, *refused))
            return
        self.workers.start(pod).resume(pod)

    def _refusal(self, pod: Pod) -> tuple[str, str] | None:
        """Reason and message when the node cannot take a Pod."""
        node = self.node_status.find()
        if node is None:
            return None  # not seen yet
        return refusal(pod, node, self._held, self.node_status.memory_pressure)

    def _refuse(self, pod: Pod, reason: str, message: str) -> None:
        """Fail a Pod that does not fit; it will not be tried again."""
        if not self.powered:
            self._refused.discard(pod.uid)  # the kubelet decides again after its start
            return
        with suppress(NotFound):
            said, began = f"Pod was rejected: {message}", timestamp(self._sim.now)
            others = [encode(c) for c in pod.status.conditions or () if c.type not in OWN]
            status = {
                "observedGeneration": pod.metadata.generation,
                "phase": "Failed",
                "reason": reason,
                "message": said,
                "startTime": began,
                "conditions": others or None,
            }
            self._client.patch_status(pod, status)
            self._events.warning(pod, reason, message)

    def _finish(self, state: PodState) -> None:
        """All of a Pod has stopped: release what it held, and confirm the deletion."""
        self.workers.retire(state.pod.uid)
        self._images.forget(state.pod)
        self._objects.forget(state.pod.uid)
        self._backoff.forget(state.pod.uid)
        if not state.gone:
            self._status.confirm_deleted(state.pod)

    def _wake(self, uid: str) -> None:
        if worker := self.workers.get(uid):
            worker.wake()

    def _take_up(self) -> None:
        """Start the Pods that the API server has for this node."""
        self._objects.start()
        if self._pods is None:
            self._follow_pods()
        else:
            for pod in self._pods.list():
                if not is_mirror(pod) and pod.uid not in self.workers:
                    self._add(pod)
        self.workers.stop_orphans()
        self._mirrors.show()

    # The machine

    def power_off(self) -> None:
        """The kubelet stops, by itself or with its machine: no heartbeat, no answers."""
        self._routine.stir()
        self.powered = False
        self._images.restart()
        self.workers.retire_all()
        self.node_status.stop()
        self._mirrors.forget()
        self._objects.stop()
        if self._pods is not None:
            self._pods.stop()
            self._pods = None

    def power_on(self) -> None:
        """The kubelet starts: its Pods go on with the containers that its runtime still has.

        Other Pods start again, and what was deleted meanwhile stops.
        """
        self._routine.stir()
        self.powered = True
        self.workers.look()
        self.node_status.boots += 1
        self.static.start()
        self._register_and_take_up()

    def _register_again(self) -> None:
        if self.powered and not self.node_status.registered:
            self._register_and_take_up()

    def _register_and_take_up(self) -> None:
        if self.node_status.register():
            self._pass_on_address_block()
            self.node_status.report()
            self._take_up()

    # What it does again and again

    def _beat(self) -> float:
        """Renew the lease; report changed conditions and images, and what did not get through."""
        status = self.node_status
        if status.registered:
            with suppress(APIError):  # the next heartbeat may get through
                status.lease.renew(status.find())
                self._pass_on_address_block()
                status.report()
                self._status.catch_up(self._wake)
                self._mirrors.show()
        rotated = rotate_logs(self.runtime, self.workers, self.disk, self._sim.now)
        told = not self._status.behind and not self._mirrors.pods
        return status.until if status.lease.kept and rotated and told else SOON

    def _safely(self, collect: Callable[[], float]) -> float:
        try:
            return collect()
        except RuntimeFault as fault:
            name = f"Node/{self.name}"
            self._sim.record(self.component, name, "ContainerGCFailed", str(fault))
            return SOON
