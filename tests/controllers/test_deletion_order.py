"""The order in which Pods are given up is that of sorting them all, after every change."""

from __future__ import annotations

from collections import Counter

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.deletion_order import DeletionOrder, rank
from course_lib.controllers.replica_set import ReplicaSetController
from course_lib.engine import Simulation
from course_lib.objects.pods import is_active
from tests.conftest import workload


@pytest.fixture
def compared(monkeypatch) -> Counter[str]:
    """Compare each choice of any ReplicaSet with that of sorting; counts the choices."""
    compared: Counter[str] = Counter()
    original = ReplicaSetController._order

    def _order(self, owner):
        order = original(self, owner)
        pods = [pod for pod in self.owned("Pod", owner) if is_active(pod)]
        related = [p for each in self._family(owner) for p in self.owned("Pod", each)]
        crowd = Counter(pod.spec.node_name for pod in related if is_active(pod))
        now = self.sim.now
        ranks = sorted(rank(p, crowd[p.spec.node_name], now) for p in pods)
        chosen = order.first(len(pods))
        assert [pod.uid for pod in chosen] == [each[-1] for each in ranks]
        compared["choices"] += 1
        return order

    monkeypatch.setattr(ReplicaSetController, "_order", _order)
    return compared


@pytest.mark.parametrize("seed", [1, 2])
def test_rollouts_and_scaling_choose_as_sorting_does(seed, compared):
    cluster = Cluster(nodes=4, seed=seed)
    cluster.apply(workload("Deployment", "web", replicas=12))
    cluster.run(seconds=40)
    cluster.kubectl("set image deployment/web *=nginx:1.28")
    cluster.run(seconds=3)
    cluster.kubectl("scale deployment/web --replicas=7")
    cluster.run(seconds=40)
    cluster.kill_node("node-2")
    cluster.kubectl("scale deployment/web --replicas=16")
    cluster.run(seconds=8)
    cluster.kubectl("scale deployment/web --replicas=3")
    cluster.run(seconds=400)
    cluster.kubectl("rollout undo deployment/web")
    cluster.run(seconds=60)
    assert compared["choices"] >= 8


@pytest.mark.parametrize("seed", range(5))
def test_the_first_to_go_are_those_of_sorting_while_ranks_rise_and_noted_ones_fall(seed):
    """Ranks rise unseen, fall where they are noted, and Pods come and go."""
    rng = Simulation(seed).random("ranks")
    cluster_pods = pods_by_uid()
    ranks = {uid: rng.randrange(50) for uid in cluster_pods}

    def ranking(pod):
        return (ranks[pod.uid], pod.uid) if pod.uid in ranks else None

    order = DeletionOrder(ranking)
    for pod in cluster_pods.values():
        order.note(pod)
    for _ in range(200):
        uid = rng.choice(list(cluster_pods))
        change = rng.random()
        if change < 0.4 and uid in ranks:
            ranks[uid] += rng.randrange(10)
        elif change < 0.8:
            ranks[uid] = rng.randrange(50)
            order.note(cluster_pods[uid])
        else:
            ranks.pop(uid, None)
        expected = sorted((place, uid) for uid, place in ranks.items())
        for count in (0, 1, 3, len(ranks), len(ranks) + 1):
            chosen = [(ranks[pod.uid], pod.uid) for pod in order.first(count)]
            assert chosen == expected[:count]


def pods_by_uid():
    cluster = Cluster(nodes=1)
    cluster.apply(workload("ReplicaSet", "web", replicas=9))
    cluster.run(seconds=5)
    return {pod.uid: pod for pod in cluster.api.list("Pod")}
