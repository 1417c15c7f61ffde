"""What the API server writes into a new object, beside what its document says."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.errors import WrongType
from tests.oracles.plane.normal import leaves

LABELS = {"app": "shop"}
POD = {"containers": [{"name": "web", "image": "shop:1"}]}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
ONCE = {"spec": POD | {"restartPolicy": "Never"}}
SERVICE = {"selector": LABELS, "ports": [{"port": 80}]}
STARTED = "batch.kubernetes.io/job-name"


@pytest.fixture
def made():
    """The leaves of a document as it is stored."""
    cluster = Cluster(nodes=1, seed=1)

    def make(api_version: str, kind: str, **content: object) -> dict[str, object]:
        meta = {"name": "shop", "namespace": "default"}
        document = {"apiVersion": api_version, "kind": kind, "metadata": meta, **content}
        name = cluster.api.server.create(document).name
        return dict(
            leaves(cluster.api.server.document(cluster.api.kinds.named(kind), name, "default"))
        )

    return make


def test_a_load_balancer_gets_node_ports_and_a_sticky_service_its_timeout(made):
    service = made("v1", "Service", spec=SERVICE | {
        "type": "LoadBalancer", "sessionAffinity": "ClientIP"})  # fmt: skip
    assert service["spec.allocateLoadBalancerNodePorts"] is True
    assert service["spec.sessionAffinityConfig.clientIP.timeoutSeconds"] == 10800
    assert service["status.loadBalancer"] == {}
    assert "metadata.generation" not in service


def test_a_load_balancer_that_wants_no_node_port_gets_none(made):
    spec = SERVICE | {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False}
    assert "spec.ports[0].nodePort" not in made("v1", "Service", spec=spec)


def test_ports_of_two_protocols_may_share_a_node_port(made):
    ports = [{"name": name, "port": 53, "nodePort": 30053, "protocol": name.upper()}
             for name in ("tcp", "udp")]  # fmt: skip
    service = made("v1", "Service", spec={"type": "NodePort", "ports": ports})
    assert service["spec.ports[0].nodePort"] == service["spec.ports[1].nodePort"] == 30053


def test_a_job_carries_the_labels_of_its_pods(made):
    job = made("batch/v1", "Job", spec={"template": ONCE, "backoffLimitPerIndex": 1,
                                        "completionMode": "Indexed", "completions": 2})  # fmt: skip
    assert job[f'metadata.labels["{STARTED}"]'] == "shop"
    assert job["spec.podReplacementPolicy"] == "TerminatingOrFailed"
    assert job["spec.backoffLimit"] == 2**31 - 1


def test_a_stateful_set_keeps_its_claims_and_updates_one_pod_at_a_time(made):
    found = made("apps/v1", "StatefulSet", spec={
        "selector": {"matchLabels": LABELS}, "template": TEMPLATE,
        "podManagementPolicy": ""})  # fmt: skip
    assert found["spec.persistentVolumeClaimRetentionPolicy.whenDeleted"] == "Retain"
    assert found["spec.updateStrategy.rollingUpdate.partition"] == 0
    assert found["spec.podManagementPolicy"] == "OrderedReady"
    assert found["metadata.generation"] == 1


def test_a_network_policy_with_egress_rules_is_of_both_types(made):
    rules = {"egress": [{"ports": [{"port": 53}]}]}
    policy = made("networking.k8s.io/v1", "NetworkPolicy", spec=rules)
    assert policy["spec.policyTypes[1]"] == "Egress"
    assert policy["spec.egress[0].ports[0].protocol"] == "TCP"


def test_a_binding_names_the_group_of_its_role_and_users(made):
    binding = made("rbac.authorization.k8s.io/v1", "RoleBinding",
                   roleRef={"kind": "Role", "name": "reader"},
                   subjects=[{"kind": "User", "name": "ann"}])  # fmt: skip
    assert binding["roleRef.apiGroup"] == "rbac.authorization.k8s.io"
    assert binding["subjects[0].apiGroup"] == "rbac.authorization.k8s.io"


def test_a_field_of_the_wrong_type_is_a_bad_request():
    cluster = Cluster(nodes=1, seed=1)
    body = b'{"metadata": {"name": "x"}, "data": {"port": 80}}'
    path = "/api/v1/namespaces/default/configmaps"
    answer = Face(cluster.api.reach).answer(Request("POST", path, {}, {}, body))
    assert (answer.status, answer.document["reason"]) == (400, "BadRequest")
    with pytest.raises(WrongType):
        cluster.api.server.check({"apiVersion": "v1", "kind": "ConfigMap",
                                  "metadata": {"name": "x"}, "data": {"port": 80}})  # fmt: skip


SOURCES = {
    "iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2026-01.com.example:disk", "lun": 0},
    "rbd": {"monitors": ["10.0.0.1:6789"], "image": "disk"},
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_volume_of_any_kind_of_storage_is_kept(made, source):
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    spec[source] = SOURCES[source]
    assert made("v1", "PersistentVolume", spec=spec)["status.phase"] == "Pending"
