"""What admission refuses or fills in: namespaces, limits, quotas, priorities, evictions."""

import pytest

from course_lib.apiserver.errors import (
    Forbidden,
    NotFound,
    TooManyRequests,
)
from course_lib.cluster import Cluster
from tests.conftest import container, pod, workload


def limit_range(**item: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "bounds"},
        "spec": {"limits": [{"type": "Container", **item}]},
    }


def quota(**hard: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {name.replace("_", "."): amount for name, amount in hard.items()}},
    }


def test_nothing_is_created_in_a_missing_or_terminating_namespace(api):
    document = pod()
    document["metadata"]["namespace"] = "shop"
    with pytest.raises(NotFound, match='namespaces "shop" not found'):
        api.create(document)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    api.create(document)
    api.delete("Namespace", "shop")
    document["metadata"]["name"] = "late"
    with pytest.raises(Forbidden, match="because it is being terminated"):
        api.create(document)


def test_a_limit_range_gives_defaults_and_refuses_what_is_out_of_bounds(api):
    api.create(
        limit_range(default={"cpu": "500m"}, defaultRequest={"cpu": "100m"}, max={"cpu": "1"})
    )
    api.create(pod())
    resources = api.document("Pod", "web")["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}
    said = "LimitRanger plugin set: cpu request for container main; cpu limit for container main"
    annotations = api.document("Pod", "web")["metadata"]["annotations"]
    assert annotations == {"kubernetes.io/limit-ranger": said}
    greedy = container(resources={"limits": {"cpu": "2"}})
    with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1, but limit is 2"):
        api.create(pod("greedy", [greedy]))


def test_a_quota_refuses_what_would_exceed_it_in_the_api_servers_words(api):
    api.create(quota(pods="2", requests_cpu="1"))
    asking = container(resources={"requests": {"cpu": "600m"}})
    api.create(pod("one", [asking]))
    with pytest.raises(Forbidden) as refusal:
        api.create(pod("two", [asking]))
    assert refusal.value.what == (
        'pods "two" is forbidden: exceeded quota: team, requested: requests.cpu=600m, '
        "used: requests.cpu=600m, limited: requests.cpu=1"
    )
    with pytest.raises(Forbidden, match=r"must specify requests\.cpu for: main"):
        api.create(pod("silent"))


def test_a_policy_of_preemption_comes_from_the_priority_class_alone(api):
    with pytest.raises(Forbidden, match=r"string value of PreemptionPolicy \(Never\) must not be"):
        api.create(pod(preemptionPolicy="Never"))


def test_priority_classes_give_pods_their_priority(api):
    head = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    api.create(head | {"metadata": {"name": "high"}, "value": 1000})
    api.create(head | {"metadata": {"name": "usual"}, "value": 10, "globalDefault": True})
    assert api.create(pod("a", priorityClassName="high")).spec.priority == 1000
    assert api.create(pod("b")).spec.priority == 10
    assert api.create(pod("c", priorityClassName="system-node-critical")).spec.priority > 2 * 10**9
    with pytest.raises(Forbidden, match="no PriorityClass with name none was found"):
        api.create(pod("d", priorityClassName="none"))


def test_an_eviction_is_counted_against_the_budget():
    cluster = Cluster(nodes=2)
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    selector = {"matchLabels": {"app": "web"}}
    cluster.apply(
        [workload(replicas=3), budget | {"spec": {"minAvailable": 2, "selector": selector}}]
    )
    cluster.run(seconds=30)
    pods = cluster.api.list("Pod")
    cluster.api.evict(pods[0])
    with pytest.raises(TooManyRequests, match="disruption budget"):
        cluster.api.evict(pods[1])
    cluster.run(seconds=60)
    cluster.api.evict(pods[1])


@pytest.mark.parametrize(
    ("least", "policy", "allowed"),
    [(2, "IfHealthyBudget", True), (3, "IfHealthyBudget", False), (3, "AlwaysAllow", True)],
)
def test_a_pod_that_is_not_ready_may_be_evicted_when_enough_others_are(least, policy, allowed):
    cluster = Cluster(nodes=2)
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}}
    never = pod("ill", [container(image="course/never", **probe)])
    never["metadata"]["labels"] = {"app": "web"}
    cluster.behaviours.set("course/never", startup=10**6)
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    spec = {"minAvailable": least, "unhealthyPodEvictionPolicy": policy}
    spec["selector"] = {"matchLabels": {"app": "web"}}
    cluster.apply([workload(replicas=2), budget | {"spec": spec}, never])
    cluster.run(seconds=30)
    assert cluster.api.get("PodDisruptionBudget", "web").status.disruptions_allowed == 0
    if allowed:
        cluster.api.evict(cluster.api.get("Pod", "ill"))
    else:
        with pytest.raises(TooManyRequests):
            cluster.api.evict(cluster.api.get("Pod", "ill"))
