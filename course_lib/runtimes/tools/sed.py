"""sed and awk, as far as one-liners need them.

`sed`: s///, d, p, q, with line numbers, `$` and /patterns/ as addresses. `awk`: `{print ...}` with
fields, after a /pattern/ or a comparison of a field. Anything else is refused by name.
Source: POSIX.1-2017, Utilities.
"""

from __future__ import annotations

import re

import msgspec

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.text import expression, inputs
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

_ADDRESS = r"(?:\d+|\$|/(?:[^/\\]|\\.)*/)"
_COMMAND = re.compile(rf"\s*({_ADDRESS})?(?:,({_ADDRESS}))?\s*(!?)\s*([a-z])")


class SedCommand(msgspec.Struct):
    """One command of sed, from the line `first` to `last` (empty: all)."""

    first: str
    last: str
    negated: bool
    name: str
    pattern: re.Pattern[str] | None = None
    replacement: str = ""
    flags: str = ""
    inside: bool = False  # between first and last now


def _read(script: str, extended: bool) -> list[SedCommand]:
    """The commands of a script; raises `ToolFault` for one that the course does not simulate."""
    commands, place = [], 0
    while place < len(script):
        if script[place] in " ;\n":
            place += 1
            continue
        match = _COMMAND.match(script, place)
        if match is None or match[4] not in "sdpq":
            raise ToolFault(f"the course does not simulate this script: {script}", 2)
        command = SedCommand(match[1] or "", match[2] or "", bool(match[3]), match[4])
        place = match.end()
        if match[4] == "s":
            sign = script[place : place + 1]
            parts = re.match(rf"{re.escape(sign)}((?:[^\\]|\\.)*?){re.escape(sign)}"
                             rf"((?:[^\\]|\\.)*?){re.escape(sign)}([gpiI0-9]*)",
                             script[place:], re.DOTALL)  # fmt: skip
            if parts is None:
                raise ToolFault("unterminated `s' command")
            place += parts.end()
            command.flags = parts[3]
            text = parts[1].replace(f"\\{sign}", sign)
            command.pattern = expression(text, extended, "i" in parts[3].lower())
            command.replacement = parts[2].replace(f"\\{sign}", sign)
        commands.append(command)
    return commands


def _at(address: str, line: str, number: int, last: bool) -> bool:
    if address == "$":
        return last
    if address.isdecimal():
        return int(address) == number
    return expression(address[1:-1], False).search(line) is not None


def _applies(command: SedCommand, line: str, number: int, last: bool) -> bool:
    if not command.first:
        found = True
    elif not command.last:
        found = _at(command.first, line, number, last)
    elif command.inside:
        command.inside = not _at(command.last, line, number, last)
        found = True
    else:
        found = _at(command.first, line, number, last)
        closed = command.last.isdecimal() and int(command.last) <= number
        command.inside = found and not closed
    return found != command.negated


def _replaced(command: SedCommand, line: str) -> tuple[str, int]:
    assert command.pattern is not None

    def text(match: re.Match[str]) -> str:
        pieces = re.split(r"(\\.|&)", command.replacement, flags=re.DOTALL)
        out = ""
        for piece in pieces:
            if piece == "&":
                out += match[0]
            elif piece.startswith("\\") and piece[1:].isdecimal():
                out += match[int(piece[1:])] or ""
            elif piece.startswith("\\"):
                out += {"n": "\n", "t": "\t"}.get(piece[1:], piece[1:])
            else:
                out += piece
        return out

    return command.pattern.subn(text, line, count=0 if "g" in command.flags else 1)


def _edited(commands: list[SedCommand], text: str, quiet: bool) -> str:
    lines, out = text.splitlines(), []
    for number, line in enumerate(lines, 1):
        last, dropped, over = number == len(lines), False, False
        for command in commands:
            if not _applies(command, line, number, last):
                continue
            if command.name == "s":
                line, changed = _replaced(command, line)
                if changed and "p" in command.flags:
                    out.append(line)
            elif command.name == "p":
                out.append(line)
            else:
                dropped, over = command.name == "d", command.name == "q"
                break
        if not (dropped or quiet):
            out.append(line)
        if over:
            break
    return "".join(f"{line}\n" for line in out)


