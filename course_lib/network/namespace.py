"""A network namespace: devices, addresses, routes and rules of its own.

A machine has one, and each Pod has one; containers of a Pod share theirs, which is why they reach
each other on localhost. What happens to a packet in it, in order (Linux's netfilter hooks):

- received: PREROUTING, then either INPUT (it is for here) or FORWARD and POSTROUTING;
- sent by a program here: OUTPUT and POSTROUTING.

Source: network_namespaces(7), ip-route(8), netfilter's hooks.
"""

from __future__ import annotations

import ipaddress
from typing import Protocol

import msgspec

from course_lib.errors import CourseError
from course_lib.network.device import Device, Loopback
from course_lib.network.packet import IP, UDP, Packet
from course_lib.network.routes import Route, RoutingTable, block_of
from course_lib.network.trace import Journey


class Hooks(Protocol):
    """The rules of a namespace at the kernel's hooks; None: the packet goes no further."""

    def prerouting(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet came in at `device`: as it goes on, or None; `journey` records it."""

    def input(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet from `device` is for a program here; as `prerouting`, `journey` records it."""

    def forward(
        self, journey: Journey, packet: Packet, came_in: Device, goes_out: Device
    ) -> Packet | None:
        """A packet `came_in` at one device, and `goes_out` at another; `journey` records it."""

    def output(self, journey: Journey, packet: Packet) -> Packet | None:
        """A program here sends a packet."""

    def postrouting(self, journey: Journey, packet: Packet, device: Device) -> Packet | None:
        """A packet goes out at `device`; as in `prerouting`, `journey` records it."""

    def bridged(self, journey: Journey, bridge: Device, packet: Packet) -> Packet | None:
        """A `packet` passes a `bridge`; as in `prerouting`, `journey` records it."""


class Unwraps(Protocol):
    """A device that takes outer headers off."""

    def unwrap(self, journey: Journey, packet: Packet) -> None:
        """Take them off, and receive what is within."""


class NetworkNamespace:
    """Devices, addresses, routes, neighbours and rules.

    >>> host = NetworkNamespace("node-1", forwarding=True)
    >>> bridge = Device(host, "cni0")
    >>> host.add_address("cni0", "10.244.0.1/24")
    >>> print(host.routes)
    10.244.0.0/24 dev cni0 proto kernel scope link src 10.244.0.1
    """

    def __init__(self, name: str, forwarding: bool = False) -> None:
        self.name, self.forwarding = name, forwarding
        self.devices: dict[str, Device] = {}
        self.local: dict[str, Device] = {}  # address to device
        self.routes = RoutingTable()
        self.neighbours: dict[tuple[str, str], str] = {}  # (device, address): MAC, set by hand
        self.resolved: dict[tuple[str, str], Device] = {}  # what ARP found
        self.listeners: dict[tuple[str, int], Unwraps] = {}  # tunnels, by protocol and port
        self.filter: Hooks | None = None
        self.gone = False  # without power, or removed
        Loopback(self)
        self.add_address("lo", "127.0.0.1/8")

    def attach(self, device: Device) -> None:
        """A device comes in; raises `CourseError` where one of its name is there already."""
        if device.name in self.devices:
            raise CourseError(
                "a device of this name is there already",
                where=f"network namespace {self.name}",
                found=device.name,
            )
        self.devices[device.name] = device

    def detach(self, name: str) -> None:
        """A device goes, with its addresses and the routes through it."""
        device = self.devices.pop(name, None)
        if device is None:
            return
        for address in [a for a, found in self.local.items() if found is device]:
            del self.local[address]
        for route in [route for route in self.routes if route.device == name]:
            self.routes.remove(route.destination)
        if device.master is not None:
            device.master.unplug(name)
        device.up = False

    def add_address(self, device: str, address: str) -> None:
        """Give a device an address, and the namespace a route to the block around it."""
        found = self.devices[device]
        found.addresses.append(address)
        plain = address.split("/")[0]
        self.local[plain] = found
        _, prefix, bits = block_of(address)
        if prefix < bits and device != "lo":
            block = str(ipaddress.ip_interface(address).network)
            self.routes.add(Route(block, device, source=plain, protocol="kernel"))

    def add_route(self, route: Route) -> None:
        """Add a route as the kernel would: its next hop must be on the wire of its device.

        Raises `CourseError` ("Nexthop has invalid gateway") where it is not, unless `onlink`.
        """
        if route.via and not route.onlink:
            way = self.routes.lookup(route.via)
            if way is None or way.via or way.device != route.device:
                raise CourseError(
                    "Nexthop has invalid gateway",
                    where=f"{self.name}: route {route}",
                    expected=f"a next hop on the wire of {route.device}",
                    do="put both machines into one subnet, or use a tunnel between them",
                )
        self.routes.add(route)

    def source_for(self, destination: str) -> str:
        """The address that a program here sends from when it does not choose one."""
        if destination in self.local:
            return destination
        route = self.routes.lookup(destination)
        if route is None:
            return ""
        six = ":" in destination
        if route.source:
            return route.source
        device = self.devices.get(route.device)
        own = device.address(six) if device else ""
        if own or (device is not None and device.name == "lo"):
            return own
        # A device without an address borrows one: the first of global scope.
        others = (found.address(six) for n, found in self.devices.items() if n != "lo")
        return next((address for address in others if address), "")

    def send(self, journey: Journey, packet: Packet) -> None:
        """A packet that a program of this namespace sends."""
        sent = self.filter.output(journey, packet) if self.filter else packet
        if sent is None:
            return
        if sent.ip.destination in self.local:
            self._loop(journey, sent)
        else:
            self.route(journey, sent, None)

    def _loop(self, journey: Journey, packet: Packet) -> None:
        """To this namespace itself, by way of `lo`."""
        lo = self.devices["lo"]
        sent = self.filter.postrouting(journey, packet, lo) if self.filter else packet
        if sent is not None:
            journey.note(self, "lo", "loop", sent, sent)
            self.receive(journey, lo, sent)

    def receive(
        self, journey: Journey, device: Device, packet: Packet, port: Device | None = None
    ) -> None:
        """A `packet` that a `device` took from the wire (`port`: of the bridge, if any): a frame,
        or an IP packet from a tunnel; `journey` records it.
        """
        came = self.filter.prerouting(journey, packet, device) if self.filter else packet
        if came is not None and came.ip.destination not in self.local:
            self._forward(journey, device, came)
            return
        taken = self.filter.input(journey, came, device) if self.filter and came else came
        if taken is None:
            return
        if taken.ip.destination not in self.local:  # IPVS sends it on
            self.route(journey, taken, None)
        else:
            self._deliver(journey, device, taken)

    def _deliver(self, journey: Journey, device: Device, packet: Packet) -> None:
        ip, transport = packet.ip, packet.headers[1]
        port = transport.destination_port if type(transport) is UDP else 0
        tunnel = self.listeners.get((ip.protocol, port))
        if tunnel is not None:
            tunnel.unwrap(journey, packet)
        else:
            journey.arrive(self, device.name, packet)

    def _forward(self, journey: Journey, device: Device, packet: Packet) -> None:
        """A packet for another machine: only a router passes it on."""
        ip = packet.ip
        if not self.forwarding:
            why = f"{ip.destination} is not an address of {self.name}, which does not forward"
            journey.end(self, device.name, why, "dropped", packet)
        elif ip.ttl <= 1:
            journey.end(self, device.name, "its time to live is over (a loop?)", "dropped", packet)
        else:
            fewer = msgspec.structs.replace(ip, ttl=ip.ttl - 1)
            self.route(journey, packet.with_headers(fewer), device)

    def route(self, journey: Journey, packet: Packet, came_in: Device | None) -> None:
        """Find the next hop of an IP `packet` that `came_in` at a device (None: it is sent from
        here), ask the rules, and send it; `journey` records it.
        """
        destination = packet.ip.destination
        route = self.routes.lookup(destination)
        if route is None or route.kind != "unicast":
            why = f"no route to {destination}" if route is None else f"route: {route}"
            journey.end(self, came_in.name if came_in else "", why, "unreachable", packet)
            return
        device = self.devices.get(route.device)
        if device is None or not device.up:
            why = f"route {route}: the device is not there"
            journey.end(self, route.device, why, "unreachable", packet)
            return
        passed: Packet | None = packet
        if self.filter is not None:
            if came_in is not None:
                passed = self.filter.forward(journey, packet, came_in, device)
            passed = passed and self.filter.postrouting(journey, passed, device)
        if passed is not None:
            journey.routed(self, device, route, passed)
            device.send(journey, passed, route.via or destination)


def datagram(source: str, destination: str, protocol: str = "tcp") -> IP:
    """The IP header of a packet from `source` to `destination`; only TCP (`protocol`) is uncut."""
    return IP(source, destination, protocol, dont_fragment=protocol == "tcp")
