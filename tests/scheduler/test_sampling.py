"""`percentageOfNodesToScore`: a search ends when it has found enough nodes."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.profiles import API_VERSION, KIND, frameworks
from course_lib.scheduler.sampling import NodeSampling, in_turn, nodes_to_find
from course_lib.scheduler.status import Filtered
from tests.conftest import pod
from tests.scheduler.test_plugins import node

ZONE = "topology.kubernetes.io/zone"


def configuration(everywhere: object = None, **profile: object) -> dict:
    head = {"apiVersion": API_VERSION, "kind": KIND, "profiles": [profile]}
    return head | ({"percentageOfNodesToScore": everywhere} if everywhere is not None else {})


@pytest.mark.parametrize(
    ("percentage", "nodes", "enough"),
    [
        (0, 99, 99),
        (0, 100, 100),
        (0, 101, 100),
        (0, 250, 120),  # 48 per cent
        (0, 5624, 337),  # 6 per cent: 50 - 5624 // 125
        (0, 5625, 281),  # 5 per cent, and never less
        (0, 5750, 287),
        (1, 9_999, 100),
        (1, 10_000, 100),
        (1, 10_100, 101),
        (100, 5000, 5000),
    ],
)
def test_how_many_nodes_are_enough(percentage, nodes, enough):
    assert nodes_to_find(percentage, nodes) == enough


def cluster(zones: list[str]) -> Nodes:
    return Nodes([node(f"n{i}", labels={ZONE: z} if z else {}) for i, z in enumerate(zones)])


def test_the_search_takes_a_node_of_each_zone_in_turn():
    nodes = cluster(["b", "b", "a", "", "b", "a"])
    assert in_turn(nodes).tolist() == [0, 2, 3, 1, 5, 4]


def test_the_next_search_begins_where_this_one_ended():
    nodes, sampling = cluster([""] * 250), NodeSampling()
    fits = np.ones(250, dtype=bool)
    fits[:10] = False
    first = sampling.sample(Filtered(fits, []), nodes, 0)
    assert np.flatnonzero(first).tolist() == list(range(10, 130))
    assert (sampling.evaluated, sampling.next_start) == (130, 130)
    second = sampling.sample(Filtered(fits, []), nodes, 0)
    assert np.flatnonzero(second).tolist() == list(range(130, 250))
    assert (sampling.evaluated, sampling.next_start) == (130, 10)


def test_where_there_are_just_enough_every_node_is_looked_at():
    nodes, sampling = cluster([""] * 250), NodeSampling()
    for fitting, evaluated in ((119, 250), (120, 250), (121, 120)):
        found = sampling.sample(Filtered(np.arange(250) < fitting, []), nodes, 0)
        assert found.sum() == min(fitting, 120)
        assert sampling.evaluated == evaluated
        sampling.next_start = 0


def test_the_only_nodes_of_a_pod_are_few_enough_to_look_at_all():
    nodes, sampling = cluster([""] * 250), NodeSampling()
    among = np.arange(250) % 50 == 7
    found = sampling.sample(Filtered(among, [], among=among), nodes, 0)
    assert np.flatnonzero(found).tolist() == [7, 57, 107, 157, 207]
    assert sampling.next_start == 5


def test_a_profile_has_its_own_percentage_or_that_of_all():
    made = frameworks(
        configuration(30)
        | {"profiles": [{"schedulerName": "a"}, {"schedulerName": "b", PERCENT: 0}]}
    )
    assert [framework.percentage for framework in made] == [30, 0]
    assert frameworks(configuration())[0].percentage is None


PERCENT = "percentageOfNodesToScore"


@pytest.mark.parametrize("wrong", [-1, 101, "half"])
def test_a_percentage_is_one(wrong):
    with pytest.raises(CourseError, match="percentageOfNodesToScore"):
        frameworks(configuration(wrong))
    with pytest.raises(CourseError, match="percentageOfNodesToScore"):
        frameworks(configuration(**{PERCENT: wrong}))
    for right in (0, 100):
        assert frameworks(configuration(right))[0].percentage == right


def test_a_cluster_places_pods_within_the_sample():
    cluster = Cluster(nodes=130, scheduler=configuration(1))
    for number in range(4):
        cluster.api.create(pod(f"p{number}") | {"apiVersion": "v1"})
    cluster.run(seconds=10)
    names = cluster.plane.scheduler.nodes.names
    for number in range(4):
        row = names.index(cluster.api.get("Pod", f"p{number}").spec.node_name)
        assert (row - 100 * number) % 130 < 100, "the search found a hundred nodes from there on"
    assert not cluster.log(reason="NotActedOn").size
