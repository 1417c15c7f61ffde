"""Our kubectl and the real one say the same: text, errors and exit codes, to the letter."""

from __future__ import annotations

import difflib
from collections import Counter

import pytest

from tests.peers import golang, kubectl_equal, kubectl_peer
from tests.peers.kubectl_equal import Pair, Said
from tests.required import requires

pytestmark = requires(golang.missing())
LEAST = 400  # invocations that are compared
GROUPS = ("create", "rollout", "set")  # commands whose second word says what they do
COUNTED: Counter[str] = Counter()
EQUAL: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def built():
    kubectl_peer.build()
    yield
    total, equal = sum(COUNTED.values()), sum(EQUAL.values())
    print(f"\nkubectl: {equal} of {total} invocations say the same")
    for command in sorted(COUNTED):
        print(f"  {command:<20} {EQUAL[command]:>4} of {COUNTED[command]}")


def difference(said: Said) -> str:
    """Where two answers differ."""
    lines = []
    for name in ("stdout", "stderr"):
        theirs, ours = getattr(said.theirs, name), getattr(said.ours, name)
        lines += difflib.unified_diff(
            theirs.splitlines(), ours.splitlines(), f"theirs {name}", f"ours {name}", lineterm=""
        )
    if said.theirs.code != said.ours.code:
        lines.append(f"exit code: theirs {said.theirs.code}, ours {said.ours.code}")
    return "\n".join([f"$ kubectl {said.line}", *lines])


def test_enough_is_asked():
    asked = [step.line for story in kubectl_equal.stories() for step in story.steps if step.line]
    assert len(asked) >= LEAST


@pytest.mark.parametrize("story", kubectl_equal.stories(), ids=lambda story: story.name)
def test_both_say_the_same(story, tmp_path):
    with Pair(kubectl_equal.WORLDS[story.world], tmp_path) as pair:
        all_said = pair.tell(story)
    for said in all_said:
        words = said.line.split()
        command = " ".join(words[:2]) if words[0] in GROUPS else words[0]
        COUNTED[command] += 1
        EQUAL[command] += said.equal
    wrong = [difference(said) for said in all_said if not said.equal]
    assert not wrong, "\n\n".join(["", *wrong])
