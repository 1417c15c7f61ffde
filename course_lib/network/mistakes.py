"""Frequent mistakes in Pod networks: build one on purpose, and find it.

`broken` builds a network with one mistake. `diagnose` examines any network as an operator does:
the plan of its addresses, its MTUs, and small and large packets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.errors import CourseError
from course_lib.network.addresses import overlaps
from course_lib.network.pod_network import PodNetwork
from course_lib.network.trace import Trace
from course_lib.network.tunnel import Tunnel

if TYPE_CHECKING:
    from course_lib.engine.table import Table

SERVICE_CIDR = "10.96.0.0/12"
Settings = dict[str, Any]  # of PodNetwork
LARGE = 1460  # bytes: as much as fits into a packet of 1,500


class NetworkFault(msgspec.Struct, frozen=True):
    """A fault of a network, where it is, the evidence, and what to do."""

    finding: str
    where: str
    evidence: str
    do: str


def _overlapping(settings: Settings) -> PodNetwork:
    """Pods get addresses that nodes have as well."""
    return PodNetwork(**(Settings(cidr="172.18.0.0/16", node_cidr="172.18.0.0/16") | settings))


def _wrong_mtu(settings: Settings) -> PodNetwork:
    """Pods and tunnel may send 1,500 bytes, and 50 more do not fit through the wire."""
    wrong = {"plugin": "flannel-vxlan", "pod_mtu": 1500, "tunnel_mtu": 1500}
    network = PodNetwork(**(settings | wrong))
    network.underlay.drops_fragments = True
    return network


def _blocked_port(settings: Settings) -> PodNetwork:
    """A firewall between the nodes does not know of VXLAN."""
    network = PodNetwork(**(settings | {"plugin": "flannel-vxlan"}))
    network.underlay.blocked["udp", 8472] = None
    return network


def _masquerade(settings: Settings) -> PodNetwork:
    """A rule gives the node's address to every packet that leaves it, as Docker's bridge does."""
    network = PodNetwork(**settings)
    for host in network.hosts.values():
        for pool in network.plugin.pools(host)[:1]:
            block, note = pool.network, '-m comment --comment "everything that leaves this node"'
            rule = f"-I POSTROUTING -s {block} ! -d {block} {note} -j MASQUERADE"
            host.iptables.restore(f"*nat\n{rule}\nCOMMIT")
    return network


def _two_subnets(settings: Settings) -> PodNetwork:
    """NodeHost gateways across a router: the next hop is not on the wire."""
    return PodNetwork(**(settings | {"plugin": "flannel-host-gw", "subnets": 2}))


def _source_check(settings: Settings) -> PodNetwork:
    """Packets with Pods' addresses on a cloud that lets machines send only from their own."""
    network = PodNetwork(**(Settings(plugin="calico") | settings))
    network.underlay.checks_source = True
    return network


MISTAKES: dict[str, Callable[[Settings], PodNetwork]] = {
    "overlapping-cidrs": _overlapping,
    "wrong-mtu": _wrong_mtu,
    "blocked-port": _blocked_port,
    "masquerade": _masquerade,
    "two-subnets": _two_subnets,
    "source-check": _source_check,
}


def broken(mistake: str, nodes: int = 3, pods: int = 2, **settings: Any) -> PodNetwork:
    """A network with a mistake in it: one of `MISTAKES`.

    It has `nodes` machines with `pods` Pods each; `settings` are the plugin's. Raises `CourseError`
    for another mistake.

    >>> network = broken("blocked-port")
    >>> network.trace("pod-1", "pod-3").reason
    'a firewall drops udp port 8472'
    """
    if mistake not in MISTAKES:
        known = ", ".join(MISTAKES)
        raise CourseError("no such mistake", expected=f"one of {known}", found=repr(mistake))
    chosen = {"plugin": "flannel-host-gw"} if mistake != "source-check" else {}
    return MISTAKES[mistake](chosen | {"nodes": nodes, "pods": pods} | settings)


