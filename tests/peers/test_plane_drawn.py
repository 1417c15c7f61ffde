"""Documents and patches drawn at random, asked of the real API server and of the course's.

Where answers can still differ:
- schemas of definitions, which messages show as Go has them, and expressions in CEL;
- rules of devices (`resource.k8s.io`) that scheduling does not need;
- a node that says the version of its kubelet: one of the course is ready when it is registered;
- the overhead of a Pod without a RuntimeClass: the real plugin refuses it after the spec is judged;
- two ports of a Service without names that an update gives the same port of a node;
- amounts in an unusual form, where a patch writes an equal one.
"""

from __future__ import annotations

import pytest

from tests.oracles.plane.course import CoursePlane, prepared
from tests.oracles.plane.differences import CONTENT, SAME, VERDICT
from tests.peers.plane import building
from tests.peers.plane.drawn import APART, Draws, compared, told
from tests.peers.plane.programs import real_plane
from tests.required import requires

CREATES, UPDATES = 500, 150
SEEDS = (1, 7)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with real_plane(tmp_path_factory.mktemp("server"), control=False) as plane:
        yield prepared(plane)


@requires(building.missing())
@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_documents_are_answered_alike(server, seed):
    draws = Draws(seed)
    cases = [("creates", draws.create()) for _ in range(CREATES)]
    cases += [("updates", draws.update()) for _ in range(UPDATES)]
    found = compared(server, prepared(CoursePlane()), cases)
    assert len(found) >= 0.9 * len(cases)
    other = [(near, name) for near, name in found if near != SAME]
    common = [each for each in other if not each[1].startswith(APART)]
    far = [each for each in common if each[0] in (VERDICT, CONTENT)]
    assert len(far) <= 0.005 * len(cases), far
    assert len(common) <= 0.01 * len(cases), common
    assert len(other) <= 0.03 * len(cases), other


def test_a_seed_draws_the_same_again():
    one, other = Draws(3), Draws(3)
    assert [one.create() for _ in range(20)] == [other.create() for _ in range(20)]
    assert [one.update() for _ in range(20)] == [other.update() for _ in range(20)]


def test_the_order_of_a_map_is_not_compared():
    causes = [{"reason": "FieldValueInvalid", "message": text, "field": "a"} for text in "xy"]
    head = {"code": 422, "reason": "Invalid", "message": 'Pod "p" is invalid: [...]'}
    one, other = head | {"causes": causes}, head | {"causes": causes[::-1]}
    assert told(one) == told(other) != told(head | {"causes": causes[:1]})
