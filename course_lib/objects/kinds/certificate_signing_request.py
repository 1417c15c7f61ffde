"""CertificateSigningRequest: a request for a certificate that others can trust.

Source: API reference, `certificates.k8s.io/v1`; kubernetes.io "Certificates and Certificate
Signing Requests".
"""

from __future__ import annotations

import msgspec

from course_lib.engine.ages import age
from course_lib.objects.columns import NONE
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, Subresource, by_path
from course_lib.objects.kinds.certificate_rules import (
    approval_errors,
    decision,
    request_errors,
    stamped,
    status_errors,
    update_errors,
    with_old_decisions,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.users import USER

GROUP = "certificates.k8s.io"
OF_THE_USER = ("username", "uid", "groups", "extra")  # the server writes them


class CertificateRequestSpec(Value, frozen=True):
    """What is asked for, from which signer, for how long; and who asks."""

    request: str = ""  # PKCS #10 in PEM, in base64
    signer_name: str = ""
    expiration_seconds: int | None = None
    usages: list[str] | None = None
    username: str = ""
    groups: list[str] | None = None


class CertificateRequestStatus(Value, frozen=True):
    """What was decided, and the certificate once it is issued (PEM, in base64)."""

    conditions: list[Condition] | None = None
    certificate: str = ""


class CertificateSigningRequest(Object, frozen=True, kw_only=True):
    """A request for a certificate: pending, then approved or denied, then issued."""

    spec: CertificateRequestSpec = CertificateRequestSpec()
    status: CertificateRequestStatus = CertificateRequestStatus()


def _prepare(document: Document) -> None:
    """Note who asks, whatever the request says (`PrepareForCreate`)."""
    for spec in places(document, "spec"):
        for field in OF_THE_USER:
            spec.pop(field, None)
        spec |= USER


def _prepare_update(new: Document, old: Document) -> None:
    """Nothing but its metadata can be changed (`PrepareForUpdate`)."""
    new["spec"] = old["spec"]


def _prepare_status(new: Document, old: Document, part: str, now: str) -> Document:
    """Each of the two parts changes what is its own: decisions, or all but the decisions."""
    status, before = new.get("status") or {}, old.get("status") or {}
    conditions, known = status.get("conditions") or [], before.get("conditions") or []
    if part == "status":
        conditions = with_old_decisions(conditions, known)
    else:
        status = before
    return {**status, "conditions": list(stamped(conditions, known, now))}


def _row(request: CertificateSigningRequest, now: float) -> Row:
    spec, seconds = request.spec, request.spec.expiration_seconds
    return (
        request.name,
        spec.signer_name or NONE,
        spec.username,
        NONE if seconds is None else age(seconds),
        decision(msgspec.to_builtins(request.status)),
    )


CERTIFICATE_SIGNING_REQUEST = Kind(
    f"{GROUP}/v1",
    CertificateSigningRequest,
    ("csr",),
    selectable=by_path("spec.signerName"),
    namespaced=False,
    removed_versions={f"{GROUP}/v1beta1": "1.22"},
    first_status=lambda request: {},
    prepare=_prepare,
    prepare_update=_prepare_update,
    prepare_status=_prepare_status,
    status_metadata=("labels", "annotations", "finalizers", "ownerReferences"),
    validate=request_errors,
    validate_update=update_errors,
    validate_status=status_errors,
    subresources=(
        Subresource(
            "approval", "CertificateSigningRequest", GROUP, of_status=True, validate=approval_errors
        ),
    ),
    columns=table_columns("Name  Age  SignerName  Requestor  RequestedDuration  Condition"),
    row=_row,
)
