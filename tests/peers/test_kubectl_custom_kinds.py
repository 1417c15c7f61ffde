"""The real kubectl with a kind that somebody defines."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from tests.apiserver.definitions import cache, definition
from tests.peers import golang, kubectl_peer
from tests.peers.kubectl_peer import Kubectl
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.fixture
def kubectl(tmp_path):
    kubectl_peer.build()
    with Cluster(nodes=1).serve(speed=10) as served:
        yield Kubectl(served, tmp_path)


def test_a_definition_and_its_objects_are_applied_listed_scaled_and_deleted(kubectl):
    defined = json.dumps(definition(names={"shortNames": ["ca"], "categories": ["all"]}))
    refused = kubectl("apply", "-f", "-", given=json.dumps(cache()), fails=True)
    assert 'no matches for kind "Cache" in version "example.com/v1"' in refused
    assert "ensure CRDs are installed first" in refused

    said = kubectl("apply", "-f", "-", given=defined)
    assert said == "customresourcedefinition.apiextensions.k8s.io/caches.example.com created\n"
    kubectl("wait", "--for=condition=Established", "crd/caches.example.com", "--timeout=20s")
    assert [
        "caches", "ca", "example.com/v1", "true", "Cache",
    ] in kubectl.table("api-resources", "--api-group=example.com")  # fmt: skip

    assert (
        kubectl("apply", "-f", "-", given=json.dumps(cache())) == "cache.example.com/web created\n"
    )
    assert kubectl("apply", "-f", "-", given=json.dumps(cache(size=3))) == (
        "cache.example.com/web configured\n"
    )
    heading = kubectl("get", "ca", "-o", "wide").splitlines()[0].split()
    assert heading == ["NAME", "IMAGE", "SIZE", "PHASE", "AGE"]
    assert kubectl.table("get", "caches")[0][:3] == ["web", "redis:7", "3"]
    assert "cache.example.com/web" in kubectl("get", "all", "-o", "name")

    assert kubectl("scale", "cache/web", "--replicas=5") == "cache.example.com/web scaled\n"
    assert kubectl("get", "cache", "web", "-o", "jsonpath={.spec.size}") == "5"
    wrong = kubectl("apply", "-f", "-", given=json.dumps(cache(size=99)), fails=True)
    assert 'The Cache "web" is invalid: spec.size: Invalid value: 99: ' in wrong
    unknown = kubectl("apply", "-f", "-", given=json.dumps(cache(colour="red")), fails=True)
    assert 'unknown field "spec.colour"' in unknown

    said = kubectl("delete", "crd", "caches.example.com")
    assert 'customresourcedefinition.apiextensions.k8s.io "caches.example.com" deleted' in said
    gone = kubectl("get", "caches", fails=True)  # by what kubectl remembers of the discovery
    assert "the server could not find the requested resource" in gone
    assert kubectl.table("api-resources", "--api-group=example.com") == []
