"""Programs that print or decide: echo, printf, test, seq, yes, expr.

Source: POSIX.1-2017, Utilities; BusyBox 1.36, dash 0.5.12 and bash 5.2 for echo's differences.
"""

from __future__ import annotations

import posixpath
import re

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.shell.arithmetic import evaluate
from course_lib.runtimes.tools.tool import Tool, ToolFault
from course_lib.runtimes.world import EXECUTABLE, World

INSTANT = 0.01  # s
_ESCAPE = re.compile(r"\\(0[0-7]{0,3}|[1-7][0-7]{0,2}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\",
          "e": "\x1b"}  # fmt: skip


def unescaped(text: str) -> str:
    r"""A text with its escapes replaced: `\n`, `\t`, `\033`, `\x41`."""

    def sign(match: re.Match[str]) -> str:
        found = match[1]
        if found[0] in "01234567":
            return chr(int(found, 8) % 256)
        if found[0] == "x" and len(found) > 1:
            return chr(int(found[1:], 16))
        return _SIGNS.get(found, f"\\{found}")

    return _ESCAPE.sub(sign, text)


def _echo(world: World, arguments: list[str]) -> int:
    dash = not world.busybox and ": " in world.shell and "bash" not in world.shell
    end, escapes = "\n", dash
    while arguments and re.fullmatch("-n+" if dash else "-[neE]+", arguments[0]):
        end = "" if "n" in arguments[0] else end
        escapes = dash or (("e" in arguments[0] or escapes) and "E" not in arguments[0])
        arguments = arguments[1:]
    text = " ".join(arguments)
    if escapes:
        text, stop, _ = text.partition("\\c")
        text, end = unescaped(text), "" if stop else end
    return world.say(text + end)


def _printf(world: World, arguments: list[str]) -> int:
    """`printf FORMAT ARGUMENT...`: the format again and again until all arguments are printed."""
    if not arguments:
        raise ToolFault("missing operand", 2)
    form, values, code, out = arguments[0], arguments[1:], 0, ""
    first = True
    while first or values:
        before, first = len(values), False
        place = 0
        for match in re.finditer(r"%([-0+ #]*)(\d*|\*)(\.\d+)?([sdiuoxXcbqfeg%])", form):
            out += unescaped(form[place : match.start()])
            place = match.end()
            if match[4] == "%":
                out += "%"
                continue
            width = values.pop(0) if match[2] == "*" and values else match[2]
            value = values.pop(0) if values else ""
            text, good = _formatted(match[1], width, match[3] or "", match[4], value)
            out += text
            if not good:
                code = world.complain(_no_number(world, value))
        out += unescaped(form[place:])
        if len(values) == before:
            break
    world.say(out)
    return code


def _no_number(world: World, value: str) -> str:
    if world.busybox:
        return f"{world.shell}: invalid number '{value}'"
    return f"{world.shell}: printf: {value}: expected numeric value"


def _formatted(flags: str, width: str, precision: str, kind: str, value: str) -> tuple[str, bool]:
    """A value as a conversion has it, and whether it could be converted."""
    if kind in "sbqc":
        text = unescaped(value) if kind == "b" else value[:1] if kind == "c" else value
        return f"%{flags}{width}{precision}s" % text, True
    try:
        if kind in "feg":
            return f"%{flags}{width}{precision}{kind}" % float(value or 0), True
        number = ord(value[1]) if value[:1] in ("'", '"') else int(value or "0", 0)
        return f"%{flags}{width}{precision}{kind.replace('u', 'd')}" % number, True
    except ValueError:
        digits = re.match(r"-?\d*", value)
        number = int(digits[0]) if digits and digits[0].strip("-") else 0
        return f"%{flags}{width}{kind if kind not in 'feg' else 'd'}" % number, False


def _test(world: World, arguments: list[str], name: str = "test") -> int:
    """`test EXPRESSION`."""
    try:
        return 0 if _Test(world, arguments).value() else 1
    except ToolFault as fault:
        ash = world.busybox
        return world.complain(f"{world.shell}: {'' if ash else f'{name}: '}{fault.said}", 2)


def _bracket(world: World, arguments: list[str]) -> int:
    """`[ EXPRESSION ]`."""
    if arguments[-1:] != ["]"]:
        return world.complain(f"{world.shell}: {'' if world.busybox else '[: '}missing ]", 2)
    return _test(world, arguments[:-1], "[")


