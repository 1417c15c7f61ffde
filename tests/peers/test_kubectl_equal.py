"""Our kubectl and the real one say the same: text, errors and exit codes, to the letter."""

from __future__ import annotations

import difflib
from collections import Counter

import pytest

from course_lib.command_line import Result
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


GOING = "Warning: {}; {}\nevicting pod default/{}\nevicting pod default/{}\n"
ALONE, AGENT = "deleting Pods: default/alone, default/cache", "ignoring Pods: default/agent"


@pytest.mark.parametrize(
    ("line", "ours", "equal"),
    [
        ("drain node-1", GOING.format(ALONE, AGENT, "alone", "cache"), True),
        ("drain node-1", GOING.format(AGENT, ALONE, "cache", "alone"), True),
        ("drain node-1", GOING.format(AGENT, ALONE, "cache", "cache"), False),
        ("drain node-1", GOING.format(AGENT, ALONE, "cache", "alone").rstrip("\n"), False),
        ("get nodes", GOING.format(AGENT, ALONE, "cache", "alone"), False),
    ],
    ids=["same", "another order", "other words", "no end of line", "not a drain"],
)
def test_an_order_that_the_real_one_leaves_open_does_not_count(line, ours, equal):
    theirs = GOING.format(ALONE, AGENT, "alone", "cache")
    assert Said(line, Result(theirs, "", 0), Result(ours, "", 0)).equal == equal
    assert Said(line, Result("", theirs, 0), Result("", ours, 0)).equal == equal


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
