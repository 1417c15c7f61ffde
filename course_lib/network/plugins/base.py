"""What all network plugins have in common: the CNI's three calls, and an agent on each node.

The runtime calls a plugin when it makes, checks or removes a Pod's sandbox (ADD, CHECK, DEL); the
plugin's agent on each node sees to the ways between nodes. Each plugin is one module of the same
order: what it is, its constants, `start` (a node's own devices and rules), `learn` and `forget`
(another node came or went), `add` and `delete` (a Pod came or went).
Source: the CNI specification 1.1, https://www.cni.dev/docs/spec/.
"""

from __future__ import annotations

import inspect
from typing import ClassVar, Protocol

import msgspec

from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network.addresses import AddressPool, ClusterCIDR
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.underlay import Underlay


class Fabric(Protocol):
    """What a plugin sees of the network that it joins together.

    `blocks` are the cluster's blocks for Pods, one a family, and `cluster_cidr` cuts the first of
    them into parts for nodes; `pod_mtu` is set by hand, or 0; agents reach the API server on the
    machine `control_plane`.
    """

    sim: Simulation
    hosts: dict[str, NodeHost]
    underlay: Underlay
    blocks: list[str]
    cluster_cidr: ClusterCIDR
    pod_mtu: int
    control_plane: str


class PluginVariant(msgspec.Struct, frozen=True):
    """Another way in which a plugin works: its settings, or a port that a firewall blocks."""

    settings: dict[str, object] = {}
    blocked: tuple[str, int] | None = None


