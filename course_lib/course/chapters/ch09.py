"""Exercises of chapter 09: the ways between nodes."""

from __future__ import annotations

from typing import Any

from course_lib.course.answers import holds, number
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.network import PLUGINS, PodNetwork
from course_lib.network.mistakes import broken


@asks(
    "09-mtu",
    "A smaller envelope",
    """
    The machines' network carries packets of 1,500 bytes; the plugin wraps Pods' packets in VXLAN
    over IPv4. **How large may a Pod's packet be (its MTU)?**
    """,
)
def mtu(answer: Any) -> Findings:
    network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
    truth = network.pods["pod-1"].namespace.devices["eth0"].mtu
    slips = {
        1500: "then nothing would be left for the wrapping",
        1480: "that is IP in IP, which adds only an IP header of 20 bytes",
        1492: "the VXLAN header has 8 bytes, but UDP, IP and the inner Ethernet header come too",
        1464: "the Pod's packet travels as a whole frame: its Ethernet header is wrapped too",
        1436: "the outer Ethernet header does not count: the MTU is what a frame carries",
    }
    yield number(answer, truth, slips, unit="bytes")


@asks(
    "09-ipip",
    "The price of IP in IP",
    """
    **How many bytes does IP in IP add** to each packet on the wire?
    """,
)
def ipip(answer: Any) -> Findings:
    sizes = []
    plain = PodNetwork("routable", nodes=2, pods=1)
    for network in (plain, PodNetwork("calico", nodes=2, pods=1, ipip="Always")):
        wire = network.trace("pod-1", "pod-2", 80, size=100).on_the_wire
        assert wire is not None
        sizes.append(wire.size)
    slips = {
        50: "that is VXLAN: outer IP, UDP, VXLAN and an inner Ethernet header",
        8: "that is a UDP header; IP in IP has none",
        40: "that is an IPv6 header; here IPv4 is carried in IPv4",
        0: "it is an envelope: something is added",
    }
    yield number(answer, sizes[1] - sizes[0], slips, unit="bytes")


@asks(
    "09-routes",
    "What a node remembers",
    """
    Flannel's host gateways on 12 nodes, 10 Pods each. **How many routes to other nodes' Pods has
    each node?**
    """,
)
def routes(answer: Any) -> Findings:
    network = PodNetwork("flannel-host-gw", nodes=12, pods=10)
    table = network.host("node-1").namespace.routes
    others = [line for line in str(table).splitlines() if " via " in line and "10.244." in line]
    slips = {
        12: "its own Pods are on its bridge",
        110: "one route leads to a node's whole block, not to each Pod",
        120: "one route leads to a node's whole block, and its own Pods are on its bridge",
        1: "that would be a router that knows all; here each node is one",
    }
    yield number(answer, len(others), slips, unit="routes")


@asks(
    "09-two-subnets",
    "A router in between",
    """
    Four nodes in two subnets with a router between that knows nothing of Pods. **Choose a plugin**
    so that all Pods reach each other, and packets inside a subnet are not wrapped. Answer with the
    settings as a dict: `{"plugin": ..., ...}`.
    """,
)
def two_subnets(answer: Any) -> Findings:
    if not isinstance(answer, dict) or answer.get("plugin") not in PLUGINS:
        raise Mistake(f"{answer!r} names no plugin", f'{{"plugin": one of {", ".join(PLUGINS)}}}')
    settings = {key: value for key, value in answer.items() if key not in ("nodes", "subnets")}
    try:
        network = PodNetwork(nodes=4, pods=1, subnets=2, **settings)
    except TypeError as error:
        raise Mistake(str(error), "Calico's setting is called `ipip`") from error
    pairs = [(a, b) for a in network.pods for b in network.pods if a < b]
    lost = [f"{a} to {b}" for a, b in pairs if not network.trace(a, b, 80).ok]
    hint = "between the subnets somebody has to wrap: the router drops what it does not know"
    yield holds(not lost, "all reach all", f"no way: {', '.join(lost)}", hint)
    if answer["plugin"] == "routable":
        raise Mistake("this router was taught all blocks", "the question says it knows nothing")
    wrapped = network.trace("pod-1", "pod-3", 80).on_the_wire  # node-1 and node-3: one subnet
    assert wrapped is not None
    hint = "which of Calico's settings wraps only where it must?"
    plain = str(wrapped).count("| IP ") == 1
    yield holds(plain, "neighbours send as they are", "neighbours' packets are wrapped", hint)


def _blocked() -> PodNetwork:
    return broken("blocked-port")


@asks(
    "09-firewall",
    "Nothing gets through",
    """
    `task.broken` is a network of Flannel with VXLAN. Pods of one node talk, across nodes nothing
    arrives. **Find out why** (`diagnose`, from `course_lib.network.mistakes`), **and mend it**
    where the fault is.
    """,
    starts=_blocked,
)
def firewall(network: PodNetwork) -> Findings:
    hint = "the firewall is between the machines: `task.broken.underlay.blocked`"
    shut = [f"{protocol} {port}" for protocol, port in network.underlay.blocked]
    if shut and shut != ["udp 8472"]:
        hint = "which port do Flannel's VXLAN packets go to? The other one was not in the way"
    yield holds(not shut, "the firewall lets VXLAN pass", f"blocked: {', '.join(shut)}", hint)
    pairs = [(a, b) for a in network.pods for b in network.pods if a != b]
    ok = all(network.trace(a, b, 80).ok for a, b in pairs)
    yield holds(ok, "all Pods reach all", "some Pods do not reach others", "trace, hop by hop")
