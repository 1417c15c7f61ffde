"""What an owner adopts and releases is known from counted labels; batches grow by success."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.informer import Informer
from course_lib.controllers.batches import slow_start
from course_lib.controllers.claims import by_selection, is_settled, places
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import Object, ObjectMeta, owner_reference
from course_lib.objects.selectors import EVERYTHING, NOTHING, parse_selector
from tests.conftest import pod

OWNER = Object("apps/v1", "ReplicaSet", ObjectMeta(name="web", namespace="default", uid="1"))
SELECTORS = [
    NOTHING,
    EVERYTHING,
    *map(
        parse_selector,
        ("app=web", "app in (web,db)", "app!=db", "app", "!app", "app=web,tier=front", "tier,!app"),
    ),
]


@pytest.fixture
def server() -> APIServer:
    server = APIServer(Simulation())
    if server.find("Namespace", "default") is None:
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
        server.create(space)
    return server


@pytest.fixture
def pods(server) -> Informer[Pod]:
    return Informer(LocalClient(server), Pod)


def orphan(name: str, labels: dict[str, str]) -> dict:
    made = pod(name)
    made["metadata"]["labels"] = labels
    return made


def child(name: str, labels: dict[str, str]) -> dict:
    made = orphan(name, labels)
    made["metadata"]["ownerReferences"] = [owner_reference(OWNER)]
    return made


@pytest.mark.parametrize("selector", SELECTORS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_to_be_claimed_only_if_all_children_and_no_orphan_are_selected(
    server, pods, selector, seed
):
    rng = Simulation(seed).random("labels")
    for number in range(12):
        labels = {"app": rng.choice(["web", "web", "db"]), "tier": rng.choice(["front", "back"])}
        kept = {key: value for key, value in labels.items() if rng.random() < 0.8}
        made = child if rng.random() < 0.5 else orphan
        server.create(made(f"pod-{number}", kept))
        every = pods.list("default")
        fits = all(selector.matches(p.labels) for p in every if p.metadata.controller)
        alone = any(selector.matches(p.labels) for p in every if not p.metadata.controller)
        settled = is_settled(pods, OWNER, selector)
        assert not settled or (fits and not alone)
        if fits and not any(p.metadata.controller is None for p in every):
            assert settled


@pytest.mark.parametrize("selector", SELECTORS, ids=str)
def test_who_selects_an_object_is_found_at_one_of_its_places(selector):
    for labels in ({}, {"app": "web"}, {"app": "db", "tier": "front"}, {"tier": "front"}):
        selected = Object(metadata=ObjectMeta(name="x", namespace="default", labels=labels))
        if selector.matches(labels):
            assert set(by_selection(OWNER, selector)) & set(places(selected))


@pytest.mark.parametrize(
    ("refused", "tried"),
    [(None, 10), (0, 1), (1, 3), (2, 3), (3, 7), (6, 7), (7, 10), (9, 10)],
)
def test_no_batch_begins_after_one_with_a_refusal(refused, tried):
    """Batches of ten: 1, 2, 4 and 3."""
    seen: list[int] = []

    def act(number: int) -> None:
        seen.append(number)
        if number == refused:
            raise CourseError(f"refused {number}")

    if refused is None:
        slow_start(range(10), act)
    else:
        with pytest.raises(CourseError, match=f"refused {refused}"):
            slow_start(range(10), act)
    assert seen == list(range(tried))


def test_of_several_refusals_of_a_batch_the_first_is_raised():
    def act(number: int) -> None:
        if number:
            raise CourseError(f"refused {number}")

    with pytest.raises(CourseError, match="refused 1"):
        slow_start(range(10), act)
