"""Blocks of text in which certificates travel (RFC 7468; Go's `encoding/pem`)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

REQUEST, CERTIFICATE = "CERTIFICATE REQUEST", "CERTIFICATE"
_BLOCK = re.compile(
    rb"(?:^|\n)-----BEGIN (?P<type>[^\n]*?)-----[ \t\r]*\n(?P<headers>(?:[^\n]*:[^\n]*\n)*)"
    rb"(?P<body>[^-]*?)-----END (?P=type)-----",
)
_SPACE = b" \t\r\n"


class PEMBlock(NamedTuple):
    """One block: what it has (`type`), the data, and whether there are headers before it."""

    type: str
    data: bytes
    headers: bool


def pem_blocks(text: bytes) -> Iterator[PEMBlock]:
    """The blocks of a text; what is none is passed over.

    >>> list(pem_blocks(b"-----BEGIN A-----\\naGk=\\n-----END A-----"))
    [PEMBlock(type='A', data=b'hi', headers=False)]
    """
    for found in _BLOCK.finditer(text):
        body = found["body"].translate(None, _SPACE)
        try:
            data = base64.b64decode(body, validate=True)
        except binascii.Error:
            continue
        yield PEMBlock(found["type"].decode(errors="replace"), data, bool(found["headers"]))


def pem_text(type: str, data: bytes) -> str:
    """A block with `data`: lines of 64 characters.

    >>> pem_text("A", b"hi")
    '-----BEGIN A-----\\naGk=\\n-----END A-----\\n'
    """
    body = base64.b64encode(data).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {type}-----", *lines, f"-----END {type}-----", ""])
