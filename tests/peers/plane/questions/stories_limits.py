"""Disruption budgets and evictions, quotas and limit ranges."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    budget,
    container,
    create,
    deployment,
    patch,
    pod,
    replica_set,
    service,
    stateful_set,
    story,
    template,
    thing,
    wait,
)

SMALL = {
    "resources": {
        "requests": {"cpu": "1m", "memory": "1Mi"},
        "limits": {"cpu": "2m", "memory": "8Mi"},
    }
}
AVAILABLE = {"minAvailable": 1}


def quota(**hard: str) -> dict[str, object]:
    names = {name.replace("__", ".").replace("_", "/"): value for name, value in hard.items()}
    return thing("ResourceQuota", "team", spec={"hard": names})


def limits(**limit: object) -> dict[str, object]:
    return thing("LimitRange", "usual", spec={"limits": [{"type": "Container"} | limit]})


CASES = [
    # Budgets and evictions
    story("budget with room", *create(deployment(), budget(**AVAILABLE)), wait(15)),
    story("budget without room", *create(deployment(replicas=1), budget(**AVAILABLE)), wait(14)),
    story(
        "budget of percents",
        *create(deployment(replicas=3), budget(maxUnavailable="50%")),
        wait(15),
    ),
    story("budget of no Pods", *create(budget(**AVAILABLE)), wait(6)),
    story(
        "budget over Pods without a controller",
        *create(pod("alone", labels={"app": "web"}), budget(maxUnavailable=1)),
        wait(12),
    ),
    story(
        "eviction that is allowed",
        *create(pod("alone", labels={"app": "web"})),
        wait(10),
        {"evict": "alone"},
        wait(6),
    ),
    story(
        "eviction that a budget forbids",
        *create(stateful_set("web", 1), budget(**AVAILABLE)),
        wait(14),
        {"evict": "web-0"},
        wait(4),
    ),
    story(
        "eviction within a budget",
        *create(stateful_set("web", 2, podManagementPolicy="Parallel"), budget(**AVAILABLE)),
        wait(16),
        {"evict": "web-0"},
        wait(12),
    ),
    story("eviction of a Pod that is not there", {"evict": "none"}, wait(1)),
    story(
        "eviction under two budgets",
        *create(stateful_set("web", 1), budget(**AVAILABLE), budget("second", maxUnavailable=1)),
        wait(14),
        {"evict": "web-0"},
        wait(4),
    ),
    # Quotas and limit ranges
    story("quota counts Pods", *create(quota(pods="3"), deployment(replicas=2)), wait(14)),
    story(
        "quota is used up",
        *create(quota(pods="1")),
        wait(4),
        *create(deployment(replicas=2)),
        wait(14),
    ),
    story("quota refuses a Pod", *create(quota(pods="0")), wait(4), *create(pod("a")), wait(4)),
    story(
        "quota wants requests",
        *create(quota(requests__cpu="1")),
        wait(4),
        *create(pod("a")),
        wait(4),
    ),
    story(
        "quota of requests and limits",
        *create(quota(requests__cpu="1", limits__memory="1Gi")),
        wait(4),
        *create(pod("a", container(**SMALL))),
        wait(10),
    ),
    story(
        "quota of Services",
        *create(quota(services="1", services__nodeports="0")),
        wait(4),
        *create(service("a"), service("b"), service("c", type="NodePort")),
        wait(5),
    ),
    story(
        "quota of objects by name",
        *create(
            thing(
                "ResourceQuota",
                "team",
                spec={"hard": {"count/configmaps": "2", "count/deployments.apps": "1"}},
            )
        ),
        wait(4),
        *create(
            thing("ConfigMap", "a"),
            thing("ConfigMap", "b"),
            deployment(replicas=0),
            deployment("b", 0),
        ),
        wait(6),
    ),
    story(
        "quota of best effort only",
        *create(
            thing("ResourceQuota", "team", spec={"hard": {"pods": "1"}, "scopes": ["BestEffort"]})
        ),
        wait(4),
        *create(pod("a"), pod("b"), pod("c", container(**SMALL))),
        wait(10),
    ),
    story(
        "quota grows",
        *create(quota(pods="1"), replica_set(replicas=2)),
        wait(12),
        patch("ResourceQuota/team", {"spec": {"hard": {"pods": "2"}}}),
        wait(16),
    ),
    story(
        "limit range gives defaults",
        *create(limits(default={"cpu": "20m", "memory": "20Mi"}, defaultRequest={"cpu": "10m"})),
        wait(2),
        *create(pod("a")),
        wait(10),
    ),
    story(
        "limit range refuses too much",
        *create(limits(max={"cpu": "10m"})),
        wait(2),
        *create(pod("a", container(resources={"limits": {"cpu": "20m"}}))),
        wait(2),
    ),
    story(
        "limit range refuses too little",
        *create(limits(min={"memory": "10Mi"})),
        wait(2),
        *create(
            pod(
                "a",
                container(resources={"requests": {"memory": "1Mi"}, "limits": {"memory": "20Mi"}}),
            )
        ),
        wait(2),
    ),
    story(
        "limit range stops a Deployment",
        *create(limits(max={"cpu": "10m"})),
        wait(2),
        *create(
            deployment(
                replicas=1, pods=template("web", container(resources={"limits": {"cpu": "20m"}}))
            )
        ),
        wait(6),
    ),
]
