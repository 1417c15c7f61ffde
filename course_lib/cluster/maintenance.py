"""What an operator does to a control plane on machines: look, save, restore, repair, renew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.cluster.arguments import checked
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.etcd_site import EtcdSite
from course_lib.cluster.kubeadm import YEAR, KubeadmControlPlane
from course_lib.cluster.tables import table
from course_lib.command_line import Result
from course_lib.engine import Simulation, timestamp
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster
from course_lib.etcd.ctl import run_line
from course_lib.etcd.messages import Snapshot
from course_lib.objects.quantity import Quantity

if TYPE_CHECKING:
    from course_lib.engine.table import Table

OPERATOR = "operator"


@checked
class Maintenance:
    """The operator's commands for a control plane; all raise `CourseError` where it is managed."""

    def __init__(self, sim: Simulation, plane: ControlPlane[KubeadmControlPlane]) -> None:
        self._sim, self._plane = sim, plane

    @property
    def plane(self) -> KubeadmControlPlane:
        """The control plane with its processes; raises `CourseError` where it is managed."""
        return self._plane.on_machines()

    @property
    def etcd(self) -> EtcdCluster:
        """The members of etcd."""
        return self.plane.etcd

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
        plane = self.plane
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

    def replace_disk(self, machine: str) -> None:
        """A new, empty disk: the member leaves and comes back as a learner, then votes again.

        A single member cannot learn from others: it starts empty, or from a snapshot.
        """
        self.plane.check_member(machine)
        self._sim.record(OPERATOR, f"Disk/{machine}", "DiskReplaced", "a new disk, empty")
        self.plane.membership.renew(machine)

    def etcdctl(self, command: str, stdin: str = "") -> Result:
        """Type an `etcdctl` or `etcdutl` command: member list, endpoint status, get, put, ...

        `stdin` is what it reads, as `txn` does. Without `--endpoints` it asks all members.

        >>> from course_lib import Cluster
        >>> Cluster.all_in_one().etcdctl("endpoint health")
        https://minikube:2379 is healthy: successfully committed proposal: took = 0s
        """
        return run_line(EtcdSite(self.plane), command, stdin)

    def limit_etcd(self, quota: str) -> None:
        """Set etcd's space quota (`--quota-backend-bytes`; 2Gi by default).

        Raises `CourseError` for a quota that is not above 0.
        """
        etcd, size = self.etcd, Quantity(quota)
        if size.nano <= 0:
            raise CourseError(
                "a quota that no etcd can keep",
                where="quota",
                expected="a quantity of bytes above 0, such as 64Mi",
                found=repr(quota),
            )
        etcd.limit(float(size))

    def save_snapshot(self) -> Snapshot:
        """A snapshot of etcd (`etcdctl snapshot save`); keep it elsewhere."""
        self.etcd.catch_up()
        return self.etcd.save()

    def restore_snapshot(self, snapshot: Snapshot | str) -> None:
        """Start all members again from a snapshot (`etcdutl snapshot restore`).

        `snapshot` is one of `save_snapshot`, or the file that `etcdctl snapshot save` wrote, or
        the folder that `etcdutl snapshot restore` made. Then
        all API servers, schedulers and controller managers are started again, as the documentation
        asks: their caches may hold changes made after the snapshot. Raises `CourseError` for a file
        that is not there, and for what is no snapshot.
        """
        files = self.etcd.files | self.etcd.data_dirs
        saved = files.get(snapshot) if isinstance(snapshot, str) else snapshot
        if not isinstance(saved, Snapshot):
            raise CourseError(
                "no such snapshot",
                expected=", ".join(files) or "a file of `etcdctl snapshot save`",
                found=repr(snapshot)[:60],
            )
        self._sim.record(OPERATOR, "Cluster/etcd", "SnapshotRestored", "on all members")
        self.plane.membership.restart_with(lambda etcd: etcd.restore(saved))

    def force_new_cluster(self, machine: str) -> None:
        """Go on with one surviving member alone (`etcd --force-new-cluster`)."""
        self.plane.check_member(machine)
        self._sim.record(OPERATOR, f"Member/{machine}", "ForceNewCluster", "goes on alone")
        self.plane.membership.restart_with(lambda etcd: etcd.force_new_cluster(machine))

    def certificates(self) -> Table:
        """What kubeadm's certificates are good for: MACHINE, CERTIFICATE, EXPIRES, RESIDUAL TIME.

        As `kubeadm certs check-expiration`; only those that are looked at here.
        """
        rows = [
            (machine, name, timestamp(end), f"{max(0.0, end - self._sim.now):.0f}s")
            for (machine, name), end in self.plane.certificates.items()
        ]
        return table(rows, ["MACHINE", "CERTIFICATE", "EXPIRES", "RESIDUAL TIME"])

    def renew_certificates(self) -> None:
        """New certificates on all machines (`kubeadm certs renew all`).

        An API server reads its own again when the file changes; controller manager and scheduler
        read theirs when they start.
        """
        certificates = self.plane.certificates
        certificates.update(dict.fromkeys(certificates, self._sim.now + YEAR))
        self._sim.record(OPERATOR, "Certificates", "Renewed", "valid for another year")
