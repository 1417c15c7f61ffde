"""Weave Net: one large Ethernet over all nodes, and a router on each that knows its peers.

Pods of all nodes share one subnet, 10.32.0.0/12. Each node's bridge has one port to Weave's
router, which carries frames to the peer behind which a MAC address is:

- fast datapath: the kernel wraps frames in VXLAN (UDP port 6784), 50 bytes;
- sleeve: where that does not pass, a program wraps them in UDP (port 6783), 56 bytes and a copy
  from kernel to program and back on both sides.

With encryption the fast datapath adds ESP. Peers tell each other of the mesh by gossip (at once
when it changes, and each 30 s); frames go around a cut link by way of others. A peer is given up
after six missed heartbeats of 10 s.

Weave's IPAM does not use `spec.podCIDR`: each peer has a part of the subnet, and asks others for
addresses when it has none left. When nobody has, the plugin waits until one is free again, and a
kubelet gives up after four minutes. Simplified: the parts are as large as a podCIDR, and a peer
gives single addresses, not half of its free ones.

Weaveworks closed in 2024 and Weave Net is archived: learn from it, do not start with it.
Source: Weave Net 2.8, "How Weave Net works", "Fast Datapath & Weave Net", `router/`,
`ipam/allocate.go`.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from itertools import chain
from typing import ClassVar

from course_lib.errors import CourseError
from course_lib.network.addresses import AddressPool, ClusterCIDR, NoAddress
from course_lib.network.cni import cni_result, pod_mac, veth_name
from course_lib.network.device import Bridge, Device, Veth, behind
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.packet import ESP, IP, UDP, VXLAN, Ethernet, Packet, Sleeve
from course_lib.network.plugins.base import Fabric, NetworkPlugin, PluginVariant
from course_lib.network.routes import Route
from course_lib.network.trace import Journey
from course_lib.network.tunnel import Tunnel
from course_lib.network.vxlan import source_port

BRIDGE, DATAPATH = "weave", "vethwe-bridge"
FAST_PORT, SLEEVE_PORT = 6784, 6783
MTU = 1376  # what Weave gives Pods, so that nothing is cut even when it encrypts
HEARTBEAT, MISSED = 10.0, 6  # s; that many, and a peer is given up
BY_PROGRAM = 60e-6  # s for a packet to go to a program and back
BY_CIPHER = 8e-6  # s
SPI = 0xCAFE  # of the security association; any number


class Weave(NetworkPlugin):
    """The mesh of a `network`, `encrypted` when it was started with a password.

    Raises `CourseError` for IPv6, which Weave does not have.
    """

    name, place = "weave", 6
    variants: ClassVar = {
        "encrypted": PluginVariant({"encrypted": True}),
        "sleeve": PluginVariant(blocked=("udp", FAST_PORT)),
    }
    overhead = 50
    enforces_policies = True
    join_seconds = 1.0
    uses_pod_cidr = False
    cni = 'type="weave-net" name="weave"'

    def __init__(self, network: Fabric, encrypted: bool = False) -> None:
        super().__init__(network)
        self.encrypted = encrypted
        # Who is where, as ARP and gossip would find out: address and MAC address to node.
        self.whose: dict[str, str] = {}
        self._free = ClusterCIDR(network.blocks[0], network.cluster_cidr.mask)
        self.parts: dict[str, list[AddressPool]] = {}  # node to its parts of the subnet
        # Pairs whose connection is known to be dead
        self._given_up: dict[frozenset[str], None] = {}
        if any(":" in block for block in network.blocks):
            raise CourseError(
                "Weave Net knows IPv4 only",
                found=", ".join(network.blocks),
                do="take another plugin for IPv6, such as Calico or Flannel",
            )

    @property
    def mtu(self) -> int:
        """Weave's own default, or what fits into a smaller network."""
        return self.network.pod_mtu or min(MTU, self.network.underlay.mtu - 124)

    def hears(self, host: NodeHost, other: NodeHost) -> bool:
        """By gossip: from peer to peer, over whatever links there are."""
        return self.next_peer(host.name, other.name) is not None

    def linked(self, one: str, other: str) -> bool:
        """Whether two peers believe to have a connection: all do, until one was given up."""
        blocked = ("tcp", SLEEVE_PORT) in self.network.underlay.blocked
        return not blocked and frozenset((one, other)) not in self._given_up

    def join(self, host: NodeHost, at_once: bool = False) -> None:
        """A node starts: it must connect to the others before it is part of the mesh."""
        if not at_once:
            self._given_up |= {frozenset((host.name, other)): None for other in self.known}
        super().join(host, at_once)

    def lost(self, host: NodeHost) -> None:
        """Something is wrong with a node's links: after the last heartbeat peers give them up."""
        self.network.sim.at(self.network.sim.now + HEARTBEAT * MISSED, self._give_up)

    def _give_up(self) -> None:
        hosts, links = self.network.hosts, self.network.underlay.links
        for one in self.known:
            for other in self.known:
                alive = hosts[one].alive and hosts[other].alive
                if one < other and not (alive and links.open(one, other)):
                    self._given_up[frozenset((one, other))] = None

    def reconcile(self) -> None:
        """Connections are tried again and again; those that work are known to all by gossip."""
        hosts, links = self.network.hosts, self.network.underlay.links
        for pair in list(self._given_up):
            one, other = sorted(pair)
            if hosts[one].alive and hosts[other].alive and links.open(one, other):
                del self._given_up[pair]
        super().reconcile()
        for name in self.known:
            with suppress(NoAddress):
                self._expose(hosts[name])

    def next_peer(self, here: str, there: str) -> str | None:
        """The next peer on the shortest way over the mesh; None when there is no way."""
        if here not in self.known or there not in self.known:
            return None
        if self.linked(here, there):
            return there
        first: dict[str, str] = {n: n for n in self.known if n != here and self.linked(here, n)}
        edge = list(first)
        while edge:
            beyond: list[str] = []
            for near in edge:
                for far in self.known:
                    if far not in first and far != here and self.linked(near, far):
                        first[far] = first[near]
                        beyond.append(far)
            edge = beyond
        return first.get(there)

    def knows(self, host: NodeHost, other: NodeHost) -> bool:
        """As long as the mesh leads there."""
        return self.next_peer(host.name, other.name) is not None

    def fast(self) -> bool:
        """Whether the fast datapath's packets pass; the heartbeats of each peer find out."""
        return ("udp", FAST_PORT) not in self.network.underlay.blocked

    def start(self, host: NodeHost) -> None:
        """The bridge of the large Ethernet, its port to the router, and the rule for outside."""
        parts = self.parts[host.name] = []
        if host.blocks:
            self._free.occupy(host.blocks[0])
            parts.append(AddressPool(host.blocks[0], first=1))
        elif not self._free.full:
            parts.append(AddressPool(self._free.take(), first=1))
        bridge = Bridge(host.namespace, BRIDGE, self.mtu)
        self.whose[bridge.mac] = self.whose[host.address] = host.name
        bridge.plug(Datapath(host.namespace, DATAPATH, self, host, self.mtu), hairpin=False)
        host.iptables.restore(rules(self.network.blocks[0]))
        with suppress(NoAddress):  # of its peers, when it has joined them
            self._expose(host)

    def _expose(self, host: NodeHost) -> None:
        """Give a node's bridge an address, unless it has one."""
        bridge = host.namespace.devices[BRIDGE]
        if not bridge.addresses:
            address = self._take(host)
            host.namespace.add_address(BRIDGE, f"{address}/{self._prefix}")
            self.whose[address] = host.name

    @property
    def _prefix(self) -> int:
        return ipaddress.ip_network(self.network.blocks[0]).prefixlen

    # IPAM

    def _take(self, host: NodeHost) -> str:
        """A free address of a node's own part, or of a peer's; raises `NoAddress`."""
        for part in self.pools(host):
            if not part.full:
                return part.take()
        for name, parts in self.parts.items():
            for part in parts:
                if not part.full and self.next_peer(host.name, name):
                    return part.take()
        raise NoAddress(
            "no addresses are left in Weave's subnet",
            where=self.network.blocks[0],
            do="give the cluster a larger range of addresses for Pods",
        )

    def pools(self, host: NodeHost) -> list[AddressPool]:
        """A node's own parts."""
        return self.parts[host.name]

    def give_back(self, host: NodeHost, address: str) -> None:
        """An address is free again, in whatever part."""
        parts = chain(self.pools(host), *self.parts.values())
        next(part for part in parts if address in part).release(address)

    def release(self, host: NodeHost) -> None:
        """A node's part is free again, or a peer's if others have addresses of it."""
        bridge = host.namespace.devices[BRIDGE]
        if bridge.addresses:
            self.give_back(host, bridge.address())
        for part in self.parts.pop(host.name):
            if len(part):
                self.parts[next(iter(self.known))].append(part)
            else:
                self._free.release(str(part.network))

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """Nothing to set: who is where is asked with the first packet, as on any Ethernet."""

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """What was learned of MAC addresses behind it goes with the peer."""
        datapath = host.namespace.devices[DATAPATH]
        assert isinstance(datapath, Datapath)
        datapath.behind = {m: peer for m, peer in datapath.behind.items() if peer != other.name}

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """On the node's bridge, with the address of the whole subnet's size."""
        self._expose(host)
        address, inside = self._take(host), NetworkNamespace(pod)
        bridge = host.namespace.devices[BRIDGE]
        assert isinstance(bridge, Bridge)
        cable, end = Veth.pair(host.namespace, veth_name(container_id), inside, "eth0", self.mtu)
        end.mac = pod_mac(address)
        bridge.plug(cable, hairpin=True)
        inside.add_address("eth0", f"{address}/{self._prefix}")
        inside.routes.add(Route("default", "eth0", bridge.address()))
        self.whose[address] = self.whose[end.mac] = host.name
        attachment = Attachment(container_id, pod, host.name, inside, (address,), cable.name)
        attachment.result = cni_result(attachment, end, [bridge.address()], bridge)
        host.pods[container_id] = attachment
        return attachment

    def state(self, host: NodeHost) -> dict[str, int]:
        """With its connections to peers, and the MAC addresses that it has learned."""
        datapath = host.namespace.devices[DATAPATH]
        assert isinstance(datapath, Datapath)
        peers = sum(self.linked(host.name, n) for n in self.known if n != host.name)
        return super().state(host) | {"FORWARDING": len(datapath.behind), "PEERS": peers}


