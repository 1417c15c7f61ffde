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


def reasons_of(cluster: Cluster, name: str) -> list[str]:
    return [reason for _, reason, _ in stated(cluster, name)]


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
    assert reasons_of(cluster, "b") == ["SucceededGetScale", "FailedGetResourceMetric"]


def test_an_autoscaler_finds_its_target_by_group_whatever_the_version(cluster):
    cluster.apply([workload(), autoscaler("old", "apps/v1beta1", "Deployment", "web")])
    cluster.run(seconds=60)
    assert reasons_of(cluster, "old") == ["SucceededGetScale", "FailedGetResourceMetric"]


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
    cluster.api.create(farm | {"spec": {"size": 3}})
    cluster.api.create(autoscaler("scale", "example.com/v1", "Farm", "f"))
    cluster.run(seconds=20)
    assert reasons_of(cluster, "scale") == ["SucceededGetScale", "InvalidSelector"]
    cluster.api.patch("Farm", "f", "default", {"spec": {"size": 9}})
    cluster.run(seconds=16)
    assert cluster.api.document("Farm", "f", "default")["spec"]["size"] == 5  # the most allowed


# All kinds of metrics


class Numbers:
    """An adapter with one number for everything, in thousandths."""

    def __init__(self, number: int) -> None:
        self.number = number

    def of_pods(self, namespace, metric, selector):
        return {f"web-{each}": self.number for each in range(2)}

    def of_object(self, namespace, kind, name, metric):
        return self.number

    def external(self, namespace, metric):
        return [self.number]


def sized(replicas: int) -> dict:
    return workload("StatefulSet", replicas=replicas, podManagementPolicy="Parallel")


def with_metric(kind: str, **source) -> dict:
    document = autoscaler("web", "apps/v1", "StatefulSet", "web")
    place = kind[0].lower() + kind[1:]
    document["spec"] |= {"maxReplicas": 9, "metrics": [{"type": kind, place: source}]}
    return document


QUEUE = {"name": "queue", "selector": {"matchLabels": {"team": "a"}}}
WEB = {"kind": "Service", "name": "web", "apiVersion": "v1"}
AVERAGE = {"type": "AverageValue", "averageValue": "2"}
TOTAL = {"type": "Value", "value": "2"}


@pytest.mark.parametrize(
    ("metric", "size", "name", "shown"),
    [
        (with_metric("Pods", metric=QUEUE, target=AVERAGE), 3, "pods metric queue", "3/2"),
        (
            with_metric("Object", metric=QUEUE, target=TOTAL, describedObject=WEB),
            3,
            "Service metric queue",
            "3/2",
        ),
        (
            with_metric("External", metric=QUEUE, target=TOTAL),
            3,
            "external metric queue(&LabelSelector{MatchLabels:map[string]string{team: a,},"
            "MatchExpressions:[]LabelSelectorRequirement{},})",
            "3/2",
        ),
        (
            with_metric("External", metric={"name": "queue"}, target=AVERAGE),
            2,
            "external metric queue(nil)",
            "1500m/2 (avg)",
        ),
    ],
)
def test_metrics_of_an_adapter_scale_too(cluster, metric, size, name, shown):
    cluster.machines.metrics.adapter = Numbers(3000)
    cluster.apply(sized(2))
    cluster.run(seconds=20)
    cluster.apply(metric)
    cluster.run(seconds=2)
    assert cluster.api.get("StatefulSet", "web").spec.replicas == size
    message = f"the HPA was able to successfully calculate a replica count from {name}"
    assert ("ScalingActive", "ValidMetricFound", message) in stated(cluster, "web")
    assert cluster.get("hpa").TARGETS[0] == shown


@pytest.mark.parametrize(
    ("metric", "reason", "why", "before"),
    [
        (
            with_metric("Pods", metric=QUEUE, target=AVERAGE),
            "FailedGetPodsMetric",
            "unable to get metric queue: unable to fetch metrics from custom metrics API: "
            "no custom metrics API (custom.metrics.k8s.io) registered",
            "failed to get pods metric value: ",
        ),
        (
            with_metric("External", metric={"name": "queue"}, target=TOTAL),
            "FailedGetExternalMetric",
            "unable to get external metric "
            "default/queue/nil: unable to fetch metrics from external metrics API: the server "
            "could not find the requested resource (get queue.external.metrics.k8s.io)",
            "failed to get queue external metric value: failed to get external metric queue: ",
        ),
    ],
)
def test_without_an_adapter_its_metrics_cannot_be_had(cluster, metric, reason, why, before):
    cluster.apply([sized(2), metric])
    cluster.run(seconds=2)
    assert cluster.log(reason=reason).MESSAGE[0] == why
    summary = "invalid metrics (1 invalid out of 1), first error is: " + before + why
    assert cluster.log(reason="FailedComputeMetricsReplicas").MESSAGE[0] == summary
    assert cluster.get("hpa").TARGETS[0] == "<unknown>/2"


def test_one_container_of_each_pod_may_count_alone(cluster):
    asked = {"requests": {"cpu": "100m"}}
    cluster.apply(workload(containers=[container(resources=asked), container("side")]))
    target = {"type": "Utilization", "averageUtilization": 60}
    document = autoscaler("web", "apps/v1", "Deployment", "web")
    source = {"name": "cpu", "container": "main", "target": target}
    document["spec"]["metrics"] = [{"type": "ContainerResource", "containerResource": source}]
    cluster.apply(document)
    cluster.run(seconds=400)
    name = "cpu container resource utilization (percentage of request)"
    message = f"the HPA was able to successfully calculate a replica count from {name}"
    assert ("ScalingActive", "ValidMetricFound", message) in stated(cluster, "web")


@pytest.mark.parametrize(
    ("replicas", "size", "why"),
    [
        (9, 5, "Current number of replicas above Spec.MaxReplicas"),
        (1, 2, "Current number of replicas below Spec.MinReplicas"),
    ],
)
def test_the_bounds_hold_without_metrics(replicas, size, why):
    cluster = Cluster(nodes=2, without=["metrics-server"])
    document = autoscaler("web", "apps/v1", "Deployment", "web")
    document["spec"]["minReplicas"] = 2
    cluster.apply([workload(replicas=replicas), document])
    cluster.run(seconds=1)
    assert cluster.api.get("Deployment", "web").spec.replicas == size
    assert cluster.log(reason="SuccessfulRescale").MESSAGE[0] == f"New size: {size}; reason: {why}"
    assert reasons_of(cluster, "web") == ["SucceededRescale", "NotScaledToZero"]


def test_two_autoscalers_of_the_same_pods_do_nothing(cluster):
    both = [autoscaler(name, "apps/v1", "Deployment", "web") for name in ("a", "b")]
    cluster.apply([workload(), *both])
    cluster.run(seconds=40)
    why = "pods by selector app=web are controlled by more than one HPA "
    why += "(e.g. [default/a default/b])"
    assert set(cluster.log(reason="AmbiguousSelector").MESSAGE) == {why}
    assert "AmbiguousSelector" in reasons_of(cluster, "a")


def test_a_spec_that_changes_is_looked_at_at_once_and_others_every_15_s(cluster):
    cluster.apply([workload(replicas=2), autoscaler("web", "apps/v1", "Deployment", "web")])
    cluster.run(seconds=20)
    cluster.api.patch("hpa", "web", "default", {"spec": {"maxReplicas": 1}})
    cluster.run(seconds=0.1)
    assert cluster.api.get("Deployment", "web").spec.replicas == 1
