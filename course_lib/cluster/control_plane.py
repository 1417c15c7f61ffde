"""The control plane of a cluster: what the cluster asks of it, and the one that never fails.

`ManagedControlPlane` runs beside the nodes, as a cloud's does; `KubeadmControlPlane` (in
`kubeadm.py`) is made of processes on machines, and can be broken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Set
from contextlib import suppress
from typing import Generic, NoReturn, TypeVar

from course_lib.apiserver import APIServer
from course_lib.apiserver.compaction import Compactor
from course_lib.client import LocalClient
from course_lib.client.limited import one_for_each
from course_lib.client.limits import NO_LIMITS, ClientLimits, limiter_of
from course_lib.client.local import ServerClient
from course_lib.cluster.bootstrap import furnish
from course_lib.cluster.layout import Layout
from course_lib.cluster.static_manifests import CONTROLLER_MANAGER, SCHEDULER
from course_lib.controllers import (
    DEFAULTS,
    Controller,
    ControllerFlags,
    MetricsServer,
    start_controllers,
)
from course_lib.controllers.node_ipam import NodeIPAMController
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import ClusterCIDR, Links
from course_lib.node import Kubelet
from course_lib.runtimes import Runtime
from course_lib.scheduler import Scheduler, SchedulerSource

ENTRY = "control-plane"  # the machine of a managed control plane, as nodes see it
M = TypeVar("M", covariant=True)


def no_scheduler() -> CourseError:
    """What is said where the scheduler is asked for and left out."""
    return CourseError(
        "this cluster has no scheduler of its own",
        do=f"make the cluster again, with {SCHEDULER} not in `without`",
    )


class ControlPlane(ABC, Generic[M]):
    """What a cluster asks of its control plane; `M` is a control plane of processes on machines.

    `layout` says what runs where, `links` are the links between its machines and the nodes, and
    `entry` is the machine at which the API is reached.
    """

    layout: Layout
    links: Links
    entry: str

    @abstractmethod
    def on_machines(self) -> M:
        """This control plane with its processes; raises `CourseError` where none can fail."""

    @abstractmethod
    def start(self) -> None:
        """Start what does not wait for a node."""

    @abstractmethod
    def settle(self, uses_pod_cidr: bool = True) -> None:
        """Have the nodes get what they need from the control plane, before the first command.

        `uses_pod_cidr` says whether a node needs a block of addresses to be ready.
        """

    @abstractmethod
    def connection(
        self, client: str, consistent: bool = False, remembers: bool = False
    ) -> ServerClient:
        """A client of the API on a machine; see `course_lib.client.connection.Connection`.

        `client` is its machine; `consistent` asks for reads through etcd's quorum; with `remembers`
        it answers reads from what it has seen while no API server can be reached.
        """

    @property
    @abstractmethod
    def scheduler(self) -> Scheduler:
        """The scheduler that works now; raises `CourseError` while there is none."""

    # Machines

    @abstractmethod
    def add_node(self, kubelet: Kubelet) -> None:
        """Write the static Pods of a node, if parts of the control plane run there."""

    @abstractmethod
    def follow(self, machine: str, runtime: Runtime) -> None:
        """Watch the containers of a machine's runtime, for processes of the control plane."""

    @abstractmethod
    def stop_all(self, machine: str) -> None:
        """Stop what runs of the control plane on a machine."""

    @abstractmethod
    def power_off(self, machine: str) -> None:
        """Cut a machine's power."""

    @abstractmethod
    def power_on(self, machine: str) -> None:
        """Give a machine its power back."""


class ManagedControlPlane(ControlPlane[NoReturn]):
    """One API server, scheduler and controller manager beside the nodes, which never fail.

    `sim` has the time, `layout` names the machines, `metrics` measure Pods for the autoscaler,
    `scheduler` is its configuration, and `cidr` has the addresses of Pods; `without` names the
    scheduler or the controller manager where it is left out, `limits` are those of their clients,
    and `flags` those of the controller manager.
    """

    def __init__(
        self,
        sim: Simulation,
        layout: Layout,
        metrics: MetricsServer,
        scheduler: SchedulerSource | None = None,
        cidr: ClusterCIDR | None = None,
        without: Set[str] = frozenset(),
        limits: ClientLimits = NO_LIMITS,
        flags: ControllerFlags = DEFAULTS,
    ) -> None:
        self.layout, self.links, self.entry = layout, Links(), ENTRY
        self._sim, self._client = sim, LocalClient(APIServer(sim))
        self._metrics, self._configuration, self._cidr = metrics, scheduler, cidr
        self._without, self._limits, self._flags = without, limits, flags
        self._scheduler: Scheduler | None = None
        self._controllers: list[Controller] = []

    def on_machines(self) -> NoReturn:
        """Raise `CourseError`: no process of it can fail."""
        raise CourseError(
            "this cluster's control plane is not simulated",
            do="make one of the four configurations, for example Cluster.all_in_one()",
        )

    def start(self) -> None:
        """Create what every cluster has; start the scheduler and the controllers."""
        furnish(self._client)
        if SCHEDULER not in self._without:
            limiter = limiter_of(self._limits.scheduler, self._sim)
            self._scheduler = Scheduler(self._client, self._configuration, limiter)
        if CONTROLLER_MANAGER not in self._without:
            own = one_for_each(self._client, self._limits.controllers)
            self._controllers = start_controllers(
                self._client, self._metrics, self._cidr, own, self._flags
            )
        Compactor(self._sim, self._client.server.store)

    def settle(self, uses_pod_cidr: bool = True) -> None:
        """Give the nodes their blocks of addresses at once."""
        for controller in self._controllers:
            if isinstance(controller, NodeIPAMController):
                for name in self.layout.nodes:
                    with suppress(CourseError):  # no block is left: it tries again later
                        controller.look("", name)

    def connection(
        self, client: str, consistent: bool = False, remembers: bool = False
    ) -> ServerClient:
        """The client of the one API server, which is always reached."""
        return self._client

    @property
    def scheduler(self) -> Scheduler:
        """The one scheduler; raises `CourseError` where it is left out."""
        if self._scheduler is None:
            raise no_scheduler()
        return self._scheduler

    def add_node(self, kubelet: Kubelet) -> None:
        """Nothing: no part of it runs on a node."""

    def follow(self, machine: str, runtime: Runtime) -> None:
        """Nothing: none of its processes are containers."""

    def stop_all(self, machine: str) -> None:
        """Nothing runs there."""

    def power_off(self, machine: str) -> None:
        """Nothing runs there."""

    def power_on(self, machine: str) -> None:
        """Nothing runs there."""
