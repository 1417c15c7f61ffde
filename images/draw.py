"""Draw the figures of the course: `python images/draw.py` writes every SVG beside this file.

One style for all: a light card, legible on light pages and on dark ones; blue for what decides,
green for what runs the application, sky for machines, orange for networks, grey for what is below.
Each figure carries its own text alternative (`title` and `desc`).
"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
FILL = {
    "decides": ("#0072B2", "#FFFFFF"),
    "runs": ("#00785A", "#FFFFFF"),
    "machine": ("#DCEFFA", "#12303F"),
    "network": ("#F4C26B", "#2B1D00"),
    "below": ("#D9D9D9", "#1A1A1A"),
    "plain": ("#FFFFFF", "#1A1A1A"),
    "lost": ("#FBE3D8", "#7A2600"),
}
INK, CARD, LINE = "#1A1A1A", "#F6F8FA", "#5B6770"


class Figure:
    """One SVG: boxes with words in them, arrows between places, labels."""

    def __init__(self, width: int, height: int, title: str, told: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" font-family="sans-serif">',
            f"<title>{html.escape(title)}</title>",
            f"<desc>{html.escape(told)}</desc>",
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
            'markerHeight="7" orient="auto-start-reverse">'
            f'<path d="M0 0L10 5L0 10z" fill="{LINE}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" rx="12" fill="{CARD}" stroke="#C9D1D8"/>',
        ]

    def box(
        self, x: float, y: float, w: float, h: float, words: str = "", kind: str = "plain",
        top: bool = False, dashed: bool = False,
    ) -> None:  # fmt: skip
        """A box; its words in the middle, or at the top where other boxes stand inside."""
        fill, ink = FILL[kind]
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="6" fill="{fill}" '
            f'stroke="{LINE}"{dash}/>'
        )
        lines = words.split("\n") if words else []
        first = y + 18 if top else y + h / 2 - 8.5 * (len(lines) - 1) + 5
        for place, line in enumerate(lines):
            self.text(x + w / 2, first + 17 * place, line, ink, bold=top and place == 0)

    def text(
        self, x: float, y: float, words: str, ink: str = INK, bold: bool = False,
        anchor: str = "middle", size: int = 13,
    ) -> None:  # fmt: skip
        """A line of words."""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{ink}"{weight}>{html.escape(words)}</text>'
        )

    def arrow(
        self, x1: float, y1: float, x2: float, y2: float, words: str = "", both: bool = False,
        dashed: bool = False,
    ) -> None:  # fmt: skip
        """A straight arrow; its words beside the middle of it."""
        start = ' marker-start="url(#tip)"' if both else ""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{LINE}" '
            f'stroke-width="1.6" marker-end="url(#tip)"{start}{dash}/>'
        )
        if words:
            level = abs(y2 - y1) < abs(x2 - x1)
            x, y = (x1 + x2) / 2, (y1 + y2) / 2
            place = (x, y - 7, "middle") if level else (x + 8, y + 4, "start")
            self.text(place[0], place[1], words, anchor=place[2], size=12)

    def svg(self) -> str:
        """The file's text."""
        return "\n".join([*self.parts, "</svg>"]) + "\n"


