"""The Pods' network as a whole: machines, Pods on them, and a plugin that joins them.

    network = PodNetwork("flannel-vxlan", nodes=3, pods=2)
    network.trace("pod-1", "pod-4", 80)

A trace sends one packet and follows it, device by device, and then the answer. Clusters build
their network from the same parts: see `course_lib.cluster`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network.addresses import (
    POD_CIDR,
    POD_CIDR_V6,
    AddressPool,
    ClusterCIDR,
    host_range,
)
from course_lib.network.device import ETHERNET_MTU
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.links import Links
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.network import Network, Reached
from course_lib.network.plugins import NetworkPlugin, plugin_named
from course_lib.network.talk import Talk
from course_lib.network.trace import Trace
from course_lib.network.underlay import OUTSIDE, ROUTER, Underlay

if TYPE_CHECKING:
    from course_lib.engine.table import Table

FIRST_PORT, LAST_PORT = 32768, 60999  # net.ipv4.ip_local_port_range
CONTROL_PLANE = "control-plane"
NODE_NETWORK = "172.18.0.0/16"


class UnknownSetting(CourseError):
    """A setting that neither `PodNetwork` nor the plugin has."""


class PodNetwork(Network["PodNetwork"]):
    """Machines, their Pods, and the plugin between them.

    `nodes` machines on `subnets` in turn, `pods` on each; `families` is `("IPv4",)`, or with
    "IPv6" for dual stack; `mtu` is that of the network below, `pod_mtu` one set by hand; other
    settings go to the plugin (`ipip`, `reflectors`, `encrypted`, `tunnel_mtu`, `limit`). Raises
    `CourseError` for a plugin that is not known, and for settings that it does not have.

    `cidr` are the Pods' addresses, of which each node gets a block with the prefix length
    `node_mask`; `node_cidr` are the machines' addresses; `sim` has the time, its own by default.

    >>> network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
    >>> trace = network.trace("pod-1", "pod-2", 80)
    >>> trace.outcome, trace.seen, trace.on_the_wire.size - trace.hops[0].before.size
    ('answered', '10.244.0.2', 64)
    """

    def __init__(
        self,
        plugin: str = "routable",
        nodes: int = 0,
        pods: int = 0,
        subnets: int = 1,
        cidr: str = str(POD_CIDR),
        node_cidr: str = NODE_NETWORK,
        node_mask: int | None = None,
        families: tuple[str, ...] = ("IPv4",),
        mtu: int = ETHERNET_MTU,
        pod_mtu: int = 0,
        sim: Simulation | None = None,
        **settings: Any,
    ) -> None:
        for name, block in (("cidr", cidr), ("node_cidr", node_cidr)):
            host_range(block, name)
        super().__init__(sim or Simulation(), cidr, node_cidr)
        self.pod_mtu = pod_mtu
        self.control_plane = CONTROL_PLANE
        self.blocks = [cidr, *([str(POD_CIDR_V6)] if "IPv6" in families else [])]
        self._free = [
            ClusterCIDR(block, node_mask if ":" not in block else None) for block in self.blocks
        ]
        self.cluster_cidr = self._free[0]
        self.underlay = Underlay(node_cidr, subnets, mtu, six=len(self.blocks) > 1)
        self._latency: float | None = None  # of the program that answered last
        self._port = FIRST_PORT
        self._zones: list[str] = []
        self.balanced = self.underlay.router.balanced
        self.plugin = _made(plugin, self, settings)
        self.enforces_policies = self.plugin.enforces_policies
        self.cni, self.uses_pod_cidr = self.plugin.cni, self.plugin.uses_pod_cidr
        for number in range(nodes):
            self.add_node(f"node-{number + 1}", subnet=number % subnets, at_once=True)
        for number in range(nodes * pods):
            self.add_pod(f"pod-{number + 1}", f"node-{number // pods + 1}")

    def devices(self) -> PodNetwork:
        """This network itself."""
        return self

    # Machines

    def add_node(
        self,
        name: str,
        subnet: int = 0,
        address: str = "",
        blocks: list[str] | None = None,
        at_once: bool = False,
    ) -> NodeHost:
        """A machine with a block of addresses for its Pods; the plugin's agent starts on it.

        The others know the way to it when their agents have heard of it: let time pass, or say
        `at_once`.

        `name` is the machine's, `subnet` the number of its subnet, `address` its own, `blocks`
        those of its Pods; what is left out is the next free one.
        """
        host = self._machine(name, subnet, address)
        self._start(host, blocks or self._next_blocks(), at_once)
        return host

    def _next_blocks(self) -> list[str]:
        if not self.uses_pod_cidr and any(free.full for free in self._free):
            return []
        return [free.take() for free in self._free]

    def _machine(self, name: str, subnet: int, address: str) -> NodeHost:
        if name in self.hosts or name in (ROUTER, OUTSIDE):
            raise CourseError("a machine of this name is there already", found=name)
        space = NetworkNamespace(name, forwarding=True)
        card = self.underlay.join(space, subnet, address)
        self.hosts[name] = NodeHost(space, card, subnet)
        return self.hosts[name]

    def _start(self, host: NodeHost, blocks: list[str], at_once: bool) -> None:
        host.blocks, host.pools = blocks, [AddressPool(block) for block in blocks]
        host.joined = True
        self.plugin.join(host, at_once)

    def add_machine(self, name: str, address: str = "", zone: str = "") -> NodeHost:
        """A machine of a cluster; its agent starts at once, or with its blocks (`start_node`)."""
        if zone not in self._zones:
            self._zones.append(zone)
        subnet = self._zones.index(zone) % len(self.underlay.segments)
        host = self._machine(name, subnet, address)
        if not self.uses_pod_cidr:
            self._start(host, [], at_once=False)
        return host

    def start_node(self, name: str, blocks: list[str]) -> None:
        """Give a machine its node's blocks: an agent that waits for them starts."""
        host = self.hosts[name]
        if not host.joined:
            self._start(host, blocks, at_once=False)
        elif not host.blocks:
            host.blocks = blocks

    def add(self, node: str, container_id: str, pod: str, pool: AddressPool | None) -> str:
        """ADD, as a runtime calls it; a Pod's second sandbox takes the first one's place."""
        made = self.plugin.add(self.hosts[node], container_id, pod)
        self.pods[pod] = made
        return made.address

    def delete(self, node: str, container_id: str, address: str, pool: AddressPool | None) -> None:
        """DEL, as a runtime calls it."""
        if container_id in self.hosts[node].pods:
            self._remove(self.hosts[node], container_id)

    def remove_node(self, name: str) -> None:
        """Take a machine out of the cluster: the plugin's agents forget it, its blocks are free."""
        host = self.host(name)
        for container_id in list(host.pods):
            self._remove(host, container_id)
        self.plugin.leave(host)
        self.plugin.release(host)
        del self.hosts[name]
        host.namespace.gone = True
        for block, free in zip(host.blocks, self._free, strict=bool(host.blocks)):
            free.release(block)

    def forget_node(self, name: str) -> None:
        """Its Node object is gone: the others forget the way to it; the machine is still there."""
        if name in self.hosts and name in self.plugin.known:
            self.plugin.leave(self.hosts[name])

    def remember_node(self, name: str) -> None:
        """Its Node object is back: the others learn of it again."""
        host = self.hosts.get(name)
        if host is not None and host.joined and name not in self.plugin.known:
            self.plugin.come_back(host)

    def power_off(self, name: str) -> None:
        """A machine loses power; the others find out in their time."""
        host = self.host(name)
        host.namespace.gone = True
        host.filter.conntrack.clear()
        self.plugin.lost(host)

    def power_on(self, name: str) -> None:
        """It has power again."""
        self.host(name).namespace.gone = False
        self.plugin.reconcile_soon()

    def share_links(self, links: Links, control_plane: str) -> None:
        """See `Network.share_links`."""
        self.underlay.links, self.control_plane = links, control_plane

    def cut(self, some: list[str], others: list[str]) -> None:
        """Cut the links between two groups of machines."""
        self.underlay.links.cut(some, others)
        self.noticed(some)

    def noticed(self, names: list[str]) -> None:
        """Something is wrong with the links of machines: the plugin will find out in its time."""
        for name in names:
            if name in self.hosts:
                self.plugin.lost(self.hosts[name])

    def heal(self) -> None:
        """All links are open again; the agents catch up."""
        self.underlay.links.heal()
        self.plugin.reconcile_soon()

    def host(self, name: str) -> NodeHost:
        """A machine by its name; raises `CourseError`."""
        if name not in self.hosts:
            known = ", ".join(self.hosts)
            raise CourseError("no such node", expected=f"one of {known}", found=repr(name))
        return self.hosts[name]

    # Pods

    def add_pod(self, name: str, node: str, container_id: str = "") -> Attachment:
        """ADD: join a Pod to the network of its node.

        `name` is the Pod's, `container_id` that of its sandbox. Raises `CourseError` for a node
        that is not there, for a name that is taken, and where no address is free.
        """
        if name in self.pods:
            raise CourseError("a Pod of this name is there already", found=name)
        made = self.plugin.add(self.host(node), container_id or name, name)
        self.pods[name] = made
        return made

    def delete_pod(self, name: str) -> None:
        """DEL: take a Pod off the network, and free its addresses; done twice is done."""
        pod = self.pods.get(name)
        if pod is not None:
            self._remove(self.hosts[pod.node], pod.container_id)

    def _remove(self, host: NodeHost, container_id: str) -> None:
        pod = host.pods[container_id]
        if self.pods.get(pod.pod) is pod:
            del self.pods[pod.pod]
        self.plugin.delete(host, container_id)

    def check(self, name: str) -> None:
        """CHECK: see that a Pod is attached as it should be; raises `CourseError`."""
        pod = self._pod(name)
        self.plugin.check(self.hosts[pod.node], pod.container_id)

    def _pod(self, name: str) -> Attachment:
        if name not in self.pods:
            known = ", ".join(list(self.pods)[:20])
            raise CourseError("no such Pod", expected=f"one of {known}", found=name)
        return self.pods[name]

    # Packets

    def namespace(self, name: str) -> NetworkNamespace:
        """The network namespace of a Pod, a node, `router` or `outside`."""
        if name in self.pods:
            return self.pods[name].namespace
        if name in self.hosts:
            return self.hosts[name].namespace
        if name in (OUTSIDE, ROUTER):
            return self.underlay.outside if name == OUTSIDE else self.underlay.router
        raise CourseError(
            "nobody of this name is on the network",
            found=repr(name),
            expected="a Pod, a node, 'router' or 'outside'",
        )

    def address(self, name: str, six: bool = False) -> str:
        """The address of a Pod, a node or `outside`; an address is its own."""
        if name in self.pods:
            found = [a for a in self.pods[name].addresses if (":" in a) == six]
        elif name in self.hosts:
            found = [self.hosts[name].address_of(six)]
        elif name == OUTSIDE:
            found = [self.underlay.outside.devices["eth0"].address(six)]
        else:
            found = [name]
        if not found or not found[0]:
            raise CourseError("it has no address of this family", where=name)
        return found[0]

    def trace(
        self,
        source: str,
        destination: str,
        port: int = 80,
        protocol: str = "tcp",
        size: int = 0,
        six: bool = False,
    ) -> Trace:
        """Send one packet from a Pod, a node or `outside`, and follow it and its answer.

        `destination` is a name or an address, `size` the payload in bytes: of TCP, what does not
        fit into the sender's MTU is left for more packets. Each trace is a connection of its own,
        forgotten at its end; `open` makes one that stays.

        `source` is a name, `port` and `protocol` are where it connects to; `six` asks for IPv6 of a
        dual stack.

        >>> network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
        >>> trace = network.trace("pod-1", "pod-2", 80)
        >>> trace.outcome, str(trace.on_the_wire).count(" | IP ")
        ('answered', 2)
        """
        return Talk(self, source, destination, port, protocol, six).send(size, forget=True)

    def open(self, source: str, destination: str, port: int = 80, protocol: str = "tcp") -> Talk:
        """Open a connection, for more than one packet, from a Pod, a node or `outside` (`source`)
        to one of these or an address (`destination`) at a `port` of a `protocol`.
        """
        return Talk(self, source, destination, port, protocol)

    def request(
        self, source: str, address: str, port: int, protocol: str = "tcp"
    ) -> tuple[str, float | None]:
        """One request, packet by packet: who got it, and its latency (s), the way included."""
        self._latency = None
        trace = self.trace(source, address, port, protocol)
        at = trace.receiver.rpartition(":")[0].strip("[]") if trace.receiver else ""
        if not trace.ok or self._latency is None:
            return at, None
        return at, self._latency + trace.seconds

    def reach(self, source: str, address: str, port: int, protocol: str = "tcp") -> Reached:
        """See `Network.reach`: packet by packet."""
        self._latency = None
        trace = self.trace(source, address, port, protocol)
        at, _, number = trace.receiver.rpartition(":")
        at = at.strip("[]")
        seen, seconds = trace.seen, trace.seconds
        if trace.ok:
            return Reached("answered", at, int(number), seconds + (self._latency or 0.0), seen)
        if trace.outcome == "refused":
            responder = self.at(at)
            silent = responder is not None and responder.knock(int(number)) == inf
            return Reached("silent" if silent else "refused", at, int(number), seconds, seen)
        outcomes = {"rejected": "refused", "unreachable": "unreachable"}
        return Reached(outcomes.get(trace.outcome, "timed out"), at)

    def reaches(self, source: str, address: str, port: int, protocol: str) -> bool:
        """See `Network.reaches`."""
        return self.trace(source, address, port, protocol).ok

    def answers(self, address: str, port: int) -> bool:
        """Whether a program answers at an address; everybody does where no programs are known."""
        if not self._responders:
            return True
        self._latency = self.connect(address, port)
        return self._latency is not None

    def next_port(self) -> int:
        """The next port that a client sends from."""
        self._port = FIRST_PORT if self._port >= LAST_PORT else self._port + 1
        return self._port

    # Tables

    def state(self) -> Table:
        """What each node keeps: NODE, ROUTES, NEIGHBOURS, FORWARDING, PEERS, RULES."""
        from course_lib.engine.table import Table

        rows = [{"NODE": name} | self.plugin.state(host) for name, host in self.hosts.items()]
        return Table(rows)

    def addresses(self) -> Table:
        """Who has which address: NAME, NODE, ADDRESSES."""
        from course_lib.engine.table import Table

        rows = [(name, "", ", ".join([h.address, *h.blocks])) for name, h in self.hosts.items()]
        rows += [(name, pod.node, ", ".join(pod.addresses)) for name, pod in self.pods.items()]
        return Table(rows, columns=["NAME", "NODE", "ADDRESSES"])


def _made(name: str, network: PodNetwork, settings: dict[str, Any]) -> NetworkPlugin:
    plugin = plugin_named(name)
    unknown = [setting for setting in settings if setting not in plugin.settings()]
    if unknown:
        raise UnknownSetting(
            f"the network {name} does not take these settings",
            expected=f"those of PodNetwork, and of the plugin: {', '.join(plugin.settings())}",
            found=", ".join(f"{setting}={settings[setting]!r}" for setting in unknown),
        )
    return plugin(network, **settings)
