"""Requests for certificates (PKCS #10): who asks, for which names, signed with the asker's key.

Source: RFC 2986, RFC 5280; `ParseCertificateRequest` of Go's `crypto/x509`.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from course_lib.objects.x509.der import CutValue, DERValue, object_id, values
from course_lib.objects.x509.pem import REQUEST, pem_blocks
from course_lib.objects.x509.signatures import Signed, check_signature

EXTENSIONS = object_id("1.2.840.113549.1.9.14")  # the attribute that asks for extensions
ALTERNATIVE_NAMES = object_id("2.5.29.17")
IN_NAMES = object_id("2.5.4")  # of the parts of a name, with a number behind it
SUBJECT = {3: "Common Name", 5: "Serial Number", 6: "Country", 7: "Locality", 8: "Province",
           9: "StreetAddress", 10: "Organization", 11: "Organizational Unit",
           17: "PostalCode"}  # by the last number of 2.5.4.N  # fmt: skip
NAMES = {1: "Email Addresses", 2: "DNS Names", 6: "URIs", 7: "IP Addresses"}  # by their tag
CUT = "asn1: syntax error: data truncated"
EMPTY = "asn1: syntax error: sequence truncated"

Texts = dict[str, list[str]]


class UnreadableRequest(ValueError):
    """What is no request for a certificate, or is not signed as it says; in Go's words."""


class CertificateRequest(NamedTuple):
    """Who asks (`subject`) and for which other `names`, each by its title.

    `subject_encoded`, `key` (the public key) and `alternative` (the names) are in DER, as they
    stand in a certificate; `signed` is what the asker's key signed.
    """

    subject: Texts
    names: Texts
    subject_encoded: bytes
    key: bytes
    alternative: bytes
    signed: Signed

    @property
    def organizations(self) -> list[str]:
        """The groups of the user that it stands for."""
        return self.subject.get("Organization", [])

    @property
    def common_name(self) -> str:
        """The name of the user that it stands for."""
        return self.subject.get("Common Name", [""])[-1]


def read_request(pem: bytes) -> CertificateRequest:
    """Read a request; raises `UnreadableRequest` for what is none (`ParseCSR`)."""
    block = next(pem_blocks(pem), None)
    if block is None or block.type != REQUEST:
        raise UnreadableRequest("PEM block type must be CERTIFICATE REQUEST")
    if not block.data:
        raise UnreadableRequest(EMPTY)
    try:
        request, *more = values(block.data)
        if more:
            raise UnreadableRequest("asn1: syntax error: trailing data")
        info, algorithm, signature = request.parts()
        _, subject, key, *attributes = info.parts()
        alternative = _alternative(attributes[0].parts() if attributes else [])
        signed = Signed(info.encoded, key, algorithm.parts()[0].content, signature.bits)
        return CertificateRequest(
            _subject(subject),
            _names(alternative),
            subject.encoded,
            key.encoded,
            alternative,
            signed,
        )
    except CutValue:
        raise UnreadableRequest(CUT) from None
    except (ValueError, IndexError) as fault:
        if isinstance(fault, UnreadableRequest):
            raise
        raise UnreadableRequest(EMPTY) from None


def check_request(pem: bytes) -> None:
    """Raise `UnreadableRequest` for what is no request, or is not signed by the key in it."""
    signed = read_request(pem).signed
    try:
        problem = check_signature(signed)
    except (ValueError, IndexError):  # of the key in it
        raise UnreadableRequest(CUT) from None
    if problem:
        raise UnreadableRequest(problem)


def _subject(name: DERValue) -> Texts:
    texts: Texts = {}
    for relative in name.parts():
        for attribute in relative.parts():
            kind, value = attribute.parts()
            title = SUBJECT.get(kind.content[-1]) if kind.content[:-1] == IN_NAMES else None
            if title:
                texts.setdefault(title, []).append(value.content.decode())
    return texts


def _alternative(attributes: list[DERValue]) -> bytes:
    """The extension with the alternative names as DER; empty where there is none."""
    for attribute in attributes:
        kind, found = attribute.parts()
        if kind.content != EXTENSIONS:
            continue
        for extension in found.parts()[0].parts():
            if extension.parts()[0].content == ALTERNATIVE_NAMES:
                return extension.encoded
    return b""


def _names(extension: bytes) -> Texts:
    texts: Texts = {}
    for whole in values(extension):
        [names] = values(whole.parts()[-1].content)
        for name in names.parts():
            texts.setdefault(NAMES.get(name.number, ""), []).append(_name(name))
    return texts


def _name(name: DERValue) -> str:
    if NAMES.get(name.number) == "IP Addresses":
        return str(ipaddress.ip_address(name.content))
    return name.content.decode(errors="replace")
