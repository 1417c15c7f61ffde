"""The health of a control plane and its machines, for the diagram and the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from course_lib.apiserver.errors import APIError

if TYPE_CHECKING:
    from course_lib.cluster.cluster import Cluster

GOOD = ("ready", "leads", "up", "leader", "follower")
IDLE = ("stands by",)


class Part(msgspec.Struct, frozen=True):
    """A process, or the Pods of a node: its state in words, and good, idle or bad."""

    name: str
    state: str
    look: str


class MachineHealth(msgspec.Struct, frozen=True):
    """A machine: whether it has power, and whether others reach it."""

    name: str
    zone: str
    powered: bool
    reached: bool
    parts: tuple[Part, ...]

    @property
    def up(self) -> bool:
        """It works, as far as others can tell."""
        return self.powered and self.reached


class Health(msgspec.Struct, frozen=True):
    """All machines, by rows from the top; and what users notice."""

    title: str
    rows: tuple[tuple[MachineHealth, ...], ...]
    can_read: bool
    can_write: bool
    members: int  # of etcd, that have a vote
    working: int  # of those, that work
    leader: str
    term: int

    @property
    def summary(self) -> str:
        """In one line."""
        if self.can_read and self.can_write:
            return "the API can be read and written"
        if self.can_read:
            return "the API can be read, and not written"
        return "the API answers nobody"


def health(cluster: Cluster) -> Health:
    """Look at everything, and ask the API once, as a user would."""
    plane = cluster.control_plane
    plane.etcd.catch_up()
    layout = plane.layout
    groups = [
        tuple(name for name in layout.etcd if name not in layout.control_planes),
        layout.control_planes,
        (layout.balancer,) if layout.balancer else (),
        tuple(name for name in layout.workers if name not in layout.control_planes),
    ]
    voters = plane.etcd.voters()
    can_read = _can_read(cluster)
    leader = plane.etcd.leader if plane.etcd.has_quorum() else None
    return Health(
        title=layout.title,
        rows=tuple(tuple(_machine(cluster, name) for name in group) for group in groups),
        can_read=can_read,
        can_write=can_read and not plane.etcd.full(),
        members=len(voters),
        working=sum(plane.etcd.members[name].up for name in voters if name in plane.etcd.members),
        leader=leader.name if leader else "",
        term=max((m.raft.current_term for m in plane.etcd.members.values()), default=0),
    )


def _can_read(cluster: Cluster) -> bool:
    try:
        cluster.api.find("Namespace", "default")
    except APIError:
        return False
    return True


def _machine(cluster: Cluster, name: str) -> MachineHealth:
    plane = cluster.control_plane
    parts = [Part(each.name, each.state, _look(each.state)) for each in plane.on(name)]
    if plane.balancer and name == plane.layout.balancer:
        state = "up" if plane.balancer.up else "down"
        parts.append(Part("load balancer", state, _look(state)))
    kubelet = cluster.kubelets.get(name)
    if kubelet is not None:
        state = "up" if kubelet.powered else "down"
        parts.append(Part("kubelet", state, _look(state)))
        pods = sum(
            worker.sandbox != "" and worker.pod.namespace != "kube-system"
            for worker in kubelet.workers.values()
        )
        if name in plane.layout.workers:
            parts.append(Part("Pods", str(pods), "good" if kubelet.powered else "bad"))
    reached = not plane.links.isolated(name, plane.layout.machines)
    zone = plane.layout.zones.get(name, "")
    return MachineHealth(name, zone, name not in plane.off, reached, tuple(parts))


def _look(state: str) -> str:
    word = state.split(",")[0]
    if word in GOOD:
        return "good"
    return "idle" if word in IDLE else "bad"
