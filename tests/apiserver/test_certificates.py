"""Requests for certificates: who asked, who decides, what no update changes."""

from __future__ import annotations

import copy

import pytest

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.server import APIServer
from course_lib.engine import Simulation
from course_lib.objects.field_errors import InvalidObject
from tests.oracles.plane.certificates import CERTIFICATE, JANE, MASTERS

KIND = "CertificateSigningRequest"
APPROVED = {"conditions": [{"type": "Approved", "status": "True"}]}


def request(name="jane", **spec):
    asked = {
        "request": JANE,
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    }
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": KIND,
        "metadata": {"name": name},
        "spec": asked | spec,
    }


@pytest.fixture
def api():
    return APIServer(Simulation())


def patched(api, part, status):
    api.patch(KIND, "jane", "", {"status": status}, part)
    return api.document(KIND, "jane").get("status")


def test_the_server_notes_who_asks(api):
    api.create(request(username="eve", groups=["system:masters"], uid="1", extra={"a": ["b"]}))
    spec = api.document(KIND, "jane")["spec"]
    assert spec["username"] == "learner"
    assert spec["groups"] == ["system:masters", "system:authenticated"]
    assert "uid" not in spec and "extra" not in spec


def test_nothing_but_the_metadata_can_be_changed(api):
    api.create(request())
    before = api.document(KIND, "jane")
    changed = copy.deepcopy(before)
    changed["spec"] |= {"signerName": "example.com/own", "request": MASTERS}
    changed["status"] = APPROVED
    changed["metadata"]["labels"] = {"a": "b"}
    api.update(changed)
    after = api.document(KIND, "jane")
    assert after["spec"] == before["spec"] and after["status"] == {}
    assert after["metadata"]["labels"] == {"a": "b"}


def test_a_decision_gets_its_times_and_keeps_them(api):
    api.create(request())
    api.sim.run(10)
    [condition] = patched(api, "approval", APPROVED)["conditions"]
    assert condition["lastUpdateTime"] == condition["lastTransitionTime"] == "2026-01-01T00:00:10Z"
    api.sim.run(20)
    again = [APPROVED["conditions"][0] | {"reason": "Again"}]
    [condition] = patched(api, "approval", {"conditions": again})["conditions"]
    assert condition["lastTransitionTime"] == "2026-01-01T00:00:10Z"
    assert condition["lastUpdateTime"] == "2026-01-01T00:00:30Z"


def test_each_part_changes_what_is_its_own(api):
    api.create(request())
    assert "certificate" not in patched(api, "approval", APPROVED | {"certificate": CERTIFICATE})
    with pytest.raises(InvalidObject, match='may not remove a condition of type "Approved"'):
        patched(api, "status", {"conditions": []})
    assert patched(api, "status", {"certificate": CERTIFICATE})["certificate"] == CERTIFICATE
    with pytest.raises(InvalidObject, match="updates may not modify existing certificate content"):
        patched(api, "status", {"certificate": None})
    with pytest.raises(InvalidObject, match="must specify at most one of"):
        denied = {"type": "Denied", "status": "True"}
        patched(api, "approval", {"conditions": [*APPROVED["conditions"], denied]})


def test_a_decision_is_not_made_by_the_status(api):
    api.create(request())
    with pytest.raises(InvalidObject, match='may not add a condition of type "Approved"'):
        patched(api, "status", APPROVED)


def test_nobody_becomes_a_master_by_a_certificate(api):
    with pytest.raises(Forbidden, match="signer with system:masters group is not allowed"):
        api.create(request(request=MASTERS))
    api.create(request(request=MASTERS, signerName="example.com/own"))
