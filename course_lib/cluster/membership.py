"""Changes of etcd's members, and of all of etcd at once, as an operator makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from course_lib.cluster.processes import Component
from course_lib.cluster.static_manifests import ETCD
from course_lib.etcd import Configuration, EtcdCluster
from course_lib.etcd.disk import Disk


class Membership:
    """Adds, removes and renews members of etcd.

    `processes` are those of the control plane by machine and name; `hosts` says whether a machine
    has power and runs etcd's container or service.
    """

    def __init__(
        self,
        etcd: EtcdCluster,
        processes: Mapping[tuple[str, str], Component],
        hosts: Callable[[str], bool],
    ) -> None:
        self.etcd, self._processes, self._hosts = etcd, processes, hosts

    def renew(self, machine: str) -> None:
        """A member's disk is new: it joins again, or, if it was the only one, starts empty."""
        self.etcd.catch_up()
        if list(self.etcd.members) == [machine]:
            member = self.etcd.members[machine]
            member.disk = Disk(Configuration((machine,)), member.disk.seconds)
            return
        self.etcd.replace(machine)
        self._joined(machine)

    def add(self, machine: str, learner: bool) -> None:
        """A new member with an empty disk joins; a learner waits for its promotion."""
        self.etcd.catch_up()
        self.etcd.add_learner(machine)
        if not learner:
            self.etcd.promote(machine)
        self._joined(machine)

    def remove(self, machine: str) -> None:
        """A member leaves for good: its process ends."""
        self.etcd.catch_up()
        self.etcd.remove(machine)
        self._processes[machine, ETCD].stop()

    def _joined(self, machine: str) -> None:
        process = self._processes[machine, ETCD]
        self.etcd.members[machine].disk.seconds = 0.0
        if not process.up:
            self.etcd.members[machine].crash()
        if self._hosts(machine):
            process.start()

    def restart_with(self, act: Callable[[EtcdCluster], None]) -> None:
        """Stop everything, do something to etcd, and start all again."""
        running = [each for each in self._processes.values() if each.up]
        for each in running:
            each.stop()
        self.etcd.catch_up()
        act(self.etcd)
        for each in running:
            if each.name != ETCD or each.machine in self.etcd.members:
                each.start()
