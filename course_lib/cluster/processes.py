"""The control plane's processes: each is up while its container, or its service, runs.

Each is started with nothing and finds everything in etcd again; that is why it may die.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Protocol

from course_lib.apiserver import APIServer
from course_lib.apiserver.compaction import EtcdCompactor
from course_lib.apiserver.errors import StorageError
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.client import LocalClient
from course_lib.client.connection import Connection, Frontend
from course_lib.client.leader_election import LeaderElector
from course_lib.client.limited import one_for_each
from course_lib.client.limits import ClientLimits, limiter_of
from course_lib.cluster.bootstrap import furnish
from course_lib.cluster.identity_lease import keep_lease
from course_lib.cluster.layout import Layout
from course_lib.cluster.static_manifests import API_SERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER
from course_lib.controllers import Controller, ControllerFlags, MetricsServer, start_controllers
from course_lib.engine import Lifetime, Simulation
from course_lib.engine.simulation import Process
from course_lib.etcd import EtcdCluster, Member
from course_lib.etcd.disk import BROKEN
from course_lib.network import ClusterCIDR, Links
from course_lib.scheduler import Scheduler, SchedulerSource

START_UP = 3.0  # s until an API server asks etcd: a few, in real clusters
RECONNECT = 1.0  # s between two looks of an API server at etcd


class Surroundings(Protocol):
    """What a process asks of the control plane that it is part of."""

    sim: Simulation
    layout: Layout
    etcd: EtcdCluster
    links: Links
    metrics: MetricsServer
    scheduler_configuration: SchedulerSource | None
    cidr: ClusterCIDR | None  # of Pods
    limits: ClientLimits
    flags: ControllerFlags

    def exit(self, machine: str, name: str) -> None:
        """A process ends; its kubelet or systemd starts it again."""

    def local(self, machine: str, certificate: str) -> Frontend:
        """The way of a machine's own components to the API server beside them."""


class Component:
    """A process of the control plane on one machine."""

    name = ""

    def __init__(self, plane: Surroundings, machine: str) -> None:
        self.plane, self.machine, self.sim = plane, machine, plane.sim
        self.up = False

    def start(self) -> None:
        """Its container has started."""
        self.up = True

    def stop(self) -> None:
        """Its container has ended."""
        self.up = False

    @property
    def leads(self) -> bool:
        """Whether, of several equal processes, this one works."""
        return False

    @property
    def state(self) -> str:
        """In a word or two, for tables and diagrams."""
        return "up" if self.up else "down"


class EtcdProcess(Component):
    """A member of etcd."""

    name = ETCD

    def __init__(self, plane: Surroundings, machine: str) -> None:
        super().__init__(plane, machine)
        self.member.crash()  # until it is started

    @property
    def member(self) -> Member:
        """The member that lives here."""
        return self.plane.etcd.members[self.machine]

    def _on_exit(self, why: str) -> None:
        self.sim.record(ETCD, f"Member/{self.machine}", "Exit", why)
        self.sim.at(self.sim.now, lambda: self.plane.exit(self.machine, ETCD))

    def start(self) -> None:
        """The member comes back with what is on its disk."""
        if self.machine not in self.plane.etcd.members:
            return  # it has been removed
        super().start()
        self.plane.etcd.catch_up()
        member = self.member
        member.on_exit = self._on_exit
        if member.disk.fault == BROKEN:
            self._on_exit(f"cannot read its disk: {member.disk.fault}")
        elif not member.up:
            member.start()

    def stop(self) -> None:
        """The member is gone."""
        super().stop()
        self.plane.etcd.catch_up()
        if self.machine in self.plane.etcd.members and self.member.up:
            self.member.crash()

    @property
    def state(self) -> str:
        """Leader or follower, and the term."""
        member = self.plane.etcd.members.get(self.machine)
        if member is None:
            return "removed"
        if not (self.up and member.up):
            return "down"
        return f"{member.raft.role.value}, term {member.raft.current_term}"


