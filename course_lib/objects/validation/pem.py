"""What is wrong with a certificate and its key as text (`X509KeyPair` in Go's `crypto/tls`).

Only the PEM blocks are looked at: whether the key is that of the certificate is not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BLOCK = re.compile(
    r"(?:^|\n)-----BEGIN (?P<type>[^\n]*?)-----[ \t\r]*\n(?:.*?\n)??-----END (?P=type)-----",
    re.DOTALL,
)
CERTIFICATE, KEY = "CERTIFICATE", "PRIVATE KEY"


def key_pair_problem(certificate: str, key: str) -> str:
    """Why a certificate and a key in PEM are no pair; empty where both have their blocks."""
    found = _types(certificate)
    if CERTIFICATE not in found:
        if not found:
            return "tls: failed to find any PEM data in certificate input"
        if len(found) == 1 and found[0].endswith(KEY):
            return (
                "tls: failed to find certificate PEM data in certificate input, but did find a "
                "private key; PEM inputs may have been switched"
            )
        said = 'tls: failed to find "CERTIFICATE" PEM block in certificate input'
        return f"{said} after skipping PEM blocks of the following types: {_listed(found)}"
    found = _types(key)
    if any(name == KEY or name.endswith(f" {KEY}") for name in found):
        return ""
    if not found:
        return "tls: failed to find any PEM data in key input"
    if found == [CERTIFICATE]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    return (
        'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after '
        f"skipping PEM blocks of the following types: {_listed(found)}"
    )


def _types(text: str) -> list[str]:
    return [match["type"] for match in _BLOCK.finditer(text)]


def _listed(names: Sequence[str]) -> str:
    return f"[{' '.join(names)}]"