def _sed(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "nErisz", "ef", {"quiet": "n", "in-place": "i"})
    scripts, names = options.given.get("e", []), options.operands
    if not scripts:
        if not names:
            raise ToolFault("no script specified")
        scripts, names = names[:1], names[1:]
    extended = "E" in options or "r" in options
    failed: list[int] = []
    whole = "".join((f"{t}" for _, t in (yield from inputs(world, "sed", names, failed)))
                    ) if "i" not in options else ""  # fmt: skip
    if "i" in options:
        for name, text in (yield from inputs(world, "sed", names, failed)):
            refused = world.put(name, _edited(_read("\n".join(scripts), extended), text, False
                                              ).encode())  # fmt: skip
            if refused:
                raise ToolFault(f"couldn't open temporary file: {refused}", 4)
    else:
        world.say(_edited(_read("\n".join(scripts), extended), whole, "n" in options))
    return (1 if world.busybox else 2) if failed else 0


_RULE = re.compile(
    r"\s*(?:(/(?:[^/\\]|\\.)*/)|(NR|NF|\$\w+)\s*(==|!=|>=|<=|>|<|~)\s*(\"[^\"]*\"|/[^/]*/|[\d.]+))?"
    r"\s*(?:\{\s*print\s*([^{};]*);?\s*\})?\s*"
)


def _awk(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "", "Fv", mixed=False)
    if not options.operands:
        raise ToolFault("missing program", 1)
    program = options.operands[0]
    rule = _RULE.fullmatch(program)
    if rule is None or not program.strip():
        raise ToolFault(f"the course does not simulate this program: {program}", 2)
    failed: list[int] = []
    number = 0
    for _, text in (yield from inputs(world, "awk", options.operands[1:], failed)):
        for line in text.splitlines():
            number += 1
            fields = _awk_fields(line, options.value("F"))
            values = {"NR": str(number), "NF": str(len(fields)), "$0": line}
            values |= {f"${n}": field for n, field in enumerate(fields, 1)}
            values["$NF"] = fields[-1] if fields else ""
            if _awk_matches(rule, line, values):
                world.say(f"{_awk_shown(rule[5], line, values)}\n")
    return 2 if failed else 0


def _awk_fields(line: str, separator: str) -> list[str]:
    if not separator or separator == " ":
        return line.split()
    return re.split(separator if len(separator) > 1 else re.escape(separator), line)


def _awk_matches(rule: re.Match[str], line: str, values: dict[str, str]) -> bool:
    if rule[1]:
        return expression(rule[1][1:-1], True).search(line) is not None
    if not rule[2]:
        return True
    left, operator, right = values.get(rule[2], ""), rule[3], rule[4].strip('"')
    if operator == "~":
        return expression(right.strip("/"), True).search(left) is not None
    if rule[4][0] != '"' and re.fullmatch(r"-?[\d.]+", left):
        a, b = float(left), float(right)
        return {"==": a == b, "!=": a != b, ">": a > b, "<": a < b, ">=": a >= b,
                "<=": a <= b}[operator]  # fmt: skip
    return (left == right) == (operator == "==")


def _awk_shown(print_: str | None, line: str, values: dict[str, str]) -> str:
    if not (print_ or "").strip():
        return line
    shown = []
    for argument in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+', print_ or ""):
        pieces = re.findall(r'"((?:[^"\\]|\\.)*)"|(\$\w+|\w+)', argument)
        texts = [values.get(name, "") if name else text for text, name in pieces]
        shown.append("".join(texts).replace("\\n", "\n").replace("\\t", "\t"))
    return " ".join(shown)


EDITING_TOOLS: dict[str, Tool] = {"sed": _sed, "awk": _awk}