def course_map() -> Figure:
    """The twelve chapters, and what each builds on."""
    made = Figure(
        760, 470, "A map of the course",
        "Chapter 00 leads to 01 Containers and 02 Images, these to 03 Why orchestrate. From there "
        "four ways go on: 04 Orchestrators; 05 Container runtimes and 06 The kubelet; 07 "
        "Services, 08 Pod networking, 09 Pods across nodes; 10 Cluster configurations. "
        "Chapter 11 needs them all.",
    )  # fmt: skip
    places = {
        "00 Start here": (20, 205, "plain"),
        "01 Containers": (170, 150, "runs"),
        "02 Images": (170, 260, "runs"),
        "03 Why\norchestrate": (320, 205, "decides"),
        "04 Orchestrators\ncompared": (470, 30, "decides"),
        "05 Container\nruntimes": (470, 115, "runs"),
        "06 The kubelet": (610, 115, "runs"),
        "07 Services and\nkube-proxy": (470, 200, "network"),
        "08 Pod\nnetworking": (470, 285, "network"),
        "09 Pods across\nnodes": (610, 285, "network"),
        "10 Cluster\nconfigurations": (470, 370, "decides"),
        "11 Capstone": (620, 370, "plain"),
    }
    for words, (x, y, kind) in places.items():
        made.box(x, y, 124, 52, words, kind)
    for x1, y1, x2, y2 in (
        (144, 222, 170, 185), (144, 240, 170, 277), (294, 180, 320, 218), (294, 282, 320, 248),
        (444, 218, 470, 66), (444, 224, 470, 145), (444, 231, 470, 226), (594, 141, 610, 141),
        (532, 252, 532, 285), (594, 311, 610, 311), (444, 250, 470, 384), (594, 396, 620, 396),
        (700, 337, 690, 370),
    ):  # fmt: skip
        made.arrow(x1, y1, x2, y2)
    made.text(
        380, 452, "Follow the numbers. After chapter 03 you can also choose one way.", size=12
    )
    return made


def container_and_vm() -> Figure:
    """Virtual machines bring kernels; containers share one."""
    made = Figure(
        720, 300, "Containers and virtual machines",
        "Left: two virtual machines on a hypervisor, each with its own kernel, libraries and "
        "application. Right: two containers on one kernel, each with its own libraries and "
        "application, separated by namespaces and cgroups.",
    )  # fmt: skip
    made.text(180, 26, "Virtual machines", bold=True)
    made.text(540, 26, "Containers", bold=True)
    for x in (30, 190):
        made.box(x, 40, 140, 152, "virtual machine", "machine", top=True)
        made.box(x + 10, 66, 120, 34, "application", "runs")
        made.box(x + 10, 106, 120, 34, "libraries")
        made.box(x + 10, 146, 120, 34, "kernel of its own", "below")
    made.box(30, 200, 300, 36, "hypervisor", "below")
    for x in (390, 550):
        made.box(x, 66, 140, 92, "", "machine", dashed=True)
        made.box(x + 10, 76, 120, 34, "application", "runs")
        made.box(x + 10, 116, 120, 34, "libraries")
    made.text(540, 183, "namespaces (what it sees), cgroups (what it uses)", size=12)
    made.box(390, 200, 300, 36, "one kernel for all", "below")
    for x in (30, 390):
        made.box(x, 244, 300, 36, "hardware", "below")
    return made


def image_layers() -> Figure:
    """Layers, kept once, shared by images, below a container's own layer."""
    made = Figure(
        720, 320, "Image layers",
        "An image is a configuration and a stack of read-only layers: base, runtime, application. "
        "A node stores the lower layers of two versions once. Each container adds a thin layer of "
        "its own that it can write. This layer disappears with the container.",
    )  # fmt: skip
    made.text(200, 26, "shop:v1", bold=True)
    made.text(520, 26, "shop:v2", bold=True)
    for x, letter in ((60, "1"), (380, "2")):
        made.box(x, 40, 130, 40, "container's layer", "plain", dashed=True)
        made.box(x + 150, 40, 130, 40, "container's layer", "plain", dashed=True)
        made.box(x, 92, 280, 40, f"application, version {letter}   sha256:{letter}f0…", "runs")
    made.box(60, 150, 600, 40, "runtime   sha256:8c2…", "machine")
    made.box(60, 198, 600, 40, "base files   sha256:41b…", "machine")
    made.text(360, 262, "each layer is named by its content, and a node stores it once", size=12)
    made.text(360, 284, "image layers are read-only; a container's layer disappears with it",
              size=12)  # fmt: skip
    return made


