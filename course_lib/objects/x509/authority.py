"""A certificate authority: it signs certificates with its own key.

Its key is one of ECDSA on the curve P-256, made of a seed, so that one history has one authority.

Source: RFC 5280; `PermissiveSigningPolicy` in `pkg/controller/certificates/authority` of
Kubernetes; `NewCertificateAuthority` in `cmd/kubeadm/app/util/pkiutil`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from course_lib.objects.x509 import der
from course_lib.objects.x509.curves import P256
from course_lib.objects.x509.der import encoded, object_id, sequence
from course_lib.objects.x509.requests import ALTERNATIVE_NAMES, CertificateRequest

NAME = "kubernetes"
HASH = "sha256"
LIFE = timedelta(days=3650)  # of the authority's own certificate
ALGORITHM = sequence(encoded(der.OBJECT_ID, object_id("1.2.840.10045.4.3.2")))
KEY_TYPE = sequence(
    encoded(der.OBJECT_ID, object_id("1.2.840.10045.2.1")),
    encoded(der.OBJECT_ID, object_id("1.2.840.10045.3.1.7")),
)
# What a key may be used for: by the number of a bit, or by an identifier.
KEY_USAGES = {
    "digital signature": 0, "signing": 0, "content commitment": 1, "key encipherment": 2,
    "data encipherment": 3, "key agreement": 4, "cert sign": 5, "crl sign": 6, "encipher only": 7,
    "decipher only": 8,
}  # fmt: skip
EXTENDED = {
    "any": "2.5.29.37.0", "server auth": "1.3.6.1.5.5.7.3.1", "client auth": "1.3.6.1.5.5.7.3.2",
    "code signing": "1.3.6.1.5.5.7.3.3", "email protection": "1.3.6.1.5.5.7.3.4",
    "s/mime": "1.3.6.1.5.5.7.3.4", "ipsec end system": "1.3.6.1.5.5.7.3.5",
    "ipsec tunnel": "1.3.6.1.5.5.7.3.6", "ipsec user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8", "ocsp signing": "1.3.6.1.5.5.7.3.9",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3", "netscape sgc": "2.16.840.1.113730.4.1",
}  # fmt: skip


class Validity(NamedTuple):
    """From when to when a certificate is valid."""

    start: datetime
    end: datetime


class CertificateAuthority:
    """Signs certificates; its key is made of a `seed`, its own certificate begins at a moment."""

    def __init__(self, seed: bytes, begins: datetime) -> None:
        number = int.from_bytes(hashlib.sha512(seed).digest())
        self._private = number % (P256.order - 1) + 1
        x, y = P256.place(P256.times(self._private, P256.base))
        point = b"\x04" + x.to_bytes(32) + y.to_bytes(32)
        self._key, self._key_id = sequence(KEY_TYPE, der.bits(point)), hashlib.sha1(point).digest()
        self._name = _common_name(NAME)
        self._validity = Validity(begins, begins + LIFE)
        names = sequence(encoded(0x82, NAME.encode()))
        extensions = (
            *_usages(("digital signature", "key encipherment", "cert sign")),
            _extension("2.5.29.19", sequence(encoded(0x01, b"\xff")), critical=True),
            _extension("2.5.29.14", encoded(0x04, self._key_id)),
            _extension("2.5.29.17", names),
        )
        self.certificate = self._signed(0, self._name, self._key, self._validity, extensions)

    def issue(
        self,
        request: CertificateRequest,
        usages: Collection[str],
        validity: Validity,
        serial: int,
    ) -> bytes:
        """A certificate in DER for who signed a `request`, for its names and some `usages`.

        Its `validity` ends no later than that of the authority's own; `serial` is its number.
        """
        end = min(validity.end, self._validity.end)
        extensions = (
            *_usages(usages),
            _extension("2.5.29.19", sequence(), critical=True),  # it signs no others
            _extension("2.5.29.35", sequence(encoded(0x80, self._key_id))),
            *([_names(request)] if request.alternative else ()),
        )
        subject, valid = request.subject_encoded, Validity(validity.start, end)
        return self._signed(serial, subject, request.key, valid, extensions)

    def _signed(
        self,
        serial: int,
        subject: bytes,
        key: bytes,
        validity: Validity,
        extensions: tuple[bytes, ...],
    ) -> bytes:
        content = sequence(
            encoded(0xA0, der.integer(2)),  # version 3
            der.integer(serial),
            ALGORITHM,
            self._name,
            sequence(*map(_moment, validity)),
            subject,
            key,
            encoded(0xA3, sequence(*extensions)),
        )
        digest = hashlib.new(HASH, content).digest()
        signature = sequence(*map(der.integer, P256.sign(self._private, digest, HASH)))
        return sequence(content, ALGORITHM, der.bits(signature))


def _common_name(text: str) -> bytes:
    part = sequence(encoded(der.OBJECT_ID, object_id("2.5.4.3")), encoded(0x13, text.encode()))
    return sequence(encoded(der.SET, part))


def _moment(moment: datetime) -> bytes:
    """A time: with two digits of the year until 2049 (RFC 5280, section 4.1.2.5)."""
    short = moment.year < 2050
    return encoded(
        0x17 if short else 0x18, f"{moment:{'%y' if short else '%Y'}%m%d%H%M%SZ}".encode()
    )


def _extension(identifier: str, content: bytes, critical: bool = False) -> bytes:
    mark = encoded(0x01, b"\xff") if critical else b""
    return sequence(encoded(der.OBJECT_ID, object_id(identifier)), mark, encoded(0x04, content))


def _usages(usages: Collection[str]) -> list[bytes]:
    """What a key may be used for, as one extension or two (`keyUsagesFromStrings`)."""
    numbers = {KEY_USAGES[usage] for usage in usages if usage in KEY_USAGES}
    found = []
    if numbers:
        size = max(numbers) + 1
        whole = sum(1 << (8 * ((size + 7) // 8) - 1 - number) for number in numbers)
        data = whole.to_bytes((size + 7) // 8)
        found.append(_extension("2.5.29.15", der.bits(data, -size % 8), critical=True))
    others = [text for usage, text in EXTENDED.items() if usage in usages]
    if others:
        listed = (encoded(der.OBJECT_ID, object_id(text)) for text in dict.fromkeys(others))
        found.append(_extension("2.5.29.37", sequence(*listed)))
    return found


def _names(request: CertificateRequest) -> bytes:
    """The other names that a request asks for; they are critical where it has no subject."""
    [extension] = der.values(request.alternative)
    content = extension.parts()[-1].content
    identifier = encoded(der.OBJECT_ID, ALTERNATIVE_NAMES)
    mark = b"" if request.subject else encoded(0x01, b"\xff")
    return sequence(identifier, mark, encoded(0x04, content))
