"""A status is checked by its types before what is empty is left out; collections of namespaces."""

from __future__ import annotations

import pytest

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.errors import InvalidManifest
from tests.conftest import pod, service, workload


@pytest.mark.parametrize("conditions", [[1], "abc", 7, {"a": 1}])
def test_conditions_of_a_wrong_type_are_refused(cluster, conditions):
    cluster.apply(pod("web"))
    with pytest.raises(InvalidManifest):
        cluster.api.patch("Pod", "web", "default", {"status": {"conditions": conditions}}, "status")


@pytest.mark.parametrize("count", [False, "", []])
def test_an_empty_value_of_a_wrong_type_is_no_zero(cluster, count):
    cluster.apply(workload(replicas=0))
    patch = {"status": {"readyReplicas": count}}
    with pytest.raises(InvalidManifest):
        cluster.api.patch("Deployment", "web", "default", patch, "status")


def test_namespaces_are_not_deleted_all_at_once(cluster):
    face = Face(cluster.api.reach)
    assert face.answer(Request("DELETE", "/api/v1/namespaces")).status == 405
    served = face.answer(Request("GET", "/api/v1")).document["resources"]
    verbs = {each["name"]: each["verbs"] for each in served}
    assert "deletecollection" not in verbs["namespaces"]
    assert "deletecollection" in verbs["pods"]


def test_a_collection_is_deleted_only_where_the_uid_is_the_one_that_is_asked_for(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    body = b'{"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}'
    path = "/api/v1/namespaces/default/configmaps"
    assert Face(cluster.api.reach).answer(Request("DELETE", path, body=body)).status == 409
    assert cluster.api.find("ConfigMap", "a", "default") is not None


def test_what_the_server_adds_to_a_status_stands_where_gos_types_have_it(api):
    api.create(pod("web"))
    status = {"phase": "Running", "podIP": "10.0.0.1", "startTime": "2026-01-01T00:00:00Z"}
    api.patch("Pod", "web", "default", {"status": status}, subresource="status")
    stored = api.document("Pod", "web")["status"]
    assert list(stored) == ["phase", "podIP", "podIPs", "startTime", "qosClass"]
    api.create(service("web", type="LoadBalancer"))
    port = {"port": 80, "protocol": "TCP"}
    balancer = {"ingress": [{"ip": "10.0.0.1", "ports": [port]}]}
    status = {"status": {"loadBalancer": balancer}}
    api.patch("Service", "web", "default", status, subresource="status")
    (point,) = api.document("Service", "web")["status"]["loadBalancer"]["ingress"]
    assert list(point.items()) == [("ip", "10.0.0.1"), ("ipMode", "VIP"), ("ports", [port])]