def findings(network: PodNetwork) -> list[NetworkFault]:
    """List what is wrong with a network, each finding once."""
    found = [*_plan(network), *_mtus(network), *_packets(network)]
    return list({(f.finding, f.do): f for f in reversed(found)}.values())[::-1]


def diagnose(network: PodNetwork) -> Table:
    """A table of a network's faults: FINDING, WHERE, EVIDENCE, DO; empty if there are none."""
    from course_lib.engine.table import Table

    rows = [(f.finding, f.where, f.evidence, f.do) for f in findings(network)]
    return Table(rows, columns=["FINDING", "WHERE", "EVIDENCE", "DO"])


def _plan(network: PodNetwork) -> Iterator[NetworkFault]:
    blocks = {"Pods": network.blocks[0], "nodes": network.underlay.cidr, "Services": SERVICE_CIDR}
    for one, other in overlaps(blocks):
        yield NetworkFault(
            "CIDRs overlap",
            f"{one} and {other}",
            f"{blocks[one]} and {blocks[other]} have addresses in common",
            "give Pods, nodes and Services separate blocks: an address must have one owner",
        )


def _mtus(network: PodNetwork) -> Iterator[NetworkFault]:
    wire = network.underlay.mtu
    for host in network.hosts.values():
        for device in host.namespace.devices.values():
            overhead = getattr(device, "overhead", 0)
            if isinstance(device, Tunnel) and device.mtu + overhead > wire:
                yield NetworkFault(
                    "MTU too large",
                    f"{host.name} {device.name}",
                    f"{device.mtu} bytes and {overhead} of headers do not fit into {wire}",
                    f"set the MTU of Pods and tunnel to {wire - overhead}",
                )


def _packets(network: PodNetwork) -> Iterator[NetworkFault]:
    """Send from a Pod of each node to a Pod of each other, a small packet and a large one."""
    firsts = [next(iter(host.pods.values())).pod for host in network.hosts.values() if host.pods]
    for source in firsts:
        for target in firsts:
            if source == target:
                continue
            small = network.trace(source, target)
            if not small.ok:
                yield _lost(small, "packets are lost")
                continue
            if small.seen != network.address(source):
                yield _translated(small)
            large = network.trace(source, target, size=LARGE)
            if not large.ok:
                yield _lost(large, "small packets pass, large ones are lost")


def _lost(trace: Trace, finding: str) -> NetworkFault:
    reason, do = trace.reason, "look at the trace, hop by hop"
    if "firewall drops fragments" in reason:
        do = "lower the MTU of Pods and tunnel, so that no packet is fragmented"
    elif "firewall drops" in reason:
        port = reason.removeprefix("a firewall drops ")
        do = f"open {port} between the nodes in the firewall"
    elif "the cloud drops a source" in reason:
        do = "switch off the cloud's source check for these machines, or use a tunnel"
    elif "no route" in reason:
        do = "add routes to the Pods' blocks to the router, or use a tunnel between subnets"
    elif "nobody answers" in reason:
        do = "give each network a block of its own: no two may claim the same addresses"
    last = trace.hops[-1] if trace.hops else None
    where = f"{last.at} {last.device}".strip() if last else trace.source
    return NetworkFault(finding, where, f"{trace.source} to {trace.destination}: {reason}", do)


def _translated(trace: Trace) -> NetworkFault:
    """The hop that replaced the source address."""
    changes = (h for h in trace.hops if h.before.inner.source != h.after.inner.source)
    hop = next(changes, trace.hops[0])
    rule = hop.rule.splitlines()[-1] if hop.rule else ""
    return NetworkFault(
        "the source is translated between Pods",
        f"{hop.at}: {rule}",
        f"{trace.at} saw {trace.seen} instead of {trace.source}",
        "exclude the cluster's Pods from the rule (! -d, or a RETURN before it)",
    )
