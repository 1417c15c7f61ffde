"""Files and folders: cat, ls, cp, mv, rm, mkdir, touch, find and their neighbours.

Source: POSIX.1-2017, Utilities; the texts of errors are those of BusyBox 1.36 and of GNU
coreutils 9.1 (Debian 12).
"""

from __future__ import annotations

import posixpath
import re
from functools import partial

import msgspec

from course_lib.images.layer import FOLDER, File
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.shell.expansion import glob
from course_lib.runtimes.tools.names import names_in
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

MISSING = "No such file or directory"
LARGEST = 64 * 2**20  # bytes of a file that `dd` and `truncate` make
_UNITS = {"": 1, "c": 1, "k": 1024, "K": 1024, "M": 2**20, "G": 2**30}


def contents(world: World, name: str) -> bytes | str:
    """What a file holds; or why it cannot be read."""
    file = world.find(name)
    if file is None:
        return MISSING
    if file.kind == "folder":
        return "Is a directory"
    readable = world.uid in (0, file.uid) or file.mode & (
        0o040 if file.gid in (world.gid, *world.groups) else 0o004
    )
    return file.data if readable else "Permission denied"


def _cat(world: World, arguments: list[str]) -> Running:
    options, code = Options(arguments, "unbetvA", long={"number": "n"}), 0
    number = 0
    for name in options.operands or ["-"]:
        if name == "-":
            while data := (yield from world.chunk()):
                world.write("stdout", data)
            continue
        found = contents(world, name)
        if isinstance(found, str):
            if not world.busybox:
                said = f"{name}: {found}"
            elif found == "Is a directory":
                said = f"read error: {found}"
            else:
                said = f"can't open '{name}': {found}"
            code = world.complain(f"cat: {said}")
        elif "n" in options:
            for line in found.splitlines(keepends=True):
                number += 1
                world.write("stdout", f"{number:>6}\t".encode() + line)
        else:
            world.write("stdout", found)
    return code


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


def _touch(world: World, arguments: list[str]) -> int:
    options, code = Options(arguments, "acm", "dtr"), 0
    for name in options.operands:
        if world.find(name) is not None or "c" in options:
            if world.find(name) is not None and not world.writable(name):
                code = _cannot(world, "touch", name, "Read-only file system", "touch")
            continue
        if refused := world.put(name, b""):
            code = _cannot(world, "touch", name, refused, "touch")
    return code


def _cannot(world: World, tool: str, name: str, why: str, verb: str) -> int:
    """`touch: /x: Read-only file system`, and GNU's `touch: cannot touch '/x': ...`."""
    return world.complain(f"{tool}: {name if world.busybox else f'cannot {verb} {name!r}'}: {why}")


def _mkdir(world: World, arguments: list[str]) -> int:
    options, code = Options(arguments, "pv", "m", {"parents": "p", "mode": "m"}), 0
    cannot = "can't" if world.busybox else "cannot"
    failed = f"mkdir: {cannot} create directory"
    for name in options.operands:
        if world.find(name) is not None:
            if "p" not in options or (world.find(name) != FOLDER and _is_file(world, name)):
                code = world.complain(f"{failed} '{name}': File exists")
            continue
        above = posixpath.dirname(world.path(name))
        if "p" in options and world.find(above) is None:
            code = _mkdir(world, ["-p", above])
        refused = world.refusal(name)
        if refused:
            code = world.complain(f"{failed} '{name}': {refused}")
        else:
            mode = int(options.value("m", "755"), 8)
            made = File(kind="folder", mode=mode, uid=world.uid, gid=world.gid)
            world.files[world.path(name).lstrip("/")] = made
    return code


def _is_file(world: World, name: str) -> bool:
    file = world.find(name)
    return file is not None and file.kind == "file"


def paths_below(world: World, name: str) -> list[str]:
    """A file, or a folder and all in it, by their paths without a leading slash; deepest last."""
    path = world.path(name).lstrip("/")
    found = [p for p in world.files if p == path or p.startswith(f"{path}/")]
    return sorted(found)


def _rm(world: World, arguments: list[str]) -> int:
    long = {"recursive": "r", "force": "f", "verbose": "v"}
    options, code = Options(arguments, "rRfvi", long=long), 0
    cannot = "can't remove" if world.busybox else "cannot remove"
    for name in options.operands:
        found = paths_below(world, name)
        file = world.files.get(world.path(name).lstrip("/"))
        if not found:
            if "f" not in options:
                code = world.complain(f"rm: {cannot} '{name}': {MISSING}")
        elif not world.writable(name):
            code = world.complain(f"rm: {cannot} '{name}': Read-only file system")
        elif (file is None or file.kind == "folder") and not ("r" in options or "R" in options):
            what = f"'{name}' is a directory"
            other = f"cannot remove '{name}': Is a directory"
            code = world.complain(f"rm: {what if world.busybox else other}")
        elif _protected(world, name):
            code = world.complain(f"rm: {cannot} '{name}': Permission denied")
        else:
            for each in reversed(found):
                world.files.pop(each, None)
    return code


