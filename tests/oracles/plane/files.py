"""The stored cases, and where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "cases/plane"
GROUPS = ("creates", "updates", "columns", "stories", "kubelet")
Case = dict[str, Any]


def read(group: str) -> tuple[str, list[Case]]:
    """The release that answered, and the cases of a group with their answers."""
    first, *lines = (FOLDER / f"{group}.jsonl").read_text().splitlines()
    return json.loads(first)["release"], [json.loads(line) for line in lines]


def write(group: str, release: str, cases: list[Case]) -> None:
    """Store the cases of a group, with their answers."""
    FOLDER.mkdir(exist_ok=True)
    lines = [{"release": release}, *cases]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (FOLDER / f"{group}.jsonl").write_text(text)
