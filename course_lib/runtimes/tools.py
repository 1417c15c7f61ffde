"""What the small programs do, one function each: (world, arguments) -> exit code."""

from __future__ import annotations

import re
from collections.abc import Callable

from course_lib.images.layer import FOLDER, File
from course_lib.runtimes import signals
from course_lib.runtimes.signals import SIGTERM
from course_lib.runtimes.world import World

LARGEST = 64 * 2**20  # bytes of a file that `dd` makes
INSTANT = 0.01  # s, for a command that does next to nothing
NOT_RUNNABLE, NOT_FOUND = 126, 127  # exit codes of a shell that cannot run, or find, a command
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(arguments: list[str]) -> float | None:
    """The seconds of `sleep 5`, `sleep 1m 30s` or `sleep infinity`."""
    total = 0.0
    for argument in arguments or [""]:
        if argument in ("infinity", "inf"):
            return 1e9
        match = re.fullmatch(r"([0-9]*\.?[0-9]+)([smhd]?)", argument)
        if match is None:
            return None
        total += float(match[1]) * _UNITS[match[2]]
    return total


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    flags = "".join(a[1:] for a in arguments if a.startswith("-") and len(a) > 1)
    return flags, [a for a in arguments if not a.startswith("-")]


def _echo(world: World, arguments: list[str]) -> int:
    end, escapes = "\n", False
    while arguments and arguments[0] in ("-n", "-e", "-ne", "-en"):
        end, escapes = ("" if "n" in arguments[0] else end), escapes or "e" in arguments[0]
        arguments = arguments[1:]
    text = " ".join(arguments)
    if escapes:
        text = text.replace("\\n", "\n").replace("\\t", "\t")
    return world.say(text + end)


def _printf(world: World, arguments: list[str]) -> int:
    if not arguments:
        return world.complain("printf: missing operand", 2)
    text = arguments[0].replace("\\n", "\n").replace("\\t", "\t")
    values = iter(arguments[1:])
    return world.say(re.sub(r"%[sd]", lambda _: next(values, ""), text))


def _cat(world: World, arguments: list[str]) -> int:
    code = 0
    for name in arguments:
        file = world.find(name)
        if file is None:
            what = f"can't open '{name}'" if world.busybox else name
            code = world.complain(f"cat: {what}: No such file or directory")
        elif file.kind == "folder":
            what = f"read error: Is a directory: {name}"
            code = world.complain(f"cat: {what if world.busybox else f'{name}: Is a directory'}")
        else:
            world.write("stdout", file.data)
    return code


