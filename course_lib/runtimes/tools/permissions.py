"""Who may do what with a file: chmod, chown.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU coreutils 9.1 (Debian 12).
"""

from __future__ import annotations

import re

import msgspec

from course_lib.images.layer import FOLDER
from course_lib.runtimes.tools.files import MISSING, paths_below
from course_lib.runtimes.tools.names import names_in
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World


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


PERMISSION_TOOLS: dict[str, Tool] = {
    "chmod": _chmod,
    "chown": _chown,
}
