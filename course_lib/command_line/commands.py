"""A program of commands and subcommands: which one is meant, its help, its errors.

Source: cobra 1.10 (`command.go`, `args.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from course_lib.command_line.flags import Flag, Parsed, UsageError, parse
from course_lib.command_line.result import Result, Terminal
from course_lib.command_line.usages import flag_usages

S = TypeVar("S")  # what the commands of a program work on
Run = Callable[[S, Parsed, Terminal], None]
LEAST_PADDING = 11  # of names in a list of commands
MOST_TYPING_ERRORS = 2  # in a word, for which a command is still suggested


class Exit(Exception):
    """A command ends with an exit code, and a sentence on stderr after `Error: ` unless empty."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass(frozen=True)
class CommandTree(Generic[S]):
    """A command: what it is called and does (`run`), its flags, and the commands below it.

    `use` is its name with what may follow; `persistent` are flags of all commands below it too;
    `exactly` is the number of its arguments, -1: it looks at them itself; `required` names flags
    that must be given. `group` is the title under which it is listed.
    """

    use: str
    short: str = ""
    run: Run[S] | None = None
    flags: tuple[Flag, ...] = ()
    persistent: tuple[Flag, ...] = ()
    commands: tuple[CommandTree[S], ...] = ()
    long: str = ""
    example: str = ""
    group: str = ""
    exactly: int = -1
    required: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The first word of `use`."""
        return self.use.partition(" ")[0]


@dataclass(frozen=True)
class Program(Generic[S]):
    """A program, and where it differs from what cobra does by itself.

    `groups` are the titles in its list of commands; `footer` ends each help; `only_usage`: its help
    has no description; `twice`: errors of usage are printed once more at the end; `no_help_flag`:
    the help of the program itself does not list `--help`.
    """

    root: CommandTree[S]
    groups: tuple[str, ...] = ()
    footer: str = ""
    only_usage: bool = False
    twice: bool = False
    no_help_flag: bool = False

    def execute(self, words: Sequence[str], on: S) -> Result:
        """Run the command that `words` (without the program's name) mean, on something."""
        terminal = Terminal()
        try:
            _Line(self, words).run(on, terminal)
        except Exit as end:
            if end.why:
                terminal.error(f"Error: {end.why}\n")
            return terminal.result(end.code)
        return terminal.result()


class _Line(Generic[S]):
    """One command line: the path of commands that it names, and the words that are left."""

    def __init__(self, program: Program[S], words: Sequence[str]) -> None:
        self.program, self.path, self.words = program, [program.root], list(words)
        self.help_of: list[str] | None = None  # the words after `help`
        while plain := _plain(self.words, self.flags()):
            if len(self.path) == 1 and plain[0] == "help":
                self.help_of = plain[1:]
                return
            below = _named(self.path[-1], plain[0])
            if below is None:
                break
            self.words = _without_first(self.words, plain[0], self.flags())
            self.path.append(below)

    @property
    def command(self) -> CommandTree[S]:
        return self.path[-1]

    @property
    def full_name(self) -> str:
        return " ".join(command.name for command in self.path)

    def local_flags(self) -> list[Flag]:
        hidden = self.program.no_help_flag and len(self.path) == 1
        help = Flag("help", "h", "bool", usage=f"help for {self.command.name}", hidden=hidden)
        return [*self.command.flags, *self.command.persistent, help]

    def inherited_flags(self) -> list[Flag]:
        return [flag for command in self.path[:-1] for flag in command.persistent]

    def flags(self) -> list[Flag]:
        return [*self.local_flags(), *self.inherited_flags()]

    def run(self, on: S, terminal: Terminal) -> None:
        if self.help_of is not None:
            self._help_command(self.help_of, terminal)
            return
        command = self.command
        plain = _plain(self.words, self.flags())
        if len(self.path) == 1 and command.commands and plain:
            why = f'unknown command "{plain[0]}" for "{command.name}"'
            why += _suggestions(command, plain[0])
            end = f"Run '{command.name} --help' for usage."
            self._fail(f"{why}\n{end}", why, terminal)
        try:
            parsed = parse(self.words, self.flags())
            if parsed.on("help") or command.run is None:
                terminal.out(self.help())
                return
            self._check(parsed)
        except UsageError as error:
            self._fail(f"{error}\n{self.usage()}", str(error), terminal)
        assert command.run is not None
        command.run(on, parsed, terminal)

    def _check(self, parsed: Parsed) -> None:
        command, count = self.command, len(parsed.args)
        if command.exactly not in (-1, count):
            raise UsageError(f"accepts {command.exactly} arg(s), received {count}")
        missing = [name for name in command.required if name not in parsed.given]
        if missing:
            shown = '", "'.join(missing)
            raise UsageError(f'required flag(s) "{shown}" not set')

    def _fail(self, shown: str, why: str, terminal: Terminal) -> None:
        terminal.error(f"Error: {shown}\n")
        raise Exit(1, why if self.program.twice else "")

    def _help_command(self, words: list[str], terminal: Terminal) -> None:
        asked = _Line(self.program, words)
        if len(asked.path) == 1 and words:
            topics = " ".join(f"`{word}`" for word in words)
            terminal.error(f"Unknown help topic [{topics}]\n{asked.usage()}")
        else:
            terminal.out(asked.help())

    def help(self) -> str:
        """What `--help` prints."""
        command, program = self.command, self.program
        text = (command.long or command.short).rstrip()
        head = f"{text}\n\n" if text and not program.only_usage else ""
        return f"{head}{self.usage()}{program.footer}"

    def usage(self) -> str:
        """How the command is typed, with a line break at its end."""
        command = self.command
        parts = ["Usage:"]
        if command.run is not None:
            above = "".join(f"{each.name} " for each in self.path[:-1])
            parts[0] += f"\n  {above}{command.use} [flags]"
        if command.commands:
            parts[0] += f"\n  {self.full_name} [command]"
        if command.example:
            parts.append(f"Examples:\n{command.example}")
        if command.commands:
            parts += self._lists()
        for title, flags in (("Flags", self.local_flags()), ("Global Flags", self._global())):
            if shown := flag_usages(flags).rstrip():
                parts.append(f"{title}:\n{shown}")
        if command.commands:
            line = f'Use "{self.full_name} [command] --help" for more information about a command.'
            parts.append(line)
        return "\n\n".join(parts) + "\n"

    def _global(self) -> list[Flag]:
        return self.inherited_flags()

    def _lists(self) -> list[str]:
        """The commands below, in groups where the program has some."""
        commands: Iterable[CommandTree[S]] = self.command.commands
        groups: tuple[str, ...] = ()
        if len(self.path) == 1:
            groups = self.program.groups
            last = groups[-1] if groups else ""
            commands = [*commands, CommandTree("help", "Help about any command", group=last)]
        rows = sorted(commands, key=lambda each: each.name)
        width = max(LEAST_PADDING, *(len(each.name) for each in rows))

        def listed(title: str, group: str) -> str:
            fitting = [each for each in rows if each.group == group]
            lines = (f"\n  {each.name.ljust(width)} {each.short}" for each in fitting)
            return title + "".join(lines)

        if not groups:
            return [listed("Available Commands:", "")]
        return [listed(title, title) for title in groups]


def _named(command: CommandTree[S], word: str) -> CommandTree[S] | None:
    """The command of this name, or the only one whose name begins so."""
    for each in command.commands:
        if each.name == word:
            return each
    fitting = [each for each in command.commands if each.name.startswith(word)]
    return fitting[0] if len(fitting) == 1 else None


def _takes_next(word: str, flags: Iterable[Flag]) -> bool:
    """Whether the word after a flag is its value, as it seems before the flags are read."""
    if "=" in word or not (word.startswith("--") or (word.startswith("-") and len(word) == 2)):
        return False
    alone = (
        flag.without_argument for flag in flags if word in (f"--{flag.name}", f"-{flag.shorthand}")
    )
    return not next(alone, "")


def _plain(words: Sequence[str], flags: Sequence[Flag]) -> list[str]:
    """The words that are neither flags nor their values."""
    plain, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if _takes_next(word, flags):
            if len(rest) <= 1:
                break
            rest.pop(0)
        elif word and not word.startswith("-"):
            plain.append(word)
    return plain


def _without_first(words: list[str], gone: str, flags: Sequence[Flag]) -> list[str]:
    """The words without the first that is `gone` and not the value of a flag."""
    place = 0
    while place < len(words) and words[place] != "--":
        if _takes_next(words[place], flags):
            place += 1
        elif words[place] == gone:
            return words[:place] + words[place + 1 :]
        place += 1
    return words


def _suggestions(command: CommandTree[S], typed: str) -> str:
    names = [*(each.name for each in command.commands), "help"]
    near = [
        name
        for name in names
        if name.startswith(typed.lower()) or _distance(typed.lower(), name) <= MOST_TYPING_ERRORS
    ]
    return "\n\nDid you mean this?\n" + "".join(f"\t{n}\n" for n in near) if near else ""


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, left out or changed (Levenshtein)."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, fitting in enumerate(other, 1):
            cost = before + (letter != fitting)
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, cost)
    return row[-1]
