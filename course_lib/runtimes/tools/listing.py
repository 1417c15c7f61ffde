"""Looking at files and folders: ls, find, stat, du, readlink, basename, dirname.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU coreutils 9.1 (Debian 12).
"""

from __future__ import annotations

import posixpath
import re
from functools import partial

from course_lib.images.layer import FOLDER, File
from course_lib.runtimes.shell.expansion import glob
from course_lib.runtimes.tools.files import MISSING, paths_below
from course_lib.runtimes.tools.names import names_in
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World


def _mode(file: File) -> str:
    kind = {"folder": "d", "link": "l"}.get(file.kind, "-")
    bits = "".join(
        letter if file.mode & 1 << (8 - place) else "-" for place, letter in enumerate("rwxrwxrwx")
    )
    if file.mode & 0o1000:
        bits = bits[:8] + ("t" if bits[8] == "x" else "T")
    return kind + bits


def _long(world: World, shown: list[tuple[str, File]]) -> str:
    """Rows of `ls -l`; files have no times of their own here: that of the start is shown."""
    users = names_in(world.find("/etc/passwd")) or {0: "root"}
    groups = names_in(world.find("/etc/group")) or {0: "root"}
    rows = []
    for name, file in shown:
        size = 4096 if file.kind == "folder" else len(file.target or file.data)
        arrow = f" -> {file.target}" if file.kind == "link" else ""
        links = 2 if file.kind == "folder" else 1
        user, group = users.get(file.uid, str(file.uid)), groups.get(file.gid, str(file.gid))
        rows.append((_mode(file), links, user, group, size, f"{name}{arrow}"))
    if world.busybox:
        line = "{:<10} {:>4} {:<8} {:<8} {:>9} Jan  1 00:00 {}\n"
        return "".join(line.format(*row) for row in rows)
    wide = [max((len(str(row[place])) for row in rows), default=0) for place in range(5)]
    return "".join(
        f"{mode} {links:>{wide[1]}} {user:<{wide[2]}} {group:<{wide[3]}} {size:>{wide[4]}} "
        f"Jan  1 00:00 {name}\n"
        for mode, links, user, group, size, name in rows
    )


def _ls(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "1aAlhdRtrSiFpC", long={"all": "a", "color": "1"})
    code, names = 0, sorted(options.operands) or ["."]
    files, folders = list[tuple[str, File]](), list[str]()
    for name in names:
        file = world.find(name)
        if file is None:
            what = name if world.busybox else f"cannot access '{name}'"
            code = world.complain(f"ls: {what}: {MISSING}", 1 if world.busybox else 2)
        elif file.kind == "folder" and "d" not in options:
            folders.append(name)
        else:
            files.append((name, world.files.get(world.path(name).lstrip("/"), file)))
    _shown(world, files, options)
    for number, folder in enumerate(folders):
        if len(names) > 1 or "R" in options:
            world.say(f"{chr(10) if number or files else ''}{folder}:\n")
        inside = _inside(world, folder, options)
        if "l" in options:
            world.say(f"total {4 * sum(1 for _, f in inside if f.kind != 'link')}\n")
        _shown(world, inside, options)
        if "R" in options:
            below = [n for n, f in inside if f.kind == "folder" and n not in (".", "..")]
            folders[number + 1 : number + 1] = [posixpath.join(folder, name) for name in below]
    return code


def _inside(world: World, folder: str, options: Options) -> list[tuple[str, File]]:
    names = world.below(folder)
    if "a" in options:
        names = [".", "..", *names]
    elif "A" not in options:
        names = [name for name in names if not name.startswith(".")]
    if "r" in options:
        names = names[::-1]
    path = world.path(folder)
    own = [(name, f"{path}/{name}".lstrip("/")) for name in names]
    return [(name, world.files.get(p) or world.find(f"/{p}") or FOLDER) for name, p in own]


