"""PodDisruptionBudgets: what they count, and what they hold up."""

from __future__ import annotations

import pytest

from course_lib.apiserver.errors import SeveralBudgets, TooManyRequests
from course_lib.cluster.nodes import start_draining
from course_lib.objects.meta import set_condition
from course_lib.objects.pods import is_ready
from tests.conftest import container, pod, workload

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
    cluster.kubectl("scale deployment/web --replicas=6")
    cluster.run(seconds=60)
    for node in ("node-1", "node-2"):
        start_draining(cluster.sim, cluster.api, node)
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
    start_draining(cluster.sim, cluster.api, node)
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
        lambda: cluster.kubectl("scale replicaset/web --replicas=1"),
        lambda: cluster.kill_node("node-1"),
    ):
        act()
        for _ in range(10):
            cluster.run(seconds=4)
            existing = cluster.api.get("PodDisruptionBudget", "guard")
            chosen = existing.spec.selector.selector()
            pods = cluster.api.list("Pod", "default", chosen)
            assert existing.status.expected_pods == len(pods)
            healthy = [p for p in pods if is_ready(p) and not p.terminating]
            assert existing.status.current_healthy == len(healthy)


def guard(name: str = "guard", **spec) -> dict:
    head = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}}
    return head | {"spec": {"selector": {"matchLabels": {"app": "web"}}} | spec}


def labelled(owner: dict | None = None) -> dict:
    document = pod("alone")
    document["metadata"]["labels"] = {"app": "web"}
    if owner:
        document["metadata"]["ownerReferences"] = [owner | {"controller": True, "uid": "u-1"}]
    return document


def test_a_budget_of_no_pods_says_so(cluster):
    cluster.apply(guard(minAvailable=1))
    cluster.run(seconds=5)
    told = cluster.log(reason="NoPods")
    assert list(told.MESSAGE) == ["No matching pods found"] * 2, "at first, and after its status"
    (event,) = [each for each in cluster.api.list("Event") if each.reason == "NoPods"]
    assert event.count == 2


@pytest.mark.parametrize(
    ("spec", "expected", "allowed"), [({"minAvailable": 0}, 1, 1), ({"maxUnavailable": 1}, 0, 0)]
)
def test_pods_without_a_controller_count_for_a_number_of_pods_alone(
    cluster, spec, expected, allowed
):
    cluster.apply([labelled(), guard(**spec)])
    cluster.run(seconds=20)
    status = cluster.api.get("pdb", "guard").status
    assert (status.current_healthy, status.expected_pods) == (1, expected)
    assert status.disruptions_allowed == allowed
    told = cluster.log(reason="UnmanagedPods")
    assert bool(len(told)) == (expected == 0)
    if len(told):
        selector = "&LabelSelector{MatchLabels:map[string]string{app: web,},"
        assert f"(selector: {selector}MatchExpressions:" in told.MESSAGE[0]


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        (
            {"apiVersion": "example.com/v1", "kind": "Farm", "name": "f"},
            'no matches for kind "Farm" in version "example.com/v1"',
        ),
        (
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "gone"},
            'found no controllers for pod "alone"',
        ),
        (
            {"apiVersion": "batch/v1", "kind": "Job", "name": "gone"},
            "jobs.batch does not implement the scale subresource",
        ),
    ],
)
def test_a_controller_without_a_size_stops_a_budget_that_needs_it(cluster, owner, why):
    cluster.api.create(labelled(owner) | {"metadata": labelled(owner)["metadata"]})
    cluster.apply(guard(maxUnavailable=1))
    cluster.run(seconds=0.5)
    status = cluster.api.get("pdb", "guard").status
    (stated,) = status.conditions
    assert (stated.status, stated.reason, stated.message) == ("False", "SyncFailed", why)
    assert status.disruptions_allowed == 0
    told = cluster.log(reason="CalculateExpectedPodCountFailed").MESSAGE[0]
    assert told == f"Failed to calculate the number of expected pods: {why}"


def test_a_pod_under_two_budgets_is_told_of_and_cannot_be_evicted(cluster):
    cluster.apply([guard("a", minAvailable=0), guard("b", minAvailable=0)])
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=20)
    (found,) = cluster.api.list("Pod")
    told = cluster.log(reason="MultiplePodDisruptionBudgets").MESSAGE[0]
    begin = f'Pod "default"/"{found.name}" matches multiple PodDisruptionBudgets.  Chose "b" '
    assert told == f"{begin}arbitrarily."
    with pytest.raises(SeveralBudgets, match="more than one PodDisruptionBudget"):
        cluster.api.evict(found)


def test_an_eviction_is_noted_in_the_budget_and_on_the_pod(cluster):
    cluster.apply([workload(replicas=2), guard(minAvailable=1)])
    cluster.run(seconds=20)
    first, second = cluster.api.list("Pod")
    cluster.api.evict(first, grace_period=30)
    stored = cluster.api.document("pdb", "guard", "default")["status"]
    assert stored["disruptedPods"] == {first.name: cluster.sim.timestamp}
    assert stored["conditions"][0]["reason"] == "InsufficientPods"
    evicted = cluster.api.get("Pod", first.name)
    target = [each for each in evicted.status.conditions if each.type == "DisruptionTarget"]
    assert [each.reason for each in target] == ["EvictionByEvictionAPI"]
    with pytest.raises(TooManyRequests) as refused:
        cluster.api.evict(second)
    needs = "The disruption budget guard needs 1 healthy pods and has 2 currently"
    assert refused.value.found != needs
    assert "does not allow evicting pods currently" in refused.value.found
    cluster.run(seconds=1)
    assert "disruptedPods" not in cluster.api.document("pdb", "guard", "default")["status"]


@pytest.mark.parametrize(
    ("reason", "left"), [("PreemptionByScheduler", "False"), ("TerminationByKubelet", "True")]
)
def test_a_pod_that_was_not_deleted_is_no_target_after_two_minutes(cluster, reason, left):
    cluster.apply(pod("web"))
    cluster.run(seconds=20)
    now = cluster.sim.timestamp
    target = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    found = cluster.api.get("Pod", "web").status.conditions
    stated = set_condition(found, "DisruptionTarget", "True", now, reason)
    assert stated[-1] == target | {"lastTransitionTime": now}
    cluster.api.patch_status(cluster.api.get("Pod", "web"), {"conditions": stated})
    cluster.run(seconds=118)
    assert statuses(cluster) == ["True"]
    cluster.run(seconds=4)
    assert statuses(cluster) == [left]


def statuses(cluster) -> list[str]:
    """The status of the condition that says that the Pod is to be disrupted."""
    conditions = cluster.api.get("Pod", "web").status.conditions
    return [each.status for each in conditions if each.type == "DisruptionTarget"]


def test_a_budget_sees_no_pods_before_its_workload_has_made_them(cluster):
    cluster.apply([workload(replicas=2), guard(minAvailable=1)])
    cluster.run(seconds=20)
    events = [event for event in cluster.api.list("Event") if event.reason == "NoPods"]
    assert [event.count for event in events] == [2]  # when it is new, and when it has a status
