"""What runs where: the four installation types of the chapter.

Source: kubernetes.io "Options for Highly Available Topology" (stacked and external etcd).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from course_lib.cluster.arguments import count
from course_lib.errors import CourseError

ZONES = ("zone-a", "zone-b", "zone-c")
SIZES = (1, 3, 5, 7)
BALANCER = "load-balancer"


class Layout(msgspec.Struct, frozen=True):
    """Machines by their part; a name may stand in several, and then one machine has them all."""

    title: str
    control_planes: tuple[str, ...]  # API server, controller manager, scheduler
    etcd: tuple[str, ...]  # a member of etcd
    workers: tuple[str, ...]
    balancer: str = ""  # the machine of the load balancer; none: one API server, asked directly
    zones: dict[str, str] = {}  # by machine

    @property
    def machines(self) -> tuple[str, ...]:
        """All machines, each once."""
        names = [*self.etcd, self.balancer, *self.control_planes, *self.workers]
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The machines with a kubelet."""
        return tuple(dict.fromkeys((*self.control_planes, *self.workers)))

    def takes_pods(self, node: str) -> bool:
        """Whether ordinary Pods may run on a node."""
        return node in self.workers


def beside(nodes: int, zones: Sequence[str] = ()) -> Layout:
    """Nodes `node-1`, `node-2`, ... alone, in zones in turn: the control plane runs beside them."""
    names = tuple(f"node-{number + 1}" for number in range(nodes))
    placed = {n: zones[number % len(zones)] for number, n in enumerate(names)} if zones else {}
    return Layout("Nodes, and a control plane beside them", (), (), names, zones=placed)


def all_in_one() -> Layout:
    """Everything on one node, as Minikube does."""
    only = ("minikube",)
    return Layout("All-in-one: one node", only, only, only)


def single_master(workers: int = 3) -> Layout:
    """One control plane node with the only member of etcd, and workers."""
    masters = ("control-plane-1",)
    return _zoned("Single etcd, single master, many workers", masters, masters, workers)


def ha_masters(masters: int = 3, workers: int = 3) -> Layout:
    """Several control plane nodes, and one etcd for all of them."""
    names = _names("control-plane", masters, "masters", least=1)
    return _zoned("Single etcd, masters in HA", names, ("etcd-1",), workers)


def ha_etcd(masters: int = 3, etcd: int = 3, workers: int = 3, stacked: bool = False) -> Layout:
    """Several control plane nodes and several members of etcd: beside, or `stacked` on them.

    `masters` is the number of control plane nodes, `etcd` that of members, `workers` that of nodes
    for Pods. Raises `CourseError` for numbers that no cluster can have.
    """
    if not isinstance(etcd, int) or etcd not in SIZES:
        raise CourseError(
            "so many members are no better than one fewer",
            where="etcd",
            expected=f"one of {SIZES}",
            found=str(etcd),
            do="choose an odd number: four members survive one failure, as three do",
        )
    if stacked and etcd != masters:
        raise CourseError(
            "stacked, each control plane node has its own member",
            expected=f"etcd={masters}",
            found=f"etcd={etcd}",
        )
    names = _names("control-plane", masters, "masters", least=1)
    members = names if stacked else _names("etcd", etcd, "etcd")
    where = "on them" if stacked else "beside"
    return _zoned(f"Clustered etcd {where}, masters in HA", names, members, workers)


def _names(role: str, number: int, argument: str, least: int = 0) -> tuple[str, ...]:
    number = count(number, argument, least, most=100)
    return tuple(f"{role}-{place + 1}" for place in range(number))


def _zoned(title: str, masters: tuple[str, ...], etcd: tuple[str, ...], workers: int) -> Layout:
    """The machines of each part spread over three zones in turn; a balancer before many masters."""
    names = _names("worker", workers, "workers")
    balancer = BALANCER if len(masters) > 1 else ""
    zones = {
        name: ZONES[place % len(ZONES)]
        for group in (masters, etcd, names)
        for place, name in enumerate(group)
    }
    return Layout(title, masters, etcd, names, balancer, zones)
