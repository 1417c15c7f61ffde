"""The course's plugins against the real ones, on cases drawn at random: codes, reasons, scores."""

from __future__ import annotations

import random

import pytest

from tests.oracles.harness import answer, decision, preemption
from tests.peers import golang, scheduler_peer
from tests.peers.scheduler_cases import POINTS, draw_preemption, draw_whole
from tests.required import requires

pytestmark = requires(golang.missing())
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


def test_all_plugins_together_sum_and_refuse_as_the_real_scheduler_does():
    lots = random.Random("whole")
    cases = [draw_whole(lots, number) for number in range(1500)]
    refused = 0
    for case, expect in zip(cases, scheduler_peer.ask_whole(cases), strict=True):
        assert decision(case) == expect, case["id"]
        refused += bool(expect["message"])
    assert 100 < refused < 1400, "both ends must be met often"


def test_preemption_nominates_and_evicts_as_the_real_scheduler_does():
    lots = random.Random("preemption")
    cases = [draw_preemption(lots, number) for number in range(1000)]
    nominated = 0
    for case, found in zip(cases, scheduler_peer.run(cases), strict=True):
        ours, message = preemption(case)
        if "nominated" in found:
            nominated += 1
            place = f"on node {found['nominated']}, preempting {len(found['victims'])} victims"
            assert ours.get(found["nominated"]) == sorted(found["victims"]), case["id"]
            assert found["message"].endswith(
                f"preemption: found a potential placement for pod {place}"
            )
        else:
            assert (ours, message) == ({}, found.get("message", "")), case["id"]
    assert 300 < nominated < 950, "both ends must be met often"
