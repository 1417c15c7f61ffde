"""A sample of the stored answers, made again by the real control plane.

`python -m tests.peers.plane` asks it all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from course_lib.objects.release import RELEASE
from tests.oracles.plane.asking import ASK, NODES, ask_story, furnish
from tests.oracles.plane.course import namespace_of, prepared
from tests.oracles.plane.differences import unsteady
from tests.oracles.plane.files import Case, read
from tests.peers.plane import asking, building
from tests.peers.plane.programs import RealPlane, real_plane, until
from tests.required import requires

pytestmark = requires(building.missing())
# Every tenth case, and so on.
EACH = {"creates": 10, "updates": 5, "columns": 5, "stories": 12, "kubelet": 8}
AGAIN = 2  # times that a story is played again alone: this machine may have been slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPlane]:
    """The API server alone, so that nothing else changes an object."""
    with real_plane(tmp_path_factory.mktemp("server"), control=False) as plane:
        yield prepared(plane)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPlane]:
    """All of it, with three kubelets on simulated runtimes."""
    with real_plane(tmp_path_factory.mktemp("plane"), nodes=len(NODES)) as started:
        furnish(started)
        yield started


def test_the_programs_are_of_the_course_s_release(server):
    assert server.ask("GET", "/version").document["gitVersion"] == f"v{RELEASE}"


@pytest.mark.parametrize("group", ASK)
def test_the_api_server_answers_as_stored(server, group):
    for case in read(group)[1][:: EACH[group]]:
        assert ASK[group](server, case) == case["answer"], case["name"]


@pytest.mark.parametrize("group", ["stories", "kubelet"])
def test_a_story_goes_as_stored(plane, group):
    short = [case for case in read(group)[1] if not any("stop" in step for step in case["steps"])]
    cases = short[:: EACH[group]]
    other = {
        case["name"]: told
        for case, told in zip(cases, asking.stories(plane, cases), strict=True)
        if not as_stored(case, told)
    }
    for again in range(AGAIN):
        for case in [case for case in cases if case["name"] in other]:
            told = ask_story(plane, case, f"{namespace_of(case)[:50]}-{again}")
            other[case["name"]] = told
            if as_stored(case, told):
                del other[case["name"]]
    stored = {case["name"]: case["answer"] for case in cases}
    assert other == {name: stored[name] for name in other}


def as_stored(case: Case, told: list[Any]) -> bool:
    return set(unsteady(case["answer"], told)) <= set(case.get("unsteady", []))


def test_fake_nodes_run_pods_by_the_hundred(tmp_path: Path):
    with real_plane(tmp_path) as plane:
        plane.fake_nodes(5)
        pods = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 100,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]},
                },
            },
        }
        path = "/apis/apps/v1/namespaces/default/deployments"
        assert plane.ask("POST", path, pods).status == 201

        def found():
            return plane.ask("GET", f"{path}/web").document["status"]

        until(lambda: found().get("readyReplicas") == 100, "a hundred Pods are ready")
