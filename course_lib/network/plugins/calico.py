"""Calico: every Pod is a route; nodes tell each other of their blocks by BGP.

There is no bridge. A Pod has a /32 address and one way out, 169.254.1.1, which its node answers
for (proxy ARP); the node has a route to each of its Pods, and, learned by BGP, one to each block
(/26) of the others. Nothing is added to packets, so nodes must be in one subnet, or the network
between must know the routes; or else packets travel as IP in IP, 20 bytes more each: always, or
only between subnets (`CrossSubnet`).

BGP speakers know each other as a full mesh (n(n - 1)/2 sessions), or all speak to route
reflectors. What a speaker learned from one inside peer it does not tell another, unless it is a
reflector (RFC 4271 9.2, RFC 4456). A silent peer's routes go when its hold time is over.
A Pod may have any of a block's 64 addresses, .0 too: it needs no bridge and no broadcast. When no
block is free, a node borrows single addresses of others' blocks, each a /32 route of its own
(`strictAffinity: false`).
Calico's IPAM does not use `spec.podCIDR`: a node without one is ready, and takes its blocks from
the pool; the Event CIDRNotAvailable is harmless there (docs.tigera.io "Get started with IP address
management").
Source: projectcalico/calico `libcalico-go/lib/ipam/ipam.go`; docs.tigera.io "Overlay
networking", "Configure BGP peering", "FAQ: why can't I see the 169.254.1.1 address"; BIRD 1.6
`proto/bgp` (hold time 240 s), Calico's template of its settings (connect delay 2 s).
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

from course_lib.errors import CourseError
from course_lib.network.addresses import AddressPool, ClusterCIDR, NoAddress
from course_lib.network.cni import cni_result, take_addresses
from course_lib.network.device import Veth
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.plugins.base import Fabric, NetworkPlugin
from course_lib.network.routes import Route
from course_lib.network.tunnel import IPIP

GATEWAY, GATEWAY_V6 = "169.254.1.1", "fe80::ecee:eeff:feee:eeee"
CABLE_MAC = "ee:ee:ee:ee:ee:ee"
TUNNEL = "tunl0"
BLOCK_MASK = {4: 26, 6: 122}  # 64 addresses
CONNECT_DELAY = 2.0  # s
HOLD_TIME = 240.0  # s
NEVER, ALWAYS, CROSS_SUBNET = "Never", "Always", "CrossSubnet"


class Calico(NetworkPlugin):
    """Routes by BGP; `ipip` is Never, Always or CrossSubnet, `reflectors` nodes that reflect routes
    to the rest of the `network`. Raises `CourseError` for another mode.
    """

    name, place = "calico", 4
    enforces_policies = True
    join_seconds = CONNECT_DELAY
    cni = 'type="calico"'
    uses_pod_cidr = False  # calico-ipam takes blocks of its own from the pool

    def __init__(self, network: Fabric, ipip: str = NEVER, reflectors: Sequence[str] = ()) -> None:
        super().__init__(network)
        if ipip not in (NEVER, ALWAYS, CROSS_SUBNET):
            raise CourseError(
                "no such mode", where="ipip", expected="Never, Always or CrossSubnet", found=ipip
            )
        self.ipip, self.reflectors = ipip, tuple(reflectors)
        self.overhead = 0 if ipip == NEVER else IPIP.overhead
        self._cidrs = {4 if "." in block else 6: _pool_of(block) for block in network.blocks}
        self.own: dict[str, list[AddressPool]] = {}  # node to its blocks, in the order it took them
        self.borrowed: dict[str, dict[str, None]] = {}  # node to its /32 routes in others' blocks
        self._left: list[AddressPool] = []  # blocks of nodes that are gone, with borrowed addresses

    # BGP

    def sessions(self, node: str) -> list[str]:
        """The peers of a node's BGP speaker."""
        others = [name for name in self.known if name != node]
        if not self.reflectors:
            return others
        return others if node in self.reflectors else [n for n in others if n in self.reflectors]

    def hears(self, host: NodeHost, other: NodeHost) -> bool:
        """Whether an announcement of another node gets here: directly, or by a reflector."""
        if not (host.alive and other.alive):
            return False
        if self._session(host.name, other.name):
            return True
        return any(
            self._session(host.name, reflector) and self._session(other.name, reflector)
            for reflector in self.reflectors
        )

    def _session(self, one: str, other: str) -> bool:
        """Whether two speakers have a session that works."""
        if self.reflectors and not {one, other} & set(self.reflectors):
            return False
        hosts, blocked = self.network.hosts, ("tcp", 179) in self.network.underlay.blocked
        both = one in hosts and other in hosts and hosts[one].alive and hosts[other].alive
        return both and not blocked and self.network.underlay.links.open(one, other)

    def lost(self, host: NodeHost) -> None:
        """The peers of a silent node drop its routes when the hold time is over."""
        self.network.sim.at(self.network.sim.now + HOLD_TIME, self._expire)

    def _expire(self) -> None:
        for host in self.network.hosts.values():
            for name in list(self.known.get(host.name, ())):
                other = self.network.hosts.get(name)
                if other is not None and host.alive and not self.hears(host, other):
                    del self.known[host.name][name]
                    self.unsettled[host.name] = None
                    self.forget(host, other)

    # The agent

    def start(self, host: NodeHost) -> None:
        """The tunnel, if there is one, and the rule for what leaves the cluster."""
        self.own[host.name], self.borrowed[host.name] = [], {}
        if self.ipip != NEVER:
            IPIP(host.namespace, TUNNEL, self.network.underlay.mtu - IPIP.overhead)
            host.namespace.listeners["ipip", 0] = host.namespace.devices[TUNNEL]  # type: ignore[assignment]
            with suppress(NoAddress):  # the pool is used up: tried again with the next Pod
                self._address_tunnel(host)
        for block in self.network.blocks:
            pools = "cali60all-ipam-pools" if ":" in block else "cali40all-ipam-pools"
            host.rules(":" in block).sets.create(pools, "hash:net", [block])
            host.rules(":" in block).restore(rules(pools))

    def _address_tunnel(self, host: NodeHost) -> None:
        """What a node itself sends through its tunnel comes from an address of its block."""
        tunnel = host.namespace.devices.get(TUNNEL)
        if tunnel is not None and not tunnel.addresses:
            (address,) = self._take(host, [self._cidrs[4]])
            host.namespace.add_address(TUNNEL, f"{address}/32")

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """Routes to the other's blocks, and to the addresses that it borrowed."""
        for block in self._announced(other):
            self._route(host, other, block)

    def _announced(self, host: NodeHost) -> list[str]:
        blocks = [str(pool.network) for pool in self.own[host.name]]
        return [*blocks, *self.borrowed[host.name]]

    def _announce(self, host: NodeHost, block: str) -> None:
        for other in self.network.hosts.values():
            if host.name in self.known.get(other.name, ()):
                self._route(other, host, block)

    def _route(self, host: NodeHost, other: NodeHost, block: str) -> None:
        six = ":" in block
        tunnel = not six and (
            self.ipip == ALWAYS or (self.ipip == CROSS_SUBNET and host.subnet != other.subnet)
        )
        device, way = (TUNNEL, other.address) if tunnel else ("eth0", other.address_of(six))
        if not tunnel and host.subnet != other.subnet:
            # The next hop is behind the router, which has no routes to Pods.
            found = host.namespace.routes.lookup(way)
            way = found.via if found is not None and found.via else way
        host.namespace.routes.add(Route(block, device, way, onlink=tunnel, protocol="bird"))

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """The routes go."""
        for block in self._announced(other):
            host.namespace.routes.remove(block)

    def release(self, host: NodeHost) -> None:
        """The node's blocks are free again, but for those of which others borrowed addresses."""
        tunnel = host.namespace.devices.get(TUNNEL)
        if tunnel is not None and tunnel.addresses:
            self.give_back(host, tunnel.address())
        del self.borrowed[host.name]
        for pool in self.own.pop(host.name):
            if len(pool):
                self._left.append(pool)
            else:
                self._cidrs[pool.network.version].release(str(pool.network))

    # IPAM: blocks as they are needed

    def _take(self, host: NodeHost, cidrs: Iterable[ClusterCIDR]) -> tuple[str, ...]:
        """An address of each family: of an own block, of a new one, or of another node's."""
        pools = [self._pool(host, cidr) for cidr in cidrs]
        addresses = take_addresses(pools)
        for address, pool in zip(addresses, pools, strict=True):
            if pool not in self.own[host.name]:
                route = host_route(address)
                self.borrowed[host.name][route] = None
                self._announce(host, route)
        return addresses

    def _pool(self, host: NodeHost, cidr: ClusterCIDR) -> AddressPool:
        version = cidr.network.version
        for pool in self.own[host.name]:
            if pool.network.version == version and not pool.full:
                return pool
        if not cidr.full:
            return self._claim(host, cidr)
        for pool in self._all():
            if pool.network.version == version and not pool.full:
                return pool
        family = f"IPv{version} addresses"
        missing = f"Assigned 0 out of 1 requested {family}"
        raise NoAddress(
            "no addresses are left in Calico's pool",
            f"failed to request {family}: {missing}; No IPs available in pools: [{cidr.network}]",
            where=str(cidr.network),
            do="give the cluster a larger range of addresses for Pods",
        )

    def _claim(self, host: NodeHost, cidr: ClusterCIDR) -> AddressPool:
        """One more block for a node, announced to the others."""
        pool = AddressPool(cidr.take(), first=0)
        self.own[host.name].append(pool)
        # The block is the node's: what it does not know in it is nowhere else.
        host.namespace.routes.add(Route(str(pool.network), kind="blackhole", protocol="bird"))
        self._announce(host, str(pool.network))
        return pool

    def give_back(self, host: NodeHost, address: str) -> None:
        """An address is free again; the others' routes to one that was borrowed go."""
        route = host_route(address)
        if route not in self.borrowed[host.name]:
            super().give_back(host, address)
            return
        next(pool for pool in self._all() if address in pool).release(address)
        del self.borrowed[host.name][route]
        for other in self.network.hosts.values():
            if host.name in self.known.get(other.name, ()):
                other.namespace.routes.remove(route)

    def pools(self, host: NodeHost) -> list[AddressPool]:
        """All blocks of a node."""
        return self.own[host.name]

    def _all(self) -> Iterator[AddressPool]:
        return chain(*self.own.values(), self._left)

    # CNI

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """A cable to the node itself, and a route to its other end."""
        self._address_tunnel(host)
        addresses = self._take(host, self._cidrs.values())
        inside, name = NetworkNamespace(pod), cable_name(pod)
        cable, end = Veth.pair(host.namespace, name, inside, "eth0", self.mtu)
        cable.mac, cable.proxy_arp = CABLE_MAC, True
        gateways = []
        for address in addresses:
            six = ":" in address
            way = GATEWAY_V6 if six else GATEWAY
            inside.add_address("eth0", host_route(address))
            inside.routes.add(Route(host_route(way), "eth0"))
            inside.routes.add(Route("default", "eth0", way))
            if six:
                host.namespace.local.setdefault(GATEWAY_V6, cable)
            host.namespace.routes.add(Route(host_route(address), name))
            gateways.append(way)
        attachment = Attachment(container_id, pod, host.name, inside, addresses, name)
        attachment.result = cni_result(attachment, end, gateways)
        host.pods[container_id] = attachment
        return attachment

    def state(self, host: NodeHost) -> dict[str, int]:
        """With its BGP sessions."""
        return super().state(host) | {"PEERS": len(self.sessions(host.name))}


