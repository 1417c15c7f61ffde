"""Networks as pictures: who is joined to whom, the way of a packet, and what it costs."""

from __future__ import annotations

from collections.abc import Set
from itertools import pairwise

import msgspec
import pandas as pd
from matplotlib.axes import Axes

from course_lib.errors import CourseError
from course_lib.experiments.arguments import made_by
from course_lib.network import PodNetwork, Trace
from course_lib.network.device import Bridge, Dummy, Loopback
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.packet import Packet
from course_lib.network.tunnel import Tunnel
from course_lib.plots.picture import (
    COLOURS,
    GREY,
    Picture,
    check_table,
    colour_of,
    parts,
    picture,
    rounded,
)

# One colour and ink for each kind of header; the words say it too.
HEADERS = {
    "Ethernet": ("#BBBBBB", "black"),
    "IP": ("#0072B2", "white"),
    "IPv6": ("#0072B2", "white"),
    "TCP": ("#56B4E9", "black"),
    "UDP": ("#56B4E9", "black"),
    "VXLAN": ("#E69F00", "black"),
    "Sleeve": ("#E69F00", "black"),
    "ESP": ("#666666", "white"),
    "bytes": ("#F5F5F5", "black"),
}
LETTER = 8.5  # points
ROW, ACTION, STACK = 0.34, 1.75, 3.05  # inches: a row's height; where actions and headers begin
WIDTH, HEIGHT = 7.5, 3.1  # inches: the picture of a network
PASSED, REST = "#D55E00", "#0072B2"


class _Passed(msgspec.Struct, frozen=True):
    """Where a packet came by: machines and Pods, their devices, and the segments between them."""

    places: frozenset[str] = frozenset()
    devices: frozenset[tuple[str, str]] = frozenset()
    segments: frozenset[str] = frozenset()


def _passed(trace: Trace | None) -> _Passed:
    if trace is None:
        return _Passed()
    return _Passed(
        frozenset(hop.at for hop in trace.hops),
        frozenset((hop.at, hop.device) for hop in trace.hops),
        frozenset(hop.at for hop in trace.hops if hop.action == "wire"),
    )


def topology(network: PodNetwork, trace: Trace | None = None) -> Picture:
    """Nodes with their devices and Pods, the segments between them; the way of a trace in red.

    A dashed line between nodes is a tunnel.

    >>> topology(PodNetwork("calico", nodes=2, pods=1)).alt
    '2 nodes joined by calico: node-1 172.18.0.2 with 1 Pods; node-2 172.18.0.3 with 1 Pods.'
    """
    hosts = list(made_by(network, "network", PodNetwork).hosts.values())
    if trace is not None:
        made_by(trace, "trace", Trace)
    most = max((len(host.pods) for host in hosts), default=1)
    figure, [axes] = picture(WIDTH, HEIGHT)
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, HEIGHT)
    passed = _passed(trace)
    step = (WIDTH - 0.2) / max(1, len(hosts))
    for place, host in enumerate(hosts):
        _host(axes, host, 0.1 + place * step, step - 0.15, most, passed)
    for place, segment in enumerate(network.underlay.segments):
        colour, level = PASSED if segment.name in passed.segments else GREY, _level(place)
        axes.plot([0.2, WIDTH - 0.2], [level, level], color=colour, zorder=1)
        name = f"{segment.name} {segment.cidr}"
        axes.text(WIDTH - 0.2, level + 0.03, name, ha="right", fontsize=6, color="#666666")
    text = "a router joins the subnets and the world"
    axes.text(WIDTH / 2, 0.02, text, ha="center", fontsize=6.5)
    if any(_inner(host)[0] for host in hosts):
        centres = [0.1 + place * step + (step - 0.15) / 2 for place in range(len(hosts))]
        for one, other in pairwise(centres):
            axes.plot([one + 0.4, other - 0.4], [1.25, 1.25], linestyle="--", color=COLOURS[1])
    way = f" The packet's way: {', '.join(trace.path)}." if trace else ""
    figure.alt = (
        f"{len(hosts)} nodes joined by {network.plugin.name}: "
        + "; ".join(f"{h.name} {h.address} with {len(h.pods)} Pods" for h in hosts)
        + f".{way}"
    )
    return figure


