"""What is written into a new object, who refuses it, and what an update may change."""

from __future__ import annotations

import pytest

from course_lib.apiserver.errors import Forbidden, NotFound
from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import container, job, pod, service, workload


def kind(name: str, called: str, version: str = "v1", **parts: object) -> dict:
    return {"apiVersion": version, "kind": name, "metadata": {"name": called}, **parts}


def asks(cpu: str = "100m", **more: object) -> list[dict]:
    return [container(resources={"requests": {"cpu": cpu}, **more})]


@pytest.fixture
def server() -> Cluster:
    """A cluster without nodes, half a minute old: its controllers have done what they do."""
    cluster = Cluster(nodes=0)
    cluster.run(30)
    return cluster


def test_a_new_pod_is_pending_and_has_its_quality_of_service(server):
    resources = {"cpu": "8", "memory": "64Gi"}
    server.apply(pod("big", [container(resources={"requests": resources, "limits": resources})]))
    assert server.document("pod", "big")["status"] == {
        "phase": "Pending",
        "qosClass": "Guaranteed",
    }


def test_a_new_claim_is_pending(server):
    server.api.create(claim("1Gi"))
    assert server.document("pvc", "data")["status"]["phase"] == "Pending"


def test_a_namespace_carries_its_name_as_a_label(server):
    server.apply(kind("Namespace", "shop"))
    for name in ("default", "shop"):
        labels = server.document("namespace", name)["metadata"]["labels"]
        assert labels["kubernetes.io/metadata.name"] == name
    server.api.patch("Namespace", "shop", "", {"metadata": {"labels": None}})
    assert server.document("namespace", "shop")["metadata"]["labels"]


# ServiceAccounts


def test_a_pod_with_an_account_that_is_not_there_is_refused(server):
    with pytest.raises(Forbidden) as refusal:
        server.apply(pod(serviceAccountName="build-robot"))
    assert refusal.value.what == (
        'pods "web" is forbidden: error looking up service account default/build-robot: '
        'serviceaccount "build-robot" not found'
    )
    server.apply([kind("ServiceAccount", "build-robot"), pod(serviceAccountName="build-robot")])


def test_a_deployment_waits_for_its_account():
    cluster = Cluster(nodes=1)
    cluster.run(10)
    cluster.apply(workload(pod_spec={"serviceAccountName": "robot"}))
    cluster.run(10)
    said = cluster.log(reason="FailedCreate").MESSAGE[0]
    assert 'error looking up service account default/robot: serviceaccount "robot"' in said
    cluster.apply(kind("ServiceAccount", "robot"))
    cluster.run(60)
    assert cluster.ready("deployment/web")


def test_a_pod_comes_in_the_same_moment_as_its_namespace(server):
    inside = pod("first")
    inside["metadata"]["namespace"] = "shop"
    server.apply([kind("Namespace", "shop"), inside])
    assert server.document("pod", "first", "shop")["spec"]["serviceAccountName"] == "default"


def test_an_old_namespace_without_its_default_account_takes_no_pod(server):
    server.delete("serviceaccount", "default")
    with pytest.raises(Forbidden, match='serviceaccount "default" not found'):
        server.apply(pod())
    server.run(1)  # the controller makes it again
    server.apply(pod())


def test_the_accounts_secrets_for_images_become_the_pods(server):
    account = kind("ServiceAccount", "robot", imagePullSecrets=[{"name": "registry"}])
    server.apply([account, pod(serviceAccountName="robot")])
    assert server.document("pod", "web")["spec"]["imagePullSecrets"] == [{"name": "registry"}]


# LimitRanges and quotas


def test_a_limit_range_with_only_bounds_gives_defaults(server):
    item = {"type": "Container", "max": {"memory": "1Gi", "cpu": "800m"}, "min": {"memory": "5Mi"}}
    server.apply([kind("LimitRange", "bounds", spec={"limits": [item]}), pod()])
    both = {"cpu": "800m", "memory": "1Gi"}
    made = server.document("pod", "web")["spec"]["containers"][0]["resources"]
    assert made == {"limits": both, "requests": both}


def test_a_minimum_alone_becomes_the_request(server):
    item = {"type": "Container", "min": {"cpu": "200m"}}
    server.apply([kind("LimitRange", "bounds", spec={"limits": [item]}), pod()])
    made = server.document("pod", "web")["spec"]["containers"][0]["resources"]
    assert made["requests"] == {"cpu": "200m"}


def test_limits_hold_for_init_containers_too(server):
    item = {"type": "Container", "max": {"cpu": "1"}}
    server.apply(kind("LimitRange", "bounds", spec={"limits": [item]}))
    large = container("setup", resources={"limits": {"cpu": "2"}})
    with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1"):
        server.apply(pod(initContainers=[large]))


