"""Cases put to the real control plane."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.oracles.plane.asking import ASK, NODES, ask_story, furnish
from tests.oracles.plane.course import namespace_of, prepared
from tests.oracles.plane.files import Case
from tests.peers.plane.programs import RealPlane, real_plane

AT_ONCE = 24  # stories that are played side by side, each in a namespace of its own


def answered(group: str, cases: list[Case], folder: Path) -> list[Any]:
    """What the real control plane answers to the cases of a group."""
    if group in ASK:  # the API server alone: nothing else changes an object
        with real_plane(folder, control=False) as plane:
            return documents(prepared(plane), group, cases)
    with real_plane(folder, nodes=len(NODES)) as plane:
        furnish(plane)
        return stories(plane, cases)


def documents(plane: RealPlane, group: str, cases: list[Case]) -> list[Any]:
    """The answers to documents or patches, one after the other."""
    return [ASK[group](plane, case) for case in cases]


def _of_node(step: Case) -> bool:
    """Whether a step concerns a node, which all stories share."""
    return "stop" in step or str(step.get("patch", "")).startswith("Node/")


def stories(plane: RealPlane, cases: list[Case]) -> list[Any]:
    """The answers to stories: side by side, but alone where a node is stopped or changed."""
    alone = [case for case in cases if any(_of_node(step) for step in case["steps"])]
    beside = [case for case in cases if case not in alone]
    told: dict[str, Any] = {}

    def play(case: Case) -> None:
        told[case["name"]] = ask_story(plane, case, namespace_of(case))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(play, beside))
    for case in alone:
        play(case)
    return [told[case["name"]] for case in cases]
