"""Defaults, and the canonical form of what is stored."""

import pytest

from course_lib.errors import InvalidManifest
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


@pytest.mark.parametrize(
    ("document", "patch", "path"),
    [
        (workload(), {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, "spec."),
        (workload("StatefulSet"), {"spec": {"serviceName": "other"}}, "spec.serviceName"),
        (pod(), {"spec": {"nodeSelector": {"a": "b"}}}, "spec.nodeSelector"),
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