class NetworkPlugin:
    """A way for Pods to reach each other across nodes.

    `name` is what `Cluster(network=...)` calls it, `place` its place in lists of plugins; its
    settings are the further parameters of its constructor, and `variants` what comparisons show of
    it beside its default, by name. `overhead` is what it adds to each
    packet between nodes (bytes); `join_seconds` from the start of a node until the others know the
    way to it. A plugin with `uses_pod_cidr` gives out the addresses of a node's `spec.podCIDR`, and
    starts when the node has one; another has an IPAM of its own. `cni` is how libcni names it in
    errors (`pluginDescription`): by the type, and by a name where its configuration has one.
    """

    name: ClassVar[str] = ""
    place: ClassVar[int] = 100
    variants: ClassVar[dict[str, PluginVariant]] = {}
    overhead: int = 0
    enforces_policies: ClassVar[bool] = False  # whether NetworkPolicies mean anything to it
    join_seconds: ClassVar[float] = 0.2
    uses_pod_cidr: ClassVar[bool] = True
    cni: ClassVar[str] = 'type="bridge"'

    def __init__(self, network: Fabric) -> None:
        self.network = network
        self.known: dict[str, dict[str, None]] = {}  # node to the nodes that it knows the way to
        # Wherever one node does not know another, one of the two is of these.
        self.unsettled: dict[str, None] = {}

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """The names of its own settings."""
        return tuple(inspect.signature(cls).parameters)[1:]

    # The agent on each node

    def join(self, host: NodeHost, at_once: bool = False) -> None:
        """A node starts: its own part at once, the others' parts when they hear of it."""
        self.known[host.name] = {}
        self.unsettled[host.name] = None
        self.start(host)
        if at_once:
            self.spread(host)
        else:
            self.reconcile_soon()

    def spread(self, host: NodeHost) -> None:
        """A node and all others hear of each other."""
        for other in self.network.hosts.values():
            if other is not host and other.name in self.known:
                self._tell(host, other)
                self._tell(other, host)

    def _tell(self, host: NodeHost, other: NodeHost) -> bool:
        """Have a node learn of another, if it can hear of it; whether it knows it now."""
        if other.name not in self.known[host.name]:
            if not self.hears(host, other):
                return False
            self.known[host.name][other.name] = None
            self.learn(host, other)
        return True

    def reconcile_soon(self) -> None:
        """Reconcile when the agents have had the time to hear."""
        self.network.sim.at(self.network.sim.now + self.join_seconds, self.reconcile)

    def knows(self, host: NodeHost, other: NodeHost) -> bool:
        """Whether a node still knows a way to another."""
        return other.name in self.known.get(host.name, ())

    def reconcile(self) -> None:
        """Have each agent learn of the nodes of which it can hear now.

        Only pairs with an unsettled node are looked at: a node that joins costs one look at each
        other, not one at each pair.
        """
        hosts = self.network.hosts.values()
        nodes = [host for host in hosts if host.name in self.known and host.alive]
        unsettled = [host for host in nodes if host.name in self.unsettled]
        settled = len(nodes) == len(self.known)
        for host in nodes:
            for other in nodes if host.name in self.unsettled else unsettled:
                if other is not host and not self._tell(host, other):
                    settled = False
        if settled:
            self.unsettled.clear()

    def leave(self, host: NodeHost) -> None:
        """A node is taken out of the cluster: the others forget it."""
        self.known.pop(host.name, None)
        self.unsettled.pop(host.name, None)
        for other in self.network.hosts.values():
            if other is not host and self.known.get(other.name, {}).pop(host.name, "") is None:
                self.forget(other, host)

    def release(self, host: NodeHost) -> None:
        """A node is gone for good: what was given to it is free."""

    def come_back(self, host: NodeHost) -> None:
        """A node that was taken out of the cluster is in it again."""
        self.known[host.name] = {}
        self.unsettled[host.name] = None
        self.reconcile_soon()

    def lost(self, host: NodeHost) -> None:
        """A node does not answer any more; a plugin that notices acts here."""

    def hears(self, host: NodeHost, other: NodeHost) -> bool:
        """Whether a node gets to know of another now: by way of the API server."""
        links = self.network.underlay.links
        return host.alive and links.open(host.name, self.network.control_plane)

    def start(self, host: NodeHost) -> None:
        """A node's own devices and rules."""

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """A node gets to know the way to another's Pods."""
        raise NotImplementedError

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """A node forgets the way to another's Pods."""
        raise NotImplementedError

    # The CNI's calls

    @property
    def mtu(self) -> int:
        """The MTU of a Pod's device: what leaves room for the headers that are added."""
        return self.network.pod_mtu or self.network.underlay.mtu - self.overhead

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """ADD: give a Pod a namespace, a device in it, addresses and routes.

        Either all of it is there in the end, or nothing; raises `CourseError`.

        `host` is the Pod's machine, `container_id` that of its sandbox, `pod` is `namespace/name`.
        """
        raise NotImplementedError

    def delete(self, host: NodeHost, container_id: str) -> None:
        """DEL: take it away again, and free its addresses; done twice is done."""
        attachment = host.pods.pop(container_id, None)
        if attachment is None:
            return
        attachment.namespace.gone = True
        host.namespace.detach(attachment.host_device)
        for address in attachment.addresses:
            self.give_back(host, address)

    def give_back(self, host: NodeHost, address: str) -> None:
        """An `address` that a node, `host`, gave out is free again."""
        next(pool for pool in self.pools(host) if address in pool).release(address)

    def check(self, host: NodeHost, container_id: str) -> None:
        """CHECK: see that all that ADD made is still there; raises `CourseError`."""
        pod, here = host.pods.get(container_id), f"node {host.name}"
        if pod is None:
            raise CourseError("the container is not attached", where=here, found=container_id)
        for address in pod.addresses:
            if address not in pod.namespace.local:
                raise CourseError("the Pod has lost its address", where=pod.pod, expected=address)
        if pod.host_device not in host.namespace.devices:
            device = f"device {pod.host_device}"
            raise CourseError("the Pod's cable is unplugged", where=here, expected=device)

    def pools(self, host: NodeHost) -> list[AddressPool]:
        """Where a node's Pods get their addresses from, one pool a family."""
        return host.pools

    # For tables

    def state(self, host: NodeHost) -> dict[str, int]:
        """How much a node keeps: ROUTES, NEIGHBOURS, FORWARDING entries, PEERS, RULES."""
        return {
            "ROUTES": len(host.namespace.routes),
            "NEIGHBOURS": len(host.namespace.neighbours),
            "FORWARDING": 0,
            "PEERS": 0,
            "RULES": len(host.iptables),
        }
