"""The live cluster: what clicks and keys do, and a way back in time."""

from __future__ import annotations

import asyncio

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.widgets import LiveCluster


def web(nodes: int = 3) -> Cluster:
    cluster = Cluster(nodes=nodes)
    cluster.apply("data/web.yaml")
    cluster.run(20)
    return cluster


@pytest.fixture
def view():
    return LiveCluster(web)


def say(view: LiveCluster, what: str, **more: object) -> None:
    """What the page sends for a click or a key."""
    message = {"do": what, "node": "node-1", "pod": "", **more}
    view._handle_custom_msg(message, [])


def states(view: LiveCluster) -> dict[str, str]:
    return {node["name"]: node["state"] for node in view.scene["nodes"]}


def test_the_scene_has_every_node_and_every_pod(view):
    pods = [tile[0] for node in view.scene["nodes"] for tile in node["pods"]]
    assert sorted(pods) == list(view.cluster.get("pods").NAME)
    assert view.scene["told"] == "3 nodes at 20 simulated seconds; Pods: 3 ready"


def test_what_can_be_done_to_a_node(view):
    say(view, "cordon")
    assert states(view)["node-1"] == "Ready,SchedulingDisabled"
    say(view, "cordon")
    assert states(view)["node-1"] == "Ready"
    say(view, "drain")
    view.step(40)
    assert not {node["name"]: node["pods"] for node in view.scene["nodes"]}["node-1"]
    say(view, "kill")
    say(view, "step")
    view.step(60)
    assert states(view)["node-1"] == "NotReady,SchedulingDisabled"
    say(view, "restore")
    view.step(30)
    assert states(view)["node-1"] == "Ready,SchedulingDisabled"


def test_what_is_done_already_is_said(view):
    say(view, "restore")
    assert view.scene["said"].endswith("node node-1 has power already")
    say(view, "kill")
    assert view.scene["said"].endswith("node node-1 loses power")
    say(view, "kill")
    assert view.scene["said"].endswith("node node-1 has no power already")
    assert 0 < len(view.scene["recent"]) <= 4


def test_pods_of_a_silent_node_are_unheard_of(view):
    say(view, "kill", node="node-2")
    view.step(60)
    assert "2 ready, 1 unheard of" in view.scene["told"]
    bundle = view._repr_mimebundle_()
    still = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert "node-2: NotReady" in still and 'role="img"' in still and "1 unheard of" in still


def test_pods_are_deleted_and_workloads_scaled(view):
    name = view.scene["nodes"][0]["pods"][0][0]
    say(view, "delete", pod=name)
    view.step(40)
    assert name not in list(view.cluster.get("pods").NAME)
    say(view, "scale", workload="deployment/web", replicas=5)
    assert view.scene["workloads"] == [["deployment/web", 5]]
    say(view, "scale", workload="deployment/web", replicas=-1)
    assert view.scene["workloads"] == [["deployment/web", 0]]


def test_what_cannot_be_done_is_told_and_changes_nothing(view):
    say(view, "delete")
    assert "no Pod is chosen" in view.scene["said"]
    say(view, "restore", node="node-9")
    assert view.scene["said"] and len(view.scene["nodes"]) == 3
    assert view.done == []


def test_going_back_replays_the_same_history(view):
    say(view, "cordon")
    view.step(12.5)
    say(view, "kill", node="node-2")
    view.step(100)
    before = view.cluster.log()
    say(view, "scale", workload="deployment/web", replicas=6)
    view.step(30)
    view.back(30)
    assert view.cluster.now == 132.5
    replayed = view.cluster.log()
    pairs = zip(before.itertuples(), replayed.itertuples(), strict=False)
    assert all(one == other for one, other in pairs)
    assert states(view)["node-2"] == "NotReady" and len(view.done) == 2
    assert view.scene["workloads"] == [["deployment/web", 3]]  # the scaling is undone
    view.back(1000)
    assert view.cluster.now == 20.0 and view.done == []


def test_a_cluster_that_was_given_as_it_is_cannot_go_back():
    view = LiveCluster(web())
    view.step()
    assert not view.scene["can_go_back"]
    with pytest.raises(CourseError, match="cannot be built again"):
        view.back()


def test_time_runs_beside_the_notebook_at_the_chosen_speed(view):
    async def play() -> None:
        say(view, "speed", speed=60)
        say(view, "toggle")
        assert view.scene["running"] and view.scene["speed"] == 60
        before = view.cluster.now
        turns = 0
        while view.cluster.now < before + 12:
            await asyncio.sleep(0.01)
            turns += 1
        say(view, "toggle")
        paused = view.cluster.now
        await asyncio.sleep(0.25)
        assert view.cluster.now == paused and not view.scene["running"] and turns > 1

    asyncio.run(play())


def test_a_silent_control_plane_keeps_the_last_picture():
    view = LiveCluster(Cluster.ha_etcd())
    members = list(view.cluster.etcd.members)
    for name in members[:2]:
        view.cluster.kill_node(name)
    view.step(30)
    assert view.scene["nodes"] and "Unable to connect" in view.scene["said"]
