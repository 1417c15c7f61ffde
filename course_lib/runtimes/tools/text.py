"""Programs that read texts: grep, head, tail, wc, sort, cut, sed, tr, uniq, tee, xargs.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU's own forms.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from course_lib.runtimes.kernel import WAIT, Running
from course_lib.runtimes.tools.files import contents, paths_below
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

Texts = Generator[float, None, list[tuple[str, str]]]
POLL = 1.0  # s between two looks of `tail -f` at a file


def inputs(world: World, tool: str, names: list[str], failed: list[int]) -> Texts:
    """The texts of files by their `names`, or of the input.

    What cannot be read the `tool` tells in `world`, and it is in `failed`.
    """
    found = []
    for name in names or ["-"]:
        if name == "-":
            data: bytes | str = yield from world.all_input()
        else:
            data = contents(world, name)
        if isinstance(data, str):
            said = f"{name}: {data}"
            if not world.busybox and tool in ("head", "tail"):
                said = f"cannot open '{name}' for reading: {data}"
            elif not world.busybox and tool == "sed":
                said = f"can't read {name}: {data}"
            elif not world.busybox and tool == "sort":
                said = f"cannot read: {name}: {data}"
            elif world.busybox and tool == "tail":
                said = f"can't open '{name}': {data}"
            failed.append(world.complain(f"{tool}: {said}"))
        else:
            found.append((name, data.decode(errors="replace")))
    return found


def expression(pattern: str, extended: bool, ignore_case: bool = False) -> re.Pattern[str]:
    """A pattern of POSIX (basic or extended) as Python has it; raises `ToolFault`.

    With `ignore_case` capital and small letters are the same.
    """
    text = pattern
    for name, signs in (("alpha", "a-zA-Z"), ("digit", "0-9"), ("alnum", "a-zA-Z0-9"),
                        ("space", r"\s"), ("upper", "A-Z"), ("lower", "a-z")):  # fmt: skip
        text = text.replace(f"[:{name}:]", signs)
    if not extended:
        swapped = re.sub(
            r"\\?[(){}|+?]", lambda m: m[0][1:] if len(m[0]) > 1 else f"\\{m[0]}", text
        )
        text = re.sub(r"^\*", r"\\*", swapped)
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except re.error as problem:
        raise ToolFault(f"bad regex '{pattern}': {problem}", 2) from problem


def _grep(world: World, arguments: list[str], extended: bool = False) -> Running:
    long = {"ignore-case": "i", "invert-match": "v", "count": "c", "quiet": "q", "color": "s"}
    options = Options(arguments, "ivcnqlLowxEFsrRhH", "emABC", long)
    patterns, names = options.given.get("e", []), options.operands
    if not patterns:
        if not names:
            raise ToolFault("missing pattern", 2)
        patterns, names = names[:1], names[1:]
    texts = [re.escape(p) if "F" in options else p for p in patterns]
    kind = extended or "E" in options or "F" in options
    found = [expression(text, kind, "i" in options) for text in texts]
    failed: list[int] = []
    if "r" in options or "R" in options:
        names = [
            f"{n.rstrip('/')}{p[len(world.path(n).strip('/')) :]}" if p != n else p
            for n in names or ["."]
            for p in (f"/{q}".lstrip("/") for q in paths_below(world, n))
            if world.files[p].kind == "file"
        ]
    several = (len(names) > 1 or "H" in options) and "h" not in options
    matched = False
    for name, text in (yield from inputs(world, "grep", names, failed)):
        hit = _matches(world, name if several else "", text, found, options)
        if hit and "l" in options:
            world.say(f"{name}\n")
        matched = matched or hit
    if failed and not ("q" in options and matched):
        return 2
    return 0 if matched else 1


def _matches(
    world: World, name: str, text: str, patterns: list[re.Pattern[str]], options: Options
) -> bool:
    """Print the lines of one text that match."""

    def good(line: str) -> bool:
        for pattern in patterns:
            match = pattern.fullmatch(line) if "x" in options else pattern.search(line)
            if match and ("w" not in options or re.search(rf"\b(?:{pattern.pattern})\b", line)):
                return True
        return False

    lines = text.splitlines()
    hits = [n for n, line in enumerate(lines) if good(line) != ("v" in options)]
    hits = hits[: options.number("m", len(hits))]
    if "c" in options:
        world.say(f"{name}{':' if name else ''}{len(hits)}\n")
    elif not {"q", "l"} & set(options.given):
        before = max(options.number("B", 0), options.number("C", 0))
        after = max(options.number("A", 0), options.number("C", 0))
        shown = sorted({k for n in hits for k in range(n - before, n + after + 1)})
        last = -1
        for n in (k for k in shown if 0 <= k < len(lines)):
            if (before or after) and last >= 0 and n > last + 1:
                world.say("--\n")
            last = n
            sign = ":" if n in hits else "-"
            prefix = f"{name}{sign}" if name else ""
            prefix += f"{n + 1}{sign}" if "n" in options else ""
            if "o" in options:
                parts = [m[0] for p in patterns for m in p.finditer(lines[n]) if m[0]]
                world.say("".join(f"{prefix}{part}\n" for part in parts))
            else:
                world.say(f"{prefix}{lines[n]}\n")
    return bool(hits)


def _obsolete(arguments: list[str]) -> list[str]:
    """`head -5` is `head -n 5`."""
    return [re.sub(r"^-(\d+)$", r"-n\1", argument) for argument in arguments]


def _head(world: World, arguments: list[str]) -> Running:
    options = Options(_obsolete(arguments), "qv", "nc", {"lines": "n", "bytes": "c"})
    failed: list[int] = []
    count, names = options.number("n", 10), options.operands
    if not names:
        return (yield from _head_of_input(world, options, count))
    for number, (name, text) in enumerate((yield from inputs(world, "head", names, failed))):
        if len(names) > 1 and "q" not in options:
            world.say(f"{chr(10) if number else ''}==> {name} <==\n")
        if "c" in options:
            world.say(text[: options.number("c", 0)])
        else:
            world.say("".join(text.splitlines(keepends=True)[:count]))
    return 1 if failed else 0


def _head_of_input(world: World, options: Options, count: int) -> Running:
    """Read no more lines than are printed, so that what writes them can end."""
    if "c" in options or count < 0:
        text = (yield from world.all_input()).decode(errors="replace")
        lines = text.splitlines(keepends=True)
        return world.say(text[: options.number("c", 0)] if "c" in options
                         else "".join(lines[:count]))  # fmt: skip
    for _ in range(count):
        line = yield from world.line()
        if not line:
            break
        world.write("stdout", line)
    return 0


def _tail(world: World, arguments: list[str]) -> Running:
    long = {"lines": "n", "follow": "f", "bytes": "c"}
    options = Options(_obsolete(arguments), "fFqv", "ncs", long)
    failed: list[int] = []
    given, names = options.value("n", "10"), options.operands
    follows = "f" in options or "F" in options
    if follows and names in ([], ["/dev/null"]):
        while True:
            yield WAIT
    texts = yield from inputs(world, "tail", names, failed)
    if failed and not texts and world.busybox:
        return world.complain("tail: no files")
    for number, (name, text) in enumerate(texts):
        if len(names) > 1 and "q" not in options:
            world.say(f"{chr(10) if number else ''}==> {name} <==\n")
        lines = text.splitlines(keepends=True)
        if not given.lstrip("+-").isdecimal():
            raise ToolFault(f"invalid number '{given}'")
        if "c" in options:
            world.say(text[-options.number("c", 0) :])
        elif given.startswith("+"):
            world.say("".join(lines[int(given) - 1 :]))
        else:
            world.say("".join(lines[-abs(int(given)) :] if int(given) else []))
    sizes = {name: len(text.encode()) for name, text in texts}
    while follows and texts:
        yield POLL
        for name in sizes:
            data = contents(world, name)
            if isinstance(data, bytes) and len(data) != sizes[name]:
                world.write("stdout", data[sizes[name] if len(data) > sizes[name] else 0 :])
                sizes[name] = len(data)
    return 1 if failed else 0


def _wc(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "lwcmL", long={"lines": "l", "words": "w", "bytes": "c"})
    failed: list[int] = []
    wanted = [letter for letter in "lwc" if letter in options] or ["l", "w", "c"]
    rows, size = [], 0
    for name, text in (yield from inputs(world, "wc", options.operands, failed)):
        size += len(text.encode())
        counts = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode())}
        rows.append(([counts[letter] for letter in wanted], name if options.operands else ""))
    if len(rows) > 1:
        rows.append(([sum(column) for column in zip(*(r for r, _ in rows), strict=True)], "total"))
    width = 9 if world.busybox else 7
    if not world.busybox and options.operands:
        width = len(str(size))
    if len(wanted) == 1 and len(rows) < 2:
        width = 1
    for numbers, name in rows:
        shown = " ".join(f"{number:>{width}}" for number in numbers)
        world.say(f"{shown} {name}".rstrip() + "\n")
    return 1 if failed else 0


TEXT_TOOLS: dict[str, Tool] = {
    "grep": _grep,
    "egrep": lambda world, arguments: _grep(world, arguments, extended=True),
    "fgrep": lambda world, arguments: _grep(world, ["-F", *arguments]),
    "head": _head,
    "tail": _tail,
    "wc": _wc,
}
