"""HorizontalPodAutoscalers, PodDisruptionBudgets, PriorityClasses."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
}
OUTER = {
    "type": "External",
    "external": {
        "metric": {"name": "queue"},
        "target": {"type": "AverageValue", "averageValue": "30"},
    },
}
SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "shop"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "maxReplicas": 5,
        "metrics": [CPU],
    },
}
OLD = {
    "apiVersion": "autoscaling/v1",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "shop"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
        "maxReplicas": 5,
    },
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "shop"},
    "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "shop"}}},
}
CLASS = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "urgent"},
    "value": 1000,
}
TARGET = "spec.metrics[0].resource.target"
RULES = "spec.behavior.scaleDown"
PERCENT = {"type": "Percent", "value": 10, "periodSeconds": 60}

CASES = [
    *each(
        SCALER,
        {
            "metadata.name": ["shop.eu", "Shop"],
            "spec": [ABSENT, {}],
            "spec.scaleTargetRef": [
                ABSENT,
                {"kind": "Deployment", "name": "shop"},
                {"kind": "Deployment"},
                {"name": "shop"},
                {"kind": "a/b", "name": "shop"},
                {"kind": "Deployment", "name": "a/b"},
                {"kind": "Deployment", "name": "shop", "apiVersion": "a/b/c"},
            ],
            "spec.maxReplicas": [ABSENT, 1, 0, -1, "5"],
            "spec.minReplicas": [5, 6, 0, -1, None],
            "spec.metrics": [ABSENT, [], [{"type": "Resource"}], [{"type": "Mood"}], [CPU, CPU]],
            "spec.metrics[0].type": ["Pods", ABSENT],
            "spec.metrics[0].resource.name": ["memory", "", "example.com/gpu", "disk"],
            TARGET: [
                ABSENT,
                {},
                {"type": "Utilization"},
                {"type": "Utilization", "averageUtilization": 0},
                {"type": "Utilization", "averageUtilization": 250},
                {"type": "AverageValue", "averageValue": "200m"},
                {"type": "AverageValue", "averageValue": "0"},
                {"type": "AverageValue", "averageValue": "-1"},
                {"type": "AverageValue", "averageValue": "lots"},
                {"type": "Value", "value": "1"},
                {"type": "Utilization", "averageUtilization": 50, "averageValue": "1"},
                {"type": "Share", "averageUtilization": 50},
                {"averageUtilization": 50},
            ],
            "spec.behavior": [
                {},
                {"scaleUp": {}},
                {"scaleDown": {"selectPolicy": "Disabled"}},
                {"scaleDown": {"policies": []}},
                {"scaleUp": {"policies": [PERCENT]}},
            ],
            f"{RULES}.selectPolicy": ["Min", "Average", ""],
            f"{RULES}.stabilizationWindowSeconds": [0, 3600, 3601, -1],
            f"{RULES}.tolerance": ["50m", "-1", "0"],
            f"{RULES}.policies": [
                [PERCENT, PERCENT],
                [PERCENT | {"type": "Share"}],
                [PERCENT | {"value": 0}],
                [PERCENT | {"periodSeconds": 0}],
                [PERCENT | {"periodSeconds": 1800}],
                [PERCENT | {"periodSeconds": 1801}],
                [{"type": "Pods", "value": 1}],
            ],
        },
    ),
    *named(
        SCALER,
        {
            "from zero by an outside metric": {"spec.minReplicas": 0, "spec.metrics": [OUTER]},
            "by an outside metric without a name": {
                "spec.metrics": [OUTER],
                "spec.metrics[0].external.metric": {},
            },
            "by one container's CPU": {
                "spec.metrics": [
                    {
                        "type": "ContainerResource",
                        "containerResource": CPU["resource"] | {"container": "web"},
                    }
                ],
            },
            "by the CPU of a container without a name": {
                "spec.metrics": [
                    {"type": "ContainerResource", "containerResource": CPU["resource"]}
                ],
            },
            "by a metric of its Pods": {
                "spec.metrics": [
                    {
                        "type": "Pods",
                        "pods": {
                            "metric": {"name": "requests"},
                            "target": {"type": "AverageValue", "averageValue": "1k"},
                        },
                    }
                ],
            },
            "by the share of a metric of its Pods": {
                "spec.metrics": [
                    {
                        "type": "Pods",
                        "pods": {
                            "metric": {"name": "requests"},
                            "target": {"type": "Utilization", "averageUtilization": 50},
                        },
                    }
                ],
            },
            "by a metric of another object": {
                "spec.metrics": [
                    {
                        "type": "Object",
                        "object": {
                            "metric": {"name": "hits"},
                            "describedObject": {"kind": "Service", "name": "shop"},
                            "target": {"type": "Value", "value": "2k"},
                        },
                    }
                ],
            },
            "with two kinds of one metric": {"spec.metrics": [OUTER | CPU]},
            "of autoscaling/v2beta2": {"apiVersion": "autoscaling/v2beta2"},
        },
    ),
    *each(
        OLD,
        {
            "spec.targetCPUUtilizationPercentage": [ABSENT, 50, 0, "50"],
            "spec.minReplicas": [2],
            "spec.maxReplicas": [ABSENT],
        },
        "HorizontalPodAutoscaler of autoscaling/v1",
    ),
    *each(
        BUDGET,
        {
            "metadata.name": ["shop.eu", "Shop"],
            "spec": [ABSENT, {}],
            "spec.minAvailable": [0, -1, "50%", "101%", "50", "half", ABSENT, 2.5],
            "spec.maxUnavailable": [1],
            "spec.selector": [
                ABSENT,
                {},
                {"matchLabels": {"app": "a b"}},
                {"matchExpressions": [{"key": "app", "operator": "In"}]},
            ],
            "spec.unhealthyPodEvictionPolicy": ["AlwaysAllow", "IfHealthyBudget", "", "Never"],
        },
    ),
    *named(
        BUDGET,
        {
            f"with maxUnavailable {share!r}": {
                "spec.minAvailable": ABSENT,
                "spec.maxUnavailable": share,
            }
            for share in (0, 1, -1, "30%", "100%", "101%", "-1%")
        }
        | {"of policy/v1beta1": {"apiVersion": "policy/v1beta1"}},
    ),
    *each(
        CLASS,
        {
            "metadata.name": ["Urgent", "system-node-critical", "system-mine", "urgent.eu"],
            "value": [ABSENT, 0, -(2**31), -(2**31) - 1, 10**9, 10**9 + 1, "1000", 1.5],
            "globalDefault": [True, False, "true"],
            "preemptionPolicy": ["Never", "PreemptLowerPriority", "", "Always"],
            "description": ["for what cannot wait", 7],
        },
    ),
]  # fmt: skip
