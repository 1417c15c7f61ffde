"""Add and remove endpoints of a Service; see the rules and the balance change."""

from __future__ import annotations

import html
from difflib import ndiff

import ipywidgets as widgets

from course_lib.cluster import Cluster
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.packaged import packaged
from course_lib.errors import CourseError
from course_lib.experiments.networking import balance, chi_squared
from course_lib.node.proxy import MODES
from course_lib.objects.manifests import Source
from course_lib.widgets.drawing import Panel, button, row
from course_lib.widgets.headers import STYLE

REQUESTS = 300
CHAINS = ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXT-", "KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-")
SETTLE = 30.0  # simulated seconds until Pods and rules have followed


class ServiceRules(Panel):
    """The rules for one Service on one node, and who gets how many of 300 requests.

    `manifest` has the Service and its workload; without one it is the course's `web`. `workload` is
    what stands behind the Service (`deployment/web`). Everything works by keyboard. `service` is
    the Service's name, `network` the network plugin's.

    >>> view = ServiceRules()
    >>> [row.REQUESTS > 60 for row in view.counts.itertuples()]
    [True, True, True]
    >>> view.add()
    >>> len(view.counts)
    4
    """

    def __init__(
        self,
        manifest: Source = "",
        service: str = "web",
        workload: str = "deployment/web",
        network: str = "flannel-vxlan",
    ) -> None:
        self.manifest = manifest or packaged("web")
        self.service, self.workload = service, workload
        self.network = network
        self.mode = widgets.ToggleButtons(
            options=MODES, description="Mode", style={"button_width": "auto"}
        )
        self.remove_one = button("Remove one", "minus", "One endpoint less")
        self.add_one = button("Add one", "plus", "One endpoint more")
        self.again = button("Send again", "refresh", f"{REQUESTS} new connections")
        self.picture, self.message = widgets.HTML(), widgets.HTML()
        self.mode.observe(lambda _: self.build(), "value")
        self.remove_one.on_click(lambda _: self.remove())
        self.add_one.on_click(lambda _: self.add())
        self.again.on_click(lambda _: self.send())
        super().__init__(
            [
                self.mode,
                row(self.remove_one, self.add_one, self.again),
                self.message,
                self.picture,
            ]
        )
        self.build()

    def build(self) -> None:
        """A new cluster, with kube-proxy in the chosen mode and as many endpoints as before."""
        replicas = self.replicas if hasattr(self, "cluster") else None
        with CONTEXTS.aside():
            self.cluster = Cluster(nodes=3, network=self.network, proxy=self.mode.value)
        self.cluster.apply(self.manifest)
        if replicas is not None:
            self.cluster.kubectl(f"scale {self.workload} --replicas={replicas}").checked()
        self.cluster.run(SETTLE)
        self.before: list[str] = []
        self.send()

    @property
    def replicas(self) -> int:
        """How many Pods are wanted."""
        kind, name = self.workload.split("/")
        return int(self.cluster.document(kind, name)["spec"]["replicas"])

    def remove(self) -> None:
        """One endpoint less; the last one may go too."""
        self._scale(self.replicas - 1)

    def add(self) -> None:
        """One endpoint more."""
        self._scale(self.replicas + 1)

    def _scale(self, replicas: int) -> None:
        try:
            self.before = self.rules()
            self.cluster.kubectl(f"scale {self.workload} --replicas={max(0, replicas)}").checked()
            self.cluster.run(SETTLE)
            self.send()
        except CourseError as problem:
            self.message.value = html.escape(str(problem))

    def send(self) -> None:
        """Send the requests from the first node, one connection each."""
        traces = [
            self.cluster.trace("node-1", f"service/{self.service}", 80) for _ in range(REQUESTS)
        ]
        self.failed = sum(not trace.ok for trace in traces)
        self.reason = next((t.outcome for t in traces if not t.ok), "")
        self.counts = balance(traces)
        self.draw()

    def rules(self) -> list[str]:
        """The lines of the first node's rules that are about this Service."""
        address = str(self.cluster.api.get("Service", self.service, "default").spec.cluster_ip)
        words = (f"default/{self.service}", f"{address}:", f"{address} .")
        lines = self.cluster.proxies["node-1"].rules.splitlines()
        kept = [line.strip() for line in lines if any(word in line for word in words)]
        if self.mode.value == "nftables":
            return self._with_bodies(lines)
        return sorted(kept, key=_place)  # as a packet meets them

    def _with_bodies(self, lines: list[str]) -> list[str]:
        """nftables names its chains once: what stands in them belongs to them."""
        kept: list[str] = []
        inside = False
        for line in lines:
            if line.startswith("\tchain ") and f"default/{self.service}/" in line:
                inside = True
            if inside or f"default/{self.service}/" in line:
                kept.append(line.replace("\t", "  "))
            if line == "\t}":
                inside = False
        return kept

    def draw(self) -> None:
        """Draw the balance, and the rules; lines that are new or gone are marked."""
        shown = "\n".join(_marked(self.before, self.rules()))
        count = len(self.counts)
        endpoints = f"{count} endpoint{'' if count == 1 else 's'}"
        told = f"{endpoints} answered {REQUESTS - self.failed} of {REQUESTS} requests"
        if self.failed:
            all_or_rest = "all" if self.failed == REQUESTS else f"{self.failed}"
            told += f"; {all_or_rest} were {self.reason}"
        if len(self.counts) > 1:
            statistic, p = chi_squared(list(self.counts.REQUESTS))
            told += f"; chi-squared {statistic:.1f}, p = {p:.2f}"
        bars = "".join(
            f"<tr><td>{html.escape(str(pod).rpartition('/')[2])}</td>"
            f'<td><span class="bar" style="width:{count}px"></span> {count}</td></tr>'
            for pod, count in zip(self.counts.POD, self.counts.REQUESTS, strict=True)
        )
        self.picture.value = (
            f'{STYLE}<div class="course-packet" role="img" aria-label="{html.escape(told)}">'
            f"<p><b>{html.escape(told)}</b> ({self.cluster.now:.0f} s)</p><table>{bars}</table>"
            f"<pre>{html.escape(shown)}</pre></div>"
        )

    def still(self) -> tuple[str, str]:
        """The picture as it is now, and what it is of."""
        return self.picture.value, f"ServiceRules: {len(self.counts)} endpoints, {self.mode.value}"


def _marked(before: list[str], now: list[str]) -> list[str]:
    """The lines of now, with `+` before new ones, and the lines that are gone, with `-`."""
    if not before:
        return [f"  {line}" for line in now]
    return [line for line in ndiff(before, now) if not line.startswith("?")]


def _place(line: str) -> int:
    """Where a rule stands on a packet's way, by its chain."""
    chain = line.split()[1]
    return next((n for n, name in enumerate(CHAINS) if chain.startswith(name)), -1)