def _ls(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    code = 0
    for name in names or ["."]:
        file, path = world.find(name), world.path(name).lstrip("/")
        if file is None:
            what = name if world.busybox else f"cannot access '{name}'"
            missing = 1 if world.busybox else 2
            code = world.complain(f"ls: {what}: No such file or directory", missing)
            continue
        if file.kind != "folder":
            world.say(f"{name}\n")
            continue
        prefix = f"{path}/" if path else ""
        below = {p[len(prefix) :].split("/")[0] for p in world.files if p.startswith(prefix)}
        shown = sorted(n for n in below if n and ("A" in flags or "a" in flags or n[0] != "."))
        world.say("".join(f"{n}\n" for n in shown))
    return code


def _touch(world: World, arguments: list[str]) -> int:
    for name in _split(arguments)[1]:
        if world.find(name) is None and not world.put(name, b""):
            what = name if world.busybox else f"cannot touch '{name}'"
            return world.complain(f"touch: {what}: Read-only file system")
    return 0


def _mkdir(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    cannot = "can't" if world.busybox else "cannot"
    failed = f"mkdir: {cannot} create directory"
    for name in names:
        if world.find(name) is not None:
            if "p" not in flags:
                return world.complain(f"{failed} '{name}': File exists")
        elif world.read_only:
            return world.complain(f"{failed} '{name}': Read-only file system")
        else:
            world.files[world.path(name).lstrip("/")] = FOLDER
    return 0


def _rm(world: World, arguments: list[str]) -> int:
    flags, names = _split(arguments)
    cannot = "can't" if world.busybox else "cannot"
    for name in names:
        path = world.path(name).lstrip("/")
        found = [p for p in world.files if p == path or p.startswith(f"{path}/")]
        if not found and "f" not in flags:
            return world.complain(f"rm: {cannot} remove '{name}': No such file or directory")
        if found and world.read_only:
            return world.complain(f"rm: {cannot} remove '{name}': Read-only file system")
        if found and world.find(name) == FOLDER and not {"r", "R"} & set(flags):
            what = f"'{name}' is a directory"
            other = f"cannot remove '{name}': Is a directory"
            return world.complain(f"rm: {what if world.busybox else other}")
        for each in found:
            del world.files[each]
    return 0


def _test(world: World, arguments: list[str]) -> int:
    if arguments and arguments[0] == "!":
        return 1 - min(1, _test(world, arguments[1:]))
    match [a for a in arguments if a != "]"]:
        case ["-f", name]:
            file = world.find(name)
            return 0 if file is not None and file.kind == "file" else 1
        case ["-d", name]:
            file = world.find(name)
            return 0 if file is not None and file.kind == "folder" else 1
        case ["-e", name]:
            return 0 if world.find(name) is not None else 1
        case ["-n", text] | [text]:
            return 0 if text else 1
        case ["-z", text]:
            return 1 if text else 0
        case [left, "=" | "==" | "-eq", right]:
            return 0 if left == right else 1
        case [left, "!=" | "-ne", right]:
            return 0 if left != right else 1
        case []:
            return 1
        case _:
            return world.complain(f"{world.shell}: syntax error in test", 2)


def _dd(world: World, arguments: list[str]) -> int:
    """Copy zeros into a file: `dd if=/dev/zero of=FILE bs=1M count=20`."""
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    block = re.fullmatch(r"(\d+)([kMG]?)", given.get("bs", "512"))
    count = given.get("count", "")
    if given.get("if") != "/dev/zero" or not given.get("of") or not block or not count.isdecimal():
        return world.complain("dd: the course simulates only if=/dev/zero of=FILE bs=N count=N")
    size = int(block[1]) * 1024 ** " kMG".index(block[2] or " ") * int(count)
    if size > LARGEST:
        return world.complain(f"dd: the course writes files of at most {LARGEST} bytes")
    if not world.put(given["of"], bytes(size)):
        return world.complain(f"dd: can't open '{given['of']}': Read-only file system")
    return world.complain(f"{count}+0 records in\n{count}+0 records out", 0)


def _env(world: World, arguments: list[str]) -> int:
    return world.say("".join(f"{name}={value}\n" for name, value in world.env.items()))


def names_in(file: File | None) -> dict[int, str]:
    """Names by number, from /etc/passwd or /etc/group."""
    rows = (line.split(":") for line in (file.data if file else b"").decode().splitlines())
    return {int(row[2]): row[0] for row in rows if len(row) > 2 and row[2].isdecimal()}


def _id(world: World, arguments: list[str]) -> int:
    groups = list(dict.fromkeys([world.gid, *world.groups]))
    match "".join(sorted(_split(arguments)[0])):
        case "nu":
            return world.say(f"{world.user}\n")
        case "u":
            return world.say(f"{world.uid}\n")
        case "g":
            return world.say(f"{world.gid}\n")
        case "G":
            return world.say(" ".join(map(str, groups)) + "\n")
    users, named = names_in(world.find("/etc/passwd")), names_in(world.find("/etc/group"))

    def shown(number: int, names: dict[int, str]) -> str:
        return f"{number}({names[number]})" if number in names else str(number)

    listed = ",".join(shown(group, named) for group in groups)
    who = f"uid={shown(world.uid, users)} gid={shown(world.gid, named)}"
    return world.say(f"{who} groups={listed}\n")


def _pgrep(world: World, arguments: list[str]) -> int:
    rows = world.processes.rows.values()
    numbers = [row.pid for row in rows if row.name in arguments]
    world.say("".join(f"{number}\n" for number in numbers))
    return 0 if numbers else 1


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
    if flags.strip("ax"):
        return world.complain(f"ps: the course does not simulate these options: {flags}")
    if flags:
        lines = ["    PID TTY      STAT   TIME COMMAND"]
        lines += [f"{row.pid:>7} ?        S      0:00 {row.command or row.name}" for row in rows]
    else:
        lines = ["    PID TTY          TIME CMD"]
        same = [row for row in rows if row.uid == world.uid]
        lines += [f"{row.pid:>7} ?        00:00:00 {row.name}" for row in same]
    return world.say("\n".join(lines) + "\n")


def _kill(world: World, arguments: list[str]) -> int:
    """Send a signal: `kill [-SIGNAL | -s SIGNAL] PID...`."""
    signal, who = SIGTERM, f"{world.shell}: " if world.busybox else f"{world.shell}: 1: kill: "
    if arguments[:1] == ["-s"] and len(arguments) > 1:
        arguments = [f"-{arguments[1]}", *arguments[2:]]
    if arguments and arguments[0].startswith("-"):
        found = signals.number(arguments[0][1:])
        if found is None:
            return world.complain(f"{who}bad signal name '{arguments[0][1:]}'")
        signal, arguments = found, arguments[1:]
    if not arguments:
        return world.complain(f"{who}you need to specify whom to kill")
    code = 0
    for target in arguments:
        if not target.isdecimal():
            code = world.complain(f"{who}invalid number '{target}'")
            continue
        process = world.processes.rows.get(int(target))
        if process is None:
            gone = f"can't kill pid {target}: No such process"
            code = world.complain(f"{who}{gone if world.busybox else 'No such process'}")
        elif signal:
            process.receive(signal)
    return code


def _uname(world: World, arguments: list[str]) -> int:
    machine = {"a": f"Linux {world.hostname} 6.1.0 x86_64 GNU/Linux", "m": "x86_64", "n": ""}
    return world.say((machine.get(_split(arguments)[0], "Linux") or world.hostname) + "\n")


TOOLS: dict[str, Callable[[World, list[str]], int]] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "ls": _ls,
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "test": _test,
    "[": _test,
    "env": _env,
    "printenv": _env,
    "id": _id,
    "pgrep": _pgrep,
    "ps": _ps,
    "kill": _kill,
    "dd": _dd,
    "uname": _uname,
    "true": lambda world, arguments: 0,
    ":": lambda world, arguments: 0,
    "false": lambda world, arguments: 1,
    "hostname": lambda world, arguments: world.say(f"{world.hostname}\n"),
    "whoami": lambda world, arguments: world.say(f"{world.user}\n"),
    "pwd": lambda world, arguments: world.say(f"{world.cwd}\n"),
    "date": lambda world, arguments: world.say(f"{world.date()}\n"),
}
