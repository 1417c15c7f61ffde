"""The network of a sandbox as its programs see it: the simulated network of the cluster.

A connection goes packet by packet where the network has packets; else by the rules of the node.
"""

from __future__ import annotations

import zlib

from course_lib.network import Network
from course_lib.network.addresses import AddressPool
from course_lib.runtimes.container_network import (
    ANSWERED,
    REFUSED,
    SILENT,
    TIMED_OUT,
    UNREACHABLE,
    Contact,
    Interface,
    NameAnswer,
    Peer,
)
from course_lib.runtimes.sandbox import HostNetwork, Sandbox

NOT_THERE = 3.06  # s until the kernel gives up to look for an address on its wire (ARP)
LOCAL, NEAR = 50e-6, 200e-6  # s of a round trip, an order of magnitude
MTU = 1500
_DNS = 53


class SandboxNetwork:
    """What the programs in a `sandbox` on the machine `node` can ask of a `network`.

    `pool` has the addresses of the node's Pods; `host` answers at the node's own address.
    """

    def __init__(
        self,
        network: Network,
        sandbox: Sandbox,
        node: str,
        host: HostNetwork,
        pool: AddressPool | None,
    ) -> None:
        self._network, self._sandbox, self._node = network, sandbox, node
        self._host, self._pool = host, pool

    @property
    def _party(self) -> str:
        """Who sends, as the network knows it."""
        spec = self._sandbox.spec
        pod = f"{spec.namespace}/{spec.name}"
        attached = pod in self._network.pods and not self._sandbox.host_network
        return pod if attached else self._node

    @property
    def _own(self) -> str:
        """The own address."""
        return self._sandbox.ip or self._network.hosts[self._node].address

    @property
    def _here(self) -> Sandbox | HostNetwork:
        return self._host if self._sandbox.host_network else self._sandbox

    def interfaces(self) -> list[Interface]:
        """The devices of the network namespace, `lo` first."""
        loopback = Interface("lo", "00:00:00:00:00:00", 65536, ("127.0.0.1/8", "::1/128"))
        attached = self._network.pods.get(self._party)
        if attached is not None:
            found = []
            for number, (name, device) in enumerate(attached.namespace.devices.items(), 1):
                own = tuple(str(address) for address in device.addresses)
                if name != "lo":
                    found.append(
                        Interface(name, device.mac, device.mtu, own, number + 1, number + 5)
                    )
            return [loopback, *found]
        length = self._pool.network.prefixlen if self._pool is not None else 24
        if self._sandbox.host_network:
            card = self._network.hosts[self._node].card
            length = int(card.addresses[0].split("/")[1])
        own = (f"{self._own}/{length}",)
        peer = 0 if self._sandbox.host_network else self._sandbox.number + 5
        return [loopback, Interface("eth0", _mac(self._own), MTU, own, 2, peer)]

    def routes(self) -> list[str]:
        """The routes, as `ip route` prints them."""
        attached = self._network.pods.get(self._party)
        if attached is not None:
            return [str(route) for route in attached.namespace.routes]
        if self._sandbox.host_network or self._pool is None:
            return [str(route) for route in self._network.hosts[self._node].namespace.routes]
        block = self._pool.network
        own = f"{block} dev eth0 scope link  src {self._own}"
        return [f"default via {block.network_address + 1} dev eth0", own]

    def contact(self, address: str, port: int, protocol: str = "tcp") -> Contact:
        """Connect to an `address` and `port` by a `protocol`."""
        if address.startswith("127.") or address in (self._own, "::1", "localhost"):
            source = "127.0.0.1" if address != self._own else self._own
            return self._local(port, source)
        reached = self._network.reach(self._party, address, port, protocol)
        if reached.outcome == UNREACHABLE:
            return Contact(UNREACHABLE, NOT_THERE)
        if reached.outcome not in (ANSWERED, SILENT):
            return Contact(reached.outcome, reached.seconds or NEAR)
        responder = self._network.at(reached.address)
        peer = _speaker(responder, reached.port)
        flat = self._party == self._node and not self._sandbox.host_network
        seen = self._own if flat else reached.seen
        return Contact(reached.outcome, max(reached.seconds, NEAR), peer, seen)

    def _local(self, port: int, source: str) -> Contact:
        waits = self._here.knock(port)
        if waits is None:
            return Contact(REFUSED, LOCAL)
        if waits == float("inf"):
            return Contact(SILENT, LOCAL)
        latency = self._here.connect(port) or 0.0
        return Contact(ANSWERED, latency + LOCAL, _speaker(self._here, port), source)

    def ping(self, address: str) -> Contact:
        """Send an ICMP echo request: the machine that has the address answers, no program.

        A Service's address is on no machine (iptables, nftables): nobody answers.
        """
        if address.startswith("127.") or address == self._own:
            return Contact(ANSWERED, LOCAL)
        known = [host.address for host in self._network.hosts.values() if host.alive]
        if self._network.at(address) is None and address not in known:
            return Contact(TIMED_OUT)
        reached = self._network.reach(self._party, address, 0, "icmp")
        there = reached.outcome in (ANSWERED, SILENT, REFUSED)
        return Contact(ANSWERED if there else TIMED_OUT, max(reached.seconds, NEAR))

    def query(self, server: str, name: str, kind: str) -> NameAnswer:
        """Ask a name `server` for the records of a `kind` of a full `name`."""
        names = self._network.names
        contact = self.contact(server, _DNS, "udp")
        if names is None or contact.outcome != ANSWERED:
            return NameAnswer("TIMEOUT")
        answer = names(name, kind)
        return NameAnswer(answer.code, tuple((r.name, r.ttl, r.type, r.data)
                                             for r in answer.records))  # fmt: skip

    def listening(self) -> list[tuple[str, int, str]]:
        """Who listens here: protocol, port, and the program's name."""
        return sorted(each for server in self._sandbox.servers.values()
                      for each in server.listening())  # fmt: skip


def _speaker(responder: object, port: int) -> Peer | None:
    """The container that answers at a port."""
    if isinstance(responder, Sandbox | HostNetwork):
        return responder.server(port)
    return None


def _mac(address: str) -> str:
    """A device's address, derived from the network address as Docker and CNI plugins do it."""
    number = zlib.crc32(address.encode())
    return "0a:58:" + ":".join(f"{byte:02x}" for byte in number.to_bytes(4, "big"))
