"""Processes: ps, kill, pgrep, sleep, timeout, nohup, time, watch.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and procps 4.0 (Debian 12); `timeout`'s exit codes as
in GNU coreutils 9.1 (124) and BusyBox (143).
"""

from __future__ import annotations

import re

from course_lib.runtimes import signals
from course_lib.runtimes.kernel import WAIT, Running
from course_lib.runtimes.process import Process
from course_lib.runtimes.signals import SIGTERM
from course_lib.runtimes.tools.names import names_in
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 86_400.0  # s of one sleep of the simulation


def duration(arguments: list[str]) -> float | None:
    """The seconds of `sleep 5`, `sleep 1m 30s` or `sleep infinity`."""
    total = 0.0
    for argument in arguments or [""]:
        if argument in ("infinity", "inf"):
            return WAIT
        match = re.fullmatch(r"([0-9]*\.?[0-9]+)([smhd]?)", argument)
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total


def _sleep(world: World, arguments: list[str]) -> Running:
    seconds = duration(arguments)
    if seconds is None:
        wrong = " ".join(arguments)
        if not arguments:
            raise ToolFault("missing operand")
        if world.busybox:
            raise ToolFault(f"invalid number '{wrong}'")
        raise ToolFault(
            f"invalid time interval '{wrong}'\nTry 'sleep --help' for more information."
        )
    until = world.kernel.now + seconds
    while (left := until - world.kernel.now) > 1e-9:
        yield left if left == WAIT else min(left, LONGEST)
    return 0


def _usleep(world: World, arguments: list[str]) -> Running:
    return _sleep(world, [str(int(arguments[0]) / 1e6)])


def _for_ever(world: World, arguments: list[str]) -> Running:
    while True:
        yield WAIT


def _pgrep(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "flxoan", "Pu")
    pattern = (options.operands or [""])[0]
    rows = [
        row
        for row in world.processes.rows.values()
        if row is not world.me
        and re.search(pattern, (row.command or row.name) if "f" in options else row.name)
    ]
    for row in rows:
        shown = f" {row.command or row.name}" if {"a", "l"} & set(options.given) else ""
        world.say(f"{row.pid}{shown}\n")
    return 0 if rows else 1


def _pidof(world: World, arguments: list[str]) -> int:
    rows = world.processes.rows.values()
    found = [str(row.pid) for row in reversed(rows) if row.name in arguments]
    return world.say(" ".join(found) + "\n") if found else 1


def _ps(world: World, arguments: list[str]) -> int:
    """Of BusyBox (all processes), and of procps (those of the same user without a terminal)."""
    rows = list(world.processes.rows.values())
    if world.busybox:
        users = names_in(world.find("/etc/passwd")) or {0: "root"}
        lines = ["PID   USER     TIME  COMMAND"]
        for row in rows:
            user = users.get(row.uid, str(row.uid))
            lines.append(f"{row.pid:>5} {user:<8.8}  0:00 {row.command or row.name}")
        return world.say("\n".join(lines) + "\n")
    flags = "".join(arguments).replace("-", "")
    if flags.strip("auxefwh"):
        raise ToolFault(f"the course does not simulate these options: {flags}")
    if "u" in flags or "f" in flags:
        return world.say("\n".join(_with_users(world, rows, "f" in flags)) + "\n")
    if flags and set(flags) <= set("axw") and "x" in flags:
        lines = ["    PID TTY      STAT   TIME COMMAND"]
        lines += [f"{row.pid:>7} ?        S      0:00 {row.command or row.name}" for row in rows]
    else:
        lines = ["    PID TTY          TIME CMD"]
        same = [row for row in rows if row.uid == world.uid or "e" in flags or "A" in flags]
        lines += [f"{row.pid:>7} ?        00:00:00 {row.name}" for row in same]
    return world.say("\n".join(lines) + "\n")


def _with_users(world: World, rows: list[Process], full: bool) -> list[str]:
    """`ps -ef` and `ps aux`."""
    users = names_in(world.find("/etc/passwd")) or {0: "root"}
    names = {row.pid: users.get(row.uid, str(row.uid)) for row in rows}
    if full:
        lines = ["UID          PID    PPID  C STIME TTY          TIME CMD"]
        form = "{:<8} {:>7} {:>7}  0 00:00 ?        00:00:00 {}"
        return lines + [form.format(names[r.pid], r.pid, r.parent, r.command or r.name)
                        for r in rows]  # fmt: skip
    lines = ["USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"]
    form = "{:<8} {:>7}  0.0  0.0      0     0 ?        S    00:00   0:00 {}"
    return lines + [form.format(names[r.pid], r.pid, r.command or r.name) for r in rows]


