"""Lines and columns: sort, uniq, cut, tr, rev, tac.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU's own forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.text import inputs
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World


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


COLUMN_TOOLS: dict[str, Tool] = {
    "sort": _sort,
    "cut": _cut,
    "tr": _tr,
    "uniq": _uniq,
    "rev": _rev,
    "tac": _tac,
}
