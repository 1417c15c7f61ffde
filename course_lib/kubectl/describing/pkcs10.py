"""Requests for certificates (PKCS #10): who asks, and for which names.

Only what a description shows is read.

Source: RFC 2986, RFC 5280; `ParseCertificateRequest` of Go's `crypto/x509`.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

from course_lib.kubectl.failures import CommandError

SEQUENCE_OF_EXTENSIONS = bytes.fromhex("2a864886f70d01090e")  # 1.2.840.113549.1.9.14
ALTERNATIVE_NAMES = bytes.fromhex("551d11")  # 2.5.29.17
SUBJECT = {3: "Common Name", 5: "Serial Number", 6: "Country", 7: "Locality", 8: "Province",
           9: "StreetAddress", 10: "Organization", 11: "Organizational Unit",
           17: "PostalCode"}  # by the last number of 2.5.4.N  # fmt: skip
NAMES = {1: "Email Addresses", 2: "DNS Names", 6: "URIs", 7: "IP Addresses"}  # by their tag
_BLOCK = re.compile(
    rb"-----BEGIN CERTIFICATE REQUEST-----\s(.*?)-----END CERTIFICATE REQUEST-----", re.DOTALL
)

Texts = dict[str, list[str]]


class CertificateRequest(NamedTuple):
    """Who asks (`subject`) and for which other `names`, each by its title."""

    subject: Texts
    names: Texts


class DERValue(NamedTuple):
    """One value of DER: its tag, and what is inside."""

    tag: int
    content: bytes

    @property
    def number(self) -> int:
        """The tag without its class."""
        return self.tag & 0x1F

    def parts(self) -> list[DERValue]:
        """The values inside; raises `ValueError` for what is cut."""
        return list(_values(self.content))


def read_request(pem: bytes) -> CertificateRequest:
    """Read a request; raises `CommandError` for what is none."""
    found = _BLOCK.search(pem)
    if found is None:
        raise _unreadable("PEM block type must be CERTIFICATE REQUEST")
    try:
        [request] = _values(base64.b64decode(found[1]))
        info = request.parts()[0].parts()
        return CertificateRequest(_subject(info[1]), _alternative_names(info[3].parts()))
    except (ValueError, IndexError, binascii.Error):
        raise _unreadable("asn1: syntax error: sequence truncated") from None


def _unreadable(why: str) -> CommandError:
    return CommandError(f"Error parsing CSR: {why}")


def _values(data: bytes) -> Iterator[DERValue]:
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:  # a long length: so many bytes have it
            start += length & 0x7F
            length = int.from_bytes(data[2:start])
        if len(data) < start + length:
            raise ValueError("cut")
        yield DERValue(tag, data[start : start + length])
        data = data[start + length :]


def _subject(name: DERValue) -> Texts:
    texts: Texts = {}
    for relative in name.parts():
        for attribute in relative.parts():
            kind, value = attribute.parts()
            title = SUBJECT.get(kind.content[-1]) if kind.content[:2] == b"\x55\x04" else None
            if title:
                texts.setdefault(title, []).append(value.content.decode())
    return texts


def _alternative_names(attributes: list[DERValue]) -> Texts:
    texts: Texts = {}
    for attribute in attributes:
        kind, values = attribute.parts()
        if kind.content != SEQUENCE_OF_EXTENSIONS:
            continue
        for extension in values.parts()[0].parts():
            if extension.parts()[0].content == ALTERNATIVE_NAMES:
                [names] = _values(extension.parts()[-1].content)
                for name in names.parts():
                    texts.setdefault(NAMES.get(name.number, ""), []).append(_name(name))
    return texts


def _name(name: DERValue) -> str:
    if NAMES.get(name.number) == "IP Addresses":
        return str(ipaddress.ip_address(name.content))
    return name.content.decode(errors="replace")
