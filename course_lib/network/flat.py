"""A flat network: every address reaches every other, without NAT, at once.

The rule that Kubernetes asks of any network, without devices. Machines have their own rules
all the same: a packet that a machine sends, or gets from outside, passes what kube-proxy wrote
there, and only then is it at its destination at once. How real networks keep the rule, device by
device, is `PodNetwork`'s part.
"""

from __future__ import annotations

import ipaddress
from typing import NoReturn

from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network.addresses import NODE_CIDR, POD_CIDR, AddressPool
from course_lib.network.device import Dummy
from course_lib.network.host import NodeHost
from course_lib.network.links import Links
from course_lib.network.namespace import NetworkNamespace, datagram
from course_lib.network.network import Network, Reached
from course_lib.network.packet import TCP, UDP, Packet
from course_lib.network.routes import Route
from course_lib.network.trace import Journey
from course_lib.network.underlay import MORE_ADDRESSES

OUTSIDE_ADDRESS = "203.0.113.10"  # RFC 5737: an address for examples


class FlatNetwork(Network[NoReturn]):
    """Machines with their rules, and nothing between them.

    `sim` has the time, `cidr` are the addresses of Pods, `node_cidr` those of machines.
    """

    ignored_kinds = ("networkpolicy", "ingress")

    def __init__(
        self,
        sim: Simulation | None = None,
        cidr: str = str(POD_CIDR),
        node_cidr: str = str(NODE_CIDR),
    ) -> None:
        super().__init__(sim or Simulation(), cidr, node_cidr)
        self._machines = AddressPool(node_cidr)
        self._port = 32768

    def devices(self) -> NoReturn:
        """Raise `CourseError`: there are no devices."""
        raise CourseError(
            "a flat network has no devices to look at",
            do='make the cluster with a plugin: Cluster(network="flannel-vxlan")',
        )

    def add_machine(self, name: str, address: str = "", zone: str = "") -> NodeHost:
        """A machine with an address."""
        if not address and self._machines.full:
            raise CourseError("the subnet is full", where=self.node_cidr, do=MORE_ADDRESSES)
        address = address or self._machines.take()
        space = NetworkNamespace(name, forwarding=True)
        card = Dummy(space, "eth0")
        space.add_address("eth0", f"{address}/{self._machines.network.prefixlen}")
        space.routes.add(Route("default", "eth0"))
        self.hosts[name] = NodeHost(space, card, 0)
        return self.hosts[name]

    def start_node(self, name: str, blocks: list[str]) -> None:
        """Nothing: there is no agent, and every address is reached."""

    def forget_node(self, name: str) -> None:
        """Nothing: there are no routes to it."""

    def remember_node(self, name: str) -> None:
        """Nothing: no routes are needed."""

    def power_off(self, name: str) -> None:
        """Nothing: its programs have ended, and answer no more."""

    def power_on(self, name: str) -> None:
        """Nothing: its programs start again, and answer."""

    def share_links(self, links: Links, control_plane: str) -> None:
        """Nothing: requests do not use links."""

    def noticed(self, names: list[str]) -> None:
        """Nothing: a flat network goes on."""

    def heal(self) -> None:
        """Nothing is cut here."""

    def add(self, node: str, container_id: str, pod: str, pool: AddressPool | None) -> str:
        """ADD of the CNI: give a Pod its address; raises `CourseError`."""
        assert pool is not None
        return pool.take()

    def delete(self, node: str, container_id: str, address: str, pool: AddressPool | None) -> None:
        """DEL of the CNI: free the address."""
        if pool is not None:
            pool.release(address)

    def reach(self, source: str, address: str, port: int, protocol: str = "tcp") -> Reached:
        """See `Network.reach`; a Pod sends by way of its node, whose name is `source`."""
        journey = Journey(self.sim.now, self.random)
        packet = self.translated(journey, source, address, port, protocol)
        for conntrack, connection in journey.connections:
            conntrack.forget(connection)
        if packet is None:
            return Reached("refused" if journey.outcome == "rejected" else "timed out")
        transport = packet.headers[1]
        assert isinstance(transport, TCP | UDP)
        to = packet.ip.destination
        if self.at(to) is None:
            near = any(
                ipaddress.ip_address(to) in block
                for block in (self.cluster_cidr.network, self._machines.network)
            )
            return Reached("unreachable" if near else "timed out", to)
        return self._spoken(to, transport.destination_port, 0.0, packet.ip.source)

    def reaches(self, source: str, address: str, port: int, protocol: str) -> bool:
        """Whether a node gets an answer; a Pod sends by way of the first node."""
        node = source if source in self.hosts else next(iter(self.hosts))
        return self.request(node, address, port, protocol)[1] is not None

    def request(
        self, source: str, address: str, port: int, protocol: str = "tcp"
    ) -> tuple[str, float | None]:
        """See `Network.request`."""
        journey = Journey(self.sim.now, self.random)
        packet = self.translated(journey, source, address, port, protocol)
        for conntrack, connection in journey.connections:
            conntrack.forget(connection)
        if packet is None:
            return "", None
        transport = packet.headers[1]
        assert isinstance(transport, TCP | UDP)
        to = packet.ip.destination
        return to, self.connect(to, transport.destination_port)

    def translated(
        self, journey: Journey, source: str, address: str, port: int, protocol: str
    ) -> Packet | None:
        """The packet to `address`, `port` and `protocol` after the rules of the machine that sends
        it (`source`), or that gets it from `outside`; `journey` records it.
        """
        self._port = 32768 + (self._port + 1) % 28000
        host = self.hosts.get(source)
        sender = host.address if host else OUTSIDE_ADDRESS
        transport = TCP(self._port, port) if protocol == "tcp" else UDP(self._port, port)
        packet: Packet | None = Packet((datagram(sender, address, protocol), transport))
        assert packet is not None
        if host is not None:
            packet = host.filter.output(journey, packet)
            card = host.namespace.devices["lo"]
        else:
            machines = self.balanced.get(address, [address])
            chosen = machines[self._port % len(machines)] if machines else ""
            entries = (h for h in self.hosts.values() if chosen in h.namespace.local)
            host = next(entries, None)
            if host is None:
                return packet
            card = host.card
            packet = host.filter.prerouting(journey, packet, card)
        if packet is None:
            return None
        if packet.ip.destination in host.namespace.local:
            return host.filter.input(journey, packet, card)
        if source in self.hosts:
            return packet
        return host.filter.forward(journey, packet, card, card)
