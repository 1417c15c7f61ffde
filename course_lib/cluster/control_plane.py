"""The control plane of a cluster: its machines, its processes, and the way to them.

On a node the processes are static Pods, started again by the kubelet; on machines outside the
cluster (external etcd, the load balancer) they are services, started again by systemd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import Unauthorized, Unreachable
from course_lib.apiserver.load_balancer import LoadBalancer, refused
from course_lib.client.connection import Connection
from course_lib.cluster.layout import Layout
from course_lib.cluster.processes import (
    APIServerProcess,
    Component,
    ControllerManagerProcess,
    Elected,
    EtcdProcess,
    SchedulerProcess,
)
from course_lib.cluster.static_manifests import API_SERVER, ETCD, static_pod
from course_lib.controllers import MetricsServer
from course_lib.engine import Simulation, timestamp
from course_lib.etcd import Configuration, EtcdCluster
from course_lib.etcd.disk import Disk
from course_lib.network import Links
from course_lib.node import Kubelet
from course_lib.objects.manifests import Source
from course_lib.runtimes import Runtime
from course_lib.scheduler import Scheduler

SYSTEMD_RESTART = 5.0  # s (RestartSec)
YEAR = 365 * 86400.0  # s that certificates last, as kubeadm's
# The ones that are looked at here, of those that kubeadm makes ("Certificate Management").
CERTIFICATES = ("apiserver", "controller-manager.conf", "scheduler.conf")


class ControlPlane:
    """All of it, in one layout."""

    def __init__(
        self,
        sim: Simulation,
        layout: Layout,
        metrics: MetricsServer,
        scheduler: Source | None = None,
        certificates: float = YEAR,
    ) -> None:
        self.sim, self.layout, self.metrics = sim, layout, metrics
        self.scheduler_configuration = scheduler
        self.links = Links()
        self.certificates = {
            (machine, name): sim.now + certificates
            for machine in layout.control_planes
            for name in CERTIFICATES
        }
        self.etcd = EtcdCluster(Simulation(sim.seed), layout.etcd)
        self.etcd.peers.delay = (0.0, 0.0)  # a write takes no time of the cluster's
        for member in self.etcd.members.values():
            member.disk.seconds = 0.0
        self.etcd.follow(sim)
        self.off: set[str] = set()  # machines without power
        self.runtimes: dict[str, Runtime] = {}
        etcds = [EtcdProcess(self, machine) for machine in layout.etcd]
        kinds: tuple[type[Component], ...] = (
            APIServerProcess,
            ControllerManagerProcess,
            SchedulerProcess,
        )
        planes = [kind(self, machine) for machine in layout.control_planes for kind in kinds]
        self.components: dict[tuple[str, str], Component] = {
            (each.machine, each.name): each for each in (*etcds, *planes)
        }
        self.balancer: LoadBalancer | None = None
        if layout.balancer:
            self.balancer = LoadBalancer(
                sim, layout.control_planes, self._looks_ready, f"{layout.balancer}:6443"
            )
        for each in etcds:
            if each.machine not in layout.nodes:
                each.start()

    # Nodes

    def follow(self, machine: str, runtime: Runtime) -> None:
        """A machine's containers are run by this runtime from now on."""
        self.runtimes[machine] = runtime
        runtime.listeners.append(
            lambda kind, container: self._on_container(machine, kind, container)
        )

    def furnish_node(self, kubelet: Kubelet) -> None:
        """Write the static Pods of a control plane node."""
        machine = kubelet.name
        members = [machine] if machine in self.layout.etcd else self.layout.etcd
        for where, name in self.components:
            if where == machine:
                kubelet.static.write(static_pod(name, [f"https://{m}:2379" for m in members]))

    def _on_container(self, machine: str, kind: str, container: Any) -> None:
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

    # The way to the API (`Frontend`)

    def connection(
        self, client: str, consistent: bool = False, remembers: bool = False
    ) -> Connection:
        """A client's connection, through the load balancer where there is one."""
        return Connection(self.sim, self, client, consistent, remembers)

    def local(self, machine: str, certificate: str) -> Local:
        """The way of a machine's own components: to the API server beside them (kubeadm).

        They show the certificate that they read when they started.
        """
        return Local(self, machine, self.certificates[machine, certificate])

    def pick(self, client: str) -> APIServer:
        """An API server for a new connection."""
        if self.balancer is None:
            machine = self.layout.control_planes[0]
            return self.connect(client, machine, f"{machine}:6443")
        if not self.links.open(client, self.layout.balancer):
            raise refused(self.balancer.address)
        return self.connect(self.layout.balancer, self._chosen(), self.balancer.address)

    def _chosen(self) -> str:
        """The server in turn; when it refuses, the next (HAProxy's `option redispatch`)."""
        assert self.balancer is not None
        first = self.balancer.choose()
        server = self.api_server(first).server
        return first if server is not None and server.up else self.balancer.choose()

    def connect(self, source: str, machine: str, address: str) -> APIServer:
        """A new connection from one machine to the API server on another."""
        server, end = self.api_server(machine).server, self.certificates[machine, "apiserver"]
        if server is None or not server.up or not self.links.open(source, machine):
            raise refused(address)
        if self.sim.now >= end:
            times = f"current time {timestamp(self.sim.now)} is after {timestamp(end)}"
            raise Unreachable(
                "Unable to connect to the server: tls: failed to verify certificate: x509: "
                f"certificate has expired or is not yet valid: {times}",
                do="renew the certificates: cluster.renew_certificates()",
            )
        return server

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether a connection that stands can still be used."""
        machine = next((m for m in self.layout.control_planes
                        if self.api_server(m).server is server), "")  # fmt: skip
        if not machine or not server.up:
            return False
        if self.balancer is None:
            return self.links.open(client, machine)
        via = self.layout.balancer
        return self.balancer.up and self.links.open(client, via) and self.links.open(via, machine)

    def _looks_ready(self, machine: str) -> bool:
        """The load balancer's health check of one API server."""
        return self.links.open(self.layout.balancer, machine) and self.api_server(machine).ready

    # What an operator does to etcd

    def renew_member(self, machine: str) -> None:
        """A member's disk is new: it joins again, or, if it was the only one, starts empty."""
        etcd = self.etcd
        etcd.catch_up()
        if list(etcd.members) == [machine]:
            member = etcd.members[machine]
            member.disk = Disk(Configuration((machine,)), member.disk.seconds)
            return
        etcd.replace(machine)
        self._joined(machine)

    def add_member(self, machine: str, learner: bool) -> None:
        """A new member with an empty disk joins; a learner waits for its promotion."""
        self.etcd.catch_up()
        self.etcd.add_learner(machine)
        if not learner:
            self.etcd.promote(machine)
        self._joined(machine)

    def remove_member(self, machine: str) -> None:
        """A member leaves for good: its process ends."""
        self.etcd.catch_up()
        self.etcd.remove(machine)
        self.components[machine, ETCD].stop()

    def _joined(self, machine: str) -> None:
        etcd, process = self.etcd, self.components[machine, ETCD]
        etcd.members[machine].disk.seconds = 0.0
        if not process.up:
            etcd.members[machine].crash()
        if machine not in self.off and (machine not in self.layout.nodes or self._runs(machine)):
            process.start()

    def _runs(self, machine: str) -> bool:
        """Whether etcd's container runs on a node."""
        containers = self.runtimes[machine].containers.values()
        return any(c.spec.name == ETCD and c.running for c in containers)

    def restart_with(self, act: Callable[[EtcdCluster], None]) -> None:
        """Stop everything, do something to etcd, and start all again."""
        running = [each for each in self.components.values() if each.up]
        for each in running:
            each.stop()
        self.etcd.catch_up()
        act(self.etcd)
        for each in running:
            if each.name != ETCD or each.machine in self.etcd.members:
                each.start()

    # Looking

    def api_server(self, machine: str) -> APIServerProcess:
        """The API server's process on a machine."""
        found = self.components[machine, API_SERVER]
        assert isinstance(found, APIServerProcess)
        return found

    def up(self, machine: str, name: str) -> bool:
        """Whether a component runs on a machine."""
        return self.components[machine, name].up

    def leads(self, machine: str, name: str) -> bool:
        """Whether, of several equal components, this one works."""
        component = self.components[machine, name]
        return isinstance(component, Elected) and component.leads

    @property
    def scheduler(self) -> Scheduler | None:
        """The scheduler that works now."""
        for each in self.components.values():
            if isinstance(each, SchedulerProcess) and each.leads:
                return each.scheduler
        return None


class Local:
    """The way to the API server on the same machine, and to no other."""

    def __init__(self, plane: ControlPlane, machine: str, certificate_ends: float) -> None:
        self.plane, self.machine = plane, machine
        self.certificate_ends = certificate_ends

    def pick(self, client: str) -> APIServer:
        """The API server beside, if it lets one in."""
        if not self._valid():
            raise Unauthorized("Unauthorized", do="start it again: it reads its certificate then")
        return self.plane.connect(self.machine, self.machine, f"{self.machine}:6443")

    def reaches(self, client: str, server: APIServer) -> bool:
        """Whether it is still there, and still lets one in: that is asked with each request."""
        return self._valid() and server.up and self.plane.api_server(self.machine).server is server

    def _valid(self) -> bool:
        return self.plane.sim.now < self.certificate_ends
