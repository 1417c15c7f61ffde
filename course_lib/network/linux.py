"""The same network in a Linux kernel: a script of `ip`, `bridge`, `ipset` and `iptables-restore`.

Each machine and each Pod becomes a network namespace, each subnet a bridge in a namespace of its
own; devices, addresses, routes, neighbours and rules are those of the simulation. Nothing is
changed outside the namespaces that the script makes, and `down` removes them.

    script = to_linux(network)
    print(script.up)       # run as root, in bash, on a Linux machine
    print(script.down)

Needs root, iproute2, iptables and (for sets) ipset. Source: ip-netns(8), ip-link(8), bridge(8).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.errors import CourseError
from course_lib.network.device import Bridge, Device, Loopback, Veth
from course_lib.network.host import NodeHost
from course_lib.network.iptables import IPTables
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.nftables import NFTables
from course_lib.network.pod_network import PodNetwork
from course_lib.network.vxlan import Vxlan
from course_lib.network.wire import Ethernet0

PREFIX = "course-"


class KernelScript(msgspec.Struct, frozen=True):
    """Bash to make the namespaces, and to remove them; `names` says what each of ours became."""

    up: str
    down: str
    names: dict[str, str]

    def run_in(self, name: str, command: str) -> str:
        """The command that runs another in the namespace of a Pod, a node or `outside`."""
        return f"ip netns exec {self.names[name]} {command}"


def to_linux(network: PodNetwork, prefix: str = PREFIX) -> KernelScript:
    """The script for a network; raises `CourseError` for what a kernel alone cannot do.

    >>> from course_lib.network import PodNetwork
    >>> script = to_linux(PodNetwork("flannel-host-gw", nodes=2, pods=1))
    >>> print(script.run_in("pod-1", "ping -c 1 10.244.1.2"))
    ip netns exec course-pod-1 ping -c 1 10.244.1.2
    """
    machines = [
        network.underlay.router,
        network.underlay.outside,
        *(host.namespace for host in network.hosts.values()),
    ]
    pods = [pod.namespace for pod in network.pods.values()]
    segments = [*network.underlay.segments, network.underlay.internet]
    names = {space.name: prefix + _plain(space.name) for space in [*machines, *pods]}
    writer = _ScriptWriter(names)
    for segment in segments:
        names[segment.name] = prefix + segment.name
        writer.segment(segment.name)
    for space in [*machines, *pods]:
        writer.namespace(space)
    for space in machines:
        writer.devices(space)
    for space in [*machines, *pods]:
        writer.addresses(space)
    for space in [*machines, *pods]:
        writer.routes(space)
    for address, ways in network.balanced.items():
        writer.balancer(network.underlay.router.name, address, ways)
    for host in network.hosts.values():
        writer.rules(host.name, host.iptables)
        if len(host.ip6tables):
            writer.rules(host.name, host.ip6tables)
        writer.others(host)
    down = [f"ip netns del {name} 2>/dev/null || true" for name in names.values()]
    head = ["#!/bin/bash", "set -euo pipefail"]
    return KernelScript("\n".join(head + writer.lines), "\n".join(down), names)


def _plain(name: str) -> str:
    return name.replace("/", "-")


class _ScriptWriter:
    """Writes the commands, one thing after the other."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.lines: list[str] = []
        self._ports = 0

    def _in(self, space: str, *commands: str) -> None:
        self.lines += [f"ip -n {self.names[space]} {command}" for command in commands]

    def _sysctl(self, space: str, *settings: str) -> None:
        """Settings of a namespace; one that this kernel lacks is passed over."""
        words = " ".join(settings)
        self.lines.append(f"ip netns exec {self.names[space]} sysctl -qew {words}")

    def segment(self, name: str) -> None:
        """A subnet: a namespace with a bridge in it."""
        self.lines.append(f"ip netns add {self.names[name]}")
        self._in(name, "link add br0 type bridge", "link set br0 up")

    def namespace(self, space: NetworkNamespace) -> None:
        """An empty namespace; a router forwards, without checking sources (rp_filter)."""
        self.lines.append(f"ip netns add {self.names[space.name]}")
        self._in(space.name, "link set lo up")
        self._sysctl(
            space.name,
            f"net.ipv4.ip_forward={int(space.forwarding)}",
            f"net.ipv6.conf.all.forwarding={int(space.forwarding)}",
            "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.default.rp_filter=0",
            "net.ipv6.conf.default.accept_dad=0",
            "net.ipv4.icmp_ratelimit=0",  # each refusal is reported, not one a second
        )

    def devices(self, space: NetworkNamespace) -> None:
        """The devices of a machine, with their cables."""
        for device in sorted(space.devices.values(), key=lambda d: not isinstance(d, Bridge)):
            self._device(space.name, device)

    def _device(self, space: str, device: Device) -> None:
        name = device.name
        match device:
            case Loopback():
                return
            case Bridge():
                self._in(space, f"link add {name} type bridge")
                wanted = int(device.filters)
                self._sysctl(space, f"net.bridge.bridge-nf-call-iptables={wanted}")
            case Ethernet0():
                self._ports += 1
                port, segment = f"port{self._ports}", device.segment.name
                there = self.names[segment]
                self._in(space, f"link add {name} type veth peer name {port} netns {there}")
                self._in(segment, f"link set {port} master br0 up")
            case Veth():
                inside = self.names[device.peer.namespace.name]
                far = device.peer.name
                self._in(space, f"link add {name} type veth peer name {far} netns {inside}")
            case _ if device.link:
                self._in(space, f"link add {name} type {device.link}")
            case _ if device.program:
                raise CourseError(
                    f"{device.program} is a program: a kernel alone cannot do what it does",
                    where=f"node {space}",
                    do="export a network with another plugin",
                )
            case _:
                raise CourseError("this device has no Linux command here", found=repr(device))

    def addresses(self, space: NetworkNamespace) -> None:
        """MAC addresses, MTUs, IP addresses, and up."""
        for device in space.devices.values():
            if isinstance(device, Loopback):
                continue
            name = device.name
            if device.has_mac:
                self._in(space.name, f"link set {name} address {device.mac}")
            self._in(space.name, f"link set {name} mtu {device.mtu}")
            if device.master is not None:
                self._in(space.name, f"link set {name} master {device.master.name}")
                if device.hairpin:
                    self._in(space.name, f"link set {name} type bridge_slave hairpin on")
            for address in device.addresses:
                nodad = " nodad" if ":" in address else ""
                self._in(space.name, f"address add {address} dev {name}{nodad}")
            if device.proxy_arp:
                self._sysctl(
                    space.name,
                    f"net.ipv4.conf.{name}.proxy_arp=1",
                    f"net.ipv4.neigh.{name}.proxy_delay=0",  # it would wait up to 0.8 s
                )
            self._in(space.name, f"link set {name} up")

    def routes(self, space: NetworkNamespace) -> None:
        """Routes, those without a next hop first; neighbours and forwarding entries."""
        for route in sorted(space.routes, key=lambda route: bool(route.via)):
            text = str(route).replace(" proto bird", " proto 12")
            six = "-6 " if ":" in route.destination + route.via else ""
            self._in(space.name, f"{six}route replace {text}")
        for (name, address), mac in space.neighbours.items():
            self._in(space.name, f"neigh replace {address} lladdr {mac} dev {name} nud permanent")
        for device in space.devices.values():
            if isinstance(device, Vxlan):
                head = f"bridge -n {self.names[space.name]} fdb append"
                for mac, remote in device.forwarding.items():
                    self.lines.append(f"{head} {mac} dev {device.name} dst {remote}")

    def rules(self, space: str, rules: IPTables) -> None:
        """Sets first, for rules ask for them; then the rules, as they stand."""
        if rules.sets.types:
            self._feed(space, "ipset restore", _family(rules))
        tool = "ip6tables-restore" if rules.six else "iptables-restore"
        self._feed(space, tool, rules.save())

    def balancer(self, space: str, address: str, machines: list[str]) -> None:
        """A load balancer: several next hops for one address, chosen by each flow's hash."""
        if machines:
            ways = " ".join(f"nexthop via {machine}" for machine in machines)
            self._in(space, f"route replace {address}/32 {ways}")
            self._sysctl(space, "net.ipv4.fib_multipath_hash_policy=1")

    def others(self, host: NodeHost) -> None:
        """Rules in nftables' words, and virtual servers."""
        for source in host.filter.sources.values():
            if isinstance(source, NFTables):
                self._feed(host.name, "nft -f -", source.text)
        if host.filter.ipvs is not None:
            self._feed(host.name, "ipvsadm-restore", host.filter.ipvs.save())

    def _feed(self, space: str, command: str, text: str) -> None:
        there = self.names[space]
        self.lines += [f"ip netns exec {there} {command} <<'END'", text, "END"]


def _family(rules: IPTables) -> str:
    """The sets of a family: `ipset` names IPv6 as a family."""
    lines = rules.sets.save().splitlines()
    if not rules.six:
        return "\n".join(lines)
    return "\n".join(f"{line} family inet6" if " hash:" in line else line for line in lines)


def requirements(network: PodNetwork) -> Iterator[str]:
    """What a kernel must have for a network: kinds of devices, and `ipvs`."""
    needed = {
        device.link.partition(" ")[0]
        for host in network.hosts.values()
        for device in host.namespace.devices.values()
    }
    yield from sorted(needed - {""})
    if any(host.filter.ipvs is not None for host in network.hosts.values()):
        yield "ipvs"