def _host(axes: Axes, host: NodeHost, left: float, wide: float, most: int, passed: _Passed) -> None:
    """One node from the top down: its name, its Pods, its bridge and tunnel, its interface."""
    _frame(axes, left, 0.75, wide, HEIGHT - 0.85, host.name in passed.places)
    axes.text(left + 0.08, HEIGHT - 0.25, f"{host.name}", weight="bold", fontsize=8)
    axes.text(left + 0.08, HEIGHT - 0.4, host.address, fontsize=6, color="#666666")
    centre = left + wide / 2
    tunnel, bridge = _inner(host)
    mark = not passed.devices.isdisjoint({(host.name, bridge), (host.name, "")})
    joins, colour = bridge or "a route for each Pod", PASSED if mark else REST
    axes.text(centre, 1.55, joins, ha="center", fontsize=7, color=colour)
    if tunnel:
        colour = PASSED if (host.name, tunnel) in passed.devices else REST
        axes.text(centre, 1.2, tunnel, ha="center", fontsize=7, color=colour)
    axes.text(centre, 0.85, "eth0", ha="center", fontsize=7)
    _pods(axes, list(host.pods.values()), left, wide, most, passed.places)
    for low, high in ((0.98, 1.5), (_level(host.subnet), 0.82)):
        axes.plot([centre, centre], [low, high], color=GREY, linewidth=0.8, zorder=1)


def _level(subnet: int) -> float:
    return 0.5 - 0.16 * subnet


def _inner(host: NodeHost) -> tuple[str, str]:
    """The names of a node's tunnel and of its bridge, where it has them."""
    devices = [d for d in host.namespace.devices.values() if not isinstance(d, Loopback | Dummy)]
    tunnel = next((d.name for d in devices if isinstance(d, Tunnel)), "")
    return tunnel, next((d.name for d in devices if isinstance(d, Bridge)), "")


def _frame(axes: Axes, left: float, low: float, wide: float, high: float, on: bool) -> None:
    edge, line = (PASSED, 1.6) if on else (REST, 1.0)
    look = {"facecolor": "white", "edgecolor": edge, "linewidth": line, "zorder": 0}
    rounded(axes, (left, low), wide, high, "round,pad=0.02", **look)


def _pods(
    axes: Axes, pods: list[Attachment], left: float, wide: float, most: int, passed: Set[str]
) -> None:
    step = (wide - 0.1) / max(1, most)
    for place, pod in enumerate(pods):
        x = left + 0.05 + place * step
        on = pod.pod in passed
        _frame(axes, x + 0.03, 1.95, step - 0.08, 0.5, on)
        name = pod.pod.rpartition("/")[2]
        axes.text(
            x + step / 2, 2.26, name[-9:], ha="center", fontsize=6, color=PASSED if on else "black"
        )
        axes.text(x + step / 2, 2.06, pod.address, ha="center", fontsize=5 if most < 4 else 4)
        middle = left + wide / 2
        axes.plot([x + step / 2, middle], [1.95, 1.68], color=GREY, linewidth=0.8, zorder=1)


def way(trace: Trace, reply: bool = False) -> Picture:
    """The packet at each hop: one row a device, one box a header, the outermost left.

    Rows are those where something happens: a device is passed, headers change, a rule applies.
    Raises `CourseError` for the `reply` to a packet that got none.
    """
    made_by(trace, "trace", Trace)
    hops = trace.reply if reply else trace.hops
    if not hops:
        raise CourseError("nothing to draw", where="reply", found=f"no answer: {trace.outcome}")
    longest = max((_length(hop.after) for hop in hops), default=0.0)
    wide = STACK + longest
    figure, [axes] = picture(wide, ROW * len(hops) + 0.3)
    axes.set_axis_off()
    axes.set_xlim(0, wide)
    axes.set_ylim(-len(hops), 0)
    for row, hop in enumerate(hops):
        place = f"{hop.at.rpartition('/')[2][-14:]} {hop.device}".strip()
        changed = "bold" if hop.after != hop.before else "normal"
        axes.text(0, -row - 0.5, place, fontsize=LETTER, va="center")
        action = hop.action.split(":")[0]
        axes.text(ACTION, -row - 0.5, action, fontsize=LETTER, va="center", weight=changed)
        _stack(axes, hop.after, -row)
    figure.alt = f"{trace.source} to {trace.destination}: {trace.outcome}. " + "; ".join(
        f"{hop.at} {hop.device} {hop.action}" for hop in hops
    )
    return figure


