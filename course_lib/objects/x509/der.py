"""Values in DER, in which certificates are written (ITU-T X.690)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, BITS, NULL, OBJECT_ID, SEQUENCE, SET = 0x02, 0x03, 0x05, 0x06, 0x30, 0x31


class CutValue(ValueError):
    """A value that ends before its length says."""


class DERValue(NamedTuple):
    """One value: its `tag`, the `content`, and both as they are `encoded`."""

    tag: int
    content: bytes
    encoded: bytes

    @property
    def number(self) -> int:
        """The tag without its class."""
        return self.tag & 0x1F

    @property
    def integer(self) -> int:
        """The content as a whole number."""
        return int.from_bytes(self.content, signed=True)

    @property
    def bits(self) -> bytes:
        """The bytes of a string of bits; raises `ValueError` for bits that fill no bytes."""
        if self.content[:1] != b"\x00":
            raise ValueError("the bits do not fill whole bytes")
        return self.content[1:]

    def parts(self) -> list[DERValue]:
        """The values inside; raises `CutValue` for one that is cut."""
        return list(values(self.content))


def values(data: bytes) -> Iterator[DERValue]:
    """The values that stand one behind the other; raises `CutValue` for one that is cut.

    >>> [value.integer for value in values(bytes([2, 1, 5, 2, 2, 1, 0]))]
    [5, 256]
    """
    while data:
        if len(data) < 2:
            raise CutValue("the length is missing")
        tag, length, start = data[0], data[1], 2
        if length & 0x80:  # a long length: so many bytes have it
            start += length & 0x7F
            length = int.from_bytes(data[2:start])
        end = start + length
        if len(data) < end:
            raise CutValue(f"{length} bytes were announced")
        yield DERValue(tag, data[start:end], data[:end])
        data = data[end:]


def object_id(text: str) -> bytes:
    """The content of an object identifier.

    >>> object_id("1.2.840.113549.1.1.11").hex()
    '2a864886f70d01010b'
    """
    first, second, *rest = map(int, text.split("."))
    return b"".join(map(_base_128, (40 * first + second, *rest)))


def _base_128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))


def encoded(tag: int, content: bytes) -> bytes:
    """A value in DER.

    >>> encoded(SEQUENCE, encoded(NULL, b"")).hex()
    '30020500'
    """
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size) + content


def sequence(*parts: bytes) -> bytes:
    """Several values as one."""
    return encoded(SEQUENCE, b"".join(parts))


def integer(number: int) -> bytes:
    """A whole number.

    >>> integer(128).hex()
    '02020080'
    """
    return encoded(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def bits(data: bytes, unused: int = 0) -> bytes:
    """A string of bits, of which the last are `unused`."""
    return encoded(BITS, bytes([unused]) + data)
