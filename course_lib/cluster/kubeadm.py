"""A control plane of processes on machines, as kubeadm makes it, which can be broken.

On a node the processes are static Pods, started again by the kubelet; on machines outside the
cluster (external etcd, the load balancer) they are services, started again by systemd.
"""

from __future__ import annotations

from collections.abc import Set

from course_lib.apiserver.errors import APIError
from course_lib.apiserver.load_balancer import LoadBalancer
from course_lib.client.connection import Connection
from course_lib.client.limits import NO_LIMITS, ClientLimits
from course_lib.cluster.control_plane import ControlPlane, no_scheduler
from course_lib.cluster.frontend import APIFrontend, Local
from course_lib.cluster.layout import Layout
from course_lib.cluster.membership import Membership
from course_lib.cluster.processes import (
    APIServerProcess,
    Component,
    ControllerManagerProcess,
    EtcdProcess,
    SchedulerProcess,
)
from course_lib.cluster.static_manifests import CONTROLLER_MANAGER, ETCD, SCHEDULER, static_pod
from course_lib.controllers import DEFAULTS, ControllerFlags, MetricsServer
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster
from course_lib.network import ClusterCIDR, Links
from course_lib.node import Kubelet
from course_lib.objects.kinds.node import Node
from course_lib.objects.meta import is_true
from course_lib.runtimes import Runtime
from course_lib.runtimes.container import RuntimeContainer
from course_lib.scheduler import Scheduler, SchedulerSource

SYSTEMD_RESTART = 5.0  # s (RestartSec)
LONGEST_START = 300.0  # s until all nodes are ready
YEAR = 365 * 86400.0  # s that certificates last, as kubeadm's
# The ones that are looked at here, of those that kubeadm makes ("Certificate Management").
CERTIFICATES = ("apiserver", "controller-manager.conf", "scheduler.conf")


