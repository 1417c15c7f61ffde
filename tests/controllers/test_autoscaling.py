"""HorizontalPodAutoscalers: what they scale, and why they cannot."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, service, workload


def autoscaler(name: str, api_version: str, kind: str, target: str) -> dict:
    reference = {"apiVersion": api_version, "kind": kind, "name": target}
    utilization = {"type": "Utilization", "averageUtilization": 60}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": utilization}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": reference, "maxReplicas": 5, "metrics": [metric]},
    }


def stated(cluster: Cluster, name: str) -> list[tuple[str, str, str]]:
    conditions = cluster.api.get("hpa", name, "default").status.conditions or ()
    return [(each.type, each.reason, each.message) for each in conditions]


def test_the_autoscaler_says_why_it_cannot_act(cluster):
    cluster.apply(
        [
            workload(),
            {
                "apiVersion": "autoscaling/v1",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "web"},
                "spec": {
                    "scaleTargetRef": {
                        "kind": "Deployment",
                        "name": "web",
                        "apiVersion": "apps/v1",
                    },
                    "maxReplicas": 5,
                    "targetCPUUtilizationPercentage": 60,
                },
            },
        ]
    )
    cluster.run(seconds=120)
    said = cluster.log(reason="FailedGetResourceMetric").MESSAGE.iloc[-1]
    assert "missing request for cpu in container main" in said
    assert cluster.get("hpa").TARGETS[0] == "cpu: <unknown>/60%"
    assert service()["kind"] == "Service"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (("batch/v1", "Nothing", "web"), 'no matches for kind "Nothing" in group "batch"'),
        (
            ("extensions/v1beta1", "Deployment", "web"),
            "the HPA controller was unable to get the target's current scale: "
            'no matches for kind "Deployment" in group "extensions"',
        ),
        (("example.com/v1", "Deployment", "web"), 'no matches for kind "Deployment"'),
        (("batch/v1", "CronJob", "web"), "the server could not find the requested resource"),
        (("apps/v1", "StatefulSet", "web"), 'statefulsets.apps "web" not found'),
    ],
)
def test_an_autoscaler_without_a_target_says_so_and_does_not_stop_the_others(
    cluster, target, message
):
    cluster.apply([workload(), autoscaler("a", *target)])
    cluster.apply(autoscaler("b", "apps/v1", "Deployment", "web"))
    cluster.run(seconds=60)
    [(condition, reason, said)] = stated(cluster, "a")
    assert (condition, reason) == ("AbleToScale", "FailedGetScale")
    assert message in said
    assert [reason for _, reason, _ in stated(cluster, "b")] == ["FailedGetResourceMetric"]


def test_an_autoscaler_finds_its_target_by_group_whatever_the_version(cluster):
    cluster.apply([workload(), autoscaler("old", "apps/v1beta1", "Deployment", "web")])
    cluster.run(seconds=60)
    assert [reason for _, reason, _ in stated(cluster, "old")] == ["FailedGetResourceMetric"]


def test_an_autoscaler_scales_a_custom_kind_by_its_scale_subresource(cluster):
    paths = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.selector",
    }
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    version |= {"schema": {"openAPIV3Schema": schema}, "subresources": {"scale": paths}}
    spec = {"group": "example.com", "scope": "Namespaced", "versions": [version]}
    cluster.api.create(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "farms.example.com"},
            "spec": spec | {"names": {"plural": "farms", "kind": "Farm"}},
        }
    )
    farm = {"apiVersion": "example.com/v1", "kind": "Farm", "metadata": {"name": "f"}}
    cluster.api.create(farm | {"spec": {"size": 9}})
    cluster.api.create(autoscaler("scale", "example.com/v1", "Farm", "f"))
    cluster.run(seconds=20)
    assert [reason for _, reason, _ in stated(cluster, "scale")] == ["InvalidSelector"]
    requests = {"requests": {"cpu": "1m"}}
    cluster.apply(workload(containers=[container(resources=requests)]))
    cluster.api.patch("Farm", "f", "default", {"status": {"selector": "app=web"}})
    cluster.run(seconds=120)
    assert cluster.api.document("Farm", "f", "default")["spec"]["size"] == 5  # the most allowed
