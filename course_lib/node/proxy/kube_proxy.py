"""kube-proxy: on each node, from a Service's address to one of its Pods (chapter 07).

It watches Services and EndpointSlices, and writes rules into its node's kernel. It touches no
packet itself: when it stands still, the rules go on as they are, a little older each second.
Source: kubernetes.io "Virtual IPs and Service Proxies"; `pkg/proxy` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from course_lib.client import Client
from course_lib.client.informer import Informer
from course_lib.errors import CourseError
from course_lib.network.device import Dummy
from course_lib.network.ipvs import IPVS
from course_lib.network.nftables import NFTables
from course_lib.network.plugins import NodeHost
from course_lib.node.proxy import ipvs_rules as ipvs
from course_lib.node.proxy.iptables_restore import JUMPS, restore_text
from course_lib.node.proxy.iptables_rules import PortRules, Settings, port_rules
from course_lib.node.proxy.nftables_rules import nft_text
from course_lib.node.proxy.service_ports import SERVICE_NAME, ServicePortInfo, service_ports
from course_lib.objects.kinds.endpoint_slice import EndpointSlice
from course_lib.objects.kinds.service import Service

SYNC_PERIOD = 30.0  # s, after a sync that failed
MIN_SYNC_PERIOD = 1.0  # s between two writes of the rules
SYNC_SECONDS = 0.02  # s that a write takes
ZONE = "topology.kubernetes.io/zone"

Name = tuple[str, str]  # namespace and name of a Service


class Mode(Protocol):
    """A way to write rules."""

    def write(self, ports: dict[Name, list[ServicePortInfo]], changed: Iterable[Name]) -> None:
        """All ports there are, and the Services of which something changed."""

    def text(self) -> str:
        """What stands in the kernel now."""


class IPTablesMode:
    """Rules one after the other; of those for single Services only the changed are written."""

    def __init__(self, host: NodeHost, settings: Settings) -> None:
        self.host, self.settings = host, settings
        self.iptables = host.rules(settings.six)
        self._rules: dict[Name, list[PortRules]] = {}
        self.iptables.restore(restore_text([], settings))
        self.iptables.restore(JUMPS)

    def write(self, ports: dict[Name, list[ServicePortInfo]], changed: Iterable[Name]) -> None:
        """The common chains as a whole, and the chains of what changed."""
        before: dict[str, None] = {}
        after: dict[str, None] = {}
        for name in changed:
            old = self._rules.pop(name, ())
            before |= dict.fromkeys(chain for rules in old for chain in rules.chains)
            if name in ports:
                self._rules[name] = [port_rules(port, self.settings) for port in ports[name]]
                after |= dict.fromkeys(c for rules in self._rules[name] for c in rules.chains)
        stale = [chain for chain in before if chain not in after]
        rules = [each for _, found in sorted(self._rules.items()) for each in found]
        self.iptables.restore(restore_text(rules, self.settings, stale))

    def text(self) -> str:
        """As `iptables-save` prints it."""
        return self.iptables.save()


class NFTablesMode:
    """One table with maps."""

    def __init__(self, host: NodeHost, settings: Settings) -> None:
        self.settings, self.table = settings, NFTables(settings.six)
        self.host = host
        self.write({}, ())

    def write(self, ports: dict[Name, list[ServicePortInfo]], changed: Iterable[Name]) -> None:
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

    def write(self, ports: dict[Name, list[ServicePortInfo]], changed: Iterable[Name]) -> None:
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


def mode_named(name: str, host: NodeHost, settings: Settings) -> Mode:
    """A mode by its name; `ipvs` may name its scheduler: `ipvs/lc`.

    `host` gets the rules, `settings` are the node's. Raises `CourseError` for another name.
    """
    kind, _, scheduler = name.partition("/")
    if kind == "iptables":
        return IPTablesMode(host, settings)
    if kind == "nftables":
        return NFTablesMode(host, settings)
    if kind == "ipvs":
        return IPVSMode(host, settings, scheduler or "rr")
    raise CourseError("kube-proxy has no such mode", expected=", ".join(MODES), found=repr(name))


class KubeProxy:
    """The rules of one node, a moment behind the API server.

    `mode` is iptables, ipvs (with a scheduler: `ipvs/lc`) or nftables; `cluster_cidr` the block of
    all Pods. `client` reaches the API, `host` gets the rules, `node_ip` and `zone` are the node's.
    """

    def __init__(
        self,
        client: Client,
        host: NodeHost,
        node_ip: str,
        mode: str = "iptables",
        cluster_cidr: str = "",
        zone: str = "",
    ) -> None:
        self.host, self.sim, self.node = host, client.sim, host.name
        self.settings = Settings(host.name, node_ip, zone, cluster_cidr)
        self.mode = mode_named(mode, host, self.settings)
        self.ports: dict[Name, list[ServicePortInfo]] = {}
        self._dirty: dict[Name, None] = {}
        self._synced_at = float("-inf")
        self._scheduled = False
        self._services = Informer(client, Service)
        self._services.add_handler(self._on_service)
        self._slices = Informer(client, EndpointSlice)
        self._slices.add_handler(self._on_slice)

    @property
    def rules(self) -> str:
        """What it wrote, in the words of the mode's own tool."""
        return self.mode.text()

    def _on_service(self, before: Service | None, after: Service | None) -> None:
        for each in filter(None, (before, after)):
            self._touch((each.namespace, each.name))

    def _on_slice(self, before: EndpointSlice | None, after: EndpointSlice | None) -> None:
        for each in filter(None, (before, after)):
            self._touch(_service_of(each))

    def _touch(self, name: Name) -> None:
        self._dirty[name] = None
        if not self._scheduled:
            self._scheduled = True
            at = max(self.sim.now + SYNC_SECONDS, self._synced_at + MIN_SYNC_PERIOD)
            self.sim.at(at, self._sync)

    def _sync(self) -> None:
        self._scheduled, self._synced_at = False, self.sim.now
        dirty, self._dirty = list(self._dirty), {}
        old = {port for name in dirty for port in self.ports.get(name, ())}
        for name in dirty:
            namespace, service_name = name
            service = self._services.find(service_name, namespace)
            try:
                slices = self._slices.by_index(_by_service, "/".join(name))
                found = [*service_ports(service, slices)] if service else []
            except Exception as error:  # of this Service alone: the others get their rules
                self._later(error, [name])
                continue
            if found:
                self.ports[name] = found
            else:
                self.ports.pop(name, None)
        try:
            self.mode.write(self.ports, dirty)
        except Exception as error:
            self._later(error, dirty)
        self._forget_stale(old, {port for name in dirty for port in self.ports.get(name, ())})

    def _later(self, error: Exception, names: list[Name]) -> None:
        """A sync failed: try again after half a minute (`syncPeriod` of the proxiers)."""
        self.sim.failed(error, f"kube-proxy/{self.node}", f"Service/{'/'.join(names[0])}")
        for name in names:
            self.sim.at(self.sim.now + SYNC_PERIOD, partial(self._touch, name))

    def _forget_stale(self, old: set[ServicePortInfo], new: set[ServicePortInfo]) -> None:
        """UDP has no end: what was remembered of endpoints that are gone must be deleted.

        Source: `pkg/proxy/conntrack/cleanup.go`. TCP connections go on, and break by themselves.
        """

        def usable(ports: set[ServicePortInfo]) -> set[tuple[str, int]]:
            return {
                (endpoint.address, endpoint.port)
                for port in ports
                if port.protocol == "udp"
                for endpoint in port.endpoints
                if endpoint.ready or endpoint.serving
            }

        for address, number in sorted(usable(old) - usable(new)):
            self.host.filter.conntrack.forget_to("udp", address, number)


def _by_service(piece: EndpointSlice) -> list[str]:
    """Index function: namespace and name of the Service that a slice belongs to."""
    return ["/".join(_service_of(piece))]


def _service_of(piece: EndpointSlice) -> Name:
    return piece.namespace, piece.labels.get(SERVICE_NAME, "")
