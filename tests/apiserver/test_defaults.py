"""Defaults, and the canonical form of what is stored."""

import pytest

from course_lib.errors import InvalidManifest
from course_lib.objects.kinds.pod.defaults import pull_policy
from tests.conftest import container, pod, service, workload


def test_defaults_are_written_into_the_document(api):
    api.create(workload())
    spec = api.document("Deployment", "web")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    inner = spec["template"]["spec"]
    assert inner["restartPolicy"] == "Always"
    assert inner["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    api.create(pod(containers=[container(image="nginx")]))
    assert api.document("Pod", "web")["spec"]["containers"][0]["imagePullPolicy"] == "Always"


def test_a_limit_is_also_the_request_and_amounts_are_stored_in_canonical_form(api):
    limited = container(resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}})
    api.create(pod(containers=[limited]))
    resources = api.document("Pod", "web")["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "500m", "memory": "1Gi"} == resources["limits"]


def test_a_pod_is_completed_further_than_a_template(api):
    api.create(workload())
    assert "enableServiceLinks" not in api.document("Deployment", "web")["spec"]["template"]["spec"]
    api.create(pod(serviceAccountName="default"))
    spec = api.document("Pod", "web")["spec"]
    assert spec["enableServiceLinks"] is True
    assert spec["serviceAccount"] == "default"
    assert spec["preemptionPolicy"] == "PreemptLowerPriority"


def test_a_field_of_empty_text_gets_its_default(api):
    api.create(pod(restartPolicy="", dnsPolicy="", containers=[container(imagePullPolicy="")]))
    spec = api.document("Pod", "web")["spec"]
    assert (spec["restartPolicy"], spec["dnsPolicy"]) == ("Always", "ClusterFirst")
    assert spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize(
    ("volume", "stored"),
    [
        ({}, {"emptyDir": {}}),
        ({"hostPath": {"path": "/"}}, {"hostPath": {"path": "/", "type": ""}}),
        ({"secret": {"secretName": "a"}}, {"secret": {"secretName": "a", "defaultMode": 420}}),
        (
            {"image": {"reference": "example.com/data"}},
            {"image": {"reference": "example.com/data", "pullPolicy": "Always"}},
        ),
    ],
)
def test_the_volumes_of_a_pod_get_their_defaults(api, volume, stored):
    api.create(pod(volumes=[{"name": "v"} | volume]))
    assert api.document("Pod", "web")["spec"]["volumes"][0] == {"name": "v"} | stored


def test_references_of_variables_get_their_defaults(api):
    variables = [
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    ]
    api.create(pod(containers=[container(env=variables)]))
    stored = api.document("Pod", "web")["spec"]["containers"][0]["env"]
    assert stored[0]["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert stored[1]["valueFrom"]["resourceFieldRef"]["divisor"] == "0"


def test_a_port_on_the_network_of_its_host_is_the_same_there(api):
    api.create(pod(hostNetwork=True, containers=[container(ports=[{"containerPort": 80}])]))
    assert api.document("Pod", "web")["spec"]["containers"][0]["ports"][0]["hostPort"] == 80


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("nginx@sha256:" + "a" * 64, "IfNotPresent"),
        ("nginx:latest@sha256:" + "a" * 64, "Always"),
        ("registry.example.com:5000/web", "Always"),
        ("NGINX", "IfNotPresent"),
    ],
)
def test_the_pull_policy_follows_from_the_tag(image, policy):
    assert pull_policy(image) == policy


def test_a_pod_that_asks_for_nothing_is_best_effort(api):
    api.create(pod(containers=[container(resources={"limits": {"memory": "0"}})]))
    assert api.document("Pod", "web")["status"]["qosClass"] == "BestEffort"


@pytest.mark.parametrize(
    ("document", "patch", "path"),
    [
        (workload(), {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, "spec."),
        (workload("StatefulSet"), {"spec": {"serviceName": "other"}}, "spec.serviceName"),
        (pod(), {"spec": {"nodeSelector": {"a": "b"}}}, "spec"),
        (service(), {"spec": {"clusterIP": "10.96.9.9"}}, "spec.clusterIP"),
        (
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "web"},
                "data": {"a": "b"},
                "immutable": True,
            },
            {"data": {"a": "c"}},
            "data",
        ),
    ],
)
def test_some_fields_may_not_change(api, document, patch, path):
    api.create(document)
    with pytest.raises(InvalidManifest) as problem:
        api.patch(document["kind"], "web", "", patch)
    assert path in problem.value.where
