"""What `--help` says of a command, in words of our own: its use, its flags, what is below it."""

from __future__ import annotations

from course_lib.command_line import Flag
from course_lib.command_line.go_text import value_text
from course_lib.kubectl.catalogue import EVERYWHERE, Described, children, described, summaries
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation

MORE = "The flags of all commands: kubectl options\n"


class Help(CommandError):
    """A command is not run, but its help is shown: `text`, on standard output.

    With a `code` that is not 0 it is a failure, whose message is `failure`; `aside` says that the
    text stands on standard error.
    """

    def __init__(self, text: str, code: int = 0, failure: str = "", aside: bool = False) -> None:
        super().__init__(failure, code)
        self.text, self.aside = text, aside

    def shown(self) -> str:
        """What stands on standard error beside it."""
        return super().shown() if self.message else ""


def help_of(command: Described) -> str:
    """The help of a command."""
    title = f"kubectl {command.path}".strip()
    parts = [f"{summaries()[command.path]}.\n"]
    parts.append(f"Usage:\n  {command.usage or title} [options]\n")
    if command.aliases:
        parts.append(f"Other names:\n  {', '.join(command.aliases)}\n")
    if below := _below(command.path):
        parts.append(below)
    if command.flags:
        parts.append("Flags:\n" + "".join(map(_flag, command.flags)))
    return "\n".join([*parts, MORE])


def overview() -> str:
    """All commands."""
    usage = "Usage:\n  kubectl COMMAND [options]\n"
    return f"{usage}\n{_below('')}\nHelp for one of them: kubectl COMMAND --help\n{MORE}"


def _below(path: str) -> str:
    """The commands below one, each with what it does; empty where there are none."""
    found = [(f"kubectl {each.path}", summaries()[each.path]) for each in children(path)]
    width = max((len(name) for name, _ in found), default=0)
    lines = (f"  {name:<{width}}   {summary}\n" for name, summary in found)
    return "Commands:\n" + "".join(lines) if found else ""


def options() -> str:
    """The flags of all commands."""
    return "Each command has these flags:\n\n" + "".join(map(_flag, described()[EVERYWHERE].flags))


def _flag(flag: Flag) -> str:
    short = f"-{flag.shorthand}, " if flag.shorthand else "    "
    value = "" if flag.without_argument else f" {flag.kind}"
    default = "" if flag.default in (None, "", [], {}, False) else value_text(flag.default)
    return f"  {short}--{flag.name}{value}" + (f" (default {default})\n" if default else "\n")


def unexpected_arguments(call: Invocation, said: bool = True) -> Help:
    """The help of a `call` with too few or too many arguments (`helpErrorf`).

    Without `said` the real one prints its help alone, and ends with success.
    """
    failure = f"Unexpected args: [{' '.join(call.args)}]" if said else ""
    return Help(help_of(call.described), int(said), failure)
