"""Whether somebody is there: ping, nc, telnet.

Source: BusyBox 1.36; netcat-openbsd 1.219 (Debian 12's `nc`); iputils' ping.
"""

from __future__ import annotations

from course_lib.runtimes.container_network import ANSWERED, REFUSED, SILENT, TIMED_OUT, UNREACHABLE
from course_lib.runtimes.kernel import WAIT, Running
from course_lib.runtimes.tools.http_exchange import SYN_TIMEOUT
from course_lib.runtimes.tools.resolving import resolve
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

WHY = {
    REFUSED: "Connection refused",
    TIMED_OUT: "Operation timed out",
    UNREACHABLE: "No route to host",
}
LINGER = 10.0  # s that ping waits for the last answer


def _ping(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "q4n", "cwWisI")
    name = (options.operands or [""])[0]
    if not name:
        raise ToolFault("missing host operand")
    found = yield from resolve(world, name)
    if not found.address:
        if world.busybox:
            raise ToolFault(f"bad address '{name}'")
        why = "Temporary failure in name resolution" if found.timed_out else (
            "Name or service not known")  # fmt: skip
        raise ToolFault(f"{name}: {why}", 2)
    count, waits = options.number("c", 0), float(options.value("W", str(LINGER)))
    size = options.number("s", 56)
    shown = f"{size} data bytes" if world.busybox else f"{size}({size + 28}) bytes of data."
    colon = ":" if world.busybox else ""
    world.say(f"PING {name} ({found.address}){colon} {shown}\n")
    deadline = float(options.value("w", "0"))
    times, sent = list[float](), 0
    began = world.kernel.now
    while not count or sent < count:
        contact = world.network.ping(found.address)
        sent += 1
        if contact.outcome == ANSWERED:
            yield contact.seconds
            times.append(contact.seconds * 1000)
            number = f"seq={sent - 1}" if world.busybox else f"icmp_seq={sent}"
            world.say(f"{size + 8} bytes from {found.address}: {number} ttl=63 "
                      f"time={times[-1]:.3f} ms\n")  # fmt: skip
        if deadline and world.kernel.now - began >= deadline:
            break
        last = count and sent == count
        yield (0.0 if times else waits) if last else float(options.value("i", "1"))
    return _ping_summary(world, name, sent, times)


def _ping_summary(world: World, name: str, sent: int, times: list[float]) -> int:
    lost = 100 * (sent - len(times)) // sent
    received = "packets received" if world.busybox else "received"
    counts = f"{sent} packets transmitted, {len(times)} {received}, {lost}% packet loss"
    world.say(f"\n--- {name} ping statistics ---\n{counts}\n")
    if not times:
        return 1
    numbers = "/".join(f"{t:.3f}" for t in (min(times), sum(times) / len(times), max(times)))
    head = "round-trip min/avg/max" if world.busybox else "rtt min/avg/max/mdev"
    return world.say(f"{head} = {numbers}{'' if world.busybox else '/0.000'} ms\n")


def _nc(world: World, arguments: list[str]) -> Running:
    """`nc [-z] [-v] [-w SECONDS] HOST PORT`; one that listens is a server of the container."""
    options = Options(arguments, "zvnu46N", "wip")
    if len(options.operands) < 2:
        raise ToolFault("missing port number")
    name, ports = options.operands[0], options.operands[1]
    found = yield from resolve(world, name)
    if not found.address:
        said = f"bad address '{name}'" if world.busybox else (
            f'getaddrinfo for host "{name}" port {ports}: Name or service not known')  # fmt: skip
        raise ToolFault(said)
    low, _, high = ports.partition("-")
    if not low.isdecimal() or (high and not high.isdecimal()):
        raise ToolFault(f"bad port '{ports}'" if world.busybox else
                        f"port number invalid: {ports}")  # fmt: skip
    code = 1
    for port in range(int(low), int(high or low) + 1):
        code = yield from _connect(world, options, name, found.address, port)
    return code


def _connect(world: World, options: Options, name: str, address: str, port: int) -> Running:
    protocol = "udp" if "u" in options else "tcp"
    contact = world.network.contact(address, port, protocol)
    limit = float(options.value("w", "0")) or SYN_TIMEOUT
    yield limit if contact.outcome == TIMED_OUT else contact.seconds
    if contact.outcome in WHY:
        why = WHY[contact.outcome]
        if world.busybox:
            said = f"nc: {name} ({address}:{port}): {why}"
            if contact.outcome == TIMED_OUT and "w" in options:
                said = "nc: timed out"
            return world.complain(said)
        why = "timed out: Operation now in progress" if contact.outcome == TIMED_OUT else (
            f"failed: {why}")  # fmt: skip
        said = f"nc: connect to {name} ({address}) port {port} ({protocol}) {why}"
        return world.complain(said) if "v" in options or "z" not in options else 1
    if "v" in options:
        opened = f"{name} ({address}:{port}) open"
        other = f"Connection to {name} ({address}) {port} port [{protocol}/*] succeeded!"
        world.complain(opened if world.busybox else other)
    if "z" in options:
        return 0
    typed = yield from world.all_input()
    if contact.outcome == SILENT:
        yield WAIT
    _answered(world, typed, contact.peer is not None)
    return 0


def _answered(world: World, typed: bytes, peer: bool) -> None:
    """What is typed into a connection is heard; only HTTP is spoken by the servers here."""
    if typed.startswith((b"GET ", b"HEAD ")) and peer:
        world.complain("nc: the course does not simulate requests that are typed: use curl, wget")


def _telnet(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "", "")
    name, port = options.operands[0], int((options.operands[1:] or ["23"])[0])
    found = yield from resolve(world, name)
    if not found.address:
        raise ToolFault(f"bad address '{name}'")
    contact = world.network.contact(found.address, port)
    yield SYN_TIMEOUT if contact.outcome == TIMED_OUT else contact.seconds
    if contact.outcome in WHY:
        why = WHY[contact.outcome]
        raise ToolFault(f"can't connect to remote host ({found.address}): {why}")
    world.say(f"Connected to {name}\n\nEntering character mode\nEscape character is '^]'.\n\n")
    yield from world.all_input()
    return world.complain("Connection closed by foreign host")


PROBING_TOOLS: dict[str, Tool] = {"ping": _ping, "nc": _nc, "telnet": _telnet}
