"""Pictures of many nodes and changes: drawn together, with the numbers of a plain count."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.cluster.history import ENDED
from course_lib.plots import pods_over_time, requested_by_node, timeline
from course_lib.plots.nodes import MOST_BARS
from course_lib.plots.timeline import MOST_LAYERS, WAITING
from course_lib.plots.utilisation import utilisation_over_time


def web(nodes: int, zones: tuple[str, ...] = ()) -> Cluster:
    cluster = Cluster(nodes=nodes, zones=zones)
    cluster.apply("data/web.yaml")
    cluster.run(20)
    cluster.kubectl("scale deployment/web --replicas=9")
    cluster.run(20)
    cluster.kill_node("node-2")
    cluster.run(400)
    return cluster


@pytest.fixture(scope="module")
def small() -> Cluster:
    return web(3)


def test_the_steps_are_those_of_a_plain_count(small):
    layers = timeline._layers(small)
    times, counts, ready = timeline._steps(small, layers, "default")
    state: dict[str, tuple[str, bool]] = {}
    expected = [(0.0, {}, 0)]
    for moment in small.history.moments:
        state.pop(moment.uid, None)
        if moment.status not in ENDED:
            state[moment.uid] = moment.node or WAITING, moment.ready
        places = [place for place, _ in state.values()]
        on = {place: places.count(place) for place in places}
        expected.append((moment.time, on, sum(fine for _, fine in state.values())))
    expected.append((small.now, *expected[-1][1:]))
    found = [
        (time, {name: values[n] for name, values in counts.items() if values[n]}, ready[n])
        for n, time in enumerate(times)
    ]
    assert found == expected


def test_changes_that_the_axis_does_not_tell_apart_are_one(small, monkeypatch):
    every, all_counts, all_ready = timeline._steps(small, timeline._layers(small), "default")
    monkeypatch.setattr(timeline, "MOST_POINTS", len(small.history.moments) - 1)
    monkeypatch.setattr(timeline, "POINTS", 44)  # one each 10 s
    some, counts, ready = timeline._steps(small, timeline._layers(small), "default")
    assert len(some) < len(every) and ready[-1] == all_ready[-1]
    assert {n: v[-1] for n, v in counts.items()} == {n: v[-1] for n, v in all_counts.items()}
    monkeypatch.setattr(timeline, "MOST_POINTS", len(small.history.moments))
    assert timeline._steps(small, timeline._layers(small), "default")[0] == every


@pytest.mark.parametrize(
    ("nodes", "zones", "told"),
    [
        (MOST_LAYERS, ("a", "b"), "on each node"),
        (MOST_LAYERS + 1, ("a", "b"), "by zone"),
        (MOST_LAYERS + 1, (), "together"),
    ],
)
def test_many_nodes_are_drawn_by_zone(nodes, zones, told):
    assert f"Pods {told} from" in pods_over_time(Cluster(nodes=nodes, zones=zones)).alt


@pytest.mark.parametrize(
    ("nodes", "told"),
    [(MOST_BARS, "by node: node-1 0.25 of 4"), (MOST_BARS + 1, "of 41 nodes: from 0.25 of 4 on")],
)
def test_very_many_nodes_are_a_curve(nodes, told):
    cluster = Cluster(nodes=nodes)
    cluster.apply("data/web.yaml")
    cluster.kubectl(f"scale deployment/web --replicas={nodes}")
    cluster.run(5)
    assert told in requested_by_node(cluster).alt


def test_what_is_requested_falls_when_pods_go(small):
    assert utilisation_over_time(small).alt == "Requested at 440 s: CPU 25%, memory 6%."
    small.restore_node("node-2")
    small.kubectl("scale deployment/web --replicas=0")
    small.run(60)
    assert utilisation_over_time(small).alt == "Requested at 500 s: CPU 0%, memory 0%."
