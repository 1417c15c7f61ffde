"""Exercises of chapter 09: the ways between nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from course_lib.course.answers import holds, predicts_number
from course_lib.course.forms import as_documents, described, names_of
from course_lib.course.questions import Mistake, Remarks, asks
from course_lib.network import PLUGINS, PodNetwork
from course_lib.network.mistakes import broken
from course_lib.network.pod_network import UnknownSetting
from course_lib.objects.manifests import Document


@predicts_number(
    "09-mtu",
    "A smaller envelope",
    """
    The machines' network carries packets of 1,500 bytes; the plugin wraps the packets of Pods
    in VXLAN over IPv4. **How large may a Pod's packet be (its MTU)?**
    """,
    slips={
        1500: "then nothing would be left for the wrapping",
        1480: "that is IP in IP, which adds only an IP header of 20 bytes",
        1492: "the VXLAN header has 8 bytes, but UDP, IP and the inner Ethernet header come too",
        1464: "the Pod's packet travels as a whole frame: its Ethernet header is wrapped too",
        1436: "the outer Ethernet header does not count: the MTU is what a frame carries",
        50: "that is what the wrapping adds; the Pod's packet gets what is left of 1,500",
    },
    unit="bytes",
    look="take from 1,500 the outer IP header, UDP, VXLAN, and the inner Ethernet header",
)
def mtu() -> int:
    network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
    return network.pods["pod-1"].namespace.devices["eth0"].mtu


@predicts_number(
    "09-ipip",
    "The price of IP in IP",
    """
    **How many bytes does IP in IP add** to each packet on the wire?
    """,
    slips={
        50: "that is VXLAN: outer IP, UDP, VXLAN and an inner Ethernet header",
        8: "that is a UDP header; IP in IP has none",
        40: "that is an IPv6 header; here IPv4 is carried in IPv4",
        0: "it is an envelope: something is added",
    },
    unit="bytes",
    look="it adds one header of IPv4 without options: how long is that?",
)
def ipip() -> int:
    sizes = []
    plain = PodNetwork("routable", nodes=2, pods=1)
    for network in (plain, PodNetwork("calico", nodes=2, pods=1, ipip="Always")):
        wire = network.trace("pod-1", "pod-2", 80, size=100).on_the_wire
        assert wire is not None
        sizes.append(wire.size)
    return sizes[1] - sizes[0]


@predicts_number(
    "09-routes",
    "What a node remembers",
    """
    Flannel's host gateways on 12 nodes, 10 Pods each. **How many routes to other nodes' Pods has
    each node?**
    """,
    slips={
        12: "its own Pods are on its bridge",
        110: "one route leads to a node's whole block, not to each Pod",
        120: "one route leads to a node's whole block, and its own Pods are on its bridge",
        10: "that is the number of Pods on each node; a route leads to a node's whole block",
        1: "one route is enough to a router that knows all blocks; here each node is a router",
    },
    unit="routes",
    look="one route for the block of each *other* node",
)
def routes() -> int:
    network = PodNetwork("flannel-host-gw", nodes=12, pods=10)
    table = network.host("node-1").namespace.routes
    return sum(" via " in line and "10.244." in line for line in str(table).splitlines())


@asks(
    "09-two-subnets",
    "A router in between",
    """
    Four nodes are in two subnets. The router between them has no routes to Pods. **Choose a
    plugin** so that all Pods reach each other, and packets inside a subnet are not wrapped. Answer
    with the settings as a dict: `{"plugin": ..., ...}`.
    """,
)
def two_subnets(answer: object) -> Remarks:
    plugin, settings = _settings(answer)
    hint = "the router of the question knows nothing of Pods: this plugin needs their routes there"
    yield holds(plugin != "routable", f"the plugin is {plugin}", "this needs another router", hint)
    try:
        network = PodNetwork(plugin, nodes=4, pods=1, subnets=2, **settings)
    except UnknownSetting as error:
        known = {"calico": "`ipip`, `vxlanMode`", "flannel-vxlan": "`direct_routing`"}
        there = known.get(plugin, "none that matters here")
        said = f"{plugin} does not have the settings {names_of(settings)}"
        raise Mistake(said, f"settings of {plugin}: {there}") from error
    pairs = [(a, b) for a in network.pods for b in network.pods if a < b]
    lost = [f"{a} to {b}" for a, b in pairs if not network.trace(a, b, 80).ok]
    hint = "between the subnets, packets must be wrapped: the router drops what it does not know"
    yield holds(not lost, "all reach all", f"no way: {', '.join(lost)}", hint)
    wrapped = network.trace("pod-1", "pod-3", 80).on_the_wire  # node-1 and node-3: one subnet
    assert wrapped is not None
    hint = "which of the plugin's settings wraps only where it must, between subnets?"
    if plugin == "weave":
        hint = "Weave always wraps: choose a plugin that can leave it out inside a subnet"
    plain = str(wrapped).count("| IP ") == 1
    yield holds(plain, "neighbours send as they are", "neighbours' packets are wrapped", hint)


MODES = {"crosssubnet": "CrossSubnet", "always": "Always", "never": "Never"}


def _settings(answer: object) -> tuple[str, Document]:
    """The plugin and its settings, also under the names that Flannel and Calico give them.

    Calico's VXLAN is not simulated. Its modes wrap in the same cases as those of IP in IP, which
    stand for them. Source: docs.tigera.io "Overlay networking".
    """
    if isinstance(answer, str) and (answer.strip() in PLUGINS or ":" not in answer):
        answer = {"plugin": answer}
    if isinstance(answer, str):
        answer = as_documents(answer)[0]
    if not isinstance(answer, dict):
        raise Mistake(f"settings are asked for, and this is {described(answer)}",
                      '{"plugin": ...} and what else it needs')  # fmt: skip
    flat = dict(_flat(answer))
    plugin = str(flat.pop("plugin", "")).strip().casefold()
    backend = str(flat.pop("type", "")).casefold()
    plugin = f"flannel-{backend or 'vxlan'}" if plugin == "flannel" else plugin
    if plugin not in PLUGINS:
        raise Mistake(f"{plugin or 'nothing'} is no plugin of the course",
                      f'{{"plugin": one of {names_of(PLUGINS)}}}')  # fmt: skip
    mode = next((flat.pop(n) for n in ("ipip", "ipipmode", "vxlan", "vxlanmode") if n in flat), "")
    if encapsulation := str(flat.pop("encapsulation", "")).casefold():
        mode = encapsulation.removeprefix("vxlan").removeprefix("ipip") or "Always"
    if mode:
        flat["ipip"] = MODES.get(str(mode).casefold(), mode)
    if "directrouting" in flat:
        flat["direct_routing"] = flat.pop("directrouting") in (True, "true", "True")
    return plugin, {name: value for name, value in flat.items() if name not in ("nodes", "subnets")}


def _flat(settings: Document) -> Iterator[tuple[str, Any]]:
    """Settings by name, without case and underscores, also those one level deeper."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield str(name).casefold().replace("_", "").replace("-", ""), value


