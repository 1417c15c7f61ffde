"""What a cluster asks of the network between its machines and Pods.

`FlatNetwork` and `PodNetwork` answer the same calls: kubelets, runtimes, kube-proxy, load and the
cluster's commands use this interface and do not know which of the two they have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Generic, Protocol

import msgspec

from course_lib.engine import SOON, Simulation
from course_lib.network.addresses import NODE_CIDR, POD_CIDR, AddressPool, ClusterCIDR
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.links import Links

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from course_lib.network.dns import Response

    D = TypeVar("D", covariant=True, default=object)
else:
    from typing import TypeVar

    D = TypeVar("D", covariant=True)


class Responder(Protocol):
    """The program that answers at an address, on a machine (`node`)."""

    node: str

    def connect(self, port: int) -> float | None:
        """Answer one request; its latency (s), or None when it is refused."""

    def knock(self, port: int) -> float | None:
        """How long a request would wait (s; inf: for ever); None when it would be refused."""

    def same_until(self, changed: Callable[[], object]) -> float:
        """Until when (s) a knock has the same answer, or one that comes sooner.

        `changed` is called once, if something else happens before that can change the answer.
        """


class Reached(msgspec.Struct, frozen=True):
    """What became of a connection: an outcome, with whom, and the seconds until it was known.

    The outcomes: `answered`; `refused` (nobody listens, or a rule rejects it); `silent` (accepted,
    and then nothing is said); `timed out` (packets are lost); `unreachable` (no way, or nobody has
    the address).
    """

    outcome: str
    address: str = ""
    port: int = 0
    seconds: float = 0.0
    seen: str = ""  # the source address that the other side saw


class Network(ABC, Generic[D]):
    """Machines, Pods, and the program that answers at each address; `D` is one with devices.

    `balanced` says for the address of a cloud's load balancer to which machines its packets go;
    `ignored_kinds` names the kinds of objects, in small letters, that this network does not act on;
    `cluster_cidr` has the addresses of all Pods (`cidr`), cut into blocks for nodes; those of the
    machines themselves are in `node_cidr`; `sim` has the time.
    """

    ignored_kinds: tuple[str, ...] = ()
    enforces_policies = False  # whether NetworkPolicies become rules, unless a cluster is told
    cni = 'type="bridge"'  # the plugin that a runtime calls, as libcni names it in errors
    uses_pod_cidr = True  # whether Pods get addresses of their node's block (`spec.podCIDR`)

    def __init__(
        self, sim: Simulation, cidr: str = str(POD_CIDR), node_cidr: str = str(NODE_CIDR)
    ) -> None:
        self.sim = sim
        self.random = sim.random("network")
        self.cluster_cidr, self.node_cidr = ClusterCIDR(cidr), node_cidr
        self.registered: dict[str, None] = {}  # the nodes that the API has, in their order
        self.hosts: dict[str, NodeHost] = {}
        self.pods: dict[str, Attachment] = {}
        self.balanced: dict[str, list[str]] = {}
        self._responders: dict[str, Responder] = {}  # the newest one at each address
        self._older: dict[str, list[Responder]] = {}  # where several machines give one address
        # What the cluster's name server says to a query (a full name, a type of records).
        self.names: Callable[[str, str], Response] | None = None

    @abstractmethod
    def devices(self) -> D:
        """This network with its devices; raises `CourseError` where it has none."""

    # Machines

    def has_block_for(self, node: str) -> bool:
        """Whether a `node` that registers now gets a block, if each node before it gets one."""
        self.registered.setdefault(node)
        blocks = self.cluster_cidr.size
        return len(self.registered) <= blocks or node in islice(self.registered, blocks)

    @abstractmethod
    def add_machine(self, name: str, address: str = "", zone: str = "") -> NodeHost:
        """Add the machine `name` in `zone`, at `address` or at the next free one.

        Its agent starts with its blocks. Raises `CourseError` where no address is free.
        """

    @abstractmethod
    def start_node(self, name: str, blocks: list[str]) -> None:
        """Give a machine the blocks of its Pods' addresses."""

    @abstractmethod
    def forget_node(self, name: str) -> None:
        """The machine's Node object is gone."""

    @abstractmethod
    def remember_node(self, name: str) -> None:
        """The machine's Node object is back."""

    @abstractmethod
    def power_off(self, name: str) -> None:
        """Cut a machine's power."""

    @abstractmethod
    def power_on(self, name: str) -> None:
        """Give a machine its power back."""

    @abstractmethod
    def share_links(self, links: Links, control_plane: str) -> None:
        """Use the links of the control plane; agents reach the API on machine `control_plane`."""

    @abstractmethod
    def noticed(self, names: list[str]) -> None:
        """Some links of these machines are cut: the agents find out in their time."""

    @abstractmethod
    def heal(self) -> None:
        """All links are open again."""

    # Pods, as a runtime calls the CNI

    @abstractmethod
    def add(self, node: str, container_id: str, pod: str, pool: AddressPool | None) -> str:
        """ADD of the CNI: give a Pod its address; raises `CourseError`.

        `node` is the machine's name, `container_id` the sandbox's, `pod` is `namespace/name`,
        `pool` the addresses of the node's block, once it has one.
        """

    @abstractmethod
    def delete(self, node: str, container_id: str, address: str, pool: AddressPool | None) -> None:
        """DEL of the CNI: free the `address` in its `pool`; `node`, `container_id` as in `add`."""

    # The programs that answer

    def attach(self, address: str, responder: Responder) -> None:
        """From now on a program answers for an address.

        A machine whose Node object was deleted can still run Pods with addresses of a block that
        another machine has got: then the newest program answers, except on that machine itself.
        """
        existing = self._responders.get(address)
        if existing is not None and existing.node != responder.node:
            self._older.setdefault(address, []).append(existing)
        self._responders[address] = responder

    def detach(self, address: str, responder: Responder) -> bool:
        """This program does not answer at an address any more; whether it did."""
        older = self._older.get(address, [])
        found = responder in older
        if found:
            older.remove(responder)
        elif self._responders.get(address) is responder:
            found = True
            if older:
                self._responders[address] = older.pop()
            else:
                del self._responders[address]
        if found and not older:
            self._older.pop(address, None)
        return found

    def at(self, address: str, node: str = "") -> Responder | None:
        """The program that answers at an address, as the machine `node` sees it, or another."""
        newest = self._responders.get(address)
        if node and newest is not None and newest.node != node:
            return next((r for r in self._older.get(address, ()) if r.node == node), newest)
        return newest

    # Requests

    def connect(self, address: str, port: int) -> float | None:
        """Send one request to an address and port; its latency (s), or None if it failed."""
        responder = self._responders.get(address)
        return responder.connect(port) if responder else None

    def knock(self, address: str, port: int, node: str = "") -> float | None:
        """How long a kubelet's request would wait for its answer (s; inf: for ever); None: refused.

        It asks at an `address` and `port`, on a `node`: the one whose Pod it is, if none is named.
        Nothing is sent: a probe does not use up the CPU of what it looks at. Kubelets reach the
        Pods of their own node whatever the network does.
        """
        responder = self.at(address, node)
        return responder.knock(port) if responder else float("inf")

    def same_until(self, address: str, node: str, changed: Callable[[], object]) -> float:
        """Until when (s) a `knock` from `node` at `address` has the same answer, or a quicker one.

        `changed` is called once, if something else happens before that can change the answer.
        """
        responder = self.at(address, node)
        return responder.same_until(changed) if responder else SOON

    @abstractmethod
    def request(
        self, source: str, address: str, port: int, protocol: str = "tcp"
    ) -> tuple[str, float | None]:
        """One request from a node `source`, or from `outside`, to `address`, `port` and `protocol`:
        the address that got it, its latency (s).

        The address is empty when a rule refuses the request; the latency is None without an answer.
        """

    @abstractmethod
    def reach(self, source: str, address: str, port: int, protocol: str = "tcp") -> Reached:
        """Connect from a Pod or node `source` to an `address` and `port` by a `protocol`."""

    def _spoken(self, to: str, port: int, seconds: float, seen: str) -> Reached:
        """What the program at an address does with a connection."""
        responder = self._responders.get(to)
        waits = responder.knock(port) if responder else None
        if responder is None or waits is None:
            return Reached("refused", to, port, seconds)
        if waits == inf:
            return Reached("silent", to, port, seconds, seen)
        latency = responder.connect(port) or 0.0
        return Reached("answered", to, port, seconds + latency, seen)

    @abstractmethod
    def reaches(self, source: str, address: str, port: int, protocol: str) -> bool:
        """Whether a Pod or node `source` gets an answer from `address`, `port` and `protocol`."""

    def party(self, name: str, namespace: str) -> str:
        """A Pod, a node or `outside` as the network knows it: Pods by `namespace/name`."""
        full = name if "/" in name else f"{namespace}/{name}"
        return full if full in self.pods else name
