"""Which commands kubectl has, with which flags: facts, read from a table.

`data/commands.txt` is written by `python -m tests.peers.kubectl_commands_peer`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from course_lib.command_line import Flag
from course_lib.command_line.values import READERS

_FLAG = re.compile(
    r'--(\S+) (\S) (\S+) default=("(?:[^"\\]|\\.)*") alone=("(?:[^"\\]|\\.)*")'
    r'(?: deprecated=("(?:[^"\\]|\\.)*"))?'
)
_HEAD = re.compile(r"(?P<path>[^=]*?)(?: aliases=(?P<aliases>\S+))?(?P<group> group)?")
EVERYWHERE = "all commands"


class Described(NamedTuple):
    """What kubectl has: a command by its path, other names, its flags, its line of usage.

    `group` says that it only has commands below it.
    """

    path: str
    aliases: tuple[str, ...]
    flags: tuple[Flag, ...]
    usage: str
    group: bool


@cache
def described() -> dict[str, Described]:
    """All commands of kubectl by path (`rollout status`), and under `all commands` their flags."""
    text = files("course_lib.kubectl").joinpath("data/commands.txt").read_text(encoding="utf-8")
    found: dict[str, Described] = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        head, *rows = block.split("\n")
        named = _HEAD.fullmatch(head)
        assert named is not None, head
        usage = next((json.loads(r.partition("usage=")[2]) for r in rows if "usage=" in r), "")
        flags = [_flag(row.strip()) for row in rows if row.startswith("  --")]
        aliases = tuple((named["aliases"] or "").split(",")) if named["aliases"] else ()
        each = Described(named["path"], aliases, tuple(flags), usage, bool(named["group"]))
        found[each.path] = each
    return found


def _flag(row: str) -> Flag:
    found = _FLAG.match(row)
    assert found is not None, row
    name, short, kind, default, alone, deprecated = found.groups()
    kind = {"tristate": "bool", "mapStringString": "stringToString"}.get(kind, kind)
    written = json.loads(default)
    if kind in ("stringSlice", "stringArray", "stringToString"):
        written = written.removeprefix("[").removesuffix("]")
    value = READERS[kind](written) if written else None
    notice = json.loads(deprecated) if deprecated else ""
    letter = "" if short == "-" else short
    return Flag(name, letter, kind, value, json.loads(alone), deprecated=notice)


def children(path: str) -> list[Described]:
    """The commands below one; below `` all that kubectl has."""
    above = path.split()
    found = described().values()
    return [d for d in found if d.path != EVERYWHERE and d.path.split()[:-1] == above]


def below(path: str, word: str) -> Described | None:
    """The command with this name, or other name, below the one at a `path`."""
    return next((d for d in children(path) if word in (d.path.split()[-1], *d.aliases)), None)


@cache
def summaries() -> dict[str, str]:
    """What each command does, in a line of our own, by its path."""
    text = files("course_lib.kubectl").joinpath("data/summaries.txt").read_text(encoding="utf-8")
    lines = (line.partition(": ") for line in text.splitlines())
    return {path: summary for path, _, summary in lines}
