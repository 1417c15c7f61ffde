"""Requests for certificates: who may write a decision, who the certificate, and who neither."""

from __future__ import annotations

from typing import Any

from tests.oracles.plane.certificates import CERTIFICATE, MASTERS
from tests.peers.plane.questions.creates_certificates import REQUEST
from tests.peers.plane.questions.tables import updates


def _said(*types: str, **more: Any) -> dict[str, Any]:
    conditions = [{"type": type, "status": "True", "reason": "Tried"} | more for type in types]
    return {"status": {"conditions": conditions}}


STATUS, APPROVAL = {"subresource": "status"}, {"subresource": "approval"}
WHOLE = {
    "another signer": {"spec": {"signerName": "example.com/other"}},
    "another request": {"spec": {"request": MASTERS}},
    "no request": {"spec": None},
    "a label": {"metadata": {"labels": {"a": "b"}}},
    "a finalizer without a domain": {"metadata": {"finalizers": ["a"]}},
    "a status": _said("Approved"),
    "a user": {"spec": {"username": "eve"}},
}
OF_STATUS = {
    "a certificate": {"status": {"certificate": CERTIFICATE}},
    "no certificate": {"status": {"certificate": "YWJj"}},
    "a request in place of a certificate": {"status": {"certificate": REQUEST["spec"]["request"]}},
    "approved by the status": _said("Approved"),
    "denied by the status": _said("Denied"),
    "failed": _said("Failed"),
    "failed, but not": _said("Failed", status="False"),
    "a condition of its own": _said("Ready", status="False"),
    "a condition of no status": _said("Ready", status=""),
    "a condition of a strange status": _said("Ready", status="Perhaps"),
    "a condition without a type": _said(""),
    "a condition twice": _said("Ready", "Ready"),
    "a condition with its times": _said("Ready", lastUpdateTime="2025-12-31T00:00:00Z"),
    "a label by the status": {"metadata": {"labels": {"a": "b"}}},
    "a spec by the status": {"spec": {"signerName": "example.com/other"}},
}
OF_APPROVAL = {
    "approved": _said("Approved"),
    "denied": _said("Denied"),
    "approved, but not": _said("Approved", status="False"),
    "approved and denied": _said("Approved", "Denied"),
    "approved twice": _said("Approved", "Approved"),
    "approved without a status": {"status": {"conditions": [{"type": "Approved"}]}},
    "a certificate by the approval": {"status": {"certificate": CERTIFICATE}},
    "failed by the approval": _said("Failed"),
    "a label by the approval": {"metadata": {"labels": {"a": "b"}}},
    "a spec by the approval": {"spec": {"signerName": "example.com/other"}},
    "an empty list": {"status": {"conditions": []}},
}
APPROVED = {"before": [["approval", _said("Approved")]]}
DENIED = {"before": [["approval", _said("Denied")]]}
ISSUED = {"before": [*APPROVED["before"], ["status", {"status": {"certificate": CERTIFICATE}}]]}


def _after(word: str, patches: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}, after it was {word}": patch for name, patch in patches.items()}


CASES = [
    *updates(REQUEST, WHOLE),
    *updates(REQUEST, OF_STATUS, **STATUS),
    *updates(REQUEST, OF_APPROVAL, **APPROVAL),
    *updates(REQUEST, _after("approved", OF_APPROVAL), **APPROVAL, **APPROVED),
    *updates(REQUEST, _after("denied", OF_APPROVAL), **APPROVAL, **DENIED),
    *updates(REQUEST, _after("approved", OF_STATUS), **STATUS, **APPROVED),
    *updates(REQUEST, _after("issued", OF_STATUS), **STATUS, **ISSUED),
    *updates(REQUEST, _after("issued", OF_APPROVAL), **APPROVAL, **ISSUED),
    *updates(REQUEST, _after("issued", WHOLE), **ISSUED),
]
