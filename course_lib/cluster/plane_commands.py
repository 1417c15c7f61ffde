"""What an operator or fate does to a control plane: kill, cut, lose, save, restore, renew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from course_lib.client import Client
from course_lib.cluster.control_plane import YEAR, ControlPlane
from course_lib.cluster.describe import Text
from course_lib.cluster.etcdctl import Etcdctl
from course_lib.cluster.layout import Layout
from course_lib.cluster.tables import table
from course_lib.engine import Simulation, timestamp
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster
from course_lib.etcd.disk import BROKEN
from course_lib.etcd.messages import Snapshot
from course_lib.network import Network
from course_lib.objects.quantity import Quantity
from course_lib.runtimes import Runtime

if TYPE_CHECKING:
    from course_lib.engine.table import Table

OPERATOR = "operator"


class PlaneCommands:
    """The part of a cluster that looks after its control plane."""

    network: Network
    sim: Simulation
    api: Client
    plane: ControlPlane | None
    runtimes: dict[str, Runtime]

    @property
    def control_plane(self) -> ControlPlane:
        """The control plane; a plain `Cluster()` has none that could fail."""
        if self.plane is None:
            raise CourseError(
                "this cluster's control plane is not simulated",
                do="make one of the four configurations, for example Cluster.all_in_one()",
            )
        return self.plane

    @property
    def etcd(self) -> EtcdCluster:
        """The members of etcd."""
        return self.control_plane.etcd

    def components(self) -> Table:
        """The control plane's processes: MACHINE, ZONE, COMPONENT, STATE.

        >>> from course_lib import Cluster
        >>> print(Cluster.all_in_one().components().to_string(index=False))
         MACHINE ZONE               COMPONENT          STATE
        minikube                         etcd leader, term 1
        minikube               kube-apiserver          ready
        minikube      kube-controller-manager          leads
        minikube               kube-scheduler          leads
        """
        plane = self.control_plane
        zones = plane.layout.zones
        rows = [
            (machine, zones.get(machine, ""), name, each.state)
            for (machine, name), each in plane.components.items()
        ]
        if plane.balancer:
            state = "up" if plane.balancer.up else "down"
            rows.append((plane.layout.balancer, "", "load balancer", state))
        return table(rows, ["MACHINE", "ZONE", "COMPONENT", "STATE"])

    def members(self) -> Table:
        """etcd's members: MEMBER, UP, ROLE, TERM, VOTES, COMMITTED, APPLIED (indices of the log).

        As `etcdctl endpoint status`.
        """
        self.etcd.catch_up()
        rows = []
        for name, member in self.etcd.members.items():
            raft = member.raft
            role = raft.role.value if member.up else "down"
            votes = name in raft.configuration.voters
            row = (name, member.up, role, raft.current_term, votes, raft.commit_index)
            rows.append((*row, member.applied))
        columns = ["MEMBER", "UP", "ROLE", "TERM", "VOTES", "COMMITTED", "APPLIED"]
        return table(rows, columns)

    # Fate

    def kill_process(self, machine: str, component: str) -> None:
        """Kill one process (`kill -9`); a kubelet or systemd starts it again.

        >>> from course_lib import Cluster
        >>> cluster = Cluster.all_in_one()
        >>> cluster.kill_process("minikube", "kube-scheduler")
        >>> list(cluster.components().STATE)[-1]
        'down'
        """
        plane = self.control_plane
        if (machine, component) not in plane.components:
            known = sorted({name for _, name in plane.components})
            raise CourseError(
                "there is no such process",
                expected=f"one of {', '.join(known)}, on a machine that has it",
                found=f"{component} on {machine}",
                do="see cluster.components()",
            )
        self.sim.record("fault", f"Process/{machine}/{component}", "Killed", "kill -9")
        plane.exit(machine, component)

    def cut(self, some: str | Iterable[str], others: str | Iterable[str] = ()) -> None:
        """Cut the links between machines; without `others`, from all other machines.

        What the control plane says to itself and to kubelets is cut, and with a network of
        devices (`network="calico"`) Pods' own packets too; a flat network goes on.
        """
        machines = self.control_plane.layout.machines
        group = self._machines(some)
        rest = self._machines(others) if others else [m for m in machines if m not in group]
        self.sim.record("fault", f"Link/{'+'.join(group)}", "Cut", f"from {', '.join(rest)}")
        self.control_plane.links.cut(group, rest)
        self.network.noticed(group)
        self.etcd.catch_up()
        self.etcd.peers.part(group, rest)

    def heal(self) -> None:
        """Close all cuts."""
        self.sim.record("fault", "Link/all", "Healed", "every machine reaches every other")
        self.control_plane.links.heal()
        self.network.heal()
        self.etcd.catch_up()
        self.etcd.peers.heal()

    def fail_disk(self, machine: str, fault: str = BROKEN) -> None:
        """The disk below a member of etcd fails: the member stops, and what it held is lost."""
        self._member(machine)
        self.sim.record("fault", f"Disk/{machine}", "DiskFailure", fault)
        self.etcd.members[machine].disk.fault = fault
        self.control_plane.exit(machine, "etcd")

    def replace_disk(self, machine: str) -> None:
        """A new, empty disk: the member leaves and comes back as a learner, then votes again.

        With one member only there is nobody to learn from: it starts empty, or from a snapshot.
        """
        self._member(machine)
        self.sim.record(OPERATOR, f"Disk/{machine}", "DiskReplaced", "a new disk, empty")
        self.control_plane.renew_member(machine)

    # The operator

    def etcdctl(self, command: str) -> Text:
        """Type an `etcdctl` command: member list, endpoint status, alarm list, compact, get, ...

        >>> from course_lib import Cluster
        >>> print(Cluster.all_in_one().etcdctl("endpoint health"))
        https://minikube:2379 is healthy: successfully committed proposal: took = 0s
        """
        return Etcdctl(self.control_plane).run(command)

    def limit_etcd(self, quota: str) -> None:
        """Give etcd so much space and no more (--quota-backend-bytes; 2Gi by default)."""
        self.etcd.limit(float(Quantity(quota)))

    def save_snapshot(self) -> Snapshot:
        """A snapshot of etcd (`etcdctl snapshot save`); keep it elsewhere."""
        self.etcd.catch_up()
        return self.etcd.save()

    def restore_snapshot(self, snapshot: Snapshot | str) -> None:
        """All members begin anew from a snapshot (`etcdutl snapshot restore`).

        `snapshot` is one of `save_snapshot`, or the file that `etcdctl snapshot save` wrote.
        Then all API servers, schedulers and controller managers are started again, as the
        documentation asks: what they remember may be of a future that never was.
        """
        saved = self.etcd.files.get(snapshot) if isinstance(snapshot, str) else snapshot
        if saved is None:
            raise CourseError(
                "no such snapshot",
                expected=", ".join(self.etcd.files) or "a file of `etcdctl snapshot save`",
                found=repr(snapshot),
            )
        self.sim.record(OPERATOR, "Cluster/etcd", "SnapshotRestored", "on all members")
        self.control_plane.restart_with(lambda etcd: etcd.restore(saved))

    def force_new_cluster(self, machine: str) -> None:
        """Go on with one surviving member alone (`etcd --force-new-cluster`)."""
        self._member(machine)
        self.sim.record(OPERATOR, f"Member/{machine}", "ForceNewCluster", "goes on alone")
        self.control_plane.restart_with(lambda etcd: etcd.force_new_cluster(machine))

    def certificates(self) -> Table:
        """What kubeadm's certificates are good for: MACHINE, CERTIFICATE, EXPIRES, RESIDUAL TIME.

        As `kubeadm certs check-expiration`; only those that are looked at here.
        """
        rows = [
            (machine, name, timestamp(end), f"{max(0.0, end - self.sim.now):.0f}s")
            for (machine, name), end in self.control_plane.certificates.items()
        ]
        return table(rows, ["MACHINE", "CERTIFICATE", "EXPIRES", "RESIDUAL TIME"])

    def renew_certificates(self) -> None:
        """New certificates on all machines (`kubeadm certs renew all`).

        An API server reads its own anew when the file changes; controller manager and scheduler
        read theirs when they start.
        """
        plane = self.control_plane
        plane.certificates = dict.fromkeys(plane.certificates, self.sim.now + YEAR)
        self.sim.record(OPERATOR, "Certificates", "Renewed", "valid for another year")

    def _member(self, machine: str) -> None:
        if machine not in self.control_plane.layout.etcd:
            raise CourseError(
                "no member of etcd lives there",
                expected=f"one of {', '.join(self.control_plane.layout.etcd)}",
                found=repr(machine),
            )

    def _machines(self, names: str | Iterable[str]) -> list[str]:
        found = [names] if isinstance(names, str) else list(names)
        known: Layout = self.control_plane.layout
        for name in found:
            if name not in known.machines:
                raise CourseError(
                    "no such machine",
                    expected=f"one of {', '.join(known.machines)}",
                    found=repr(name),
                )
        return found
