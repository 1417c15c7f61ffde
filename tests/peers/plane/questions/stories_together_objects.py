"""Autoscalers, namespaces, accounts, quotas and budgets, two at a time."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.objects import (
    SETTINGS,
    budget,
    claim,
    container,
    create,
    delete,
    deployment,
    job,
    patch,
    pod,
    replica_set,
    service,
    shell,
    stateful_set,
    story,
    template,
    thing,
    wait,
)
from tests.peers.plane.questions.stories_limits import SMALL, limits, quota

HELD = {"metadata": {"finalizers": ["course.example/hold"]}}
STRATEGIC = "application/strategic-merge-patch+json"


def evict(name: str) -> dict[str, Any]:
    return {"evict": name}


def autoscaler(
    name: str = "web", kind: str = "Deployment", low: int = 1, high: int = 5
) -> dict[str, Any]:
    return thing(
        "HorizontalPodAutoscaler",
        name,
        "autoscaling/v2",
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
            "minReplicas": low,
            "maxReplicas": high,
        },
    )


SCALING = [
    story(
        "an autoscaler in a namespace without room",
        *create(quota(pods="1")),
        wait(3),
        *create(deployment(replicas=1), autoscaler(low=3)),
        wait(24),
    ),
    story(
        "an autoscaler of a StatefulSet",
        *create(stateful_set("web", 1), autoscaler(kind="StatefulSet", low=2, high=2)),
        wait(30),
    ),
    story(
        "an autoscaler and a budget",
        *create(deployment(replicas=4), autoscaler(high=2), budget(minAvailable="50%")),
        wait(26),
    ),
]
OBJECTS = [
    story(
        "a namespace goes with what it has",
        *create(deployment(replicas=1), SETTINGS, service()),
        wait(10),
        delete("Namespace/a-namespace-goes-with-what-it-has"),
        wait(12),
    ),
    story(
        "a namespace waits for a finalizer",
        *create(SETTINGS | {"metadata": {"name": "settings"} | HELD["metadata"]}),
        *create(replica_set(replicas=1)),
        wait(10),
        delete("Namespace/a-namespace-waits-for-a-finalizer"),
        wait(6),
        *create(thing("ConfigMap", "late")),
        wait(2),
    ),
    story(
        "a ServiceAccount with secrets to pull that Pods get",
        *create(
            thing(
                "ServiceAccount",
                "puller",
                imagePullSecrets=[{"name": "hub"}],
                automountServiceAccountToken=False,
            )
        ),
        wait(1),
        *create(pod("p", serviceAccountName="puller")),
        wait(10),
    ),
    story(
        "the default ServiceAccount goes and comes back",
        delete("ServiceAccount/default"),
        wait(4),
        *create(pod("p")),
        wait(8),
    ),
    story(
        "a quota of CPU and a ratio of limits",
        *create(
            limits(maxLimitRequestRatio={"cpu": "2"}),
            quota(requests__cpu="3m"),
        ),
        wait(3),
        *create(pod("a", container(**SMALL)), pod("b", container(**SMALL))),
        *create(
            pod("c", container(resources={"requests": {"cpu": "1m"}, "limits": {"cpu": "4m"}}))
        ),
        *create(pod("d", container(**SMALL), container(**SMALL, name="d"))),
        wait(10),
    ),
    story(
        "a quota is freed by a Pod that ends",
        *create(quota(pods="1")),
        wait(3),
        *create(pod("a", shell("sleep 4"), restartPolicy="Never"), pod("b")),
        wait(12),
        *create(pod("b")),
        wait(8),
    ),
    story(
        "a LimitRange of claims and of Pods",
        *create(
            thing(
                "LimitRange",
                "usual",
                spec={
                    "limits": [
                        {
                            "type": "PersistentVolumeClaim",
                            "max": {"storage": "2Gi"},
                            "min": {"storage": "1Gi"},
                        },
                        {"type": "Pod", "max": {"cpu": "3m"}},
                    ]
                },
            )
        ),
        wait(2),
        *create(claim(), claim("big", "3Gi"), claim("small", "1Mi")),
        *create(pod("a", container(**SMALL), container(**SMALL, name="d"))),
        wait(4),
    ),
    story(
        "a quota of storage",
        *create(quota(requests__storage="2Gi", persistentvolumeclaims="5")),
        wait(3),
        *create(claim(), claim("big", "2Gi"), claim("next")),
        wait(4),
    ),
    story(
        "a budget over two workloads",
        *create(
            deployment("a", 2, template("a") | {"metadata": {"labels": {"app": "a", "of": "web"}}}),
            stateful_set(
                "b", 1, template("b") | {"metadata": {"labels": {"app": "b", "of": "web"}}}
            ),
            thing(
                "PodDisruptionBudget",
                "web",
                "policy/v1",
                spec={"selector": {"matchLabels": {"of": "web"}}, "maxUnavailable": "50%"},
            ),
        ),
        wait(16),
        evict("b-0"),
        wait(10),
    ),
    story(
        "a budget of a scale that is not known",
        *create(
            job(command="sleep 99"),
            thing(
                "PodDisruptionBudget",
                "web",
                "policy/v1",
                spec={
                    "selector": {"matchLabels": {"batch.kubernetes.io/job-name": "work"}},
                    "maxUnavailable": 1,
                },
            ),
        ),
        wait(10),
    ),
    story(
        "a Pod's readiness gate and a Service",
        *create(
            service(),
            pod("p", labels={"app": "web"}, readinessGates=[{"conditionType": "example.com/a"}]),
        ),
        wait(10),
        patch(
            "Pod/p",
            {"status": {"conditions": [{"type": "example.com/a", "status": "True"}]}},
            subresource="status",
            type=STRATEGIC,
        ),
        wait(5),
    ),
    story(
        "a Pod that ends slowly and a Service",
        *create(
            service(),
            pod(
                "p",
                shell("trap '' TERM; sleep 999"),
                labels={"app": "web"},
                terminationGracePeriodSeconds=12,
            ),
        ),
        wait(8),
        delete("Pod/p"),
        wait(5),
        wait(14),
    ),
]
CASES = [*SCALING, *OBJECTS]