def _protected(world: World, name: str) -> bool:
    """Whether the folder of a file refuses changes to this user."""
    return world.refusal(posixpath.join(posixpath.dirname(world.path(name)), "\0")) != ""


def _rmdir(world: World, arguments: list[str]) -> int:
    code = 0
    for name in Options(arguments, "p").operands:
        file, quoted = world.find(name), f"'{name}'"
        failed = f"rmdir: {quoted}" if world.busybox else f"rmdir: failed to remove {quoted}"
        if file is None or file.kind != "folder":
            code = world.complain(f"{failed}: {MISSING if file is None else 'Not a directory'}")
        elif world.below(name):
            code = world.complain(f"{failed}: Directory not empty")
        else:
            world.files.pop(world.resolve(name), None)
    return code


def _target(world: World, name: str, folder: str) -> str:
    """Where a file goes that is put at a path, or into a folder."""
    found = world.find(folder)
    inside = found is not None and found.kind == "folder"
    return posixpath.join(folder, posixpath.basename(name.rstrip("/"))) if inside else folder


def _transfer(world: World, tool: str, options: Options) -> int:
    """cp and mv."""
    *sources, target = options.operands
    code, move = 0, tool == "mv"
    for name in sources:
        file = world.find(name)
        if file is None:
            what = f"can't stat '{name}'" if world.busybox and not move else f"'{name}'"
            what = what if world.busybox else f"cannot stat '{name}'"
            what = f"can't rename '{name}'" if world.busybox and move else what
            code = world.complain(f"{tool}: {what}: {MISSING}")
            continue
        recursive = move or {"r", "R", "a"} & set(options.given)
        if file.kind == "folder" and not recursive:
            omitted = f"omitting directory '{name}'"
            what = omitted if world.busybox else f"-r not specified; {omitted}"
            code = world.complain(f"{tool}: {what}")
            continue
        to = _target(world, name, target)
        if refused := world.refusal(to) if file.kind == "file" else "":
            what = f"can't create '{to}'" if world.busybox else f"cannot create regular file '{to}'"
            code = world.complain(f"{tool}: {what}: {refused}")
            continue
        start, new = world.resolve(name), world.path(to).lstrip("/")
        for path in paths_below(world, f"/{start}") or [start]:
            found = world.files.get(path, FOLDER)
            world.files[new + path[len(start) :]] = msgspec.structs.replace(
                found, uid=found.uid if move else world.uid, gid=found.gid if move else world.gid
            )
        if move:
            for path in reversed(paths_below(world, name)):
                world.files.pop(path, None)
    return code


def _cp(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "rRafpvi")
    if len(options.operands) < 2:
        raise ToolFault("missing file operand")
    return _transfer(world, "cp", options)


def _mv(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "fnvi")
    if len(options.operands) < 2:
        raise ToolFault("missing file operand")
    return _transfer(world, "mv", options)


def _ln(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "sfnv")
    target, name = options.operands[0], (options.operands[1:] or ["."])[0]
    path = world.path(_target(world, target, name)).lstrip("/")
    if path in world.files and "f" not in options:
        quoted = f"'{name}'"
        said = name if world.busybox else f"failed to create symbolic link {quoted}"
        raise ToolFault(f"{said}: File exists")
    if "s" in options:
        world.files[path] = File(kind="link", mode=0o777, target=target)
    else:
        world.files[path] = world.find(target) or File()
    return 0


def _chmod(world: World, arguments: list[str]) -> int:
    flags = [a for a in arguments if re.fullmatch(r"-[RvfcH]+", a)]
    rest = [a for a in arguments if a not in flags]
    if len(rest) < 2:
        raise ToolFault("missing operand")
    for name in rest[1:]:
        if world.find(name) is None:
            what = name if world.busybox else f"cannot access '{name}'"
            raise ToolFault(f"{what}: {MISSING}")
        paths = paths_below(world, name) if "R" in "".join(flags) else [world.resolve(name)]
        for path in paths:
            file = world.files.get(path, FOLDER)
            if world.uid not in (0, file.uid):
                what = name if world.busybox else f"changing permissions of '{name}'"
                raise ToolFault(f"{what}: Operation not permitted")
            world.files[path] = msgspec.structs.replace(file, mode=_changed(file.mode, rest[0]))
    return 0