class KubeadmControlPlane(ControlPlane["KubeadmControlPlane"]):
    """The processes of a layout, by machine and name, and etcd below them.

    `off` are the machines without power, `certificates` the ends of certificates (simulated s).
    `sim` has the time, `metrics` measure Pods for the autoscaler, `scheduler` is its configuration,
    and `cidr` has the addresses of Pods; `without` names the scheduler or the controller manager
    where it is left out, `limits` are those of their clients, `flags` those of the latter.
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
        certificates: float = YEAR,
    ) -> None:
        self.sim, self.layout, self.metrics = sim, layout, metrics
        self.scheduler_configuration, self.cidr = scheduler, cidr
        self.links, self._without, self.limits, self.flags = Links(), without, limits, flags
        self.entry = layout.balancer or layout.control_planes[0]
        self.certificates = {
            (machine, name): sim.now + certificates
            for machine in layout.control_planes
            for name in CERTIFICATES
        }
        self.etcd = _etcd(sim, layout)
        self.off: set[str] = set()
        self.runtimes: dict[str, Runtime] = {}
        etcds = [EtcdProcess(self, machine) for machine in layout.etcd]
        self.servers = {name: APIServerProcess(self, name) for name in layout.control_planes}
        managers = {name: ControllerManagerProcess(self, name) for name in layout.control_planes}
        self._schedulers = {name: SchedulerProcess(self, name) for name in layout.control_planes}
        planes = [
            each[name]
            for name in layout.control_planes
            for each in (self.servers, managers, self._schedulers)
            if each[name].name not in without
        ]
        self.components: dict[tuple[str, str], Component] = {
            (each.machine, each.name): each for each in (*etcds, *planes)
        }
        self.membership = Membership(self.etcd, self.components, self._hosts_etcd)
        self.frontend = APIFrontend(sim, layout, self.links, self.certificates, self.servers)

    def on_machines(self) -> KubeadmControlPlane:
        """This control plane itself."""
        return self

    def start(self) -> None:
        """Start the members of etcd on machines of their own."""
        for machine in self.layout.etcd:
            if machine not in self.layout.nodes:
                self.components[machine, ETCD].start()

    def settle(self, uses_pod_cidr: bool = True) -> None:
        """Let time pass until all nodes are ready, have addresses, and a scheduler works.

        What is left out is not waited for, nor are blocks of addresses that do not exist: then the
        nodes with a block are ready, and the others are not. On a network that does not use these
        blocks (`uses_pod_cidr`) all nodes are ready.
        """
        client = self.connection("kubectl", consistent=True)
        self.sim.run_until(lambda: self._settled(client, uses_pod_cidr), timeout=LONGEST_START)

    def _settled(self, client: Connection, uses_pod_cidr: bool) -> bool:
        try:
            nodes = client.list(Node)
        except APIError:
            return False
        every = len(self.layout.nodes)
        blocks = every if self.cidr is None else min(every, self.cidr.size)
        with_block = {n.name for n in nodes if n.spec.pod_cidr}
        found_ready = {n.name for n in nodes if is_true(n.status.conditions, "Ready")}
        if CONTROLLER_MANAGER not in self._without and (
            len(with_block) < blocks or (uses_pod_cidr and found_ready != with_block)
        ):
            return False
        scheduled = SCHEDULER in self._without or self._leader() is not None
        return len(found_ready) >= (blocks if uses_pod_cidr else every) and scheduled

    # Clients

    def connection(
        self, client: str, consistent: bool = False, remembers: bool = False
    ) -> Connection:
        """A client's connection, through the load balancer where there is one."""
        return Connection(self.sim, self.frontend, client, consistent, remembers)

    def local(self, machine: str, certificate: str) -> Local:
        """The way of a machine's own components; see `APIFrontend.local`."""
        return self.frontend.local(machine, certificate)

    @property
    def balancer(self) -> LoadBalancer | None:
        """The load balancer before the API servers, where there is one."""
        return self.frontend.balancer

    # Machines

    def follow(self, machine: str, runtime: Runtime) -> None:
        """A machine's containers are run by this runtime from now on."""
        self.runtimes[machine] = runtime
        runtime.listeners.append(
            lambda kind, container: self._on_container(machine, kind, container)
        )

    def add_node(self, kubelet: Kubelet) -> None:
        """Write the static Pods of a control plane node."""
        machine = kubelet.name
        members = [machine] if machine in self.layout.etcd else self.layout.etcd
        for where, name in self.components:
            if where == machine:
                flags = self.flags.given if name == CONTROLLER_MANAGER else []
                etcd = [f"https://{member}:2379" for member in members]
                kubelet.static.write(static_pod(name, etcd, flags))

    def _on_container(self, machine: str, kind: str, container: RuntimeContainer) -> None:
        sandbox = container.sandbox.spec
        component = self.components.get((machine, container.spec.name))
        if component is None or sandbox.namespace != "kube-system":
            return
        if kind == "started" and not component.up:
            component.start()
        elif kind == "stopped" and component.up:
            component.stop()

    def exit(self, machine: str, name: str) -> None:
        """A process ends by itself, or is killed; who looks after it starts it again."""
        component = self.components[machine, name]
        if machine not in self.layout.nodes:
            component.stop()
            self.sim.at(self.sim.now + SYSTEMD_RESTART, lambda: self._restart(component))
            return
        for container in list(self.runtimes[machine].containers.values()):
            if container.spec.name == name and container.running:
                container.exit(137, "Error")

    def _restart(self, component: Component) -> None:
        if component.machine not in self.off and not component.up:
            component.start()

    def power_off(self, machine: str) -> None:
        """A machine's processes are gone."""
        self.off.add(machine)
        self.stop_all(machine)
        if machine == self.layout.balancer and self.balancer:
            self.balancer.up = False

    def stop_all(self, machine: str) -> None:
        """Whatever of the control plane ran on a machine has ended."""
        for component in self.on(machine):
            if component.up:
                component.stop()

    def power_on(self, machine: str) -> None:
        """A machine is back; on a node the kubelet starts what belongs there."""
        self.off.discard(machine)
        if machine not in self.layout.nodes:
            for component in self.on(machine):
                if not component.up:
                    component.start()
        if machine == self.layout.balancer and self.balancer:
            self.balancer.up = True

    def on(self, machine: str) -> list[Component]:
        """The components of one machine."""
        return [each for (where, _), each in self.components.items() if where == machine]

    # Looking

    def up(self, machine: str, name: str) -> bool:
        """Whether a component runs on a machine."""
        return self.components[machine, name].up

    def leads(self, machine: str, name: str) -> bool:
        """Whether, of several equal components, this one works."""
        return self.components[machine, name].leads

    def check_member(self, machine: str) -> None:
        """Raise `CourseError` for a machine without a member of etcd."""
        if machine not in self.layout.etcd:
            raise CourseError(
                "no member of etcd lives there",
                expected=f"one of {', '.join(self.layout.etcd)}",
                found=repr(machine),
            )

    def _hosts_etcd(self, machine: str) -> bool:
        """Whether a machine has power and, as a node, runs etcd's container."""
        if machine in self.off:
            return False
        if machine not in self.layout.nodes:
            return True
        containers = self.runtimes[machine].containers.values()
        return any(c.spec.name == ETCD and c.running for c in containers)

    def _leader(self) -> Scheduler | None:
        return next((each.scheduler for each in self._schedulers.values() if each.leads), None)

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler that leads; raises `CourseError` while none does."""
        if SCHEDULER in self._without:
            raise no_scheduler()
        scheduler = self._leader()
        if scheduler is None:
            raise CourseError(
                "no scheduler works now",
                do="let time pass until one has the lease, or look at cluster.components()",
            )
        return scheduler


def _etcd(sim: Simulation, layout: Layout) -> EtcdCluster:
    """The members of etcd, whose writes take no time of the cluster's."""
    etcd = EtcdCluster(Simulation(sim.seed, sim.now), layout.etcd)
    etcd.peers.delay = (0.0, 0.0)
    for member in etcd.members.values():
        member.disk.seconds = 0.0
    etcd.follow(sim)
    return etcd