class Datapath(Tunnel):
    """Weave's router: port `name` of the bridge of a `host`; it carries frames to other peers.

    `namespace` is the machine's, `plugin` knows the peers, `mtu` is in bytes.
    """

    kind = "weave"
    overhead = 50
    program = "Weave's router"

    def __init__(
        self, namespace: NetworkNamespace, name: str, plugin: Weave, host: NodeHost, mtu: int
    ) -> None:
        super().__init__(namespace, name, mtu)
        self.plugin, self.host = plugin, host
        self.behind: dict[str, str] = {}  # MAC address to peer
        for way in (("udp", FAST_PORT), ("udp", SLEEVE_PORT), ("esp", 0)):
            namespace.listeners[way] = self

    def who_has(self, address: str) -> Device | None:
        """The question goes to all peers; one of them has the answer on its bridge."""
        peer = self.plugin.whose.get(address)
        if peer in (None, self.host.name) or not self.plugin.next_peer(self.host.name, peer):
            return None
        host = self.plugin.network.hosts[peer]
        found = host.namespace.devices[BRIDGE]
        assert isinstance(found, Bridge)
        answer = found.ask(address, host.namespace.devices[DATAPATH])
        if answer is not None:
            self.behind[answer.mac] = peer
        return answer

    def transmit(self, journey: Journey, frame: Packet) -> None:
        """Wrap a frame, for the peer that it is behind, or the next one on the way there."""
        ethernet = frame.headers[0]
        assert type(ethernet) is Ethernet
        target = self.behind.get(ethernet.destination)
        peer = self.plugin.next_peer(self.host.name, target) if target else None
        if target is None or peer is None:
            unknown = f"no peer is known for {ethernet.destination}"
            why = f"no way over the mesh to {target}" if target else unknown
            journey.end(self.namespace, self.name, why, "unreachable", frame)
            return
        here, there = self.host.address, self.plugin.network.hosts[peer].address
        encrypted, protocol = self.plugin.encrypted, "udp"
        headers: tuple[ESP | UDP | VXLAN | Sleeve, ...]
        if self.plugin.fast():
            headers = UDP(source_port(frame), FAST_PORT), VXLAN(1)
            what = "fast datapath"
            if encrypted:
                headers, protocol = (ESP(SPI), *headers), "esp"
        else:
            headers = UDP(SLEEVE_PORT, SLEEVE_PORT), Sleeve(self.host.name, target, encrypted)
            what = "sleeve"
        what += ", encrypted" if encrypted else ""
        via = "" if peer == target else f" by way of {peer}"
        outer = frame.push(IP(here, there, protocol, dont_fragment=False), *headers)
        what = f"encapsulate: {what} to {target}{via}"
        self.output(journey, frame, outer, what, cost(outer))

    def unwrap(self, journey: Journey, packet: Packet) -> None:
        """Take the outer headers off; the frame is for this bridge, or for a peer further on."""
        outer = (number for number, each in enumerate(packet.headers) if type(each) is Ethernet)
        frame = packet.pop(next(outer))
        ethernet = frame.headers[0]
        assert type(ethernet) is Ethernet
        journey.note(self.namespace, self.name, "decapsulate", packet, frame, seconds=cost(packet))
        self.behind.setdefault(ethernet.source, self.plugin.whose[packet.ip.source])
        bridge = self.namespace.devices[BRIDGE]
        assert isinstance(bridge, Bridge)
        if self._is_here(bridge, ethernet.destination):
            bridge.forward(journey, self, frame)
        else:
            whose = self.plugin.whose.get(ethernet.destination, "")
            self.behind.setdefault(ethernet.destination, whose)
            self.transmit(journey, frame)

    def _is_here(self, bridge: Bridge, mac: str) -> bool:
        return mac == bridge.mac or any(behind(port, mac) for port in bridge.ports.values())


def cost(packet: Packet) -> float:
    """Seconds to wrap or unwrap a packet: by the kernel or by a program, with a cipher or not."""
    sleeve = next((h for h in packet.headers if type(h) is Sleeve), None)
    secret = sleeve.encrypted if sleeve else any(type(h) is ESP for h in packet.headers)
    return (BY_PROGRAM if sleeve else Tunnel.seconds) + (BY_CIPHER if secret else 0.0)


def rules(block: str) -> str:
    """Weave's rules: Pods' packets may pass; what leaves the subnet takes the node's address."""
    return f"""*filter
:WEAVE-EXPOSE - [0:0]
-A FORWARD -o weave -j ACCEPT
-A FORWARD -j WEAVE-EXPOSE
-A WEAVE-EXPOSE -s {block} -j ACCEPT
COMMIT
*nat
:WEAVE - [0:0]
-A POSTROUTING -j WEAVE
-A WEAVE -s {block} -d 224.0.0.0/4 -j RETURN
-A WEAVE ! -s {block} -d {block} -m comment --comment "from outside, so that answers come back" -j MASQUERADE
-A WEAVE -s {block} ! -d {block} -j MASQUERADE
COMMIT"""  # noqa: E501