def _kill(world: World, arguments: list[str]) -> int:
    """Send a signal: `kill [-SIGNAL | -s SIGNAL] PID...`."""
    signal, who = SIGTERM, f"{world.shell}: " if world.busybox else f"{world.shell}: kill: "
    if arguments[:1] == ["-l"]:
        return world.say("".join(f"{name}\n" for name in signals.NUMBERS))
    if arguments[:1] == ["-s"] and len(arguments) > 1:
        arguments = [f"-{arguments[1]}", *arguments[2:]]
    if arguments and arguments[0].startswith("-"):
        found = signals.number(arguments[0][1:])
        if found is None:
            bad = f"bad signal name '{arguments[0][1:]}'"
            option = f"Illegal option {arguments[0][:2]}"
            return world.complain(f"{who}{bad if world.busybox else option}",
                                  1 if world.busybox else 2)  # fmt: skip
        signal, arguments = found, arguments[1:]
    if not arguments:
        return world.complain(f"{who}you need to specify whom to kill")
    code = 0
    for target in arguments:
        if not target.isdecimal():
            wrong = f"invalid number '{target}'" if world.busybox else f"Illegal number: {target}"
            code = world.complain(f"{who}{wrong}", 1 if world.busybox else 2)
            continue
        process = world.processes.rows.get(int(target))
        if process is None:
            gone = f"can't kill pid {target}: No such process"
            # dash ends its error with an empty line.
            code = world.complain(f"{who}{gone if world.busybox else 'No such process' + chr(10)}")
        elif world.uid not in (0, process.uid):
            why = f"can't kill pid {target}: " if world.busybox else ""
            code = world.complain(f"{who}{why}Operation not permitted")
        elif signal:
            process.receive(signal)
    return code


def _killall(world: World, arguments: list[str]) -> int:
    """`killall` and `pkill`: signals by name."""
    signal = SIGTERM
    if arguments and arguments[0].startswith("-"):
        signal, arguments = signals.number(arguments[0][1:]) or SIGTERM, arguments[1:]
    code = 0
    for name in arguments:
        found = [r for r in world.processes.rows.values() if r.name == name and r is not world.me]
        if not found:
            code = world.complain(f"killall: {name}: no process killed")
        for row in found:
            row.receive(signal)
    return code


def _pkill(world: World, arguments: list[str]) -> int:
    signal, full = SIGTERM, False
    while arguments and arguments[0].startswith("-"):
        full = full or arguments[0] == "-f"
        signal, arguments = signals.number(arguments[0][1:]) or signal, arguments[1:]
    pattern = (arguments or [""])[0]
    found = [
        row
        for row in list(world.processes.rows.values())
        if row is not world.me and re.search(pattern, row.command if full else row.name)
    ]
    for row in found:
        row.receive(signal)
    return 0 if found else 1


def _missing(world: World, argv: list[str]) -> str:
    """Why a command line cannot be run; empty: it can."""
    if world.known and not world.where(argv[0]):
        return "No such file or directory"
    return ""


def _run(world: World, argv: list[str]) -> Running:
    """Run a command, and wait for it."""
    if why := _missing(world, argv):
        quoted = f"can't execute '{argv[0]}'" if world.busybox else f"'{argv[0]}'"
        raise ToolFault(f"{quoted}: {why}", 127)
    task = world.start(argv, world.me.pid if world.me else 0)
    if task is None:
        raise ToolFault(f"{argv[0]}: the course does not simulate this program", 126)
    while task.code is None:
        yield WAIT
    return task.code


def _timeout(world: World, arguments: list[str]) -> Running:
    """`timeout [-s SIGNAL] SECONDS COMMAND`."""
    options = Options(arguments, "v", "sk", {"signal": "s", "kill-after": "k"}, mixed=False)
    if len(options.operands) < 2:
        raise ToolFault("missing operand", 1 if world.busybox else 125)
    seconds, argv = duration(options.operands[:1]), options.operands[1:]
    if seconds is None:
        raise ToolFault(f"invalid time interval '{options.operands[0]}'",
                        1 if world.busybox else 125)  # fmt: skip
    if why := _missing(world, argv):
        name = argv[0]
        said = f"can't execute '{name}'" if world.busybox else f"failed to run command '{name}'"
        raise ToolFault(f"{said}: {why}", 127)
    task = world.start(argv, world.me.pid if world.me else 0)
    if task is None:
        raise ToolFault(f"{argv[0]}: the course does not simulate this program", 126)
    until = world.kernel.now + seconds
    world.kernel.ring_after(seconds)
    while task.code is None and until - world.kernel.now > 1e-9:
        yield WAIT
    if task.code is not None:
        return task.code
    signal = signals.number(options.value("s", "TERM")) or SIGTERM
    task.process.receive(signal)
    while task.code is None:
        yield WAIT
    if world.busybox and world.me is not None:  # it has become the command itself
        world.me.receive(signal)
    return 124


def _nohup(world: World, arguments: list[str]) -> Running:
    return _run(world, arguments)


def _time(world: World, arguments: list[str]) -> Running:
    began = world.kernel.now
    code = yield from _run(world, arguments)
    took = world.kernel.now - began
    minutes, seconds = divmod(took, 60)
    shown = f"{int(minutes)}m {seconds:.2f}s"
    world.complain(f"real\t{shown}\nuser\t0m 0.00s\nsys\t0m 0.00s")
    return code


def _watch(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "t", "n", mixed=False)
    while True:
        world.say(f"Every {options.value('n', '2')}.0s: {' '.join(options.operands)}\n\n")
        yield from _run(world, ["sh", "-c", " ".join(options.operands)])
        yield float(options.value("n", "2"))


PROCESS_TOOLS: dict[str, Tool] = {
    "sleep": _sleep,
    "usleep": _usleep,
    "top": _for_ever,
    "pause": _for_ever,
    "pgrep": _pgrep,
    "pidof": _pidof,
    "ps": _ps,
    "kill": _kill,
    "killall": _killall,
    "pkill": _pkill,
    "timeout": _timeout,
    "nohup": _nohup,
    "time": _time,
    "watch": _watch,
}
