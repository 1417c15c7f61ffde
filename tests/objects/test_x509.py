"""Requests for certificates that OpenSSL made, read and checked."""

from __future__ import annotations

from base64 import b64decode

import pytest

from course_lib.objects.x509.certificates import certificate_problems
from course_lib.objects.x509.der import CutValue, object_id, values
from course_lib.objects.x509.pem import pem_blocks, pem_text
from course_lib.objects.x509.requests import UnreadableRequest, check_request, read_request
from tests.oracles.plane import certificates

RIGHT = (
    "JANE",
    "MASTERS",
    "NAMED",
    "RSA",
    "P384",
    "SHA1",
    "BEHIND_TEXT",
    "P521",
    "P224",
    "ED25519",
)
WRONG = {
    "SIGNED_BY_ANOTHER": "x509: ECDSA verification failure",
    "RSA_SIGNED_BY_ANOTHER": "crypto/rsa: verification error",
    "CUT": "asn1: syntax error: data truncated",
    "EMPTY": "asn1: syntax error: sequence truncated",
    "TRAILING": "asn1: syntax error: trailing data",
    "NEW": "PEM block type must be CERTIFICATE REQUEST",
}


def pem(name):
    return b64decode(getattr(certificates, name))


@pytest.mark.parametrize("name", RIGHT)
def test_a_request_is_signed_by_its_key(name):
    check_request(pem(name))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_request_is_said_in_gos_words(name):
    with pytest.raises(UnreadableRequest) as refusal:
        check_request(pem(name))
    assert str(refusal.value) == WRONG[name]


def test_each_changed_byte_of_what_is_signed_is_found():
    [block] = pem_blocks(pem("JANE"))
    signed = len(read_request(pem("JANE")).signed.content)
    start = block.data.index(read_request(pem("JANE")).signed.content)
    for place in range(start + 8, start + signed, 7):
        changed = bytearray(block.data)
        changed[place] ^= 1
        with pytest.raises(UnreadableRequest):
            check_request(pem_text("CERTIFICATE REQUEST", bytes(changed)).encode())


def test_the_names_of_a_request_are_read():
    request = read_request(pem("NAMED"))
    assert request.common_name == "system:node:node-1"
    assert request.organizations == ["system:nodes"]
    assert request.names == {"DNS Names": ["node-1"], "IP Addresses": ["10.0.0.1"]}
    assert read_request(pem("MASTERS")).organizations == ["dev", "system:masters"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", []),
        (pem("CERTIFICATE"), []),
        (pem("CERTIFICATE") * 2, []),
        (b"abc", ["must contain at least one CERTIFICATE PEM block"]),
        (
            pem("JANE"),
            ['only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'],
        ),
        (pem_text("CERTIFICATE", b"\x30\x00").encode(), ["x509: malformed certificate"]),
        (
            pem_text("CERTIFICATE", b"").encode(),
            ["found CERTIFICATE PEM block containing 0 certificates"],
        ),
        (
            b"-----BEGIN CERTIFICATE-----\na: b\n\nMAA=\n-----END CERTIFICATE-----\n",
            ["no PEM block headers are permitted"],
        ),
    ],
)
def test_what_is_no_certificate_is_found(text, problem):
    assert list(certificate_problems(text)) == problem


def test_blocks_of_text_are_what_was_put_in():
    data = bytes(range(256))
    [block] = pem_blocks(b"before\n" + pem_text("A B", data).encode() + b"behind\n")
    assert (block.type, block.data, block.headers) == ("A B", data, False)


def test_a_value_that_is_cut_is_refused():
    assert object_id("2.5.29.17").hex() == "551d11"
    for data in (b"\x30", b"\x30\x05\x00", b"\x30\x82\x01\x00"):
        with pytest.raises(CutValue):
            list(values(data))
