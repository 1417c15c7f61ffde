"""Where the course answers otherwise than the real control plane, and the list that says why.

The unit is a document or a patch; of a story it is each kind of object in it, the events, and the
requests that are refused. A unit agrees when all of it is equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd
import yaml

from tests.oracles.plane.asking import ASK
from tests.oracles.plane.files import FOLDER, GROUPS, Case, read
from tests.oracles.plane.reasons import OPEN, why

LIST = FOLDER / "differences.yaml"
SAME = "same"
WORDING = "wording"  # both refuse, with the same code and reason, in other words
CONTENT = "content"  # both accept, and store or show something else
VERDICT = "verdict"  # one accepts what the other refuses, or refuses for another reason
LEVELS = (SAME, WORDING, CONTENT, VERDICT)


def level(real: Any, ours: Any) -> str:
    """The kind of difference between two answers."""
    if real == ours:
        return SAME
    told = [(answer.get("code"), answer.get("reason")) for answer in (real, ours)]
    if told[0] != told[1]:
        return VERDICT
    return CONTENT if told[0][1] is None else WORDING


class Unit(NamedTuple):
    """What is compared by itself: its kind of object, its name, how near it is, and why."""

    kind: str
    name: str
    level: str
    why: list[str]


def units(group: str, case: Case, real: Any, ours: Any) -> Iterator[Unit]:
    """The units of a case."""
    if group in ASK:
        document = case.get("document") or case.get("object")
        kind = str((isinstance(document, dict) and document.get("kind")) or "(none)")
        near = level(real, ours)
        yield Unit(kind, case["name"], near, [] if near == SAME else why(kind, real, ours))
        return
    real, ours = _by_kind(real), _by_kind(ours)
    for kind in sorted((real.keys() | ours.keys()) - set(case.get("unsteady", []))):
        left, right = real.get(kind, []), ours.get(kind, [])
        same = left == right
        told = [] if same else why(kind, left, right)
        yield Unit(kind, f"{case['name']} / {kind}", SAME if same else CONTENT, told)


def unsteady(first: list[Any], second: list[Any]) -> list[str]:
    """The kinds of objects of which a story, played twice, did not tell the same."""
    left, right = _by_kind(first), _by_kind(second)
    return sorted(kind for kind in left.keys() | right.keys() if left.get(kind) != right.get(kind))


def _by_kind(told: list[Any]) -> dict[str, list[Any]]:
    """What a story told, for each kind: at each wait, and each refusal."""
    kinds = sorted({kind for moment in told for kind in moment})
    snapshots = [moment for moment in told if "refused" not in moment]
    return {
        kind: [moment["refused"] for moment in told if kind in moment]
        if kind == "refused"
        else [moment.get(kind) for moment in snapshots]
        for kind in kinds
    }


def compared(group: str, answers: dict[str, Any]) -> list[Unit]:
    """The units of the stored cases that are in `answers` (by the case's name)."""
    return [
        unit
        for case in read(group)[1]
        if case["name"] in answers
        for unit in units(group, case, case["answer"], answers[case["name"]])
    ]


def known() -> dict[str, Any]:
    """The list as it is; empty where there is none yet."""
    found: dict[str, Any] = yaml.safe_load(LIST.read_text()) if LIST.exists() else {}
    return found


def listed(group: str) -> dict[str, str]:
    """The units of a group that are known to differ, each with its level."""
    return {name: entry["level"] for entry in known().get(group, []) for name in entry["cases"]}


def counted(compared: list[Unit]) -> dict[str, int]:
    """How many units there are of each level."""
    levels = Counter(unit.level for unit in compared)
    return {"asked": len(compared)} | {level: levels[level] for level in LEVELS}


def _reasons(group: str) -> dict[tuple[str, str], list[str]]:
    """The reasons that somebody has found, by unit and level."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in known().get(group, []):
        for name in entry["cases"] if not entry["reason"].startswith(OPEN) else ():
            found.setdefault((name, entry["level"]), []).append(entry["reason"])
    return found


def table(group: str, compared: list[Unit]) -> pd.DataFrame:
    """How many units of each kind agree, and how near the others are."""
    counted = Counter((unit.kind, unit.level) for unit in compared)
    kinds = sorted({kind for kind, _ in counted})
    rows = [
        [group, kind, sum(counted[kind, each] for each in LEVELS),
         *(counted[kind, each] for each in LEVELS)]
        for kind in kinds
    ]  # fmt: skip
    rows.append([group, "all", *(sum(row[column] for row in rows) for column in range(2, 7))])
    return pd.DataFrame(
        rows, columns=["GROUP", "KIND", "ASKED", *(each.upper() for each in LEVELS)]
    )


def renewed(compared: dict[str, list[Unit]]) -> str:
    """The text of the list for these comparisons: for each reason the units that it concerns.

    A reason that somebody has found stays while the level does; other units get sentences that
    name what differs.
    """
    before = known()
    counts = before.get("counts", {}) | {group: counted(each) for group, each in compared.items()}
    told: dict[str, Any] = {"exchanged": before.get("exchanged", []), "counts": counts}
    for group in GROUPS:
        if group not in compared:
            told[group] = before.get(group, [])
            continue
        found, by_reason = _reasons(group), dict[tuple[str, str], list[str]]()
        for unit in compared[group]:
            for reason in found.get((unit.name, unit.level), unit.why) if unit.why else ():
                by_reason.setdefault((reason, unit.level), []).append(unit.name)
        ordered = sorted(by_reason.items(), key=lambda each: (-len(each[1]), each[0]))
        told[group] = [
            {"reason": reason, "level": level, "cases": names} for (reason, level), names in ordered
        ]
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
