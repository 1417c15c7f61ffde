"""Whether a text is signed by the owner of a public key, by RSA (RFC 8017) or ECDSA (FIPS 186-5).

Source: `checkSignature` in Go's `crypto/x509`, whose words a refusal has. Keys of
Ed25519 are not simulated: what they sign is taken as right.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from course_lib.objects.x509.curves import CURVES
from course_lib.objects.x509.der import DERValue, object_id, values

RSA_KEY, CURVE_KEY = object_id("1.2.840.113549.1.1.1"), object_id("1.2.840.10045.2.1")
_RSA, _ECDSA = "1.2.840.113549.1.1", "1.2.840.10045.4"
# The hash of each way to sign, and the kind of key.
ALGORITHMS = {
    object_id(f"{_RSA}.5"): ("sha1", RSA_KEY),
    object_id(f"{_RSA}.11"): ("sha256", RSA_KEY),
    object_id(f"{_RSA}.12"): ("sha384", RSA_KEY),
    object_id(f"{_RSA}.13"): ("sha512", RSA_KEY),
    object_id(f"{_ECDSA}.1"): ("sha1", CURVE_KEY),
    object_id(f"{_ECDSA}.3.2"): ("sha256", CURVE_KEY),
    object_id(f"{_ECDSA}.3.3"): ("sha384", CURVE_KEY),
    object_id(f"{_ECDSA}.3.4"): ("sha512", CURVE_KEY),
}
NOT_SIMULATED = (object_id("1.3.101.112"),)  # Ed25519
WORDS = {RSA_KEY: ("RSA", "*rsa.PublicKey"), CURVE_KEY: ("ECDSA", "*ecdsa.PublicKey")}
# How a digest is announced before it is signed by RSA (RFC 8017, section 9.2).
_ANNOUNCED = {
    "sha1": "3021300906052b0e03021a05000414",
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}
LEAST_BITS = 1024  # of an RSA key
INSECURE = "keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)"


class Signed(NamedTuple):
    """What is signed, the public `key`, the algorithm's identifier, and the signature."""

    content: bytes
    key: DERValue
    algorithm: bytes
    signature: bytes


def check_signature(signed: Signed) -> str:
    """What is wrong with a signature, in Go's words; empty where it is right.

    Raises `ValueError` for a key that cannot be read.
    """
    if signed.algorithm in NOT_SIMULATED:
        return ""
    algorithm = ALGORITHMS.get(signed.algorithm)
    if algorithm is None:
        return "x509: cannot verify signature: algorithm unimplemented"
    digest, kind = hashlib.new(algorithm[0], signed.content).digest(), algorithm[1]
    identifier, bits = signed.key.parts()
    if (found := identifier.parts()[0].content) != kind:
        if found not in WORDS:
            return "x509: cannot verify signature: algorithm unimplemented"
        return (
            f"x509: signature algorithm specifies an {WORDS[kind][0]} public key, but have public "
            f"key of type {WORDS[found][1]}"
        )
    if kind == RSA_KEY:
        return _rsa_problem(bits, algorithm[0], digest, signed.signature)
    return _curve_problem(identifier, bits, digest, signed.signature)


def _rsa_problem(bits: DERValue, hash: str, digest: bytes, signature: bytes) -> str:
    [key] = values(bits.bits)
    modulus, exponent = (each.integer for each in key.parts())
    if modulus.bit_length() < LEAST_BITS:
        return f"crypto/rsa: {modulus.bit_length()}-bit {INSECURE}"
    size = (modulus.bit_length() + 7) // 8
    announced = bytes.fromhex(_ANNOUNCED[hash]) + digest
    padded = b"\x00\x01" + b"\xff" * (size - len(announced) - 3) + b"\x00" + announced
    right = len(signature) == size and pow(
        int.from_bytes(signature), exponent, modulus
    ) == int.from_bytes(padded)
    return "" if right else "crypto/rsa: verification error"


def _curve_problem(identifier: DERValue, bits: DERValue, digest: bytes, signature: bytes) -> str:
    curve = CURVES.get(identifier.parts()[1].content)
    if curve is None:
        return "x509: unsupported elliptic curve"
    point = bits.bits
    x, y = (int.from_bytes(half) for half in (point[1 : curve.size + 1], point[curve.size + 1 :]))
    try:
        [pair] = values(signature)
        r, s = (each.integer for each in pair.parts())
    except ValueError:
        r = s = 0
    return "" if curve.verifies((x, y), digest, r, s) else "x509: ECDSA verification failure"
