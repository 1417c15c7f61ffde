"""Applications as their authors published them: applied without edits, they reach their state.

The folder is named by MANIFESTS_DIR; without it, and without the default one, the tests skip.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.kinds import kind_named
from course_lib.objects.manifests import read_manifests
from tests.conftest import ROOT, status_of

FOLDER = Path(os.environ.get("MANIFESTS_DIR", ROOT.parent / "shared/data/manifests"))
FILES = [
    path
    for path in sorted(FOLDER.glob("*.yaml"))
    if not any(
        d["apiVersion"] in kind_named(d["kind"]).removed_versions for d in read_manifests(path)
    )
]
WORKLOADS = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet")
pytestmark = pytest.mark.skipif(not FILES, reason=f"no manifests in {FOLDER}")


def deployed(path: Path) -> Cluster:
    cluster = Cluster(nodes=3)
    cluster.apply(path)
    cluster.run(seconds=600)
    return cluster


def workloads(path: Path) -> list[dict]:
    return [d for d in read_manifests(path) if d["kind"] in WORKLOADS]


def needs(path: Path) -> Iterator[tuple[str, str, str, bool]]:
    """Kind, name and key of what a file's Pods need and the file lacks; True for a volume."""
    documents = read_manifests(path)
    have = {(d["kind"], d["metadata"]["name"]) for d in documents}
    found = []
    for document in workloads(path):
        spec = document["spec"]["template"]["spec"]
        for volume in spec.get("volumes", ()):
            if "secret" in volume:
                found.append(("Secret", volume["secret"]["secretName"], "any", True))
            if "configMap" in volume:
                found.append(("ConfigMap", volume["configMap"]["name"], "any", True))
        for container in spec["containers"]:
            for variable in container.get("env", ()):
                source = variable.get("valueFrom", {})
                for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                    if field in source:
                        reference = source[field]
                        found.append((kind, reference["name"], reference["key"], False))
    yield from (need for need in found if need[:2] not in have)


def replicas(document: dict) -> int:
    daemon = document["kind"] == "DaemonSet"
    return 3 if daemon else document["spec"].get("replicas", 1)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_workload_is_ready_or_waits_for_the_reason_that_a_real_cluster_gives(path: Path):
    cluster = deployed(path)
    missing = list(needs(path))
    for document in workloads(path):
        name = f"{document['kind']}/{document['metadata']['name']}"
        assert cluster.ready(name) == (not missing), name
    if not missing:
        assert set(status_of(cluster)) <= {"Running"}
        assert len(cluster.get("pods")) == sum(map(replicas, workloads(path)))
        return
    mounts = [need for need in missing if need[3]]
    reason = "ContainerCreating" if mounts else "CreateContainerConfigError"
    assert set(status_of(cluster)) == {reason}
    kind, wanted, _, _ = (mounts or missing)[0]
    said = cluster.log(reason="FailedMount" if mounts else "Failed").MESSAGE.iloc[-1]
    assert said.endswith(f'{kind.lower()} "{wanted}" not found')


@pytest.mark.parametrize("path", [p for p in FILES if list(needs(p))], ids=lambda p: p.name)
def test_what_waits_for_a_secret_goes_on_when_it_is_created(path: Path):
    cluster = deployed(path)
    for kind, name, key, _ in needs(path):
        field = "stringData" if kind == "Secret" else "data"
        cluster.apply(
            {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: {key: "value"}}
        )
    cluster.run(seconds=180)
    assert set(status_of(cluster)) == {"Running"}
    for document in workloads(path):
        assert cluster.ready(f"{document['kind']}/{document['metadata']['name']}")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_claims_are_bound_and_services_lead_to_every_ready_pod(path: Path):
    cluster = deployed(path)
    claims = cluster.get("pvc")
    assert set(claims.STATUS) <= {"Bound"}
    templates = [d for d in workloads(path) if d["kind"] == "StatefulSet"]
    bare = sum(d["kind"] == "PersistentVolumeClaim" for d in read_manifests(path))
    made = sum(len(d["spec"].get("volumeClaimTemplates", ())) * replicas(d) for d in templates)
    assert len(claims) == bare + made
    for document in read_manifests(path):
        if document["kind"] == "Service":
            selector = ",".join(f"{k}={v}" for k, v in document["spec"]["selector"].items())
            pods = cluster.get("pods", selector=selector, wide=True)
            ready = set(pods[pods.STATUS == "Running"].IP)
            slices = cluster.api.list("EndpointSlice")
            behind = {
                endpoint.addresses[0]
                for piece in slices
                if piece.labels["kubernetes.io/service-name"] == document["metadata"]["name"]
                for endpoint in piece.endpoints or ()
                if endpoint.conditions.ready
            }
            assert behind == ready


def test_a_stateful_set_starts_in_order_and_keeps_its_names():
    path = FOLDER / "cassandra-statefulset.yaml"
    if not path.exists():
        pytest.skip("no cassandra here")
    cluster = deployed(path)
    started = cluster.log(reason="Started", object="Pod/cassandra").OBJECT
    assert list(started) == ["Pod/cassandra-0", "Pod/cassandra-1", "Pod/cassandra-2"]


def test_a_removed_api_version_is_refused_in_kubectls_words():
    path = FOLDER / "agent-daemonset.yaml"
    if not path.exists():
        pytest.skip("no agent here")
    cluster = Cluster(nodes=3)
    with pytest.raises(CourseError, match="ensure CRDs are installed first") as problem:
        cluster.apply(path)
    assert 'no matches for kind "DaemonSet" in version "extensions/v1beta1"' in problem.value.what
    assert "served no longer since Kubernetes 1.16" in problem.value.do
