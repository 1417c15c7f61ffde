"""Why two answers differ: the fields and events in which they do, until somebody finds the reason.

A reason that was found stands in `differences.yaml`, and stays there while the case differs.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import zip_longest
from typing import Any

from tests.oracles.plane.normal import leaves

OPEN = "not looked into yet: "
ACCEPTED = {"code": 200}
INDEX = re.compile(r"\[\d+\]")
QUOTED = re.compile(r'"[^"]*"')


def why(kind: str, real: Any, ours: Any) -> list[str]:
    """What nobody has looked into yet of two answers that differ."""
    return [OPEN + point for point in differing(kind, real, ours)]


def differing(kind: str, real: Any, ours: Any) -> list[str]:
    """In what two answers differ, as short lines: `Pod spec.hostname: the real one has it`."""
    if isinstance(real, list):
        return sorted(_moments(kind, real, ours))
    if "columns" in real:
        return sorted(_columns(kind, real, ours))
    codes = real["code"], ours["code"]
    if codes[0] != codes[1] or real.get("reason") != ours.get("reason"):
        return [_verdict(kind, real, ours)]
    if codes[0] >= 300:
        return [f"wording {kind}"]
    return sorted(_sides(kind, dict(leaves(real)), dict(leaves(ours))))


def _columns(kind: str, real: Any, ours: Any) -> set[str]:
    """The columns that differ, and the cells of those that both have."""
    left, right = ({each[0]: each[1:] for each in side["columns"]} for side in (real, ours))
    told = {f"{kind} column {name}: other type, format or priority"
            for name in left.keys() & right.keys() if left[name] != right[name]}  # fmt: skip
    told |= {f"{kind} column {name}: the real one alone" for name in left.keys() - right.keys()}
    told |= {f"{kind} column {name}: the course alone" for name in right.keys() - left.keys()}
    cells = [
        {column[0]: cell for column, cell in zip(side["columns"], side["cells"], strict=True)}
        for side in (real, ours)
    ]
    both = left.keys() & right.keys()
    told |= {
        f"{kind} cell {name}: other values" for name in both if cells[0][name] != cells[1][name]
    }
    return told or {f"{kind} columns: the order"}


def _verdict(kind: str, real: Any, ours: Any) -> str:
    if real["code"] < 300:
        return f"{kind}: refused by the course alone, with {ours['code']} {ours['reason']}"
    fields = sorted({INDEX.sub("[]", cause["field"]) for cause in real.get("causes") or []})
    about = ", ".join(fields) or QUOTED.sub("...", real["message"])[:80]
    if ours["code"] < 300:
        return f"{kind}: accepted by the course alone, in spite of {about}"
    codes = f"{ours['code']} {ours['reason']} instead of {real['code']} {real['reason']}"
    return f"{kind}: refused with {codes}: {about}"


def _sides(kind: str, real: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """The fields that one side alone has, or that have other values."""
    told = set()
    for path in real.keys() | ours.keys():
        if path in real and path in ours and real[path] == ours[path]:
            continue
        side = "other values" if path in real and path in ours else (
            "the real one alone" if path in real else "the course alone"
        )  # fmt: skip
        told.add(f"{kind} {_plain(path)}: {side}")
    return told


def _plain(path: str) -> str:
    """A path without indexes, and without its first step where that only names the answer."""
    return INDEX.sub("[]", path).removeprefix("adds.").removeprefix("changes.")


def _moments(kind: str, real: list[Any], ours: list[Any]) -> set[str]:
    """The differences in the snapshots of a story, of one kind of object."""
    told: set[str] = set()
    for left, right in zip_longest(real, ours):
        if left == right:
            continue
        if kind == "refused":
            told |= set(differing("request", left or ACCEPTED, right or ACCEPTED))
        elif kind == "Event":
            told |= _events(left, right)
        else:
            told |= _objects(kind, left or [], right or [])
    return told


def _objects(kind: str, real: list[Any], ours: list[Any]) -> set[str]:
    sides = [_values(each) for each in (real, ours)]
    paths = {path for side in sides for path in side}
    told = set()
    for path in paths:
        left, right = (side.get(path, Counter()) for side in sides)
        if left == right:
            continue
        missing = "the real one alone" if not right else "the course alone" if not left else ""
        told.add(f"{kind} {path}: {missing or 'other values'}")
    counts = [sum(each["count"] for each in side) for side in (real, ours)]
    if counts[0] != counts[1]:
        told = {f"{kind}: {'more' if counts[1] > counts[0] else 'fewer'} objects than there are"}
    return told or {f"{kind}: the order"}


def _values(objects: list[Any]) -> dict[str, Counter[str]]:
    """For each path, indexes left out, how often it has which value."""
    found: dict[str, Counter[str]] = {}
    for each in objects:
        for path, value in leaves(each["object"]):
            values = found.setdefault(INDEX.sub("[]", path), Counter())
            values[json.dumps(value)] += each["count"]
    return found


def _events(real: list[Any] | None, ours: list[Any] | None) -> set[str]:
    left, right = _told(real), _told(ours)
    if left == right:
        return {"Event: the order"}
    told = set()
    plain = [{event[:4] for event in side} for side in (left, right)]
    for side, word in ((plain[0] - plain[1], "the real one"), (plain[1] - plain[0], "the course")):
        for kind, source, type_, reason in side:
            told.add(f"Event {kind} {source} {type_} {reason}: {word} alone")
    if not told:
        for event in (left - right) + (right - left):
            told.add(f"Event {event[0]} {event[1]} {event[3]}: message, field or count")
    return told


def _told(events: list[Any] | None) -> Counter[tuple[Any, ...]]:
    return Counter(
        (each["object"]["about"].split("/")[0], each["object"]["source"], event["type"],
         event["reason"], event["message"], event["field"], event["count"])
        for each in events or []
        for event in each["object"]["events"]
        for _ in range(each["count"])
    )  # fmt: skip
