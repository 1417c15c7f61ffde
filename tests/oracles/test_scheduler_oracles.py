"""kube-scheduler's own expectations: every case agrees, and the counts are printed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.oracles.harness import FOLDER, OWN, Case, answer, cases

UPSTREAM = list(cases(FOLDER, "scheduler"))
OURS = list(cases(OWN, "scheduler"))


@pytest.mark.parametrize("case", UPSTREAM + OURS, ids=lambda case: case["id"])
def test_a_plugin_says_what_upstream_expects(case: Case):
    said = answer(case)
    assert {key: said[key] for key in case["expect"]} == case["expect"]


def test_how_many_agree_for_each_plugin(capsys):
    if not UPSTREAM + OURS:
        pytest.skip(f"no cases in {FOLDER}")
    agree, total = Counter(), Counter()
    for case in UPSTREAM + OURS:
        name = f"{case['plugin']} {case['extension_point']}"
        total[name] += 1
        said = answer(case)
        agree[name] += all(said[key] == value for key, value in case["expect"].items())
    with capsys.disabled():
        print()
        for name, count in sorted(total.items()):
            print(f"  {name:<45}{agree[name]:>4} of {count}")
    assert agree == total
