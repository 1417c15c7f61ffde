"""A CertificateSigningRequest: who asks for a certificate, for which names, and what was decided.

Source: `CertificateSigningRequestDescriber` and `extractCSRStatus` in `pkg/describe/describe.go`
of k8s.io/kubectl.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable

from course_lib.engine.ages import age
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pkcs10 import Texts, read_request
from course_lib.kubectl.describing.values import date, pairs
from course_lib.kubectl.describing.writing import Lines, field, stated

SUBJECT = ("Organization", "Organizational Unit", "Country", "Locality", "Province",
           "StreetAddress", "PostalCode")  # fmt: skip
NAMES = ("DNS Names", "Email Addresses", "URIs", "IP Addresses")


def lines(request: DescribedObject) -> Lines:
    """All but the events; raises `CommandError` for a request that cannot be read."""
    asked = read_request(b64decode(request.spec.get("request") or ""))
    seconds = request.spec.get("expirationSeconds")
    yield field("Name", request.name)
    yield field("Labels", pairs(request.metadata.get("labels")))
    yield field("Annotations", pairs(request.metadata.get("annotations")))
    yield field("CreationTimestamp", date(request.metadata.get("creationTimestamp")))
    yield field("Requesting User", request.spec.get("username"))
    yield from stated(
        ("Signer", request.spec.get("signerName")),
        ("Requested Duration", None if seconds is None else age(seconds)),
    )
    yield field("Status", _decision(request))
    yield "Subject:"
    for title in ("Common Name", "Serial Number"):
        yield f"\t{field(title, asked.subject.get(title, [''])[-1])}"
    yield from _lists(asked.subject, SUBJECT)
    if asked.names.keys() & set(NAMES):
        yield "Subject Alternative Names:"
        yield from _lists(asked.names, NAMES)


def _lists(texts: Texts, titles: Iterable[str]) -> Lines:
    for title in titles:
        for n, text in enumerate(texts.get(title, ())):
            yield f"\t\t{text}" if n else f"\t{field(title, text)}"


def _decision(request: DescribedObject) -> str:
    """Whether it is approved, denied or pending, and what came of it."""
    said = {each["type"] for each in request.status.get("conditions") or ()}
    decision = next((word for word in ("Denied", "Approved") if word in said), "Pending")
    failed = ",Failed" if "Failed" in said else ""
    return f"{decision}{failed}{',Issued' if request.status.get('certificate') else ''}"