def quota(called: str, hard: dict, **spec: object) -> dict:
    return kind("ResourceQuota", called, spec={"hard": hard, **spec})


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({"scopes": ["BestEffort"]}, {}, {"containers": asks()}),
        ({"scopes": ["NotBestEffort"]}, {"containers": asks()}, {}),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 60}, {}),
        ({"scopes": ["NotTerminating"]}, {}, {"activeDeadlineSeconds": 60}),
        (
            {"scopeSelector": {"matchExpressions": [
                {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}},
            {"priorityClassName": "high"},
            {},
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_quota_with_a_scope_counts_the_pods_in_it_alone(server, scope, inside, outside):
    high = kind("PriorityClass", "high", "scheduling.k8s.io/v1", value=5)
    server.apply([high, quota("scoped", {"pods": "1"}, **scope)])
    server.apply([pod("other-1", **outside), pod("other-2", **outside), pod("one", **inside)])
    with pytest.raises(Forbidden, match="exceeded quota: scoped, requested: pods=1, used: pods=1"):
        server.apply(pod("two", **inside))
    server.run(5)
    assert server.document("quota", "scoped")["status"]["used"] == {"pods": "1"}


def test_a_change_that_costs_more_is_held_against_a_quota(server):
    server.apply([quota("one", {"services.nodeports": "1", "services": "2"}), service()])
    ports = [{"name": name, "port": port} for name, port in (("a", 80), ("b", 81))]
    with pytest.raises(Forbidden, match=r"requested: services\.nodeports=2"):
        server.api.patch(
            "Service", "web", "default", {"spec": {"type": "NodePort", "ports": ports}}
        )
    for _ in range(2):  # what the object costs already is not charged again
        server.api.patch("Service", "web", "default", {"spec": {"type": "NodePort"}})
    server.api.patch("Service", "web", "default", {"metadata": {"labels": {"a": "b"}}})


def test_a_refusal_by_a_quota_names_the_generated_pod(server):
    server.apply([quota("none", {"pods": "0"}), workload(replicas=1)])
    server.run(5)
    said = server.log(reason="FailedCreate").MESSAGE[0]
    name = said.split('pods "')[1].split('"')[0]
    assert name.startswith("web-")
    assert not name.endswith("-")
    assert len(name.split("-")) == 3


# Updates


def claim(size: str, **spec: object) -> dict:
    requests = {"requests": {"storage": size}}
    return kind(
        "PersistentVolumeClaim",
        "data",
        spec={"accessModes": ["ReadWriteOnce"], "resources": requests, **spec},
    )


def test_a_claim_grows_where_its_class_lets_it_and_never_shrinks():
    cluster = Cluster(nodes=1)
    cluster.apply(claim("1Gi"))
    cluster.run(10)
    with pytest.raises(Forbidden, match="only dynamically provisioned pvc can be resized"):
        cluster.apply(claim("2Gi"))
    with pytest.raises(CourseError, match=r"can not be less than status\.capacity"):
        cluster.apply(claim("500Mi"))
    grows = {"allowVolumeExpansion": True}
    cluster.api.patch("StorageClass", "standard", "", grows)
    assert cluster.apply(claim("2Gi")).RESULT[0] == "configured"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (job(completions=2), job(completions=3), "spec.completions"),
        (kind("Secret", "s"), kind("Secret", "s", type="example.com/x"), "type"),
        (
            kind("PriorityClass", "p", "scheduling.k8s.io/v1", value=5),
            kind("PriorityClass", "p", "scheduling.k8s.io/v1", value=6),
            "value",
        ),
        (
            kind("StorageClass", "c", "storage.k8s.io/v1", provisioner="a.b/c"),
            kind("StorageClass", "c", "storage.k8s.io/v1", provisioner="a.b/d"),
            "provisioner",
        ),
        (
            quota("q", {"pods": "1"}),
            quota("q", {"pods": "1"}, scopes=["BestEffort"]),
            "spec.scopes",
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_field_that_stays_as_it_was_made(server, before, after, field):
    server.apply(before)
    with pytest.raises(CourseError, match=r"may not be changed|field is immutable") as refusal:
        server.apply(after)
    assert field in refusal.value.where


def test_where_there_is_no_namespace_an_object_is_not_judged(api):
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a b": "x"}}
    with pytest.raises(NotFound, match='namespaces "No_Such" not found'):
        api.create(wrong | {"metadata": {"name": "Settings", "namespace": "No_Such"}})
