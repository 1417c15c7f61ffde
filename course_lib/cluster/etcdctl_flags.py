"""The command line of `etcdctl`: which words and flags there are, and what they mean.

Source: `etcdctl/ctlv3/command` (etcd 3.7); the messages are those of cobra and pflag.
"""

from __future__ import annotations

import re

import msgspec

from course_lib.errors import CourseError
from course_lib.etcd import EtcdError

FORMATS = ("simple", "table", "json", "fields")
Value = str | int | bool

# Flags of all commands. Those of the connection are accepted: every endpoint answers here.
GLOBAL: dict[str, type] = dict.fromkeys(
    (
        "endpoints", "write-out", "cacert", "cert", "key", "user", "password",
        "command-timeout", "dial-timeout", "keepalive-time", "keepalive-timeout",
    ),
    str,
) | dict.fromkeys(("insecure-transport", "insecure-skip-tls-verify", "debug"), bool)  # fmt: skip
RANGE: dict[str, type] = {"prefix": bool, "from-key": bool}
FLAGS: dict[str, dict[str, type]] = {
    "get": RANGE
    | {
        "limit": int,
        "rev": int,
        "keys-only": bool,
        "count-only": bool,
        "print-value-only": bool,
        "order": str,
        "sort-by": str,
        "consistency": str,
    },
    "put": {"prev-kv": bool, "ignore-value": bool},
    "del": RANGE | {"prev-kv": bool, "range": bool},
    "compaction": {"physical": bool},
    "alarm list": {},
    "alarm disarm": {},
    "defrag": {"cluster": bool},
    "endpoint health": {"cluster": bool},
    "endpoint status": {"cluster": bool},
    "member list": {"consistency": str},
    "member add": {"peer-urls": str, "learner": bool},
    "member remove": {},
    "member promote": {},
    "snapshot save": {},
    "version": {},
}
# What etcdctl has as well, and the course does not simulate.
NOT_HERE = (
    "auth", "check", "completion", "downgrade", "elect", "endpoint hashkv", "lease", "lock",
    "make-mirror", "member update", "move-leader", "options", "role", "txn", "user", "watch",
)  # fmt: skip
ETCDUTL: dict[str, dict[str, type]] = {"snapshot status": {}}


class CommandLine(msgspec.Struct, frozen=True):
    """A command, its arguments and its flags."""

    program: str
    command: str
    arguments: list[str]
    flags: dict[str, Value]

    def take(self, count: int, usage: str) -> list[str]:
        """The arguments, which must be so many; raises `EtcdError` with the `usage`."""
        if len(self.arguments) != count:
            raise EtcdError(usage)
        return self.arguments

    def on(self, flag: str) -> bool:
        """Whether a flag without value is given."""
        return bool(self.flags.get(flag, False))

    def text(self, flag: str, default: str = "") -> str:
        """The value of a flag."""
        return str(self.flags.get(flag, default))

    def number(self, flag: str) -> int:
        """The value of a numeric flag, or 0."""
        return int(self.flags.get(flag, 0))

    @property
    def format(self) -> str:
        """How to write the result: `simple`, `table`, `json` or `fields`."""
        return self.text("write-out", "simple")


def parse(words: list[str]) -> CommandLine:
    """Read a command line; raises `CourseError` with the real program's words."""
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]  # variables of the environment, such as ETCDCTL_API=3
    program = words[0] if words[:1] in (["etcdctl"], ["etcdutl"]) else "etcdctl"
    if words[:1] == [program]:
        words = words[1:]
    commands = FLAGS if program == "etcdctl" else ETCDUTL
    # Flags of all commands may stand before the command.
    known = GLOBAL | {name: type for flags in commands.values() for name, type in flags.items()}
    plain = _read(words, known, {})[0]
    command, arguments = _command(program, commands, plain)
    allowed = GLOBAL | commands[command]
    flags: dict[str, Value] = {}
    _read(words, allowed, flags)
    found = CommandLine(program, command, arguments, flags)
    if found.format not in FORMATS:
        raise CourseError(
            "unsupported output format",
            where=f"{program} {command}",
            expected=", ".join(FORMATS),
            found=found.format,
        )
    return found


def _command(
    program: str, commands: dict[str, dict[str, type]], words: list[str]
) -> tuple[str, list[str]]:
    """The command that the first words name (the beginning of its name is enough)."""
    fitting = [
        name
        for name in commands
        if len(words) >= len(name.split())
        and all(part.startswith(word) for part, word in zip(name.split(), words, strict=False))
    ]
    exact = [name for name in fitting if name.split() == words[: len(name.split())]]
    for name in exact or (fitting if len(fitting) == 1 else []):
        return name, words[len(name.split()) :]
    shown = ", ".join(commands)
    for name in NOT_HERE if program == "etcdctl" else ():
        if words[: len(name.split())] == name.split():
            raise CourseError(
                f"etcdctl {name} is not simulated here", expected=shown, found=" ".join(words)
            )
    parents = {name.split()[0] for name in commands if " " in name}
    if len(words) > 1 and words[0] in parents:
        what = f'unknown command "{words[1]}" for "{program} {words[0]}"'
    elif words and words[0] in parents:
        what = f'"{program} {words[0]}" needs a subcommand'
    else:
        what = f'unknown command "{words[0] if words else ""}" for "{program}"'
    moved = program == "etcdctl" and words[:2] == ["snapshot", "status"]
    raise CourseError(
        what,
        expected=shown,
        found=" ".join(words) or "nothing",
        do="since etcd 3.6: etcdutl snapshot status FILE" if moved else "",
    )


def _read(
    words: list[str], known: dict[str, type], flags: dict[str, Value]
) -> tuple[list[str], dict[str, Value]]:
    """Part words into arguments and flags."""
    arguments: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            arguments += rest
            break
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            continue
        if not word.startswith("--"):
            if word[1] != "w":
                raise CourseError(f"unknown shorthand flag: {word[1]!r} in {word}")
            value = word[2:].removeprefix("=")
            word = f"--write-out={value}" if value else "--write-out"
        name, equals, value = word[2:].partition("=")
        if name not in known:
            shown = ", ".join(f"--{each}" for each in known if each not in GLOBAL)
            raise CourseError(f"unknown flag: --{name}", expected=shown, found=word)
        kind = known[name]
        if kind is bool:
            flags[name] = value != "false"
            continue
        if not equals:
            if not rest:
                raise CourseError(f"flag needs an argument: --{name}")
            value = rest.pop(0)
        if kind is int and not re.fullmatch(r"[+-]?\d+", value):
            raise CourseError(
                f'invalid argument "{value}" for "--{name}" flag: '
                f'strconv.ParseInt: parsing "{value}": invalid syntax'
            )
        flags[name] = int(value) if kind is int else value
    return arguments, flags
