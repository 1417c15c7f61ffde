"""PodDisruptionBudgets: what they count, and what they hold up."""

from __future__ import annotations

import pytest

from course_lib.objects.pods import is_active, is_ready
from tests.conftest import container, pod, workload


def test_a_budget_counts_the_pods_of_a_controller_whose_kind_is_not_served(cluster):
    owner = {"apiVersion": "example.com/v1", "kind": "Farm", "name": "f", "uid": "u-1"}
    document = pod("a")
    document["metadata"] |= {
        "labels": {"app": "farm"},
        "ownerReferences": [owner | {"controller": True}],
    }
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "farm"}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": spec}
    cluster.apply([document, budget | {"metadata": {"name": "guard"}}])
    cluster.run(seconds=60)
    status = cluster.api.get("pdb", "guard", "default").status
    assert (status.expected_pods, status.disruptions_allowed) == (1, 1)


BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
}


def test_a_drain_respects_the_budget_and_leaves_daemons(cluster):
    probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}
    cluster.behaviours.set("nginx", startup=20)
    cluster.apply(workload(replicas=3, containers=[container(readinessProbe=probe)]))
    cluster.apply([BUDGET, workload("DaemonSet", "agent")])
    cluster.run(seconds=60)
    cluster.scale("deployment/web", 6)
    cluster.run(seconds=60)
    for node in ("node-1", "node-2"):
        cluster.drain(node)
    fewest = 6
    for _ in range(300):
        cluster.run(seconds=0.5)
        fewest = min(fewest, list(cluster.get("pods", selector="app=web").READY).count("1/1"))
    assert fewest >= 2
    assert set(cluster.get("pods", selector="app=web", wide=True).NODE) == {"node-3"}
    assert len(cluster.get("pods", selector="app=agent")) == 3


def test_a_budget_that_allows_nothing_holds_a_drain_up(cluster):
    cluster.apply([workload(replicas=2), BUDGET])
    cluster.run(seconds=20)
    node = cluster.get("pods", wide=True).NODE[0]
    cluster.drain(node)
    cluster.run(seconds=120)
    assert len(cluster.get("pods", field_selector=f"spec.nodeName={node}")) == 1
    assert "EvictionRefused" in set(cluster.log(component="kubectl").REASON)
    assert cluster.get("pdb")["ALLOWED DISRUPTIONS"][0] == 0


SELECTORS = [
    {"matchLabels": {"app": "web"}},
    {"matchLabels": {"app": "web", "tier": "front"}},
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
    {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]},
    {"matchLabels": {"app": "gone"}},
    {},
]


@pytest.mark.parametrize("selector", SELECTORS, ids=str)
def test_coverage_is_counted_as_by_a_look_at_each_pod(cluster, selector):
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    spec = {"minAvailable": 1, "selector": selector}
    cluster.apply(budget | {"metadata": {"name": "guard"}, "spec": spec})
    cluster.apply([workload("ReplicaSet", "web", replicas=3), workload("ReplicaSet", "db")])
    front = pod("front")
    front["metadata"]["labels"] = {"app": "web", "tier": "front"}
    cluster.apply(front)
    for act in (
        lambda: None,
        lambda: cluster.delete("pod", "front"),
        lambda: cluster.scale("replicaset/web", 1),
        lambda: cluster.kill_node("node-1"),
    ):
        act()
        for _ in range(10):
            cluster.run(seconds=4)
            existing = cluster.api.get("PodDisruptionBudget", "guard")
            chosen = existing.spec.selector.selector()
            pods = [p for p in cluster.api.list("Pod", "default", chosen) if is_active(p)]
            assert existing.status.expected_pods == len(pods)
            assert existing.status.current_healthy == sum(map(is_ready, pods))
