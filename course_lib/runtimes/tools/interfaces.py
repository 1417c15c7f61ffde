"""Devices, routes and sockets: ip, ifconfig, route, netstat, ss.

Source: BusyBox 1.36, iproute2 6.1 (Debian 12).
"""

from __future__ import annotations

import ipaddress

from course_lib.runtimes.container_network import Interface
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World


def _flags(device: Interface) -> str:
    return "LOOPBACK,UP,LOWER_UP" if device.name == "lo" else "BROADCAST,MULTICAST,UP,LOWER_UP"


def _named(device: Interface) -> str:
    return f"{device.name}@if{device.peer}" if device.peer else device.name


def _link(world: World, device: Interface) -> str:
    state = "UNKNOWN" if device.name == "lo" else "UP"
    more = "" if world.busybox else f" state {state} group default"
    tail = " qlen 1000" if device.name == "lo" else "" if world.busybox else " qlen 1000"
    kind = "loopback" if device.name == "lo" else "ether"
    broadcast = "00:00:00:00:00:00" if device.name == "lo" else "ff:ff:ff:ff:ff:ff"
    peer = f" link-netnsid {device.number - 2}" if device.peer and not world.busybox else ""
    return (
        f"{device.number}: {_named(device)}: <{_flags(device)}> mtu {device.mtu} qdisc noqueue"
        f"{more}{tail}\n    link/{kind} {device.mac} brd {broadcast}{peer}\n"
    )


def _address(device: Interface, address: str) -> str:
    lifetime = "       valid_lft forever preferred_lft forever\n"
    if ":" in address:
        scope = "host" if device.name == "lo" else "global"
        return f"    inet6 {address} scope {scope} \n{lifetime}"
    if device.name == "lo":
        return f"    inet {address} scope host lo\n{lifetime}"
    block = ipaddress.ip_interface(address).network
    broadcast = f" brd {block.broadcast_address}" if block.prefixlen < 31 else ""
    return f"    inet {address}{broadcast} scope global {device.name}\n{lifetime}"


def _ip(world: World, arguments: list[str]) -> int:
    """`ip addr`, `ip link`, `ip route`, `ip neigh`; nothing can be changed."""
    rest = [a for a in arguments if a not in ("-4", "-6", "-o", "-d", "-s")]
    brief = "-br" in rest or "-brief" in rest
    rest = [a for a in rest if a not in ("-br", "-brief")]
    what, verb, *more = [*rest, "", ""]
    devices = world.network.interfaces()
    wanted = next((w for w in more if w and w not in ("dev", "show")), "")
    if wanted and what[:1] in "al":
        devices = [d for d in devices if d.name == wanted]
        if not devices:
            raise ToolFault(f"can't find device '{wanted}'" if world.busybox else
                            f'Device "{wanted}" does not exist.')  # fmt: skip
    if verb in ("add", "del", "delete", "set", "flush", "replace", "change"):
        raise ToolFault("RTNETLINK answers: Operation not permitted", 2)
    if what and "address".startswith(what):
        if brief:
            rows = [f"{_named(d):<16} {'UNKNOWN' if d.name == 'lo' else 'UP':<14} "
                    f"{' '.join(d.addresses)} \n" for d in devices]  # fmt: skip
            return world.say("".join(rows))
        texts = [_link(world, d) + "".join(_address(d, a) for a in d.addresses) for d in devices]
        return world.say("".join(texts))
    if what and "link".startswith(what):
        return world.say("".join(_link(world, d) for d in devices))
    if what and "route".startswith(what):
        if verb == "get" and more:
            return _route_to(world, more[0])
        return world.say("".join(f"{line} \n" for line in world.network.routes()))
    if (what and "neighbour".startswith(what)) or what == "neighbor":
        return 0
    raise ToolFault(f"the course does not simulate: ip {' '.join(arguments)}", 1)


def _route_to(world: World, address: str) -> int:
    device = next((d for d in world.network.interfaces() if d.name != "lo"), None)
    if device is None or not device.addresses:
        raise ToolFault("RTNETLINK answers: Network is unreachable", 2)
    own = device.addresses[0].split("/")[0]
    gateway = next((line.split()[2] for line in world.network.routes()
                    if line.startswith("default via")), "")  # fmt: skip
    via = f" via {gateway}" if gateway else ""
    return world.say(f"{address}{via} dev {device.name}  src {own} \n")


