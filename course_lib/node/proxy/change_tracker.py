"""What kube-proxies know of Services and EndpointSlices: once for all nodes that know the same.

A kube-proxy is notified of a change, and writes its rules a moment later. All nodes with the same
client are notified at the same instant, so that one tracker serves them all. A node that starts
later has a tracker of its own until both write their rules at one instant; a node whose connection
may break always has its own.
Source: `pkg/proxy/servicechangetracker.go`, `endpointschangetracker.go` of Kubernetes, and
`pkg/proxy/runner/bounded_frequency_runner.go` for the time between two writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, Protocol

from course_lib.client import Client
from course_lib.client.informer import Informer
from course_lib.node.proxy.iptables_rules import PortRules, Settings, port_rules
from course_lib.node.proxy.service_ports import ServicePortInfo, service_ports
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.kinds.service import Service

SYNC_PERIOD = 30.0  # s, after a sync that failed
MIN_SYNC_PERIOD = 1.0  # s between two writes of the rules
SYNC_SECONDS = 0.02  # s that a write takes

Name = tuple[str, str]  # namespace and name of a Service
Place = tuple[str, int]  # address and port of an endpoint


class Follower(Protocol):
    """The kube-proxy of one node."""

    node: str

    @property
    def eager(self) -> bool:
        """Whether it writes its rules at each sync, since packets leave traces in them."""

    def on_sync(self, at_once: bool, affinity: bool, gone: list[Place]) -> None:
        """New rules are due: they are written when somebody looks, or `at_once`.

        With `affinity`, clients of a Service that changed stay with one endpoint. `gone` are UDP
        endpoints that have been removed.
        """

    def follow(self, tracker: ChangeTracker) -> None:
        """Take all rules from another tracker."""


class SeenService(NamedTuple):
    """A Service and its EndpointSlices as they were at a sync."""

    service: Service
    slices: tuple[EndpointSlice, ...]

    @property
    def affinity(self) -> bool:
        """Whether clients stay with one endpoint."""
        return self.service.spec.session_affinity == "ClientIP"

    def usable(self) -> set[Place]:
        """The UDP endpoints that take packets."""
        if all(port.protocol != "UDP" for port in self.service.spec.ports or ()):
            return set()
        return {
            (endpoint.address, endpoint.port)
            for port in service_ports(self.service, self.slices)
            if port.protocol == "udp"
            for endpoint in port.endpoints
            if endpoint.ready or endpoint.serving
        }


class ChangeTracker:
    """The ports of all Services as of the last sync, and which changed since an earlier one.

    Ports and rules are derived when somebody asks for them: a change that nobody looks at costs
    what it costs to note it. `client` reaches the API; `on_sync` is called after each sync; with
    `at_once`, all rules are written at each sync.
    """

    def __init__(
        self, client: Client, on_sync: Callable[[ChangeTracker], None], at_once: bool
    ) -> None:
        self.sim, self._on_sync, self.at_once = client.sim, on_sync, at_once
        self.began, self.synced_at = self.sim.now, float("-inf")
        self.syncs = 0
        self.followers: list[Follower] = []
        self._eager = False  # whether one of them writes its rules at each sync
        self._seen: dict[Name, SeenService] = {}
        self._changed: dict[Name, int] = {}  # Services by their last sync, the latest last
        self._ports: dict[Name, list[ServicePortInfo]] = {}
        self._underived: dict[Name, SeenService | None] = {}
        self._rules: dict[Name, list[PortRules]] = {}
        self._dirty: dict[Name, None] = {}
        self._scheduled = False
        self._services = Informer(client, Service)
        self._services.add_handler(self._on_service)
        self._slices = Informer(client, EndpointSlice)
        self._slices.add_handler(self._on_slice)

    @property
    def idle(self) -> bool:
        """Whether the last sync has every change."""
        return not self._dirty

    def serve(self, followers: Iterable[Follower]) -> None:
        """Tell these kube-proxies, too."""
        more = list(followers)
        self.followers += more
        self._eager = self._eager or any(each.eager for each in more)

    def stop(self) -> None:
        """Follow no further changes."""
        self._services.stop()
        self._slices.stop()

    # What is known

    @property
    def ports(self) -> dict[Name, list[ServicePortInfo]]:
        """The ports of all Services, by Service."""
        while self._underived:
            name = next(iter(self._underived))
            seen = self._underived.pop(name)
            try:
                found = [*service_ports(seen.service, seen.slices)] if seen else []
            except Exception as error:  # of this Service alone: the others get their rules
                self.later(error, [name], self.followers)
                continue
            self._rules.pop(name, None)
            if found:
                self._ports[name] = found
            else:
                self._ports.pop(name, None)
        return self._ports

    def changed_since(self, sync: int) -> list[Name]:
        """The Services that changed after a sync, by its number."""
        names = []
        for name in reversed(self._changed):
            if self._changed[name] <= sync:
                break
            names.append(name)
        return names[::-1]

    def rules(self, name: Name, settings: Settings) -> list[PortRules]:
        """The iptables rules of a Service, derived once for all nodes for which they are the same.

        `settings` are the node's.
        """
        ports = self.ports.get(name, [])
        if any(port.differs_by_node for port in ports):
            return [port_rules(port, settings) for port in ports]
        if name not in self._rules:
            self._rules[name] = [port_rules(port, settings.of_no_node) for port in ports]
        return self._rules[name]

    def later(self, error: Exception, names: list[Name], at: Iterable[Follower]) -> None:
        """Rules could not be made: try again after half a minute (`syncPeriod` of the proxiers).

        `error` is why, `names` are the Services, `at` are the nodes' kube-proxies.
        """
        for name in names:
            self.sim.at(self.sim.now + SYNC_PERIOD, partial(self._touch, name))
        for follower in at:
            where = f"Service/{'/'.join(names[0])}"
            self.sim.failed(error, f"kube-proxy/{follower.node}", where)

    # Changes

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
            at = max(self.sim.now + SYNC_SECONDS, self.synced_at + MIN_SYNC_PERIOD)
            self.sim.at(at, self._sync)

    def _sync(self) -> None:
        self._scheduled, self.synced_at = False, self.sim.now
        dirty, self._dirty = self._dirty, {}
        self.syncs += 1
        changes = [self._change(name) for name in dirty]
        affinity = any(seen.affinity for change in changes for seen in change if seen is not None)
        gone = _gone(changes)
        if self.at_once or affinity or gone or self._eager:
            for follower in self.followers:
                follower.on_sync(self.at_once, affinity, gone)
        self._on_sync(self)

    def _change(self, name: Name) -> tuple[SeenService | None, SeenService | None]:
        """Note a Service as it is now; what was known of it, and what is."""
        old, new = self._seen.pop(name, None), self._look(name)
        if new is not None:
            self._seen[name] = new
        self._underived[name] = new
        self._changed.pop(name, None)
        self._changed[name] = self.syncs
        return old, new

    def _look(self, name: Name) -> SeenService | None:
        """A Service as it is now, with its slices."""
        namespace, service_name = name
        service = self._services.find(service_name, namespace)
        if service is None:
            return None
        return SeenService(service, tuple(self._slices.by_index(_by_service, "/".join(name))))


class ChangeTrackers:
    """The trackers of a cluster: nodes with the same client share one as soon as they can."""

    def __init__(self) -> None:
        self._trackers: dict[Client, list[ChangeTracker]] = {}  # of each client, the oldest first

    def of(self, client: Client) -> list[ChangeTracker]:
        """The trackers of the nodes with this client, the oldest first."""
        return list(self._trackers.get(client, ()))

    def join(self, client: Client, follower: Follower) -> ChangeTracker:
        """The tracker of a node that starts now.

        `client` reaches the API, `follower` is the node's kube-proxy.
        """
        trackers, plain = self._trackers.setdefault(client, []), client.sim.plain
        newest = trackers[-1] if trackers and not plain else None
        if newest is None or newest.began != client.sim.now or newest.syncs:
            newest = ChangeTracker(client, partial(self._merge, client), plain)
            trackers.append(newest)
        newest.serve([follower])
        return newest

    def _merge(self, client: Client, younger: ChangeTracker) -> None:
        """Give the nodes of a tracker to an older one that knows the same and will sync with it.

        This is so when both had their last sync at one instant, and nothing has changed since.
        """
        trackers = self._trackers[client]
        older = trackers[0]
        in_step = older.synced_at == younger.synced_at and older.idle and younger.idle
        if younger.at_once or older is younger or not in_step:
            return
        trackers.remove(younger)
        younger.stop()
        older.serve(younger.followers)
        for follower in younger.followers:
            follower.follow(older)


def _gone(changes: list[tuple[SeenService | None, SeenService | None]]) -> list[Place]:
    """The UDP endpoints that took packets before some changes, and take none after them."""
    before = {place for old, _ in changes if old is not None for place in old.usable()}
    after = {place for _, new in changes if new is not None for place in new.usable()}
    return sorted(before - after)


def _by_service(piece: EndpointSlice) -> list[str]:
    """Index function: namespace and name of the Service that a slice belongs to."""
    return ["/".join(_service_of(piece))]


def _service_of(piece: EndpointSlice) -> Name:
    return piece.namespace, piece.labels.get(SERVICE_NAME, "")
