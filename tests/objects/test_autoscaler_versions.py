"""One autoscaler in two versions: CPU has a field in v1, and all else is kept in annotations."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from course_lib.objects.kinds.autoscaler_versions import BEHAVIOR, METRICS, to_v1, to_v2

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
}
OTHERS = [
    {
        "type": "Pods",
        "pods": {
            "metric": {"name": "requests"},
            "target": {"type": "AverageValue", "averageValue": "10"},
        },
    },
    {
        "type": "Object",
        "object": {
            "describedObject": {"kind": "Ingress", "name": "front"},
            "metric": {"name": "rate", "selector": {"matchLabels": {"a": "b"}}},
            "target": {"type": "Value", "value": "2k"},
        },
    },
    {
        "type": "External",
        "external": {
            "metric": {"name": "queue"},
            "target": {"type": "AverageValue", "averageValue": "30"},
        },
    },
    {
        "type": "ContainerResource",
        "containerResource": {
            "name": "memory",
            "container": "main",
            "target": {"type": "AverageValue", "averageValue": "64Mi"},
        },
    },
]


def autoscaler(**fields):
    spec = {"scaleTargetRef": TARGET, "minReplicas": 1, "maxReplicas": 5} | fields
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "annotations": {"note": "x"}},
        "spec": spec,
    }


def test_the_share_of_cpu_has_a_field_of_its_own():
    older = to_v1(autoscaler(metrics=[CPU]))
    assert older["spec"]["targetCPUUtilizationPercentage"] == 60
    assert older["metadata"]["annotations"] == {"note": "x"}
    assert to_v2(older)["spec"] == autoscaler(metrics=[CPU])["spec"]


@pytest.mark.parametrize("metric", OTHERS, ids=lambda metric: metric["type"])
def test_every_other_metric_is_kept_in_an_annotation(metric):
    older = to_v1(autoscaler(metrics=[metric]))
    assert "targetCPUUtilizationPercentage" not in older["spec"]
    assert [each["type"] for each in json.loads(older["metadata"]["annotations"][METRICS])] == [
        metric["type"]
    ]
    assert to_v2(older)["spec"] == autoscaler(metrics=[metric])["spec"]


def test_rules_are_kept_with_the_names_that_they_have_in_memory():
    behavior = {
        "scaleDown": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}],
        }
    }
    older = to_v1(autoscaler(metrics=[CPU], behavior=behavior))
    assert json.loads(older["metadata"]["annotations"][BEHAVIOR]) == {
        "ScaleUp": None,
        "ScaleDown": {
            "StabilizationWindowSeconds": 60,
            "SelectPolicy": None,
            "Policies": [{"Type": "Pods", "Value": 1, "PeriodSeconds": 15}],
            "Tolerance": None,
        },
    }
    assert to_v2(older)["spec"]["behavior"] == behavior


def test_an_annotation_that_cannot_be_read_is_dropped():
    older = to_v1(autoscaler(metrics=[CPU]))
    older["metadata"]["annotations"][METRICS] = "no JSON"
    assert to_v2(older) == autoscaler(metrics=[CPU]) | {"status": to_v2(older)["status"]}


def test_a_cluster_takes_and_shows_both_versions():
    cluster = Cluster(nodes=1)
    document = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": TARGET, "maxReplicas": 3, "targetCPUUtilizationPercentage": 60},
    }
    cluster.apply(document)
    stored = cluster.document("hpa", "web")
    assert stored["apiVersion"] == "autoscaling/v2"
    assert stored["spec"]["metrics"] == [CPU]
    assert cluster.get("hpa").MINPODS.iloc[0] == "1"
