"""Networks measured: overhead, state, convergence, the cost of rules, the balance of requests.

All seconds are simulated; bytes are those of the headers' RFCs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Sized
from functools import partial
from typing import TYPE_CHECKING, Any

from course_lib.cluster.arguments import count, number
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.experiments.arguments import made_by, named, several
from course_lib.network import PLUGINS, PodNetwork, Trace
from course_lib.network.flat import FlatNetwork
from course_lib.network.host import NodeHost
from course_lib.network.trace import Journey
from course_lib.node.proxy import ServicePortInfo
from course_lib.node.proxy.iptables_rules import Settings
from course_lib.node.proxy.kube_proxy import mode_named
from course_lib.node.proxy.service_ports import ProxyEndpoint

if TYPE_CHECKING:
    from course_lib.engine.table import Table

PAYLOADS = (1, 64, 256, 512, 1024, 1400)
FRAME = 14  # bytes: the Ethernet header on the wire, which every packet has
PLAIN = 40  # bytes: IP and TCP, which every packet has
MOST_SERVICES = 2**20 - 2  # addresses of 10.96.0.0/12, kubeadm's range for Services


def networks(nodes: int = 3, pods: int = 2, **settings: Any) -> dict[str, PodNetwork]:
    """One network for each plugin, and then one for each of its variants."""
    found = {name: PodNetwork(name, nodes, pods, **settings) for name in PLUGINS}
    for name, plugin in PLUGINS.items():
        for way, variant in plugin.variants.items():
            network = PodNetwork(name, nodes, pods, **(settings | variant.settings))
            if variant.blocked is not None:
                network.underlay.blocked[variant.blocked] = None
            found[f"{name}, {way}"] = network
    return found


def overhead(payloads: Sequence[int] = PAYLOADS) -> Table:
    """What plugins add: PLUGIN, PAYLOAD, WIRE (bytes on the wire), ADDED (bytes), PERCENT.

    PERCENT is the share of the wire that is not payload; PACKETS how many a payload needs.
    """
    from course_lib.engine.table import Table

    sizes = several(payloads, "payloads", partial(count, least=1))
    rows = []
    for name, network in networks(nodes=2, pods=1).items():
        for payload in sizes:
            packet = network.trace("pod-1", "pod-2", size=payload).on_the_wire
            assert packet is not None
            packets = -(-payload // packet.payload) if packet.payload else 1
            added = packet.size - packet.payload - PLAIN - FRAME
            wire = payload + packets * (packet.size - packet.payload)
            rows.append((name, payload, packets, wire, added, round(100 * (1 - payload / wire), 1)))
    return Table(rows, columns=["PLUGIN", "PAYLOAD", "PACKETS", "WIRE", "ADDED", "PERCENT"])


def state_growth(
    nodes: Sequence[int] = (2, 10, 50),
    pods: Sequence[int] = (2, 10),
    plugins: Iterable[str] = PLUGINS,
) -> Table:
    """What one node keeps, by plugin, nodes and Pods a node; ROUTER: routes of the router.

    `nodes` are sizes of the cluster, `pods` numbers of Pods on each node, `plugins` the names of
    the network plugins.
    """
    from course_lib.engine.table import Table

    sizes = several(nodes, "nodes", partial(count, least=1))
    numbers = several(pods, "pods", partial(count, least=1))
    rows = []
    for plugin in several(plugins, "plugins", partial(named, known=PLUGINS, what="network plugin")):
        for size in sizes:
            for each in numbers:
                network = PodNetwork(plugin, size, each)
                for place in range(size):  # some learn with the packets
                    network.trace("pod-1", f"pod-{place * each + 1}")
                kept = network.plugin.state(network.host("node-1"))
                router = len(network.underlay.router.routes)
                rows.append({"PLUGIN": plugin, "NODES": size, "PODS": each} | kept
                            | {"ROUTER": router})  # fmt: skip
    return Table(rows)


JOINS, DIES, CUT, PARTED = "a node joins", "a node dies", "cut off from the API", "a link is cut"
EVENTS = (JOINS, DIES, CUT, PARTED)
STEP, LONGEST = 1.0, 400.0  # s between two looks, and until we give up


def network_event(plugin: str, event: str, **settings: Any) -> dict[str, str]:
    """What happens to a network of three nodes: PLUGIN, EVENT, RESULT, SECONDS until it does.

    - a node joins: until its Pod and all others reach each other;
    - a node dies: until the others forget the way to it;
    - cut off from the API: a node is, and its Pods and the others go on (or not);
    - a link is cut between two nodes: until their Pods reach each other again.

    `plugin` is its name, `event` one of `EVENTS`, `settings` are the plugin's. Raises `CourseError`
    for another event.
    """
    named(event, "event", EVENTS, "event")
    network = PodNetwork(plugin, nodes=3, pods=1, **settings)
    if event == JOINS:
        network.add_node("node-4")
        network.add_pod("pod-4", "node-4")
        return _row(plugin, event, "reached by all", _until(network, lambda: _all_reach(network)))
    if event == DIES:
        network.power_off("node-3")
        one, gone = network.host("node-1"), network.host("node-3")
        seconds = _until(network, lambda: not network.plugin.knows(one, gone))
        result = "forgotten" if seconds is not None else "kept until its Node is deleted"
        return _row(plugin, event, result, seconds)
    if event == CUT:
        network.cut(["node-3"], [network.control_plane])
        network.sim.run(60)
        good = network.trace("pod-1", "pod-3").ok and network.trace("pod-3", "pod-1").ok
        return _row(plugin, event, "Pods go on" if good else "Pods are cut off", None)
    network.trace("pod-1", "pod-3")
    network.cut(["node-1"], ["node-3"])
    seconds = _until(network, lambda: network.trace("pod-1", "pod-3").ok)
    result = "no way between the two"
    if seconds is not None:
        result = "around it, by way of node-2" if seconds else "they talk by way of the router"
    return _row(plugin, event, result, seconds)


def network_events(plugins: Iterable[str] = PLUGINS) -> Table:
    """All events for all plugins."""
    from course_lib.engine.table import Table

    names = several(plugins, "plugins", partial(named, known=PLUGINS, what="network plugin"))
    return Table([network_event(plugin, event) for plugin in names for event in EVENTS])


def _row(plugin: str, event: str, result: str, seconds: float | None) -> dict[str, str]:
    shown = "" if seconds is None else f"{seconds:g}"
    return {"PLUGIN": plugin, "EVENT": event, "RESULT": result, "SECONDS": shown}


def _all_reach(network: PodNetwork) -> bool:
    pods = list(network.pods)
    return all(network.trace(one, other).ok for one in pods for other in pods)


def _until(network: PodNetwork, condition: Callable[[], bool]) -> float | None:
    begun = network.sim.now
    while not condition():
        if network.sim.now - begun >= LONGEST:
            return None
        network.sim.run(STEP if network.sim.now - begun > 5 else STEP / 10)
    return round(network.sim.now - begun, 1)


# Services


def made_up_services(count: int, endpoints: int = 3) -> list[ServicePortInfo]:
    """So many Services, each with so many endpoints."""
    return [
        ServicePortInfo(
            "default", f"service-{n}", "http", "tcp",
            f"10.{96 + n // 65536}.{n // 256 % 256}.{n % 256}", 80,
            endpoints=tuple(
                ProxyEndpoint(f"10.244.{n // 250 % 250}.{2 + (n % 80) * 3 + e}", 8080, "node-1")
                for e in range(endpoints)
            ),
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def rule_cost(
    counts: Sequence[int] = (1, 10, 100, 1000),
    modes: Sequence[str] = ("iptables", "ipvs", "nftables"),
) -> Table:
    """What the first packet to the last of so many Services costs: MODE, SERVICES, LOOKED.

    LOOKED is how many rules and lookups the kernel goes through, RULES how many there are.
    """
    from course_lib.engine.table import Table

    services = several(counts, "counts", partial(count, least=1, most=MOST_SERVICES))
    rows = []
    for mode in several(modes, "modes", partial(made_by, kind=str, like="text")):
        for size in services:
            network = FlatNetwork(Simulation())
            host = network.add_machine("node-1", "192.168.49.2")
            settings = Settings("node-1", "192.168.49.2", "", "10.244.0.0/16")
            ports = made_up_services(size)
            writer = mode_named(mode, host, settings)
            named = {(port.namespace, f"{n:06}"): [port] for n, port in enumerate(ports)}
            writer.write(named, list(named))
            last = ports[-1]
            rows.append((mode, size, _looked(network, last), _rules(host)))
    return Table(rows, columns=["MODE", "SERVICES", "LOOKED", "RULES"])


def _looked(network: FlatNetwork, port: ServicePortInfo) -> int:
    journey = Journey(0.0, network.random)
    network.translated(journey, "node-1", port.cluster_ip, port.port, "tcp")
    return journey.examined


def _rules(host: NodeHost) -> int:
    return sum(len(source) for source in host.filter.sources.values() if isinstance(source, Sized))


def balance(traces: Iterable[Trace]) -> Table:
    """Who got how many of some requests: POD, REQUESTS, and what was to be expected."""
    from course_lib.engine.table import Table

    seen = several(traces, "traces", partial(made_by, kind=Trace))
    counts = Counter(trace.at for trace in seen if trace.ok)
    expected = round(sum(counts.values()) / max(1, len(counts)), 1)
    rows = [(pod, requests, expected) for pod, requests in sorted(counts.items())]
    return Table(rows, columns=["POD", "REQUESTS", "EXPECTED"])


def chi_squared(counts: Sequence[int]) -> tuple[float, float]:
    """The chi-squared statistic of counts that ought to be equal, and its p-value.

    A p-value below 0.01 says: this is hardly chance. Raises `CourseError` where nothing was
    counted.

    >>> chi_squared([100, 100, 100])
    (0.0, 1.0)
    >>> statistic, p = chi_squared([150, 90, 60])
    >>> round(statistic, 1), p < 0.001
    (42.0, True)
    """
    seen = several(counts, "counts", partial(number, least=0, most=2**31 - 1))
    if not any(seen):
        raise CourseError("nothing was counted", where="counts", expected="a count above 0")
    expected = sum(seen) / len(seen)
    statistic = sum((each - expected) ** 2 / expected for each in seen)
    return statistic, _upper_gamma((len(seen) - 1) / 2, statistic / 2)


def _upper_gamma(a: float, x: float) -> float:
    """The regularized upper incomplete gamma function, by its series (Abramowitz, Stegun 6.5.29).

    Good for the sizes that occur here; x = 0 gives 1.
    """
    if x <= 0:
        return 1.0
    term = total = 1.0 / a
    n = a
    while abs(term) > total * 1e-15:
        n += 1
        term *= x / n
        total += term
    lower = total * math.exp(a * math.log(x) - x - math.lgamma(a))
    return max(0.0, 1.0 - lower)
