"""Schemas of custom resources against the real API server's packages."""

from __future__ import annotations

import random

import pytest

from tests.oracles.custom_resources import answer
from tests.oracles.harness import OWN, cases
from tests.peers import apiextensions_peer, golang, schema_cases
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.fixture(scope="module", autouse=True)
def peer():
    apiextensions_peer.build()


def test_the_stored_answers_are_those_of_the_real_packages():
    stored = list(cases(OWN, "apiextensions"))
    assert apiextensions_peer.ask(stored) == [case["expect"] for case in stored]


def test_documents_drawn_at_random_are_read_and_judged_as_by_the_real_packages():
    drawn = schema_cases.draw(random.Random("schemas"), 2000)
    refused = 0
    for case, expect in zip(drawn, apiextensions_peer.ask(drawn), strict=True):
        assert answer(case) == expect, case
        refused += bool(expect["errors"])
    assert 1000 < refused < len(drawn) - 1000, "both ends must be met often"
