"""What the API server refuses in requests for certificates, and what an update may change.

Source: `pkg/apis/certificates/validation`, `pkg/registry/certificates/certificates/strategy.go`.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import NameRule, object_meta, object_meta_update
from course_lib.objects.validation.signers import signer_name
from course_lib.objects.x509.certificates import certificate_problems
from course_lib.objects.x509.requests import UnreadableRequest, check_request

APPROVED, DENIED, FAILED = "Approved", "Denied", "Failed"
LEGACY = "kubernetes.io/legacy-unknown"  # the signer of requests of an older version
LEAST_SECONDS = 600
USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign",
    "data encipherment", "decipher only", "digital signature", "email protection",
    "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement",
    "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth",
    "signing", "timestamping",
)  # fmt: skip
STATUSES = ("False", "True", "Unknown")
_DECISIONS = [f'conditions[{{"type": "{kind}"}}]' for kind in (APPROVED, DENIED)]
CONDITIONS, CERTIFICATE = "status.conditions", "status.certificate"


def decision(status: Document) -> str:
    """Whether a request is approved, denied or pending, and what came of it (`extractCSRStatus`).

    >>> decision({"conditions": [{"type": "Approved"}], "certificate": "LS0t"})
    'Approved,Issued'
    """
    said = {each.get("type") for each in status.get("conditions") or ()}
    word = next((word for word in (DENIED, APPROVED) if word in said), "Pending")
    failed = ",Failed" if FAILED in said else ""
    return f"{word}{failed}{',Issued' if status.get('certificate') else ''}"


def _any_name(name: str, prefix: bool) -> list[str]:
    return []


ANY_NAME: NameRule = _any_name


def request_errors(document: Document, old: Document | None = None) -> Errors:
    """A request, or one that replaces an `old` one (`validateCertificateSigningRequest`)."""
    yield from object_meta(document, ANY_NAME, namespaced=False)
    spec, status = document.get("spec") or {}, document.get("status") or {}
    request = spec.get("request")
    try:
        check_request(b64decode(request or ""))
    except UnreadableRequest as problem:
        yield invalid("spec.request", request, str(problem))
    yield from _usages(spec.get("usages") or [])
    signer = spec.get("signerName", "")
    if signer == LEGACY:
        rule = "the legacy signerName is not allowed via this API version"
        yield invalid("spec.signerName", signer, rule)
    else:
        yield from signer_name(signer, "spec.signerName")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < LEAST_SECONDS:
        rule = "may not specify a duration less than 600 seconds (10 minutes)"
        yield invalid("spec.expirationSeconds", seconds, rule)
    yield from _conditions(status.get("conditions") or [], _types(old) if old else [])
    before = ((old or {}).get("status") or {}).get("certificate") or ""
    if (certificate := status.get("certificate") or "") != before:
        for wrong in certificate_problems(b64decode(certificate)):
            yield invalid(CERTIFICATE, "<certificate data>", wrong)


def _usages(usages: list[str]) -> Errors:
    """What the certificate is to be used for: something that is known, each once."""
    if not usages:
        yield required("spec.usages")
    for position, usage in enumerate(usages):
        if usage not in USAGES:
            yield not_supported(f"spec.usages[{position}]", usage, USAGES)
    for position, usage in enumerate(usages):
        if usage in usages[:position]:
            yield duplicate(f"spec.usages[{position}]", usage)


def _conditions(conditions: list[Document], before: Sequence[str]) -> Errors:
    """Approved, Denied and Failed can only be true; no request is approved and denied."""
    seen: list[str] = []
    for position, condition in enumerate(conditions):
        here, kind = f"{CONDITIONS}[{position}]", condition.get("type", "")
        if not kind:
            yield required(f"{here}.type")
        allowed = ("True",) if kind in (APPROVED, DENIED, FAILED) else STATUSES
        status = condition.get("status", "")
        if not status:
            yield required(f"{here}.status")
        elif status not in allowed:
            yield not_supported(f"{here}.status", status, allowed)
        if kind in seen:
            yield duplicate(f"{here}.type", kind)
        seen.append(kind)
    if {APPROVED, DENIED} <= {*seen} and not {APPROVED, DENIED} <= {*before}:
        rule = "must specify at most one of: " + ", ".join(f"`{each}`" for each in _DECISIONS)
        yield invalid(CONDITIONS, f"{{{', '.join(_DECISIONS)}}}", rule)


def _types(document: Document) -> list[str]:
    conditions = (document.get("status") or {}).get("conditions") or ()
    return [condition.get("type", "") for condition in conditions]


def update_errors(new: Document, old: Document) -> Errors:
    """An update of the metadata alone: its strategy has put the rest back."""
    yield from request_errors(new, old)
    yield from _removed(new, old)
    yield from object_meta_update(new, old)


def status_errors(new: Document, old: Document) -> Errors:
    """A new status: it has no decision, and a certificate that is there stays."""
    yield from request_errors(new, old)
    yield from _removed(new, old)
    for kind in (APPROVED, DENIED):
        if _types(new).count(kind) > _types(old).count(kind):
            yield forbidden(CONDITIONS, f'updates may not add a condition of type "{kind}"')
    before = (old.get("status") or {}).get("certificate")
    if before and (new.get("status") or {}).get("certificate") != before:
        yield forbidden(CERTIFICATE, "updates may not modify existing certificate content")
    yield from object_meta_update(new, old)


def approval_errors(new: Document, old: Document) -> Errors:
    """A decision (`ValidateCertificateSigningRequestApprovalUpdate`)."""
    yield from request_errors(new, old)
    yield from _removed(new, old)
    yield from object_meta_update(new, old)


def _removed(new: Document, old: Document) -> Errors:
    for kind in (APPROVED, DENIED, FAILED):
        if _types(new).count(kind) < _types(old).count(kind):
            yield forbidden(CONDITIONS, f'updates may not remove a condition of type "{kind}"')


def with_old_decisions(conditions: list[Document], before: list[Document]) -> list[Document]:
    """The `conditions` with the decisions as they were `before` (`preserveConditionInstances`)."""
    kept = list(conditions)
    for kind in (APPROVED, DENIED):
        here = [n for n, each in enumerate(conditions) if each.get("type") == kind]
        known = [each for each in before if each.get("type") == kind]
        if len(here) == len(known):
            for position, condition in zip(here, known, strict=True):
                kept[position] = condition
    return kept


def stamped(conditions: list[Document], before: list[Document], now: str) -> Iterator[Document]:
    """The `conditions` with times where they have none (`populateConditionTimestamps`).

    One that was the same `before` keeps the time of its last transition; that of all others is
    `now`.
    """
    for condition in conditions:
        same = (
            each["lastTransitionTime"]
            for each in before
            if each.get("lastTransitionTime")
            and all(each.get(field) == condition.get(field) for field in ("type", "status"))
        )
        yield condition | {
            "lastUpdateTime": condition.get("lastUpdateTime") or now,
            "lastTransitionTime": condition.get("lastTransitionTime") or next(same, now),
        }