def orchestrator() -> Figure:
    """An orchestrator and the hosts of its cluster."""
    made = Figure(
        720, 320, "What an orchestrator does",
        "You declare the desired state. The orchestrator compares it with the actual state. It "
        "starts, stops, moves and connects containers on many hosts, and the hosts report back.",
    )  # fmt: skip
    made.box(30, 110, 130, 70, "what you want\n(a manifest)")
    made.box(250, 40, 200, 210, "orchestrator", "machine", top=True)
    for place, words in enumerate(
        ("schedules", "keeps the number", "connects", "updates, rolls back")
    ):
        made.box(265, 70 + 43 * place, 170, 34, words, "decides")
    made.arrow(160, 145, 250, 145, "declare")
    for place in range(3):
        y = 35 + 85 * place
        made.box(540, y, 150, 70, f"host {place + 1}", "machine", top=True)
        for column in range(3 if place != 1 else 2):
            made.box(552 + 44 * column, y + 28, 36, 30, "app", "runs")
        made.arrow(450, 145 + 20 * (place - 1), 540, y + 35, both=True)
    made.text(495, 300, "start, stop, move, and read the reports: again and again", size=12)
    return made


def node_components() -> Figure:
    """What runs on every node."""
    made = Figure(
        760, 370, "The components of a node",
        "On each node the kubelet watches the API server for Pods of its node and asks the "
        "container runtime over the CRI to run their containers; kube-proxy watches Services and "
        "EndpointSlices and writes rules into the kernel.",
    )  # fmt: skip
    made.box(260, 20, 240, 44, "API server (control plane)", "decides")
    made.box(30, 100, 700, 250, "node", "machine", top=True)
    made.box(70, 140, 160, 50, "kubelet", "decides")
    made.box(530, 140, 160, 50, "kube-proxy", "decides")
    made.box(70, 230, 160, 46, "container runtime", "runs")
    made.box(290, 140, 180, 136, "Pod", "plain", top=True)
    made.box(305, 170, 70, 44, "container", "runs")
    made.box(385, 170, 70, 44, "container", "runs")
    made.text(380, 240, "one IP address, one", size=12)
    made.text(380, 257, "network namespace", size=12)
    made.box(70, 300, 620, 36, "Linux kernel: namespaces, cgroups, rules of the network",
             "below")  # fmt: skip
    made.arrow(300, 64, 170, 140, both=True)
    made.arrow(460, 64, 590, 140)
    made.text(180, 86, "Pods, status", size=12)
    made.text(610, 86, "Services, EndpointSlices", size=12)
    made.arrow(150, 190, 150, 230, "CRI")
    made.arrow(230, 253, 290, 230)
    made.arrow(610, 190, 610, 300, "rules")
    return made


def cri() -> Figure:
    """kubelet, client; shim, server; two services."""
    made = Figure(
        760, 250, "The Container Runtime Interface",
        "The kubelet is a gRPC client. The CRI shim, a part of the runtime today, is the gRPC "
        "server; it offers the ImageService and the RuntimeService. Behind it the runtime starts "
        "containers by way of an OCI runtime such as runc.",
    )  # fmt: skip
    made.box(30, 85, 120, 70, "kubelet\n(gRPC client)", "decides")
    made.box(240, 40, 200, 165, "CRI shim (gRPC server)", "machine", top=True)
    made.box(255, 72, 170, 52, "RuntimeService\nPods and containers", "decides")
    made.box(255, 136, 170, 52, "ImageService\nimages", "decides")
    made.box(500, 85, 110, 70, "runtime\n(containerd, …)", "runs")
    made.box(660, 30, 80, 44, "container", "runs")
    made.box(660, 98, 80, 44, "container", "runs")
    made.box(660, 166, 80, 44, "container", "runs")
    made.arrow(150, 120, 240, 120, "unix socket")
    made.arrow(440, 120, 500, 120)
    for y in (52, 120, 188):
        made.arrow(610, 120, 660, y)
    made.text(590, 235, "by way of an OCI runtime: runc", size=12)
    return made


