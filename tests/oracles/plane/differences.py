"""Where the course answers otherwise than the real control plane, and the list that says why.

The unit is a document or a patch; of a story it is each kind of object in it, the events, and the
requests that are refused. A unit agrees when all of it is equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
import yaml

from tests.oracles.plane.files import FOLDER, GROUPS, Case, read

LIST = FOLDER / "differences.yaml"
SAME = "same"
WORDING = "wording"  # both refuse, with the same code and reason, in other words
CONTENT = "content"  # both accept, and store or show something else
VERDICT = "verdict"  # one accepts what the other refuses, or refuses for another reason
LEVELS = (SAME, WORDING, CONTENT, VERDICT)


def level(real: Any, ours: Any) -> str:
    """How near an answer is to the real one."""
    if real == ours:
        return SAME
    told = [(answer.get("code"), answer.get("reason")) for answer in (real, ours)]
    if told[0] != told[1]:
        return VERDICT
    return CONTENT if told[0][1] is None else WORDING


def units(group: str, case: Case, real: Any, ours: Any) -> Iterator[tuple[str, str, str]]:
    """The units of a case: kind of object, name of the unit, level."""
    if group in ("creates", "updates"):
        document = case.get("document") or case["object"]
        yield document["kind"], case["name"], level(real, ours)
        return
    real, ours = _by_kind(real), _by_kind(ours)
    for kind in sorted(real.keys() | ours.keys()):
        same = real.get(kind) == ours.get(kind)
        yield kind, f"{case['name']} / {kind}", SAME if same else CONTENT


def _by_kind(told: list[Any]) -> dict[str, list[Any]]:
    """What a story told, for each kind: at each wait, and each refusal."""
    kinds = sorted({kind for moment in told for kind in moment})
    return {kind: [moment.get(kind) for moment in told] for kind in kinds}


def compared(group: str, answers: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The units of the stored cases that are in `answers` (by the case's name)."""
    return [
        unit
        for case in read(group)[1]
        if case["name"] in answers
        for unit in units(group, case, case["answer"], answers[case["name"]])
    ]


def listed(group: str) -> dict[str, str]:
    """The units of a group that are known to differ, with the reason."""
    entries = (yaml.safe_load(LIST.read_text()) or {}).get(group, [])
    return {name: entry["reason"] for entry in entries for name in entry["cases"]}


def table(group: str, compared: list[tuple[str, str, str]]) -> pd.DataFrame:
    """How many units of each kind agree, and how near the others are."""
    counted = Counter((kind, level) for kind, _, level in compared)
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


def renewed(compared: dict[str, list[tuple[str, str, str]]]) -> str:
    """The text of the list for these comparisons: known reasons stay, new ones are left open."""
    told: dict[str, list[Any]] = {}
    for group in GROUPS:
        known, by_reason = listed(group), dict[str, list[str]]()
        for _, name, near in compared.get(group, []):
            if near != SAME:
                by_reason.setdefault(known.get(name, f"not looked into yet: {near}"), []).append(
                    name
                )
        told[group] = [{"reason": reason, "cases": names} for reason, names in by_reason.items()]
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
