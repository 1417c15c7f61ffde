"""A CertificateSigningRequest: who asks for a certificate, for which names, and what was decided.

Source: `CertificateSigningRequestDescriber` and `extractCSRStatus` in `pkg/describe/describe.go`
of k8s.io/kubectl.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable

from course_lib.engine.ages import age
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import date, pairs
from course_lib.kubectl.describing.writing import Lines, field, stated
from course_lib.kubectl.failures import CommandError
from course_lib.objects.kinds.certificate_rules import decision
from course_lib.objects.x509.requests import Texts, UnreadableRequest, read_request

SUBJECT = ("Organization", "Organizational Unit", "Country", "Locality", "Province",
           "StreetAddress", "PostalCode")  # fmt: skip
NAMES = ("DNS Names", "Email Addresses", "URIs", "IP Addresses")


def lines(request: DescribedObject) -> Lines:
    """All but the events; raises `CommandError` for a request that cannot be read."""
    try:
        asked = read_request(b64decode(request.spec.get("request") or ""))
    except UnreadableRequest as problem:
        raise CommandError(f"Error parsing CSR: {problem}") from None
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
    yield field("Status", decision(request.status))
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
