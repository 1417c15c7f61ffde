"""A flat network: every address reaches every other, without NAT, at once.

The rule that Kubernetes asks of any network, taken at its word. Machines have their own rules
all the same: a packet that a machine sends, or gets from outside, passes what kube-proxy wrote
there, and only then is it at its destination at once. How real networks keep the rule, device by
device, is `PodNetwork`'s part.
"""

from __future__ import annotations

from typing import Protocol

from course_lib.engine import Simulation
from course_lib.network.addresses import AddressPool
from course_lib.network.device import Dummy
from course_lib.network.namespace import Namespace, datagram
from course_lib.network.packet import TCP, UDP, Packet
from course_lib.network.plugins.base import Host
from course_lib.network.routes import Route
from course_lib.network.trace import Journey

OUTSIDE_ADDRESS = "203.0.113.10"  # RFC 5737: an address for examples


class Endpoint(Protocol):
    """Who answers at an address."""

    def connect(self, port: int) -> float | None:
        """Answer one request; its latency (s), or None when it is refused."""

    def knock(self, port: int) -> float | None:
        """How long a request would wait (s; inf: for ever); None when it would be refused."""


class FlatNetwork:
    """Who answers at which address, and the machines with their rules.

    `balanced` says for the address of a cloud's load balancer to which machines its packets go.
    """

    enforces_policies = False

    def __init__(self, sim: Simulation | None = None) -> None:
        self.sim = sim or Simulation()
        self.random = self.sim.random("network")
        self.hosts: dict[str, Host] = {}
        self.balanced: dict[str, list[str]] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._port = 32768

    # Machines and Pods

    def add_machine(self, name: str, address: str, zone: str = "") -> Host:
        """A machine with an address."""
        space = Namespace(name, forwarding=True)
        card = Dummy(space, "eth0")
        space.add_address("eth0", f"{address}/24")
        space.routes.add(Route("default", "eth0"))
        self.hosts[name] = Host(space, card, 0)
        return self.hosts[name]

    def start_node(self, name: str, blocks: list[str]) -> None:
        """A machine is told the blocks of its Pods' addresses."""

    def add(self, node: str, container_id: str, pod: str, pool: AddressPool) -> str:
        """ADD of the CNI: give a Pod its address; raises `CourseError`."""
        return pool.take()

    def delete(self, node: str, container_id: str, address: str, pool: AddressPool | None) -> None:
        """DEL: its address is free again."""
        if pool is not None:
            pool.release(address)

    # Who answers

    def attach(self, address: str, endpoint: Endpoint) -> None:
        """From now on an endpoint answers for an address."""
        self._endpoints[address] = endpoint

    def detach(self, address: str) -> None:
        """Nobody answers there any more."""
        self._endpoints.pop(address, None)

    def at(self, address: str) -> Endpoint | None:
        """Who answers at an address."""
        return self._endpoints.get(address)

    # Requests

    def connect(self, address: str, port: int) -> float | None:
        """Send one request to an address and port; its latency (s), or None if it failed."""
        endpoint = self._endpoints.get(address)
        return endpoint.connect(port) if endpoint else None

    def knock(self, address: str, port: int) -> float | None:
        """How long a request would wait for its answer (s; inf: for ever); None: refused.

        Nothing is sent: a probe does not use up the CPU of what it looks at. Kubelets reach the
        Pods of their own node whatever the network does.
        """
        endpoint = self._endpoints.get(address)
        return endpoint.knock(port) if endpoint else float("inf")

    def request(
        self, source: str, address: str, port: int, protocol: str = "tcp"
    ) -> tuple[str, float | None]:
        """One request from a node, or from `outside`: who got it, and its latency (s).

        Nobody gets what a rule refuses; the latency is None when there was no answer.
        """
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
        """The packet after the rules of the machine that sends it, or that gets it from outside."""
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
            wanted = machines[self._port % len(machines)] if machines else ""
            found = (h for h in self.hosts.values() if wanted in h.namespace.local)
            host = next(found, None)
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
