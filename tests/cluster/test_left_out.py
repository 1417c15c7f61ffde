"""A cluster without its own scheduler or controller manager: nothing else does their work."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.conftest import workload

SCHEDULER, MANAGER = "kube-scheduler", "kube-controller-manager"
PLANES = [Cluster, Cluster.single_master, Cluster.ha_masters]


@pytest.mark.parametrize("made", PLANES)
def test_without_a_scheduler_pods_are_made_and_none_gets_a_node(made):
    cluster = made(without=[SCHEDULER])
    cluster.apply(workload(name="web"))
    cluster.run(60)
    pods = cluster.api.list("Pod", "default")
    assert pods and not any(pod.spec.node_name for pod in pods)
    with pytest.raises(CourseError, match="no scheduler of its own"):
        cluster.explain(pods[0].name)


@pytest.mark.parametrize("made", PLANES)
def test_without_a_controller_manager_no_pods_are_made(made):
    cluster = made(without=[MANAGER])
    cluster.apply(workload(name="web"))
    cluster.run(60)
    assert cluster.api.list("Pod", "default") == []
    assert cluster.api.list("ReplicaSet", "default") == []
    assert not any(node.spec.pod_cidr for node in cluster.api.list("Node"))


def test_what_is_left_out_has_no_process():
    cluster = Cluster.ha_masters(masters=2, workers=1, without=[SCHEDULER, MANAGER])
    assert set(cluster.components().COMPONENT) == {"load balancer", "etcd", "kube-apiserver"}
    with pytest.raises(CourseError, match="there is no such process"):
        cluster.kill_process("control-plane-1", SCHEDULER)


@pytest.mark.parametrize("names", [["etcd"], "kube-apiserver", ["Kube-Scheduler"], [""]])
def test_only_the_scheduler_and_the_controller_manager_can_be_left_out(names):
    with pytest.raises(CourseError):
        Cluster(without=names)
