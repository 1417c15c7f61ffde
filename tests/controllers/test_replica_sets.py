"""ReplicaSets: adoption, the order in which Pods go, and Pods that are refused."""

from __future__ import annotations

import re

from course_lib.cluster import Cluster
from tests.conftest import pod, workload
from tests.controllers.workloads import get


def test_a_replica_set_adopts_fitting_orphans_and_lets_go_of_what_no_longer_fits(cluster):
    cluster.apply(pod("web"))
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 3
    assert get(cluster, "Pod").metadata.controller.name == "web"
    cluster.api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "debug"}}})
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 4
    assert get(cluster, "Pod").metadata.controller is None


def test_scaling_down_gives_up_unready_and_younger_pods_first(cluster):
    cluster.apply(workload("ReplicaSet", replicas=2))
    cluster.run(seconds=100)
    old = set(cluster.get("pods").NAME)
    cluster.kubectl("scale replicaset/web --replicas=3")
    cluster.run(seconds=20)
    cluster.kubectl("scale replicaset/web --replicas=2")
    cluster.run(seconds=20)
    assert set(cluster.get("pods").NAME) == old


def test_scaling_down_thins_out_the_crowded_node_first():
    cluster = Cluster(nodes=2)
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=100)
    nodes = list(cluster.get("pods", wide=True).NODE)
    cluster.kubectl("scale replicaset/web --replicas=2")
    cluster.run(seconds=20)
    assert sorted(nodes.count(node) for node in set(nodes)) == [1, 2]
    assert len(set(cluster.get("pods", wide=True).NODE)) == 2


def test_a_pod_with_a_low_deletion_cost_goes_first(cluster):
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    cheap = cluster.get("pods").NAME[1]
    note = {"controller.kubernetes.io/pod-deletion-cost": "-10"}
    cluster.api.patch("Pod", cheap, "", {"metadata": {"annotations": note}})
    cluster.kubectl("scale replicaset/web --replicas=2")
    cluster.run(seconds=20)
    assert cheap not in set(cluster.get("pods").NAME)


def test_a_refused_pod_is_reported_and_made_when_there_is_room(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    cluster.apply(quota | {"spec": {"hard": {"pods": "2"}}})
    cluster.apply(workload("ReplicaSet", replicas=3))
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 2
    said = cluster.log(reason="FailedCreate").MESSAGE[0]
    assert re.match(
        'Error creating: pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: few', said
    )
    conditions = get(cluster, "ReplicaSet").status.conditions
    assert [(c.type, c.status) for c in conditions] == [("ReplicaFailure", "True")]
    cluster.apply(quota | {"spec": {"hard": {"pods": "5"}}})
    cluster.run(seconds=60)
    assert len(cluster.get("pods")) == 3
    assert not get(cluster, "ReplicaSet").status.conditions