def _stack(axes: Axes, packet: Packet, top: float) -> None:
    x = STACK
    for text, kind, _ in boxes(packet):
        wide = _width(text)
        colour, ink = HEADERS[kind]
        look = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.6}
        rounded(axes, (x, top - 0.95), wide, 0.9, "round,pad=0,rounding_size=0.05", **look)
        lines = _lines(text)
        middle = x + wide / 2
        axes.text(
            middle, top - 0.5, lines, fontsize=LETTER, ha="center", va="center", color=ink,
            linespacing=1.05,
        )  # fmt: skip
        x += wide + 0.03


def _lines(text: str) -> str:
    """What stands in a header's box: the source in the first line, the destination in the next."""
    return text.replace("Ethernet", "Eth").replace(" > ", "\n> ")


def _width(text: str) -> float:
    longest = max(len(line) for line in _lines(text).split("\n"))
    return 0.12 + 0.072 * longest


def _length(packet: Packet) -> float:
    return sum(_width(text) + 0.03 for text, _, _ in boxes(packet))


def boxes(packet: Packet) -> list[tuple[str, str, int]]:
    """Each header of a packet: what stands in its box, its kind, its bytes; the payload last."""
    found = []
    for header in packet.headers:
        text = str(header)
        kind = text.split(" ")[0]
        short = "Ethernet" if kind == "Ethernet" else text.split(" [")[0]
        found.append((short, kind, header.size))
    return [*found, (f"{packet.payload}", "bytes", packet.payload)]


def overhead_by_payload(table: pd.DataFrame) -> Picture:
    """What share of the wire is not payload, by plugin; `table` of `experiments.overhead`."""
    check_table(table, "PLUGIN, PAYLOAD, PERCENT, ADDED", "experiments.overhead")
    figure, [axes] = picture(height=3.2)
    for place, (added, part) in enumerate(parts(table, "ADDED")):
        names = ", ".join(dict.fromkeys(part.PLUGIN))
        first = part[part["PLUGIN"].eq(part.PLUGIN.iloc[0])]
        label, colour = f"{added} bytes more: {names}", COLOURS[place % len(COLOURS)]
        axes.plot(first.PAYLOAD, first.PERCENT, "o-", markersize=3, color=colour, label=label)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="payload (bytes)", ylabel="not payload (% of the wire)")
    axes.legend(fontsize=6.5)
    large = table[table.PAYLOAD.max() == table.PAYLOAD]
    figure.alt = "Share of the wire that is not payload: for the largest payload " + ", ".join(
        f"{row.PLUGIN} {row.PERCENT} %" for row in large.itertuples()
    )
    return figure


def rule_cost(table: pd.DataFrame) -> Picture:
    """Rules looked at for one packet, by Services and mode; `table` of `experiments.rule_cost`."""
    check_table(table, "MODE, SERVICES, LOOKED", "experiments.rule_cost")
    figure, [axes] = picture(height=3.0)
    colours = colour_of(sorted(set(table.MODE)))
    for mode, part in parts(table, "MODE"):
        axes.plot(part.SERVICES, part.LOOKED, marker="o", color=colours[mode], label=mode)
    axes.set(xscale="log", yscale="log")
    axes.set(xlabel="Services", ylabel="rules and lookups\nfor a first packet")
    axes.legend()
    most = table[table.SERVICES.max() == table.SERVICES]
    figure.alt = f"With {most.SERVICES.iloc[0]} Services a first packet meets " + ", ".join(
        f"{row.LOOKED} rules in {row.MODE} mode" for row in most.itertuples()
    )
    return figure


def request_balance(table: pd.DataFrame) -> Picture:
    """Requests by Pod, and what was to be expected; `table` of `experiments.balance`."""
    check_table(table, "POD, REQUESTS, EXPECTED", "experiments.balance")
    figure, [axes] = picture(height=0.4 * len(table) + 0.9)
    names = [pod.rpartition("/")[2] for pod in table.POD]
    axes.barh(names, table.REQUESTS, color=COLOURS[0])
    expected = table.EXPECTED.iloc[0]
    axes.axvline(expected, color=COLOURS[5], linestyle="--", label=f"expected: {expected:g}")
    axes.invert_yaxis()
    axes.set_xlabel("requests")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0)
    figure.alt = "Requests by Pod: " + ", ".join(
        f"{name} {count}" for name, count in zip(names, table.REQUESTS, strict=True)
    )
    return figure
