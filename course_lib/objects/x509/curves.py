"""Elliptic curves and the signatures on them (ECDSA): FIPS 186-5, SEC 1.

Points are added in Jacobian coordinates, so that only the last step divides. The arithmetic takes
as long as its numbers need: it is for simulations, and no secret should depend on it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import NamedTuple

from course_lib.objects.x509.der import object_id

Point = tuple[int, int, int]  # X, Y, Z stand for x = X/Z^2, y = Y/Z^3; Z = 0 is infinity
INFINITY: Point = (1, 1, 0)


class EllipticCurve(NamedTuple):
    """The curve y^2 = x^3 - 3x + b over the numbers below a `prime`.

    `order` is that of its base point `x`, `y`.
    """

    prime: int
    b: int
    order: int
    x: int
    y: int

    @property
    def size(self) -> int:
        """How many bytes a coordinate takes."""
        return (self.prime.bit_length() + 7) // 8

    @property
    def base(self) -> Point:
        """The point that generates all others."""
        return self.x, self.y, 1

    def has(self, x: int, y: int) -> bool:
        """Whether a point lies on the curve."""
        p = self.prime
        return x < p and y < p and (y * y - (x * x * x - 3 * x + self.b)) % p == 0

    def double(self, point: Point) -> Point:
        """Twice a point."""
        p, (x, y, z) = self.prime, point
        if not z or not y:
            return INFINITY
        square, slope = y * y % p, 3 * (x - z * z) * (x + z * z) % p
        four = 4 * x * square % p
        new = (slope * slope - 2 * four) % p
        return new, (slope * (four - new) - 8 * square * square) % p, 2 * y * z % p

    def add(self, one: Point, other: Point) -> Point:
        """The sum of two points."""
        p = self.prime
        if not one[2] or not other[2]:
            return other if not one[2] else one
        (x1, y1, z1), (x2, y2, z2) = one, other
        u1, u2 = x1 * z2 * z2 % p, x2 * z1 * z1 % p
        s1, s2 = y1 * z2**3 % p, y2 * z1**3 % p
        if u1 == u2:
            return self.double(one) if s1 == s2 else INFINITY
        h, r = (u2 - u1) % p, (s2 - s1) % p
        square = h * h % p
        cube, v = h * square % p, u1 * square % p
        x = (r * r - cube - 2 * v) % p
        return x, (r * (v - x) - s1 * cube) % p, h * z1 * z2 % p

    def times(self, number: int, point: Point) -> Point:
        """A point added to itself `number` times."""
        total = INFINITY
        for bit in f"{number:b}":
            total = self.double(total)
            if bit == "1":
                total = self.add(total, point)
        return total

    def place(self, point: Point) -> tuple[int, int]:
        """The coordinates of a point that is not at infinity."""
        p, (x, y, z) = self.prime, point
        inverse = pow(z, -1, p)
        return x * inverse**2 % p, y * inverse**3 % p

    def number_of(self, digest: bytes) -> int:
        """A digest as a number of the order's length."""
        surplus = 8 * len(digest) - self.order.bit_length()
        return int.from_bytes(digest) >> max(surplus, 0)

    def sign(self, private: int, digest: bytes, hash: str) -> tuple[int, int]:
        """The numbers `r` and `s` with which the owner of a `private` key signs a `digest`.

        The number that has to be drawn comes from both (RFC 6979), by the `hash` of this name.
        """
        order, number = self.order, self.number_of(digest)
        for drawn in self._drawn(private, digest, hash):
            r = self.place(self.times(drawn, self.base))[0] % order
            s = pow(drawn, -1, order) * (number + r * private) % order
            if r and s:
                return r, s
        raise AssertionError

    def _drawn(self, private: int, digest: bytes, hash: str) -> Iterator[int]:
        """Numbers below the order that nobody can guess without the `private` key."""
        size = (self.order.bit_length() + 7) // 8
        secret = private.to_bytes(size) + (self.number_of(digest) % self.order).to_bytes(size)
        value, key = b"\x01" * len(digest), bytes(len(digest))
        for mark in (b"\x00", b"\x01"):
            key = hmac.digest(key, value + mark + secret, hash)
            value = hmac.digest(key, value, hash)
        while True:
            text = b""
            while len(text) < size:
                value = hmac.digest(key, value, hash)
                text += value
            number = self.number_of(text[:size])
            if 0 < number < self.order:
                yield number
            key = hmac.digest(key, value + b"\x00", hash)
            value = hmac.digest(key, value, hash)

    def verifies(self, key: tuple[int, int], digest: bytes, r: int, s: int) -> bool:
        """Whether `r` and `s` are the signature of a `digest` by the owner of a `key`."""
        if not (0 < r < self.order and 0 < s < self.order and self.has(*key)):
            return False
        inverse = pow(s, -1, self.order)
        first = self.times(self.number_of(digest) * inverse % self.order, self.base)
        second = self.times(r * inverse % self.order, (*key, 1))
        total = self.add(first, second)
        return bool(total[2]) and self.place(total)[0] % self.order == r


P256 = EllipticCurve(
    prime=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    order=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    x=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    y=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P384 = EllipticCurve(
    prime=2**384 - 2**128 - 2**96 + 2**32 - 1,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    order=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    x=0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    y=0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)
P521 = EllipticCurve(
    prime=2**521 - 1,
    b=0x51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    order=0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    x=0xC6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
    y=0x11839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
)
P224 = EllipticCurve(
    prime=2**224 - 2**96 + 1,
    b=0xB4050A850C04B3ABF54132565044B0B7D7BFD8BA270B39432355FFB4,
    order=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    x=0xB70E0CBD6BB4BF7F321390B94A03C1D356C21122343280D6115C1D21,
    y=0xBD376388B5F723FB4C22DFE6CD4375A05A07476444D5819985007E34,
)
CURVES = {
    object_id("1.3.132.0.33"): P224,
    object_id("1.2.840.10045.3.1.7"): P256,
    object_id("1.3.132.0.34"): P384,
    object_id("1.3.132.0.35"): P521,
}