def service() -> Figure:
    """One address, many Pods, rules on each node."""
    made = Figure(
        760, 330, "A Service",
        "A client sends to the Service's address. On the client's own node the rules that "
        "kube-proxy wrote replace it by the address of one ready Pod, on whichever node that is. "
        "The EndpointSlice lists the ready Pods.",
    )  # fmt: skip
    made.box(30, 60, 330, 200, "node-1", "machine", top=True)
    made.box(400, 60, 330, 200, "node-2", "machine", top=True)
    made.box(50, 100, 90, 44, "client", "plain")
    made.box(50, 185, 140, 52, "rules: 10.96.0.7\nbecomes a Pod", "network")
    made.box(225, 180, 120, 44, "web 10.244.0.5", "runs")
    made.box(430, 190, 120, 44, "web 10.244.1.3", "runs")
    made.box(590, 190, 120, 44, "web 10.244.1.4", "runs")
    made.arrow(95, 144, 95, 185, "to 10.96.0.7:80")
    made.arrow(190, 205, 225, 205)
    made.arrow(190, 230, 430, 230, dashed=True)
    made.box(400, 15, 330, 34, "EndpointSlice: 10.244.0.5, 10.244.1.3, 10.244.1.4", "decides")
    made.box(30, 15, 330, 34, "Service web: 10.96.0.7, selector app=web", "decides")
    made.text(380, 290, "No machine has the address 10.96.0.7: it stands in rules only,", size=12)
    made.text(380, 308, "the same rules on every node.", size=12)
    return made


def networks() -> Figure:
    """Routed or wrapped."""
    made = Figure(
        760, 330, "Two ways between nodes",
        "Above: routed. The packet from Pod to Pod crosses the wire as it is, because routers or "
        "nodes know which node has which Pods. Below: wrapped. The packet travels inside a packet "
        "from node to node, as in VXLAN. In both the Pods see each other's own addresses.",
    )  # fmt: skip
    for y, title in ((40, "routed: the network, or the nodes, know the way"),
                     (190, "wrapped: an envelope from node to node")):  # fmt: skip
        made.text(380, y - 12, title, bold=True)
        for x, name in ((30, "node-1"), (570, "node-2")):
            made.box(x, y, 160, 96, name, "machine", top=True)
            made.box(x + 20, y + 34, 120, 44, f"Pod 10.244.{int(x > 100)}.2", "runs")
        made.arrow(190, y + 56, 570, y + 56)
    made.box(275, 76, 210, 40, "10.244.0.2 → 10.244.1.2", "network")
    made.box(235, 216, 290, 60, "172.18.0.2 → 172.18.0.3", "below", top=True)
    made.box(275, 240, 210, 30, "10.244.0.2 → 10.244.1.2", "network")
    made.text(380, 315, "GKE, Flannel host-gw, Calico: routed. Flannel VXLAN, Weave: wrapped.",
              size=12)  # fmt: skip
    return made


def configurations() -> Figure:
    """The four installation types."""
    made = Figure(
        780, 400, "The four configurations",
        "All-in-one: one node has everything. One control plane node (once called a master) "
        "with etcd, and several workers. Several control plane nodes in HA with one etcd. Several "
        "control plane nodes in HA with a clustered etcd of three members.",
    )  # fmt: skip
    panels = (
        ("all-in-one (Minikube)", 20, 30), ("single etcd, one control plane", 400, 30),
        ("single etcd, control planes in HA", 20, 215),
        ("clustered etcd, control planes in HA", 400, 215),
    )  # fmt: skip
    for title, x, y in panels:
        made.box(x, y, 360, 165, title, "plain", top=True)
    made.box(110, 62, 180, 118, "one node", "machine", top=True)
    made.box(120, 88, 100, 34, "control plane", "decides")
    made.box(228, 88, 52, 34, "etcd", "network")
    made.box(120, 132, 160, 34, "application", "runs")
    made.box(420, 62, 130, 118, "one node", "machine", top=True)
    made.box(432, 88, 106, 34, "control plane", "decides")
    made.box(432, 132, 106, 34, "etcd", "network")
    for place in range(3):
        made.box(630, 62 + 42 * place, 110, 34, "worker", "runs")
        made.arrow(630, 79 + 42 * place, 550, 118)
    for x, etcds in ((20, 1), (400, 3)):
        for place in range(3):
            made.box(x + 88 + 90 * place, 247, 86, 32, "control plane", "decides")
            made.box(x + 88 + 90 * place, 338, 86, 32, "worker", "runs")
            made.arrow(x + 131 + 90 * place, 338, x + 221, 318)
        made.box(x + 88, 292, 266, 26, "load balancer", "below")
        for place in range(etcds):
            top = 247 + 38 * place + (0 if etcds == 3 else 38)
            made.box(x + 8, top, 56, 30, "etcd", "network")
        made.arrow(x + 88, 262, x + 64, 262 if etcds == 3 else 295)
    return made


