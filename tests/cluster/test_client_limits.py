"""`client_limits`: a rollout takes the time that the control plane's clients need."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import pod, workload


def deployed(replicas: int, seconds: float, **settings: object) -> int:
    """How many Pods there are so many seconds after a Deployment was applied."""
    cluster = Cluster(nodes=5, **settings)
    cluster.apply(workload("Deployment", "web", replicas=replicas))
    cluster.run(seconds=seconds)
    return len(cluster.api.list("Pod"))


def test_without_limits_all_pods_appear_at_once():
    assert deployed(60, 1.0) == 60


@pytest.mark.parametrize(("replicas", "pods"), [(29, 29), (30, 30), (31, 30)])
def test_a_burst_of_thirty_pods_appears_at_once(replicas, pods):
    assert deployed(replicas, 0.04, client_limits=True) == pods


def test_then_twenty_pods_appear_each_second():
    now, later = (deployed(100, t, client_limits=True) for t in (1.0, 2.0))
    assert later - now in (19, 20, 21)


def test_another_rate_in_its_place():
    limits = {"kube-controller-manager": (5, 10)}
    now, later = (deployed(100, t, client_limits=limits) for t in (1.0, 3.0))
    assert later - now in (9, 10, 11)


def test_the_scheduler_binds_at_its_rate_and_all_get_the_nodes_of_a_cluster_without_limits():
    histories = []
    for limits in (False, {"kube-scheduler": (1, 2)}):
        cluster = Cluster(nodes=3, client_limits=limits)
        for number in range(5):
            cluster.api.create(pod(f"p{number}") | {"apiVersion": "v1", "kind": "Pod"})
        cluster.run(seconds=30)
        log = cluster.log(reason="Scheduled")
        histories.append((list(log.TIME), list(log.MESSAGE)))
    (_, free), (times, limited) = histories
    assert limited == free
    assert [round(time - times[1]) for time in times] == [0, 0, 1, 2, 3]


def test_a_pod_that_is_deleted_before_its_binding_is_sent_is_forgotten():
    cluster = Cluster(nodes=1, client_limits={"kube-scheduler": (0.1, 1)})
    for name in ("first", "second"):
        cluster.api.create(pod(name) | {"apiVersion": "v1", "kind": "Pod"})
    cluster.run(seconds=1)
    cluster.api.delete("Pod", "second", "default")
    cluster.run(seconds=30)
    assert [each.name for each in cluster.api.list("Pod")] == ["first"]
    assert not cluster.plane.scheduler.cache.assumed


@pytest.mark.parametrize(
    "wrong",
    [
        {"kubelet": (50, 100)},
        {"kube-scheduler": 50},
        {"kube-scheduler": (0, 100)},
        {"kube-scheduler": (-1, 100)},
        {"kube-scheduler": (50, 0)},
        {"kube-scheduler": (50, 1.5)},
        {"kube-scheduler": (50, 2**31)},
        {"kube-scheduler": ("50", 100)},
        ["kube-scheduler"],
    ],
)
def test_what_is_no_limit_is_refused_in_words(wrong):
    with pytest.raises(CourseError) as refused:
        Cluster(nodes=1, client_limits=wrong)
    assert "client_limits" in str(refused.value)