class _Test:
    """One expression: `!`, `-a`, `-o`, brackets, and tests of texts, numbers and files."""

    _BINARY = ("=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "<", ">", "-nt", "-ot")

    def __init__(self, world: World, arguments: list[str]) -> None:
        self._world, self._rest = world, list(arguments)
        self._first = (arguments or [""])[0]

    def value(self) -> bool:
        """Whether it is so; raises `ToolFault`."""
        if not self._rest:
            return False
        found = self._or()
        if self._rest:
            if self._world.busybox:
                raise ToolFault(f"{self._rest[0]}: unknown operand")
            raise ToolFault(f"{self._first}: unexpected operator")
        return found

    def _or(self) -> bool:
        found = self._and()
        while self._rest[:1] == ["-o"]:
            self._rest.pop(0)
            found = self._and() or found
        return found

    def _and(self) -> bool:
        found = self._not()
        while self._rest[:1] == ["-a"]:
            self._rest.pop(0)
            found = self._not() and found
        return found

    def _not(self) -> bool:
        if self._rest[:1] == ["!"] and len(self._rest) > 1:
            self._rest.pop(0)
            return not self._not()
        return self._single()

    def _single(self) -> bool:
        rest = self._rest
        if len(rest) > 2 and rest[1] in self._BINARY:
            left, operator, right = rest[:3]
            del rest[:3]
            return self._compared(left, operator, right)
        if rest[0] == "(" and len(rest) > 1:
            rest.pop(0)
            found = self._or()
            if rest[:1] != [")"]:
                raise ToolFault("closing paren expected")
            rest.pop(0)
            return found
        if len(rest) > 1 and re.fullmatch(r"-[a-zA-Z]", rest[0]):
            operator, operand = rest[:2]
            del rest[:2]
            return self._unary(operator, operand)
        return bool(rest.pop(0))

    def _compared(self, left: str, operator: str, right: str) -> bool:
        if operator in ("=", "=="):
            return left == right
        if operator == "!=":
            return left != right
        if operator in "<>":
            return left < right if operator == "<" else left > right
        if operator in ("-nt", "-ot"):
            return False
        a, b = self._number(left), self._number(right)
        return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b,
                "-ge": a >= b}[operator]  # fmt: skip

    def _number(self, text: str) -> int:
        if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
            bad = f"{text}: bad number" if self._world.busybox else f"Illegal number: {text}"
            raise ToolFault(bad)
        return int(text)

    def _unary(self, operator: str, operand: str) -> bool:
        world = self._world
        match operator:
            case "-n":
                return bool(operand)
            case "-z":
                return not operand
            case "-t":
                return world.tty
            case "-h" | "-L":
                link = world.files.get(world.path(operand).lstrip("/"))
                return link is not None and link.kind == "link"
            case "-w":
                return world.find(operand) is not None and not (
                    world.refusal(operand)
                    if not self._folder(operand)
                    else world.refusal(posixpath.join(operand, "\0"))
                )
        file = world.find(operand)
        if file is None:
            return False
        return {
            "-e": True, "-r": True, "-f": file.kind == "file", "-d": file.kind == "folder",
            "-s": bool(file.data), "-x": file.kind == "folder" or bool(file.mode & EXECUTABLE),
        }.get(operator, False)  # fmt: skip

    def _folder(self, name: str) -> bool:
        file = self._world.find(name)
        return file is not None and file.kind == "folder"


def _seq(world: World, arguments: list[str]) -> int:
    separator = "\n"
    if arguments[:1] == ["-s"]:
        separator, arguments = arguments[1], arguments[2:]
    try:
        numbers = [int(argument) for argument in arguments]
    except ValueError:
        wrong = next(a for a in arguments if not re.fullmatch(r"-?\d+", a))
        said = f"invalid number '{wrong}'"
        raise ToolFault(said if world.busybox else f"invalid floating point argument: '{wrong}'"
                        ) from None  # fmt: skip
    if not numbers:
        raise ToolFault("missing operand")
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) > 2 else 1
    found = range(first, numbers[-1] + (1 if step > 0 else -1), step)
    return world.say(separator.join(map(str, found)) + "\n" if found else "")


def _yes(world: World, arguments: list[str]) -> Running:
    line = f"{' '.join(arguments) or 'y'}\n".encode()
    while True:
        world.write("stdout", line * 64)
        yield INSTANT


def _expr(world: World, arguments: list[str]) -> int:
    """Numbers, and comparisons of texts."""
    try:
        value = evaluate(" ".join(arguments).replace(" = ", " == "), {})
    except ArithmeticError as problem:
        raise ToolFault(str(problem).replace("divide by zero", "division by zero"), 2) from problem
    world.say(f"{value}\n")
    return int(value == 0)


def _clear(world: World, arguments: list[str]) -> int:
    return world.say("\x1b[H\x1b[J")


SAYING_TOOLS: dict[str, Tool] = {
    "echo": _echo,
    "printf": _printf,
    "test": _test,
    "[": _bracket,
    "[[": lambda world, arguments: _test(world, [a for a in arguments if a != "]]"], "[["),
    "true": lambda world, arguments: 0,
    "false": lambda world, arguments: 1,
    "seq": _seq,
    "yes": _yes,
    "expr": _expr,
    "clear": _clear,
    "pwd": lambda world, arguments: world.say(f"{world.cwd}\n"),
}