class CalicoIPIP(Calico):
    """Calico with IP in IP between all nodes; `network`, `ipip`, `reflectors` as for `Calico`."""

    name, place = "calico-ipip", 5

    def __init__(self, network: Fabric, ipip: str = ALWAYS, reflectors: Sequence[str] = ()) -> None:
        super().__init__(network, ipip, reflectors)


def _pool_of(block: str) -> ClusterCIDR:
    """Calico's pool of addresses, cut into its blocks; raises `CourseError` for a small one."""
    pool = ipaddress.ip_network(block)
    mask = BLOCK_MASK[pool.version]
    if pool.prefixlen > mask:
        raise CourseError(
            "Calico's pool of addresses is smaller than one of its blocks",
            where=f"{block}: pod_cidr of a Cluster, cidr of a PodNetwork",
            expected=f"a prefix length of at most {mask}: a block is a /{mask}, 64 addresses",
            found=str(pool.prefixlen),
            do=f"choose a larger range, such as {pool.supernet(new_prefix=mask)}",
        )
    return ClusterCIDR(block, mask)


def host_route(address: str) -> str:
    """The block of one address.

    >>> host_route("10.244.0.1"), host_route("fd00::1")
    ('10.244.0.1/32', 'fd00::1/128')
    """
    return f"{address}/{128 if ':' in address else 32}"


def cable_name(pod: str) -> str:
    """The name of a Pod's cable on its node: `cali`, and eleven digits of its name's hash."""
    return "cali" + hashlib.sha1(pod.encode()).hexdigest()[:11]


def rules(pools: str) -> str:
    """Felix's rules, as far as they concern the way: what leaves the pools is masqueraded."""
    return f"""*filter
:cali-FORWARD - [0:0]
-A FORWARD -j cali-FORWARD
-A cali-FORWARD -i cali+ -j ACCEPT
-A cali-FORWARD -o cali+ -j ACCEPT
COMMIT
*nat
:cali-nat-outgoing - [0:0]
-A POSTROUTING -j cali-nat-outgoing
-A cali-nat-outgoing -m set --match-set {pools} src -m set ! --match-set {pools} dst \
-j MASQUERADE --random-fully
COMMIT"""