def _ifconfig(world: World, arguments: list[str]) -> int:
    wanted = [a for a in arguments if not a.startswith("-")]
    devices = [d for d in world.network.interfaces() if not wanted or d.name in wanted]
    if wanted and not devices:
        raise ToolFault(f"{wanted[0]}: error fetching interface information: Device not found")
    for device in sorted(devices, key=lambda each: each.name):
        loopback = device.name == "lo"
        head = "Link encap:Local Loopback  " if loopback else (
            f"Link encap:Ethernet  HWaddr {device.mac.upper()}  ")  # fmt: skip
        lines = [f"{device.name:<9} {head}"]
        for address in device.addresses:
            if ":" in address:
                lines.append(
                    f"          inet6 addr: {address} Scope:{'Host' if loopback else 'Global'}"
                )
                continue
            found = ipaddress.IPv4Interface(address)
            cast = "" if loopback else f"  Bcast:{found.network.broadcast_address}"
            lines.append(f"          inet addr:{found.ip}{cast}  Mask:{found.netmask}")
        up = "UP LOOPBACK RUNNING" if loopback else "UP BROADCAST RUNNING MULTICAST"
        lines.append(f"          {up}  MTU:{device.mtu}  Metric:1")
        for way in ("RX packets:0 errors:0 dropped:0 overruns:0 frame:0",
                    "TX packets:0 errors:0 dropped:0 overruns:0 carrier:0"):  # fmt: skip
            lines.append(f"          {way}")
        length = 1000 if loopback else 0
        lines.append(f"          collisions:0 txqueuelen:{length} ")
        lines.append("          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)")
        world.say("\n".join(lines) + "\n\n")
    return 0


def _route(world: World, arguments: list[str]) -> int:
    Options(arguments, "ne")
    form = "{:<15} {:<15} {:<15} {:<5} {:<6} {:<6} {:>3} {}\n"
    head = ("Destination", "Gateway", "Genmask", "Flags", "Metric", "Ref", "Use", "Iface")
    world.say("Kernel IP routing table\n" + form.format(*head))
    for line in world.network.routes():
        words = line.split()
        block = ipaddress.IPv4Network("0.0.0.0/0" if words[0] == "default" else words[0])
        gateway = words[words.index("via") + 1] if "via" in words else "0.0.0.0"
        device = words[words.index("dev") + 1]
        flags = "U" + ("G" if "via" in words else "") + ("H" if block.prefixlen == 32 else "")
        row = (block.network_address, gateway, block.netmask, flags, 0, 0, 0, device)
        world.say(form.format(*map(str, row)))
    return 0


def _netstat(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "tulnpae")
    world.say("Active Internet connections (only servers)\n")
    names = "p" in options
    program = "PID/Program name" if names else ""
    world.say("Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
              f"{program}\n")  # fmt: skip
    for protocol, port, name in world.network.listening():
        if ("t" in options or "u" in options) and protocol[0] not in options:
            continue
        state = "LISTEN" if protocol == "tcp" else ""
        shown = f"1/{name}" if names else ""
        world.say(f"{protocol:<5}      0      0 {f'0.0.0.0:{port}':<23} {'0.0.0.0:*':<23} "
                  f"{state:<11} {shown}\n")  # fmt: skip
    return 0


def _ss(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "tulnpaH4")
    rows = [(p, port, name) for p, port, name in world.network.listening()
            if not {"t", "u"} & set(options.given) or p[0] in options]  # fmt: skip
    if "H" not in options:
        world.say("State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n")
    for _, port, name in rows:
        local = f"0.0.0.0:{port}"
        shown = f'users:(("{name}",pid=1,fd=6))' if "p" in options else ""
        world.say(f"LISTEN 0      511 {local:>20}      0.0.0.0:* {shown}".rstrip() + "\n")
    return 0


INTERFACE_TOOLS: dict[str, Tool] = {
    "ip": _ip,
    "ifconfig": _ifconfig,
    "route": _route,
    "netstat": _netstat,
    "ss": _ss,
}
