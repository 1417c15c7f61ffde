"""Thousands of nodes are looked at in groups, whose Pods are counted as they change."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.widgets import LiveCluster
from course_lib.widgets.drawing import draw
from course_lib.widgets.groups import (
    MOST_BOXES,
    MOST_WAITING,
    OpenGroup,
    PodsByNode,
    grouped,
    opened,
)
from course_lib.widgets.looks import look_of

ZONES = ["zone-a", "zone-b"]


def nodes(number: int, zones: list[str] | None = None) -> list:
    return Cluster(nodes=number, zones=zones or ()).api.list("Node")


@pytest.mark.parametrize(
    ("number", "groups"), [(MOST_BOXES - 1, 0), (MOST_BOXES, 0), (MOST_BOXES + 1, 2)]
)
def test_few_nodes_are_drawn_one_by_one(number, groups):
    assert len(grouped(nodes(number, ZONES))) == groups


@pytest.mark.parametrize(
    ("number", "titles"),
    [
        (41, ["node-1 … node-40", "node-41"]),
        (80, ["node-1 … node-40", "node-41 … node-80"]),
        (81, ["node-1 … node-40", "node-41 … node-80", "node-81"]),
    ],
)
def test_nodes_that_are_alike_are_grouped_with_their_neighbours(number, titles):
    assert list(grouped(nodes(number))) == titles


def test_groups_of_thousands_are_groups_again():
    many = nodes(1700)
    groups = grouped(many)
    assert len(groups) == MOST_BOXES and sum(map(len, groups.values())) == 1700
    first = next(iter(groups))
    outer = OpenGroup(first, frozenset(node.name for node in groups[first]))
    here, path = opened(many, [outer])
    assert path == [outer] and len(here) == 43
    gone = OpenGroup("gone", frozenset(["no-node"]))
    assert opened(many, [outer, gone]) == (here, [outer])
    assert opened(many, [gone]) == (many, [])
    assert sum(map(len, grouped(here).values())) == 43


def test_pods_are_counted_as_they_change():
    cluster = Cluster(nodes=3)
    pods = PodsByNode(cluster.api, "default")

    def same_as_listed() -> bool:
        pods.receive()
        listed = cluster.api.list("Pod", "default")
        looks = [(pod.spec.node_name, look_of(pod)) for pod in listed]
        counted = {
            (node, look): count
            for node in ["", *cluster.kubelets]
            for look, count in pods.looks([node]).items()
        }
        names = [pod.name for node in ["", *cluster.kubelets] for pod in pods.on(node)]
        return counted == {pair: looks.count(pair) for pair in looks} and sorted(names) == sorted(
            pod.name for pod in listed
        )

    cluster.apply("data/web.yaml")
    for seconds in (0, 0.1, 2, 30):
        cluster.run(seconds)
        assert same_as_listed()
    cluster.kubectl("scale deployment/web --replicas=1")
    cluster.kill_node("node-1")
    for seconds in (0, 60, 400):
        cluster.run(seconds)
        assert same_as_listed()
    pods.stop()


@pytest.fixture(scope="module")
def view() -> LiveCluster:
    cluster = Cluster(nodes=60, zones=ZONES)
    cluster.apply("data/web.yaml")
    cluster.kubectl("scale deployment/web --replicas=50")
    cluster.run(40)
    return LiveCluster(cluster)


def say(view: LiveCluster, what: str, node: str = "") -> list[str]:
    view._handle_custom_msg({"do": what, "node": node, "pod": ""}, [])
    return [box["name"] for box in view.scene["nodes"]]


def test_a_group_is_opened_and_closed_by_a_click_or_a_key(view):
    assert say(view, "step") == ["zone-a: Ready", "zone-b: Ready"]
    boxes = view.scene["nodes"]
    assert [box["state"] for box in boxes] == ["30 nodes", "30 nodes"]
    assert sum(count for box in boxes for look, count in box["counts"] if look == "ready") == 50
    inside = say(view, "open", "zone-b: Ready")
    assert len(inside) == 30 and view.scene["opened"] == ["zone-b: Ready"]
    assert "counts" not in view.scene["nodes"][0]
    assert say(view, "close") == ["zone-a: Ready", "zone-b: Ready"]
    assert say(view, "close") == ["zone-a: Ready", "zone-b: Ready"]


def test_what_is_done_to_a_group_says_that_it_must_be_opened_first(view):
    say(view, "kill", "zone-a: Ready")
    assert "open it first" in view.scene["said"]
    say(view, "open", "zone-z: Ready")
    assert "no such group" in view.scene["said"]
    with pytest.raises(CourseError, match="no such group"):
        view.open_group("node-1")


def test_nodes_that_change_stay_in_the_group_that_is_open(view):
    inside = say(view, "open", "zone-a: Ready")
    assert say(view, "cordon", inside[1]) == inside
    assert say(view, "cordon", inside[1]) == inside
    assert say(view, "kill", inside[0]) == inside
    view.step(90)
    assert say(view, "step") == inside and view.scene["opened"] == ["zone-a: Ready"]
    assert view.scene["nodes"][0]["state"] == "NotReady"
    outside = say(view, "close")
    assert outside == ["zone-a: NotReady", "zone-a: Ready", "zone-b: Ready"]
    assert [box["state"] for box in view.scene["nodes"]] == ["1 node", "29 nodes", "30 nodes"]


def test_a_node_that_dies_does_not_close_the_groups_inside_groups():
    view = LiveCluster(Cluster(nodes=90))
    inside = say(view, "open", "node-41 … node-80")
    say(view, "kill", "node-43")
    view.step(90)
    assert say(view, "step") == inside and len(inside) == 40
    assert inside == [f"node-{number}" for number in range(41, 81)]
    assert say(view, "close") == ["NotReady", "Ready"]
    assert say(view, "open", "NotReady") == ["node-43"]
    say(view, "restore", "node-43")
    view.step(30)
    assert view.scene["nodes"][0]["state"] == "Ready"


def test_the_still_picture_has_the_groups_too(view):
    still = draw(view.cluster)
    assert "zone-b: Ready (30 nodes)" in still and "ready</span>" in still
    assert len(still) < 4000


def test_pods_that_wait_are_counted_and_come_last():
    cluster = Cluster(nodes=41, cpu="1")
    cluster.apply("data/web.yaml")
    cluster.kubectl("scale deployment/web --replicas=500")
    cluster.run(20)
    waiting = sum(not pod.spec.node_name for pod in cluster.api.list("Pod", "default"))
    box = LiveCluster(cluster).scene["nodes"][-1]
    assert waiting > MOST_WAITING == len(box["pods"])
    assert (box["name"], box["state"]) == (
        "waiting for a node",
        f"{waiting} Pods, {MOST_WAITING} of them here",
    )
