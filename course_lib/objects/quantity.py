"""Kubernetes quantities: exact amounts of CPU, memory and the like (chapters 01 and 04).

Rules: k8s.io/apimachinery `pkg/api/resource/quantity.go`. An amount is kept as a whole number
of nano-units, so that nothing is ever rounded but digits beyond the ninth decimal place.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache, total_ordering

from course_lib.errors import CourseError

NANO = 10**9
MAX_INT32, MAX_INT64 = 2**31 - 1, 2**63 - 1
MOST = 10**30  # in base units: beyond it nothing is counted, and numbers get no longer

DECIMAL_SI = "DecimalSI"  # 100m, 2, 5k, 12E
BINARY_SI = "BinarySI"  # 64Ki, 1.5Gi
DECIMAL_EXPONENT = "DecimalExponent"  # 1e3, 5E-2

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_NAME = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_NAME = {power: suffix for suffix, power in _BINARY.items()}
_SHAPE = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE](?P<exponent>[+-]?[0-9]{1,4})|(?P<suffix>[A-Za-z]{0,2}))"
)


@total_ordering
class Quantity:
    """An exact amount, with the notation it was written in.

    >>> Quantity("1.5Gi"), Quantity("0.1"), Quantity("1e3"), Quantity("12E")
    (Quantity('1536Mi'), Quantity('100m'), Quantity('1e3'), Quantity('12E'))
    >>> Quantity("1") + Quantity("250m") == Quantity("1250m")
    True
    """

    __slots__ = ("nano", "notation")

    nano: int
    notation: str

    def __init__(self, text: str | int | float | Quantity) -> None:
        if isinstance(text, Quantity):
            self.nano, self.notation = text.nano, text.notation
        else:
            self.nano, self.notation = _parse(str(text))

    @classmethod
    def of(cls, amount: Fraction | int, notation: str = DECIMAL_SI) -> Quantity:
        """The quantity of a number in base units (cores, bytes); rounded up to nano-units."""
        return cls._from_nano(_round_up(Fraction(amount) * NANO), notation)

    @classmethod
    def _from_nano(cls, nano: int, notation: str) -> Quantity:
        made = cls.__new__(cls)
        made.nano, made.notation = nano, notation
        return made

    @property
    def value(self) -> int:
        """The amount in base units, rounded up (as the scheduler reads memory)."""
        return -(-self.nano // NANO)

    @property
    def milli(self) -> int:
        """The amount in thousandths, rounded up (as the scheduler reads CPU)."""
        return -(-self.nano // (NANO // 1000))

    def __float__(self) -> float:
        return self.nano / NANO

    def __add__(self, other: Quantity) -> Quantity:
        notation = self.notation if self.nano else other.notation
        return self._from_nano(self.nano + other.nano, notation)

    def __sub__(self, other: Quantity) -> Quantity:
        notation = self.notation if self.nano else other.notation
        return self._from_nano(self.nano - other.nano, notation)

    def __mul__(self, times: int) -> Quantity:
        return self._from_nano(self.nano * times, self.notation)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nano == other.nano

    def __lt__(self, other: Quantity) -> bool:
        return self.nano < other.nano

    def __hash__(self) -> int:
        return hash(self.nano)

    def __str__(self) -> str:
        """The canonical form, as the API server prints it."""
        return _canonical(self.nano, self.notation)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"


def _parse(text: str) -> tuple[int, str]:
    nano, notation = _exact(text) if len(text) <= 100 else (MOST * NANO + 1, "")
    if abs(nano) > MOST * NANO:
        raise CourseError(
            "the quantity is too large",
            expected="at most 1e30 (the simulation counts no further)",
            found=repr(text[:40]),
        )
    return nano, notation


@lru_cache(maxsize=4096)
def _exact(text: str) -> tuple[int, str]:
    match = _SHAPE.fullmatch(text)
    suffix = match["suffix"] if match else None
    if not match or (suffix and suffix not in _DECIMAL and suffix not in _BINARY):
        raise CourseError(
            "not a quantity",
            expected="a number with one of the suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, "
            "or a decimal exponent",
            found=repr(text),
            do="write for example 100m (a tenth of a core), 1.5Gi or 1e3",
        )
    number = Fraction(match["number"])
    if match["exponent"] is not None:
        return _round_up(number * Fraction(10) ** int(match["exponent"]) * NANO), DECIMAL_EXPONENT
    if suffix in _BINARY:
        nano = _round_up(number * 1024 ** _BINARY[suffix] * NANO)
        return max(-MAX_INT64 * NANO, min(nano, MAX_INT64 * NANO)), BINARY_SI
    return _round_up(number * Fraction(10) ** _DECIMAL[suffix or ""] * NANO), DECIMAL_SI


def _round_up(amount: Fraction) -> int:
    """Away from zero: who asks for a little gets a little, never nothing."""
    whole, rest = divmod(abs(amount.numerator), amount.denominator)
    size = whole + bool(rest)
    return size if amount >= 0 else -size


def _canonical(nano: int, notation: str) -> str:
    """No fraction, the largest suffix that leaves none (`CanonicalizeBytes`)."""
    if nano == 0:
        return "0"
    if notation == BINARY_SI and abs(nano) >= 1024 * NANO:
        # A fraction of a byte is rounded up in print (`AsCanonicalBase1024Bytes`).
        number, power = _round_up(Fraction(nano, NANO)), 0
        while power < 6 and number % 1024 == 0:
            number, power = number // 1024, power + 1
        return f"{number}{_BINARY_NAME.get(power, '')}"
    number, exponent = nano, -9
    while number % 1000 == 0 and (exponent < 18 or notation == DECIMAL_EXPONENT):
        number, exponent = number // 1000, exponent + 3
    if notation == DECIMAL_EXPONENT:
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_NAME[exponent]}"


ResourceList = dict[str, Quantity]  # amounts by resource, such as cpu and memory
