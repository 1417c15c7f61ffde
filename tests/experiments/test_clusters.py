"""Whole clusters under other settings and of other sizes: the tables say what the rules say."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.cluster.history import Moment
from course_lib.experiments import (
    autoscaling,
    default_limits,
    drains,
    rollouts,
    sizes,
    zone_failures,
)
from course_lib.experiments.clusters import summary_of
from course_lib.objects.kinds.pod import Pod


@pytest.fixture(scope="module")
def spec():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web-pod.yaml")
    return cluster.api.get(Pod, "web").spec


def moment(spec, time: float, pod: str, node: str = "n", ready: bool = False, status: str = "x"):
    return Moment(time, pod, "default", pod, node, status, ready, spec)


def test_a_summary_is_counted_from_the_moments_of_pods(spec):
    moments = [
        moment(spec, 1.0, "a", node=""),
        moment(spec, 2.0, "a"),
        moment(spec, 3.0, "a", ready=True),
        moment(spec, 5.0, "b", node=""),
        moment(spec, 6.0, "b"),
        moment(spec, 7.0, "a", ready=False),
        moment(spec, 8.0, "b", ready=True),
        moment(spec, 9.0, "a", status=""),
    ]
    assert summary_of(moments) == (0, 2, 6.0, 8.0)
    assert summary_of(moments, since=2.5) == (0, 2, 6.0, 8.0)
    assert summary_of(moments[:5], since=4.0) == (1, 2, 6.0, 4.0)
    assert summary_of(moments, since=8.0) == (1, 2, 8.0, 8.0)
    assert summary_of([], since=8.0) == (0, 0, 8.0, 8.0)


def test_a_rollout_keeps_its_limits():
    found = rollouts([(0, 1), (1, 0), (2, 2)], nodes=4, replicas=6)
    assert list(found["FEWEST READY"]) == [5, 6, 4]
    assert found.SECONDS[2] < found.SECONDS[1]


def test_a_budget_makes_a_drain_slower_and_keeps_pods_ready():
    found = drains([None, "90%"], nodes=6, replicas=10, at_once=3)
    assert list(found["FEWEST READY"]) == [6, 9]
    assert list(found.REFUSED > 0) == [False, True]
    assert found.SECONDS[0] < found.SECONDS[1]


def test_a_zone_takes_its_share_of_pods_and_comes_back_when_it_is_given_up():
    found = zone_failures([2, 3], nodes=6, replicas=12)
    assert list(found.LOST) == [6, 4]
    assert found.NOTICED.between(50, 60).all()  # node-monitor-grace-period, and a look each 5 s
    # 300 s are tolerated, after a taint that the nodes of a zone get ten seconds apart.
    assert 370 < found.RECOVERED[0] < 380
    assert 360 < found.RECOVERED[1] < 370


def test_a_low_target_of_the_autoscaler_asks_for_more_pods():
    found = autoscaling([40, 80], rate=60, seconds=150, nodes=4)
    assert found.PODS[0] > found.PODS[1] >= 2


def test_an_autoscaler_that_may_add_one_pod_a_minute_is_slower():
    slowly = {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
    free, slow = (
        autoscaling([40], rate=150, seconds=150, nodes=4, behavior=behavior)
        for behavior in (None, slowly)
    )
    assert slow.PODS[0] < free.PODS[0]


@pytest.mark.long
def test_a_zone_may_take_more_than_an_hour_to_come_back():
    found = zone_failures([2], 10, 10, controller_flags={"node-eviction-rate": 0.001})
    assert 4350 < found.RECOVERED[0] < 4400


def test_limits_of_clients_are_what_a_larger_cluster_notices_first():
    found = sizes([3, 14], pods_per_node=3)
    free, limited = (found[found["CLIENT LIMITS"] == on].PLACED.tolist() for on in (False, True))
    assert limited[0] == free[0]  # 9 Pods: their requests are within the burst
    assert limited[1] > free[1] + 0.3


@pytest.mark.parametrize(
    ("nodes", "pods", "expected"),
    [
        (1, 30, (0.0, 1, 1, 30, 0)),
        (1, 31, (0.05, 1, 1, 31, 0)),
        (1, 100, (3.5, 1, 1, 100, 0)),
        (1, 101, (3.55, 1, 2, 101, 0)),
        (99, 1, (3.45, 99, 1, 99, 0)),
        (250, 4, (48.5, 120, 10, 1000, 0)),
        (256, 4, (49.7, 122, 11, 1000, 0)),
        (257, 1, (11.35, 123, 3, 257, 1)),
    ],
)
def test_the_default_limits_are_those_of_the_settings(nodes, pods, expected):
    assert tuple(default_limits([nodes], pods).iloc[0][2:]) == expected
