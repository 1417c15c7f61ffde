"""The stored facts of the CRI are those of the release's own module."""

from __future__ import annotations

from tests.cri.facts import STORED, of_the_release
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())


def test_the_stored_facts_are_those_of_the_release():
    assert STORED.read_text().splitlines() == of_the_release(), "run: python -m tests.cri.facts"