def _shown(world: World, files: list[tuple[str, File]], options: Options) -> None:
    """A name a line; on a terminal beside each other."""
    if "l" in options:
        world.say(_long(world, files))
    elif world.tty and "1" not in options and files:
        width = max(len(name) for name, _ in files) + 2
        each = max(1, 80 // width)
        rows = [files[place : place + each] for place in range(0, len(files), each)]
        lines = ["".join(f"{name:<{width}}" for name, _ in row).rstrip() for row in rows]
        world.say("".join(f"{line}\n" for line in lines))
    else:
        world.say("".join(f"{name}\n" for name, _ in files))


def _find(world: World, arguments: list[str]) -> int:
    """`find PATH... [-name PATTERN] [-type f|d|l] [-maxdepth N] [-path PATTERN]`."""
    starts = []
    while arguments and not arguments[0].startswith(("-", "!", "(")):
        starts.append(arguments[0])
        arguments = arguments[1:]
    names, kinds, depth = [], "", 1000
    while arguments:
        match arguments:
            case ["-name" | "-iname" | "-path" as what, pattern, *rest]:
                names.append((what, glob(pattern)))
            case ["-type", kinds, *rest]:
                pass
            case ["-maxdepth", number, *rest] if number.isdecimal():
                depth = int(number)
            case ["-print", *rest]:
                pass
            case [other, *_]:
                raise ToolFault(f"the course does not simulate {other}", 2)
        arguments = rest
    code, kind_of = 0, {"file": "f", "folder": "d", "link": "l"}
    for start in starts or ["."]:
        if world.find(start) is None:
            shown = start if world.busybox else f"'{start}'"
            code = world.complain(f"find: {shown}: {MISSING}")
            continue
        for path in _walk(world, start, depth):
            file = world.files.get(world.path(path).lstrip("/")) or FOLDER
            good = not kinds or kind_of[file.kind] in kinds
            base = posixpath.basename(path.rstrip("/")) or path
            if good and all(test(path if w == "-path" else base) for w, test in names):
                world.say(f"{path}\n")
    return code


def _walk(world: World, start: str, depth: int) -> list[str]:
    found = [start]
    file = world.files.get(world.path(start).lstrip("/"))
    if depth > 0 and (file is None or file.kind == "folder"):
        for name in world.below(start):
            found += _walk(world, posixpath.join(start, name), depth - 1)
    return found


def _du(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "shkamc")
    for name in options.operands or ["."]:
        if world.find(name) is None:
            what = name if world.busybox else f"cannot access '{name}'"
            return world.complain(f"du: {what}: {MISSING}")
        size = 4 + sum(4 + -(-len(world.files[p].data) // 4096) * 4
                       for p in paths_below(world, name))  # fmt: skip
        shown = f"{size / 1024:.1f}M" if "h" in options and size >= 1024 else f"{size}"
        shown += ".0K" if "h" in options and size < 1024 and world.busybox else ""
        shown += "K" if "h" in options and size < 1024 and not world.busybox else ""
        world.say(f"{shown}\t{name}\n")
    return 0


def _readlink(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "fen")
    name = options.operands[0]
    file = world.files.get(world.path(name).lstrip("/"))
    if "f" in options:
        return world.say(f"/{world.resolve(name)}\n")
    return world.say(f"{file.target}\n") if file is not None and file.kind == "link" else 1


def _basename(world: World, arguments: list[str]) -> int:
    name, *suffix = arguments or [""]
    base = posixpath.basename(name.rstrip("/")) or "/"
    if suffix and base != suffix[0]:
        base = base.removesuffix(suffix[0])
    return world.say(f"{base}\n")


def _dirname(world: World, arguments: list[str]) -> int:
    return world.say(f"{posixpath.dirname(arguments[0].rstrip('/')) or '.'}\n")


def _stat(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "L", "c", {"format": "c", "printf": "c"})
    for name in options.operands:
        file = world.find(name)
        if file is None:
            verb = "can't" if world.busybox else "cannot"
            quoted = f"stat '{name}'" if world.busybox else f"statx '{name}'"
            raise ToolFault(f"{verb} {quoted}: {MISSING}")
        values = {
            "a": f"{file.mode:o}", "A": _mode(file), "s": str(len(file.data)), "n": name,
            "u": str(file.uid), "g": str(file.gid), "U": _name(world, "passwd", file.uid),
            "G": _name(world, "group", file.gid), "F": _kind(file),
        }  # fmt: skip
        usual = (
            "  File: %n\n  Size: %s\t\tBlocks: 8          IO Block: 4096   %F\n"
            "Access: (0%a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)"
        )
        text = options.value("c", usual)
        shown = re.sub(r"%(\d*)([aAsnugUGF])", partial(_filled, values), text)
        world.say(f"{shown}\n")
    return 0


def _filled(values: dict[str, str], match: re.Match[str]) -> str:
    return values[match[2]].rjust(int(match[1] or 0))


def _name(world: World, table: str, number: int) -> str:
    return names_in(world.find(f"/etc/{table}")).get(number, "UNKNOWN")


def _kind(file: File) -> str:
    if file.kind == "file":
        return "regular file" if file.data else "regular empty file"
    return {"folder": "directory", "link": "symbolic link"}[file.kind]


LISTING_TOOLS: dict[str, Tool] = {
    "ls": _ls,
    "find": _find,
    "du": _du,
    "readlink": _readlink,
    "basename": _basename,
    "dirname": _dirname,
    "stat": _stat,
}
