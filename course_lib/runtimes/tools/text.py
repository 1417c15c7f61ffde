"""Programs that read texts: grep, head, tail, wc, sort, cut, sed, tr, uniq, tee, xargs.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU's own forms.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Generator

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


def _sort(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "nrufhbVs", "kto")
    failed: list[int] = []
    texts = yield from inputs(world, "sort", options.operands, failed)
    lines = [line for _, text in texts for line in text.splitlines()]
    field = re.match(r"\d+", options.value("k", "0"))
    place = int(field[0]) if field else 0
    numeric = "n" in options or re.search(r"\d+n", options.value("k", "")) is not None

    def key(line: str) -> tuple[float, str]:
        text = line
        if place:
            parts = line.split(options.value("t") or None)
            text = " ".join(parts[place - 1 :])
        text = text.lower() if "f" in options else text
        number = re.match(r"\s*-?\d+(\.\d+)?", text)
        return (float(number[0]) if number else 0.0, line) if numeric else (0.0, text)

    lines.sort(key=key, reverse="r" in options)
    if "u" in options:
        lines = list({key(line)[1]: line for line in lines}.values())
    said = "".join(f"{line}\n" for line in lines)
    if "o" in options:
        refused = world.put(options.value("o"), said.encode())
        return world.complain(f"sort: {options.value('o')}: {refused}", 2) if refused else 0
    world.say(said)
    return 2 if failed else 0


def _ranges(text: str) -> Callable[[int], bool]:
    """`1,3-5,7-` as a test of a number."""
    spans = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if match is None or not part.strip("-"):
            raise ToolFault(f"invalid range: {text}")
        low = int(match[1] or 1)
        spans.append((low, int(match[3]) if match[3] else 10**9 if match[2] else low))
    return lambda number: any(low <= number <= high for low, high in spans)


def _cut(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "s", "dfcb")
    failed: list[int] = []
    if not {"f", "c", "b"} & set(options.given):
        raise ToolFault("expected a list of bytes, characters, or fields" if world.busybox else
                        "you must specify a list of bytes, characters, or fields")  # fmt: skip
    wanted = _ranges(options.value("f") or options.value("c") or options.value("b"))
    sign = options.value("d", "\t")
    for _, text in (yield from inputs(world, "cut", options.operands, failed)):
        for line in text.splitlines():
            if "f" not in options:
                shown = "".join(c for n, c in enumerate(line, 1) if wanted(n))
            elif sign not in line:
                if "s" in options:
                    continue
                shown = line
            else:
                shown = sign.join(p for n, p in enumerate(line.split(sign), 1) if wanted(n))
            world.say(f"{shown}\n")
    return 1 if failed else 0


def _tr(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "dscC", mixed=False)
    sets = [_signs(text) for text in options.operands]
    if not sets:
        raise ToolFault("missing operand")
    text = (yield from world.all_input()).decode(errors="replace")
    first, second = sets[0], (sets[1:] or [""])[0]
    outside = "c" in options or "C" in options
    if "d" in options:
        return world.say("".join(c for c in text if (c in first) == outside))
    if outside:
        text = "".join(c if c in first else second[-1:] or c for c in text)
    elif second:
        second += second[-1] * (len(first) - len(second))
        text = text.translate(dict(zip(map(ord, first), second, strict=False)))
    if "s" in options:
        squeezed = second or first
        text = re.sub(f"([{re.escape(squeezed)}])\\1+", r"\1", text)
    return world.say(text)


def _signs(text: str) -> str:
    """`a-z`, `[:upper:]` and escapes, as all their characters."""
    text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
    for name, low, high in (("upper", "A", "Z"), ("lower", "a", "z"), ("digit", "0", "9")):
        text = text.replace(f"[:{name}:]", f"{low}-{high}")
    text = text.replace("[:space:]", " \t\n\r").replace("[:alnum:]", "0-9A-Za-z")
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text,
                  flags=re.DOTALL)  # fmt: skip


def _uniq(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "cdui")
    failed: list[int] = []
    for _, text in (yield from inputs(world, "uniq", options.operands[:1], failed)):
        groups: list[tuple[str, int]] = []
        for line in text.splitlines():
            if groups and groups[-1][0] == line:
                groups[-1] = (line, groups[-1][1] + 1)
            else:
                groups.append((line, 1))
        for line, count in groups:
            if ("d" in options and count == 1) or ("u" in options and count > 1):
                continue
            world.say(f"{count:>7} {line}\n" if "c" in options else f"{line}\n")
    return 1 if failed else 0


def _tee(world: World, arguments: list[str]) -> Running:
    options, code = Options(arguments, "ai", long={"append": "a"}), 0
    sinks = []
    for name in options.operands:
        sink = world.sink(name, "a" in options)
        if isinstance(sink, str):
            code = world.complain(f"tee: {name}: {sink}")
        else:
            sinks.append(sink)
    while data := (yield from world.chunk()):
        world.write("stdout", data)
        for sink in sinks:
            sink(data)
    return code


def _rev(world: World, arguments: list[str]) -> Running:
    failed: list[int] = []
    for _, text in (yield from inputs(world, "rev", arguments, failed)):
        world.say("".join(f"{line[::-1]}\n" for line in text.splitlines()))
    return 1 if failed else 0


def _tac(world: World, arguments: list[str]) -> Running:
    failed: list[int] = []
    for _, text in (yield from inputs(world, "tac", arguments, failed)):
        world.say("".join(text.splitlines(keepends=True)[::-1]))
    return 1 if failed else 0


def _base64(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "d", "w", {"decode": "d", "wrap": "w"})
    failed: list[int] = []
    for _, text in (yield from inputs(world, "base64", options.operands, failed)):
        try:
            data = base64.b64decode(text) if "d" in options else base64.b64encode(text.encode())
        except ValueError:
            return world.complain(f"base64: {'truncated' if world.busybox else 'invalid'} input")
        if "d" in options:
            world.write("stdout", data)
            continue
        width = options.number("w", 76) or len(data)
        lines = [data[n : n + width] for n in range(0, len(data), width)] or [b""]
        world.write("stdout", b"\n".join(lines) + (b"\n" if options.number("w", 76) else b""))
    return 1 if failed else 0


def _digest(name: str) -> Tool:
    def run(world: World, arguments: list[str]) -> Running:
        failed: list[int] = []
        for file, text in (yield from inputs(world, f"{name}sum", arguments, failed)):
            found = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
            world.say(f"{found}  {file}\n")
        return 1 if failed else 0

    return run


def _xargs(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "0tr", "nIL", mixed=False)
    text = (yield from world.all_input()).decode(errors="replace")
    words = text.splitlines() if "I" in options else text.split("\0" if "0" in options else None)
    words = [word for word in words if word]
    command = options.operands or ["echo"]
    size = options.number("n", len(words) or 1)
    groups = [words[n : n + size] for n in range(0, len(words), size)] or [[]]
    if "I" in options:
        groups = [[word] for word in words]
    if "r" in options and not words:
        return 0
    code = 0
    for group in groups:
        mark = options.value("I")
        argv = [a.replace(mark, group[0]) for a in command] if mark else [*command, *group]
        if world.known and not world.where(argv[0]):
            return world.complain(f"xargs: {argv[0]}: No such file or directory", 127)
        task = world.start(argv)
        if task is None:
            return world.complain(f"xargs: {argv[0]}: the course does not simulate it", 126)
        while task.code is None:
            yield WAIT
        code = 123 if task.code else code
    return code


TEXT_TOOLS: dict[str, Tool] = {
    "grep": _grep,
    "egrep": lambda world, arguments: _grep(world, arguments, extended=True),
    "fgrep": lambda world, arguments: _grep(world, ["-F", *arguments]),
    "head": _head,
    "tail": _tail,
    "wc": _wc,
    "sort": _sort,
    "cut": _cut,
    "tr": _tr,
    "uniq": _uniq,
    "tee": _tee,
    "rev": _rev,
    "tac": _tac,
    "base64": _base64,
    "md5sum": _digest("md5"),
    "sha1sum": _digest("sha1"),
    "sha256sum": _digest("sha256"),
    "sha512sum": _digest("sha512"),
    "xargs": _xargs,
}
