"""Objects whose columns and cells are asked for: two of each kind that the real server accepts."""

from __future__ import annotations

from collections import Counter

from tests.oracles.plane.files import Case, read

OF_EACH = 2
PLAIN = {"name", "document", "answer"}


def _chosen() -> list[Case]:
    """The first documents of each kind that are stored, and those with most in them."""
    plain = [case for case in read("creates")[1] if case.keys() == PLAIN]
    accepted = [case for case in plain if case["answer"]["code"] == 201]
    kinds: Counter[str] = Counter()
    chosen = []
    for case in sorted(accepted, key=lambda each: -len(str(each["document"]))):
        kind = case["document"]["kind"]
        kinds[kind] += 1
        if kinds[kind] <= OF_EACH:
            chosen.append({"name": f"{case['name']}, as a row", "document": case["document"]})
    return sorted(chosen, key=lambda each: each["name"])


CASES = _chosen()
