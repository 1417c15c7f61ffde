"""Files and folders: cat, ls, cp, mv, rm, mkdir, touch, find and their neighbours.

Source: POSIX.1-2017, Utilities; the texts of errors are those of BusyBox 1.36 and of GNU
coreutils 9.1 (Debian 12).
"""

from __future__ import annotations

import posixpath
import re

import msgspec

from course_lib.images.layer import FOLDER, File
from course_lib.runtimes.kernel import Running
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
    "touch": _touch,
    "mkdir": _mkdir,
    "rm": _rm,
    "rmdir": _rmdir,
    "cp": _cp,
    "mv": _mv,
    "ln": _ln,
    "mktemp": _mktemp,
    "dd": _dd,
    "truncate": _truncate,
}