def _changed(mode: int, change: str) -> int:
    """A mode after `755`, `+x`, `go-w`, `u=rw`."""
    if re.fullmatch(r"[0-7]+", change):
        return int(change, 8)
    for clause in change.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxXst]*)", clause)
        if match is None:
            raise ToolFault(f"invalid mode '{change}'")
        who = match[1].replace("a", "ugo") or "ugo"
        bits = 0
        for letter in match[3]:
            bit = {"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0)
            bits |= sum(bit << {"u": 6, "g": 3, "o": 0}[each] for each in set(who))
        if match[2] == "=":
            mode &= ~sum(7 << {"u": 6, "g": 3, "o": 0}[each] for each in set(who))
        mode = mode & ~bits if match[2] == "-" else mode | bits
    return mode


def _chown(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "Rvfh")
    user, _, group = options.operands[0].partition(":")
    users = {name: number for number, name in names_in(world.find("/etc/passwd")).items()}
    groups = {name: number for number, name in names_in(world.find("/etc/group")).items()}
    for name, known, what in ((user, users, "user"), (group, groups, "group")):
        if name and not name.isdecimal() and name not in known:
            said = f"unknown {what} {name}" if world.busybox else f"invalid {what}: '{name}'"
            raise ToolFault(said)
    for name in options.operands[1:]:
        if world.find(name) is None:
            what = name if world.busybox else f"cannot access '{name}'"
            raise ToolFault(f"{what}: {MISSING}")
        if world.uid:
            what = name if world.busybox else f"changing ownership of '{name}'"
            raise ToolFault(f"{what}: Operation not permitted")
        for path in paths_below(world, name) if "R" in options else [world.resolve(name)]:
            file = world.files.get(path, FOLDER)
            uid = users.get(user, int(user) if user.isdecimal() else file.uid)
            gid = groups.get(group, int(group) if group.isdecimal() else file.gid)
            world.files[path] = msgspec.structs.replace(file, uid=uid, gid=gid)
    return 0


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


def _mktemp(world: World, arguments: list[str]) -> int:
    """A new file in /tmp; its name is drawn from the number of files that are there."""
    options = Options(arguments, "dq", "p")
    folder = options.value("p", "/tmp")
    number = len(world.below(folder))
    name = (options.operands or [f"{folder}/tmp.XXXXXX"])[0]
    path = re.sub(r"X{6,}$", f"c{number:05d}", name)
    if "d" in options:
        return _mkdir(world, [path]) or world.say(f"{path}\n")
    if refused := world.put(path, b""):
        raise ToolFault(f"failed to create file via template '{name}': {refused}")
    return world.say(f"{path}\n")


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


def _dd(world: World, arguments: list[str]) -> int:
    """Copy zeros into a file: `dd if=/dev/zero of=FILE bs=1M count=20`."""
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    block = re.fullmatch(r"(\d+)([kKMG]?)B?", given.get("bs", "512"))
    count = given.get("count", "")
    source = given.get("if", "")
    if source not in ("/dev/zero", "/dev/urandom", "/dev/random") or not block:
        return world.complain("dd: the course simulates only if=/dev/zero of=FILE bs=N count=N")
    if not count.isdecimal():
        return world.complain("dd: the course simulates only copies with a count")
    size = int(block[1]) * _UNITS[block[2]] * int(count)
    if size > LARGEST:
        return world.complain(f"dd: the course writes files of at most {LARGEST} bytes")
    target = given.get("of", "/dev/null")
    sink = world.sink(target, append=False)
    if isinstance(sink, str):
        verb = "can't open" if world.busybox else "failed to open"
        return world.complain(f"dd: {verb} '{target}': {sink}")
    sink(bytes(size))
    return world.complain(f"{count}+0 records in\n{count}+0 records out", 0)


def _truncate(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "c", "s", {"size": "s"})
    match = re.fullmatch(r"(\d+)([kKMG]?)", options.value("s"))
    if match is None or int(match[1]) * _UNITS[match[2]] > LARGEST:
        raise ToolFault(f"invalid number '{options.value('s')}'")
    size = int(match[1]) * _UNITS[match[2]]
    for name in options.operands:
        old = world.find(name)
        data = (old.data if old else b"")[:size]
        if refused := world.put(name, data + bytes(size - len(data))):
            raise ToolFault(f"{name}: open: {refused}")
    return 0


FILE_TOOLS: dict[str, Tool] = {
    "cat": _cat,
    "ls": _ls,
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "rmdir": _rmdir,
    "cp": _cp,
    "mv": _mv,
    "ln": _ln,
    "chmod": _chmod,
    "chown": _chown,
    "find": _find,
    "du": _du,
    "readlink": _readlink,
    "basename": _basename,
    "dirname": _dirname,
    "mktemp": _mktemp,
    "stat": _stat,
    "dd": _dd,
    "truncate": _truncate,
}
