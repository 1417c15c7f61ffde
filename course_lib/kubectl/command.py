"""How a line becomes a call of one command.

What each command does is in a module of `commands`. A flag that kubectl has (`catalogue`) and the
course does not is refused by its name.
"""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from course_lib.command_line import Flag, Parsed, UsageError, parse
from course_lib.command_line.values import quoted
from course_lib.kubectl.catalogue import EVERYWHERE, Described, below, children, described
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.help import Help, help_of, overview
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.shell_signs import refuse, uncommented

WITH_HELP = ("certificate",)  # commands that show their help and are content
ON_STDOUT = ("rollout",)  # groups whose help stands there, though they fail
HELP = Flag("help", "h", "bool")
# Flags of every command that change nothing of what is said.
WITHOUT_EFFECT = frozenset(
    {
        "cache-dir",
        "disable-compression",
        "kuberc",
        "match-server-version",
        "insecure-skip-tls-verify",
    }
)
GLOBAL = frozenset(
    {"cluster", "context", "kubeconfig", "namespace", "request-timeout", "server", "token", "user"}
)
# What Python says of a line that is not whole, and what is missing.
_OPEN = {
    "No closing quotation": "a quotation mark is opened and not closed",
    "No escaped character": "it ends with \\, and no line follows",
}


class Command(NamedTuple):
    """What the course has of a command: what it does, and which of the flags it acts on."""

    run: Callable[[Invocation], None]
    flags: frozenset[str]


class Line(NamedTuple):
    """A command line that was read: which command, with which flags and arguments."""

    described: Described
    command: Command
    parsed: Parsed

    @property
    def overriding(self) -> set[str]:
        """The flags given that are of all commands, and not the command's own of that name."""
        return self.parsed.given - {flag.name for flag in self.described.flags}


def read(words: Sequence[str]) -> Line:
    """Read the words after `kubectl`; raises `CommandError` for what makes no sense."""
    words = list(words)
    if words[:1] == ["help"]:
        raise _help_on(words[1:])
    found, rest = _find(words)
    everywhere = described()[EVERYWHERE].flags
    try:
        interspersed = found.path != "plugin"
        parsed = parse(rest, [*everywhere, *found.flags, HELP], interspersed=interspersed)
    except UsageError as problem:
        if found.path == "diff":  # of which 1 means that there are differences
            said = f"{problem}\nSee 'kubectl diff -h' for help and examples"
            raise CommandError(said, code=2) from None
        raise CommandError(f"{problem}\nSee 'kubectl {found.path} --help' for usage.") from None
    if parsed.on("help"):
        raise Help(help_of(found))
    command = _command(found.path)
    if found.group or (command is None and children(found.path)):
        raise _unknown_below(found, parsed.args)
    if command is None:
        raise CommandError(f"kubectl {found.path} is not simulated in this course")
    allowed = command.flags | GLOBAL | WITHOUT_EFFECT
    for name in sorted(parsed.given - allowed):
        raise CommandError(f"--{name} of kubectl {found.path} is not simulated in this course")
    return Line(found, command, parsed)


def _find(words: list[str]) -> tuple[Described, list[str]]:
    """The command that the words begin with, and the words that are left."""
    everywhere = {flag.name: flag for flag in described()[EVERYWHERE].flags}
    path, taken = "", list[str]()
    rest = list(words)
    while rest:
        word = rest[0]
        if word.startswith("-"):  # a flag of all commands may come first
            taken.append(rest.pop(0))
            flag = everywhere.get(word.lstrip("-")) or _by_letter(word)
            if flag is not None and "=" not in word and not flag.without_argument and rest:
                taken.append(rest.pop(0))
            continue
        found = below(path, word)
        if found is None:
            break
        path, _ = found.path, rest.pop(0)
    if not path:
        raise _unknown(rest)
    return described()[path], taken + rest


def _help_on(words: list[str]) -> Help:
    """What `kubectl help` shows: all commands, or the one that the `words` name."""
    path = ""
    for word in words:
        found = below(path, word)
        if found is None:
            break
        path = found.path
    if words and not path:
        topic = " ".join(f"`{word}`" for word in words)
        return Help(f"Unknown help topic [{topic}]\n\n{overview()}", aside=True)
    return Help(help_of(described()[path]) if path else overview())


def _by_letter(word: str) -> Flag | None:
    if word.startswith("--") or len(word) != 2:
        return None
    flags = described()[EVERYWHERE].flags
    return next((flag for flag in flags if flag.shorthand == word[1]), None)


def _unknown(rest: list[str]) -> CommandError:
    if not rest:
        return Help(overview())
    names = [each.path for each in children("")]
    near = [name for name in names if _near(rest[0], name)]
    meant = "\n\nDid you mean this?\n\t" + "\n\t".join(near) + "\n" if near else ""
    return CommandError(f'unknown command "{rest[0]}" for "kubectl"{meant}')


def _unknown_below(group: Described, args: list[str]) -> CommandError:
    if group.path in WITH_HELP:
        return Help(help_of(group))
    if args:
        said = f"unknown command {quoted(' '.join(args))}"
        return CommandError(f"{said}\nSee 'kubectl {group.path} -h' for help and examples")
    return Help(help_of(group), 1, aside=group.path not in ON_STDOUT)


def _near(word: str, name: str) -> bool:
    """Whether two words differ by at most two letters, or one begins the other (cobra)."""
    return name.lower().startswith(word.lower()) or _distance(word.lower(), name.lower()) <= 2


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance of two words."""
    before = list(range(len(other) + 1))
    for n, letter in enumerate(one, 1):
        row = [n]
        for m, against in enumerate(other, 1):
            row.append(min(before[m] + 1, row[-1] + 1, before[m - 1] + (letter != against)))
        before = row
    return before[-1]


def _command(path: str) -> Command | None:
    """What the course has of a command, if anything.

    Those that begin with the same word are in one module.
    """
    name = f"course_lib.kubectl.commands.{path.split()[0].replace('-', '_')}"
    try:
        commands: dict[str, Command] = importlib.import_module(name).COMMANDS
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        commands = {}
    return commands.get(path)


def split(line: str) -> list[str]:
    """The words of a line as a shell parts them, without its comment.

    Raises `CommandError` for an open quotation, and for what only a shell can do.
    """
    line = uncommented(line)
    refuse(line)
    try:
        return shlex.split(line, comments=False)
    except ValueError as problem:
        said = str(problem)
        raise CommandError(f"the line cannot be read: {_OPEN.get(said, said)}") from None