def architecture() -> Figure:
    """The package's rooms on their floors, and the two flows through them."""
    made = Figure(
        880, 570, "The rooms of course_lib, and the two flows through them",
        "Left: the rooms on ten floors; each imports only from floors below: engine and objects at "
        "the bottom; etcd, images and network; apiserver and runtimes; client and cri; scheduler, "
        "controllers and node; cluster and orchestrators; experiments; plots and widgets; course; "
        "cli. Right: a manifest goes through objects, apiserver, client, controllers, scheduler, "
        "node and cri to a container of a runtime. A request goes through DNS, a Service address, "
        "the rules of the node, a route or tunnel, and a veth pair to a container.",
    )  # fmt: skip
    floors = (
        ("cli:plain",), ("course:plain",), ("plots:plain", "widgets:plain"), ("experiments:plain",),
        ("cluster:machine", "orchestrators:machine"),
        ("scheduler:decides", "controllers:decides", "node:runs"), ("client:decides", "cri:runs"),
        ("apiserver:decides", "runtimes:runs"),
        ("etcd:decides", "images:runs", "network:network"), ("objects:below",), ("engine:below",),
    )  # fmt: skip
    made.text(200, 28, "Rooms: imports go down only", bold=True)
    for place, floor in enumerate(floors):
        y, wide = 44 + 47 * place, 344 / len(floor)
        number = max(0, 9 - place)
        made.text(22, y + 24, str(number), size=12)
        for column, room in enumerate(floor):
            name, kind = room.split(":")
            made.box(40 + column * wide, y, wide - 6, 38, name, kind)
    made.text(520, 28, "A manifest becomes a container", bold=True)
    manifest = (
        ("YAML, checked once", "below", "objects"), ("admitted, stored", "decides", "apiserver"),
        ("an informer tells", "decides", "client"), ("Pods are created", "decides", "controllers"),
        ("a node is chosen", "decides", "scheduler"), ("the kubelet acts", "runs", "node"),
        ("client, then shim", "runs", "cri"), ("a container runs", "runs", "runtimes"),
    )  # fmt: skip
    made.text(762, 28, "A request reaches a Pod", bold=True)
    request = (
        ("a client, outside", "plain", ""), ("a name, by DNS", "network", "network"),
        ("a Service address", "network", "network"), ("the node's rules", "runs", "node"),
        ("a route or a tunnel", "network", "network"), ("a veth pair", "network", "network"),
        ("the container", "runs", "runtimes"),
    )  # fmt: skip
    for x, steps in ((425, manifest), (667, request)):
        for place, (words, kind, room) in enumerate(steps):
            y = 44 + 62 * place
            made.box(x, y, 190, 44, f"{words}\n({room})" if room else words, kind)
            if place:
                made.arrow(x + 95, y - 18, x + 95, y)
    made.text(550, 558, "Status goes back up through the API server only.", size=12)
    return made


FIGURES: dict[str, Callable[[], Figure]] = {
    "architecture": architecture,
    "map": course_map,
    "container-and-vm": container_and_vm,
    "image-layers": image_layers,
    "orchestrator": orchestrator,
    "node-components": node_components,
    "cri": cri,
    "service": service,
    "networks": networks,
    "configurations": configurations,
}

if __name__ == "__main__":
    for name, draw in FIGURES.items():
        (HERE / f"{name}.svg").write_text(draw().svg())