class APIServerProcess(Component):
    """An API server, with a cache that begins empty."""

    name = API_SERVER

    def __init__(self, plane: Surroundings, machine: str) -> None:
        super().__init__(plane, machine)
        self.server: APIServer | None = None
        self._starts = 0

    def start(self) -> None:
        """Read everything from etcd, then serve."""
        super().start()
        life = Lifetime(self.sim)
        plane = self.plane
        endpoints = [self.machine] if self.machine in plane.layout.etcd else plane.layout.etcd
        store = EtcdStore(
            life, plane.etcd, endpoints, lambda member: plane.links.open(self.machine, member)
        )
        self.server = APIServer(life, store)
        self.server.up = False
        life.start(self._run(self.server, store))
        life.start(EtcdCompactor(store).run(self.sim))
        self._starts += 1
        number = process_id(self.sim.seed, self.machine, self.name, self._starts)
        life.start(keep_lease(self.server, self.machine, number))

    def _run(self, server: APIServer, store: EtcdStore) -> Process:
        yield self.sim.sleep(START_UP)
        while True:
            with suppress(StorageError):  # until etcd answers again
                store.catch_up()
                if not store.loaded:
                    store.load()
                if not server.up:
                    self._serve(server)
                self._furnish(server)
            yield self.sim.sleep(RECONNECT)

    def _serve(self, server: APIServer) -> None:
        server.up = True
        where = f"Serving/{self.machine}"
        self.sim.record(API_SERVER, where, "Serving", f"serves {self.machine}:6443")

    def _furnish(self, server: APIServer) -> None:
        """Make what every cluster has, where it is missing: at first, or in an emptied etcd."""
        if server.find("Namespace", "kube-system") is None:
            furnish(LocalClient(server))

    def stop(self) -> None:
        """The process is gone, and all connections with it."""
        super().stop()
        if self.server is not None:
            server, self.server = self.server, None
            assert isinstance(server.sim, Lifetime) and isinstance(server.store, EtcdStore)
            server.sim.end()
            server.store.close()
            server.stop()

    @property
    def ready(self) -> bool:
        """What its `/readyz` says: it serves, and etcd answers."""
        if self.server is None or not self.server.up:
            return False
        try:
            self.server.store.confirm()
        except StorageError:
            return False
        return True

    @property
    def state(self) -> str:
        """Whether it serves, and whether it could write."""
        if not self.up:
            return "down"
        if self.server is None or not self.server.up:
            return "waits for etcd"
        return "ready" if self.ready else "no quorum"


def process_id(seed: int, machine: str, process: str, starts: int) -> str:
    """A UUID that is new with each start of a process, and the same for the same seed.

    A Lease's holder is the machine and this ID. Source: k/k `cmd/kube-scheduler/app/options`,
    `cmd/kube-controller-manager/app`. `starts` counts how often the `process` has started on its
    `machine`.

    >>> process_id(0, "control-plane-1", "kube-scheduler", 1)[:8]
    '7da38691'
    """
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{seed}/{process}/{machine}/{starts}"))


class Elected(Component):
    """A process of which one works, and the others stand by."""

    certificate = ""  # the kubeconfig file with the certificate that it shows

    def __init__(self, plane: Surroundings, machine: str) -> None:
        super().__init__(plane, machine)
        self.elector: LeaderElector | None = None
        self.api: Connection | None = None
        self._starts = 0

    def start(self) -> None:
        """Stand for the Lease."""
        super().start()
        self._starts += 1
        way = self.plane.local(self.machine, self.certificate)
        self.api = Connection(self.sim, way, self.machine)
        number = process_id(self.sim.seed, self.machine, self.name, self._starts)
        identity = f"{self.machine}_{number}"
        self.elector = LeaderElector(self.api, self.name, identity, self.lead, self._exit)

    def stop(self) -> None:
        """Whatever it was about ends."""
        super().stop()
        if self.api is not None:
            self.api.close()
        self.api = self.elector = None

    def _exit(self) -> None:
        """A leader that lost its Lease ends, and starts again as a candidate."""
        self.sim.at(self.sim.now, lambda: self.plane.exit(self.machine, self.name))

    def lead(self) -> None:
        """Begin to work."""
        raise NotImplementedError

    @property
    def leads(self) -> bool:
        """Whether it is the one that works."""
        return self.elector is not None and self.elector.leads

    @property
    def state(self) -> str:
        """Leader, or standing by."""
        return super().state if not self.up else "leads" if self.leads else "stands by"


class SchedulerProcess(Elected):
    """kube-scheduler."""

    name, certificate = SCHEDULER, "scheduler.conf"
    scheduler: Scheduler | None = None

    def lead(self) -> None:
        """Schedule."""
        assert self.api is not None
        limiter = limiter_of(self.plane.limits.scheduler, self.api.sim)
        self.scheduler = Scheduler(self.api, self.plane.scheduler_configuration, limiter)

    def stop(self) -> None:
        """Its queue and its snapshot of the cluster are gone."""
        super().stop()
        self.scheduler = None


class ControllerManagerProcess(Elected):
    """kube-controller-manager."""

    name, certificate = CONTROLLER_MANAGER, "controller-manager.conf"
    controllers: list[Controller]

    def lead(self) -> None:
        """Start all control loops."""
        assert self.api is not None
        own, plane = one_for_each(self.api, self.plane.limits.controllers), self.plane
        self.controllers = start_controllers(self.api, plane.metrics, plane.cidr, own, plane.flags)
