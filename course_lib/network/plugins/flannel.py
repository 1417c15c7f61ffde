"""Flannel: a bridge and a block on each node, and one of two ways between nodes.

- `host-gw`: a route to each other node's block, with that node as the next hop. Nothing is added
  to packets; all nodes must be in one subnet, for a next hop is on the same wire.
- `vxlan`: a device `flannel.1` wraps packets in UDP (port 8472), 50 bytes each. For each other
  node there is a route, a neighbour entry (its `flannel.1`) and an entry in the forwarding
  database, set by flanneld when it hears of the node; nothing is learned from packets.

flanneld watches the Node objects. A node that dies is not forgotten before its Node is deleted.
Source: flannel v0.28 `pkg/backend/hostgw`, `pkg/backend/vxlan`, `pkg/trafficmngr/iptables`.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from course_lib.errors import CourseError
from course_lib.network.cni import on_bridge
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.plugins.base import Fabric, NetworkPlugin
from course_lib.network.routes import Route
from course_lib.network.vxlan import OVERHEAD, Vxlan

BRIDGE, DEVICE, DEVICE_V6 = "cni0", "flannel.1", "flannel-v6.1"
PORT = 8472


class HostGateway(NetworkPlugin):
    """Flannel's `host-gw`: each node is the gateway to its own block."""

    name, place = "flannel-host-gw", 2
    cni = 'type="flannel"'

    def start(self, host: NodeHost) -> None:
        """The rules; the bridge comes with the first Pod."""
        for cluster, own in zip(self.network.blocks, host.blocks, strict=True):
            host.rules(":" in own).restore(rules(cluster, own))

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """A route to the other's block, by way of the other."""
        for block in other.blocks:
            try:
                host.namespace.add_route(_way(block, "eth0", other.address_of(":" in block)))
            except CourseError as refused:
                message = f"failed to add route to {block}: {refused.what}"
                self.network.sim.record("flanneld", f"Node/{host.name}", "RouteFailed", message)

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """The route goes."""
        for block in other.blocks:
            host.namespace.routes.remove(block)

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """Join a Pod to the node's bridge, with a route to the cluster's block beside the default.

        Source: flannel-io/cni-plugin `flannel_linux.go` (the networks become routes of the IPAM).
        """
        blocks = self.network.blocks
        return on_bridge(host, container_id, pod, self.mtu, host.pools, BRIDGE, blocks)


class VXLANBackend(HostGateway):
    """Flannel's `vxlan`: packets between nodes of the `network` travel in UDP.

    `tunnel_mtu` sets the device's MTU by hand: a wrong one shows what the right one is for. With
    `direct_routing` nodes of one subnet are next hops, as in `host-gw`, and only packets to other
    subnets are wrapped. Source: flannel `Documentation/backends.md` (VXLAN, `DirectRouting`).
    """

    name, place = "flannel-vxlan", 3
    overhead = OVERHEAD

    def __init__(self, network: Fabric, tunnel_mtu: int = 0, direct_routing: bool = False) -> None:
        super().__init__(network)
        self.direct_routing = direct_routing
        self.tunnel_mtu = tunnel_mtu or network.pod_mtu or network.underlay.mtu - OVERHEAD

    def start(self, host: NodeHost) -> None:
        """The rules, and the device of each family; its address is the block's first."""
        super().start(host)
        for block in host.blocks:
            six = ":" in block
            name = DEVICE_V6 if six else DEVICE
            longer = 20 if six else 0  # the outer header of the IPv6 device is an IPv6 one
            mtu, vni = self.tunnel_mtu - longer, 2 if six else 1
            Vxlan(host.namespace, name, host.address_of(six), vni=vni, port=PORT, mtu=mtu)
            host.namespace.add_address(name, f"{_first(block)}/{128 if six else 32}")

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """A neighbour entry, a forwarding entry and a route; or a route to a node next door."""
        if self._direct(host, other):
            super().learn(host, other)
            return
        for block in other.blocks:
            name = DEVICE_V6 if ":" in block else DEVICE
            device, first = host.namespace.devices[name], _first(block)
            assert isinstance(device, Vxlan)
            mac = other.namespace.devices[name].mac
            route = _way(block, name, first, onlink=True)
            host.namespace.neighbours[route.device, route.via] = mac
            device.forwarding[mac] = other.address_of(":" in block)
            host.namespace.routes.add(route)

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """All that was learned goes."""
        if self._direct(host, other):
            super().forget(host, other)
            return
        for block in other.blocks:
            name = DEVICE_V6 if ":" in block else DEVICE
            device = host.namespace.devices[name]
            assert isinstance(device, Vxlan)
            host.namespace.routes.remove(block)
            mac = host.namespace.neighbours.pop((name, _first(block)), "")
            device.forwarding.pop(mac, None)

    def _direct(self, host: NodeHost, other: NodeHost) -> bool:
        return self.direct_routing and host.subnet == other.subnet

    def state(self, host: NodeHost) -> dict[str, int]:
        """With the entries of the forwarding database."""
        device = host.namespace.devices[DEVICE]
        assert isinstance(device, Vxlan)
        return super().state(host) | {"FORWARDING": len(device.forwarding)}


@lru_cache(maxsize=1 << 14)  # the routes of all nodes to one block are one object
def _way(block: str, device: str, via: str, onlink: bool = False) -> Route:
    return Route(block, device, via, onlink=onlink)


@lru_cache(maxsize=1 << 14)
def _first(block: str) -> str:
    return str(ipaddress.ip_network(block)[0])


def rules(cluster: str, own: str) -> str:
    """flanneld's rules: Pods' packets may pass; what leaves the cluster is masqueraded."""
    note = '-m comment --comment "flanneld {}"'
    masq, forward = note.format("masq"), note.format("forward")
    everyone = "ff00::/8" if ":" in cluster else "224.0.0.0/4"
    return f"""*filter
:FLANNEL-FWD - [0:0]
-A FORWARD {forward} -j FLANNEL-FWD
-A FLANNEL-FWD -s {cluster} {forward} -j ACCEPT
-A FLANNEL-FWD -d {cluster} {forward} -j ACCEPT
COMMIT
*nat
:FLANNEL-POSTRTG - [0:0]
-A POSTROUTING {masq} -j FLANNEL-POSTRTG
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 {masq} -j RETURN
-A FLANNEL-POSTRTG -s {own} -d {cluster} {masq} -j RETURN
-A FLANNEL-POSTRTG -s {cluster} -d {own} {masq} -j RETURN
-A FLANNEL-POSTRTG ! -s {cluster} -d {own} {masq} -j RETURN
-A FLANNEL-POSTRTG -s {cluster} ! -d {everyone} {masq} -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s {cluster} -d {cluster} {masq} -j MASQUERADE --random-fully
COMMIT"""
