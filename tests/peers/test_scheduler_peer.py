"""The course's plugins against the real ones, on cases drawn at random: codes, reasons, scores."""

from __future__ import annotations

import pytest

from tests.oracles.harness import answer
from tests.peers import scheduler_peer
from tests.peers.scheduler_cases import POINTS

CASES = 400  # of each plugin and extension point


@pytest.fixture(scope="session", autouse=True)
def peer():
    scheduler_peer.build()


@pytest.mark.parametrize(("plugin", "point"), POINTS)
def test_a_plugin_says_what_the_real_one_says(plugin: str, point: str):
    cases = scheduler_peer.drawn(plugin, point, CASES, "peer")
    for case, expect in zip(cases, scheduler_peer.ask(cases), strict=True):
        said = answer(case)
        assert {key: said[key] for key in expect} == expect, case["id"]
