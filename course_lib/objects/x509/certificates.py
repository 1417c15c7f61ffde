"""Certificates: what the API server checks of one.

Source: `validateCertificate` in `pkg/apis/certificates/validation` of Kubernetes; Go's
`crypto/x509`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.x509.der import CutValue, values
from course_lib.objects.x509.pem import CERTIFICATE, PEMBlock, pem_blocks

MALFORMED = "x509: malformed certificate"


def certificate_problems(pem: bytes) -> Iterator[str]:
    """The first thing that is wrong with the certificates of a text; nothing is with no text."""
    blocks = list(pem_blocks(pem))
    if pem and not blocks:
        yield "must contain at least one CERTIFICATE PEM block"
    for problem in filter(None, map(_problem, blocks)):
        yield problem
        return


def _problem(block: PEMBlock) -> str:
    if block.type != CERTIFICATE:
        return f'only CERTIFICATE PEM blocks are allowed, found "{block.type}"'
    if block.headers:
        return "no PEM block headers are permitted"
    try:
        parts = [len(each.parts()) for each in values(block.data)]
    except CutValue:
        return MALFORMED
    if not parts:
        return "found CERTIFICATE PEM block containing 0 certificates"
    return "" if all(number == 3 for number in parts) else MALFORMED