def _blocked() -> PodNetwork:
    return broken("blocked-port")


@asks(
    "09-firewall",
    "Nothing gets through",
    """
    `task.broken` is a network of Flannel with VXLAN. Pods of one node reach each other. Between
    nodes, no packet arrives. **Find the reason** (`diagnose`, from
    `course_lib.network.mistakes`), **and repair the fault.**
    """,
    starts=_blocked,
)
def firewall(network: PodNetwork) -> Remarks:
    hint = "the firewall is between the machines: `task.broken.underlay.blocked`"
    shut = [f"{protocol} {port}" for protocol, port in network.underlay.blocked]
    if shut and shut != ["udp 8472"]:
        hint = "which port do Flannel's VXLAN packets go to? Only that port was blocked at first"
    yield holds(not shut, "the firewall lets VXLAN pass", f"blocked: {', '.join(shut)}", hint)
    pairs = [(a, b) for a in network.pods for b in network.pods if a != b]
    lost = [f"{a} to {b}" for a, b in pairs if not network.trace(a, b, 80).ok]
    hint = "the firewall is open now; trace one of these ways, hop by hop: where does it end?"
    yield holds(bool(pairs), "there are Pods", "the Pods are gone", "`task.reset()` begins again")
    yield holds(not lost, "all Pods reach all", f"no way: {', '.join(lost[:3])}", hint)
