"""kube-proxy: on each node, from a Service's address to one of its Pods (chapter 07).

It watches Services and EndpointSlices, and writes rules into its node's kernel. It touches no
packet itself: when it stands still, the rules go on as they are, a little older each second.
Source: kubernetes.io "Virtual IPs and Service Proxies"; `pkg/proxy` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from course_lib.client import Client
from course_lib.errors import CourseError
from course_lib.network.device import Dummy
from course_lib.network.ipvs import IPVS
from course_lib.network.nftables import NFTables
from course_lib.network.plugins import NodeHost
from course_lib.node.proxy import ipvs_rules as ipvs
from course_lib.node.proxy.change_tracker import ChangeTracker, ChangeTrackers, Name
from course_lib.node.proxy.iptables_restore import JUMPS, chains_text, restore_text
from course_lib.node.proxy.iptables_rules import PortRules, Settings, port_rules
from course_lib.node.proxy.nftables_rules import nft_text
from course_lib.node.proxy.service_ports import ServicePortInfo

Ports = Mapping[Name, Sequence[ServicePortInfo]]


class Mode(Protocol):
    """A way to write rules."""

    def eager(self, affinity: bool) -> bool:
        """Whether rules must be written at each sync, since packets leave traces in them.

        With `affinity`, clients of a Service that changed stay with one endpoint.
        """

    def write(self, ports: Ports, changed: Iterable[Name]) -> None:
        """All ports there are, and the Services of which something changed."""

    def text(self) -> str:
        """What stands in the kernel now."""


class IPTablesMode:
    """Rules one after the other; of those for single Services only the changed are written.

    `host` gets the rules, `settings` are the node's; `rules` has those of a Service, where somebody
    derives them for several nodes.
    """

    def __init__(
        self,
        host: NodeHost,
        settings: Settings,
        rules: Callable[[Name, Settings], list[PortRules]] | None = None,
    ) -> None:
        self.host, self.settings, self._derived = host, settings, rules
        self.iptables = host.rules(settings.six)
        self._rules: dict[Name, list[PortRules]] = {}
        self.iptables.restore(restore_text([], settings))
        self.iptables.restore(JUMPS)

    def eager(self, affinity: bool) -> bool:
        """No: the addresses of clients are kept beside the chains (`-m recent`)."""
        return False

    def write(self, ports: Ports, changed: Iterable[Name]) -> None:
        """The chains of what changed; the common chains as a whole, where they changed."""
        before, after = list[PortRules](), list[PortRules]()
        for name in changed:
            before += self._rules.pop(name, ())
            if name in ports:
                self._rules[name] = self._made(name, ports[name])
                after += self._rules[name]
        kept = {chain for rules in after for chain in rules.chains}
        stale = [chain for rules in before for chain in rules.chains if chain not in kept]
        if [rules.common for rules in before] == [rules.common for rules in after]:
            self.iptables.restore(chains_text(after, stale))
        else:
            rules = [each for _, found in sorted(self._rules.items()) for each in found]
            self.iptables.restore(restore_text(rules, self.settings, stale, after))

    def _made(self, name: Name, ports: Sequence[ServicePortInfo]) -> list[PortRules]:
        if self._derived is not None:
            return self._derived(name, self.settings)
        return [port_rules(port, self.settings) for port in ports]

    def text(self) -> str:
        """As `iptables-save` prints it."""
        return self.iptables.save()


class NFTablesMode:
    """One table with maps."""

    def __init__(self, host: NodeHost, settings: Settings) -> None:
        self.settings, self.table = settings, NFTables(settings.six)
        self.host = host
        self.write({}, ())

    def eager(self, affinity: bool) -> bool:
        """Where clients stay with one endpoint: a set goes with its endpoint, and they with it."""
        return affinity

    def write(self, ports: Ports, changed: Iterable[Name]) -> None:
        """The whole table; the real one sends only what changed."""
        every = (port for _, found in sorted(ports.items()) for port in found)
        self.table.load(nft_text(every, self.settings))
        self.host.filter.put("nftables6" if self.settings.six else "nftables", self.table)

    def text(self) -> str:
        """As `nft list table ip kube-proxy` prints it, nearly."""
        return self.table.text


class IPVSMode:
    """Virtual servers, with a scheduler: rr, wrr, lc or sh.

    `host` gets the rules, `settings` are the node's.
    """

    def __init__(self, host: NodeHost, settings: Settings, scheduler: str = "rr") -> None:
        self.host, self.settings, self.scheduler = host, settings, scheduler
        self.ipvs = host.filter.ipvs = IPVS()
        self.device = Dummy(host.namespace, ipvs.DEVICE)
        self.iptables = host.rules(settings.six)
        ipvs.install(ipvs.ipvs_rules((), settings, scheduler), self.ipvs, self.iptables)
        self.iptables.restore(ipvs.rules_text(settings))
        self.iptables.restore(ipvs.JUMPS)

    def eager(self, affinity: bool) -> bool:
        """Yes: each virtual server knows whose turn it is, and counts connections."""
        return True

    def write(self, ports: Ports, changed: Iterable[Name]) -> None:
        """All virtual servers and sets, and the addresses of the device."""
        every = [port for _, found in sorted(ports.items()) for port in found]
        made = ipvs.ipvs_rules(every, self.settings, self.scheduler)
        ipvs.install(made, self.ipvs, self.iptables)
        local = self.host.namespace.local
        for address in [a for a, device in local.items() if device is self.device]:
            if address not in made.addresses:
                del local[address]
                self.device.addresses.remove(f"{address}/{128 if ':' in address else 32}")
        for address in made.addresses:
            if address not in local:
                bits = 128 if ":" in address else 32
                self.host.namespace.add_address(self.device.name, f"{address}/{bits}")

    def text(self) -> str:
        """As `ipvsadm-save -n` prints it."""
        return self.ipvs.save()


MODES = ("iptables", "ipvs", "nftables")


def mode_named(
    name: str,
    host: NodeHost,
    settings: Settings,
    rules: Callable[[Name, Settings], list[PortRules]] | None = None,
) -> Mode:
    """A mode by its name; `ipvs` may name its scheduler: `ipvs/lc`.

    `host` gets the rules, `settings` are the node's; `rules` is as for `IPTablesMode`. Raises
    `CourseError` for another name.
    """
    kind, _, scheduler = name.partition("/")
    if kind == "iptables":
        return IPTablesMode(host, settings, rules)
    if kind == "nftables":
        return NFTablesMode(host, settings)
    if kind == "ipvs":
        return IPVSMode(host, settings, scheduler or "rr")
    raise CourseError("kube-proxy has no such mode", expected=", ".join(MODES), found=repr(name))


class KubeProxy:
    """The rules of one node, a moment behind the API server.

    What changed is written when a packet meets the rules, or when they are read.

    `mode` is iptables, ipvs (with a scheduler: `ipvs/lc`) or nftables; `cluster_cidr` the block of
    all Pods. `client` reaches the API, `host` gets the rules, `node_ip` and `zone` are the node's;
    `trackers` are those of the other nodes.
    """

    def __init__(
        self,
        client: Client,
        host: NodeHost,
        node_ip: str,
        mode: str = "iptables",
        cluster_cidr: str = "",
        zone: str = "",
        trackers: ChangeTrackers | None = None,
    ) -> None:
        self.host, self.node = host, host.name
        self.settings = Settings(host.name, node_ip, zone, cluster_cidr)
        self.mode = mode_named(mode, host, self.settings, self._derive)
        self._tracker = (trackers or ChangeTrackers()).join(client, self)
        self._written = 0  # the last sync of which the rules are written
        host.refresh_with(self._catch_up)

    @property
    def rules(self) -> str:
        """What it wrote, in the words of the mode's own tool."""
        self._catch_up()
        return self.mode.text()

    @property
    def ports(self) -> Ports:
        """The ports of all Services, as it knows them."""
        return self._tracker.ports

    @property
    def eager(self) -> bool:
        """Whether it writes its rules at each sync, since packets leave traces in them."""
        return self.mode.eager(affinity=False)

    def on_sync(self, at_once: bool, affinity: bool, gone: list[tuple[str, int]]) -> None:
        """New rules are due: they are written when somebody looks, or `at_once`.

        UDP has no end: what was remembered of endpoints that are `gone` must be deleted. With
        `affinity`, clients of a Service that changed stay with one endpoint.
        Source: `pkg/proxy/conntrack/cleanup.go`. TCP connections go on, and break by themselves.
        """
        if at_once or self.mode.eager(affinity):
            self._catch_up()
        for address, number in gone:
            self.host.filter.conntrack.forget_to("udp", address, number)

    def follow(self, tracker: ChangeTracker) -> None:
        """Take all rules from another tracker."""
        self._tracker, self._written = tracker, 0

    def _derive(self, name: Name, settings: Settings) -> list[PortRules]:
        return self._tracker.rules(name, settings)

    def _catch_up(self) -> None:
        """Write what changed since the rules were written last."""
        tracker, since = self._tracker, self._written
        if since == tracker.syncs:
            return
        self._written = tracker.syncs
        changed = tracker.changed_since(since)
        try:
            self.mode.write(tracker.ports, changed)
        except Exception as error:
            tracker.later(error, changed, [self])
