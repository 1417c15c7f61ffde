"""Single values as Go's types read them: amounts, times, bytes, numbers.

A value that fits comes back as it is stored; any other raises `Unfit`, with what the decoder says.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache

from course_lib.errors import CourseError
from course_lib.objects.quantity import MAX_INT64, Quantity

Leaf = Callable[[object], object]
FORMAT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
SUFFIX = "unable to parse quantity's suffix"
LAYOUT, MICRO_LAYOUT = "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000000Z07:00"
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?P<fraction>[.,]\d+)?(?P<zone>Z|[+-]\d\d:\d\d)"
)
_STORED_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_AMOUNT = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?P<suffix>.*)", re.DOTALL
)
_SUFFIXES = re.compile(r"[eEinumkKMGTP]*[-+]?[0-9]*")
_EXPONENTS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_POWERS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


class Unfit(Exception):
    """A value that its type cannot hold; the message is the decoder's, or empty for a type."""


def text(value: object) -> object:
    """Any text; null is empty text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    raise Unfit


def truth(value: object) -> object:
    """true or false; null is false."""
    if type(value) is bool:
        return value
    if value is None:
        return False
    raise Unfit


def whole(bound: int, least: int | None = None) -> Leaf:
    """A whole number from `least` (or -bound) to below `bound`; null is 0."""
    lowest = -bound if least is None else least

    def read(value: object) -> object:
        if type(value) is int and lowest <= value < bound:
            return value
        if value is None:
            return 0
        raise Unfit

    return read


def number(value: object) -> object:
    """Any number; null is 0."""
    if type(value) in (int, float):
        return value
    if value is None:
        return 0
    raise Unfit


def quantity(value: object) -> object:
    """An amount (`Quantity.UnmarshalJSON`); raises `Unfit` for anything else."""
    if value is None:
        return "0"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(FORMAT)
    return _quantity(str(value).strip(), False)


def rounded_quantity(value: object) -> object:
    """An amount of a resource, rounded up to thousandths (`SetDefaults_ResourceList`)."""
    return _quantity(str(value).strip(), True) if type(value) is str else _rounded(quantity(value))


def _rounded(stored: object) -> object:
    return _quantity(str(stored), True)


@lru_cache(maxsize=8192)
def _quantity(written: str, rounded: bool) -> str:
    """An amount as it is stored: as it was written where that is canonical (`ParseQuantity`)."""
    match = _AMOUNT.fullmatch(written)
    assert match is not None
    whole, part, suffix = match["whole"], match["part"] or "", match["suffix"]
    if not (whole or part) or not _SUFFIXES.fullmatch(suffix):
        raise Unfit(FORMAT)
    exponential = re.fullmatch(r"[eE]([-+]?[0-9]+)", suffix)
    if suffix not in _EXPONENTS and suffix not in _POWERS and not exponential:
        raise Unfit(SUFFIX)
    try:
        amount = Quantity(written)
    except CourseError as problem:
        raise Unfit(problem.what) from None
    scale = int(exponential[1]) if exponential else _EXPONENTS.get(suffix, 0)
    if rounded and scale - len(part) < -3:
        return str(Quantity.of(Fraction(amount.milli, 1000), amount.notation))
    whole = whole.lstrip("0") or "0"
    return written if _is_canonical(whole, part, suffix, scale) else str(amount)


def _is_canonical(whole: str, part: str, suffix: str, scale: int) -> bool:
    digits = whole + part
    if len(digits) > 18 or digits == "0":
        return False
    if power := _POWERS.get(suffix):
        room = 15 - len(whole) - int(power * 3 / 10) - 1
        inside = not part and int(digits) << power <= MAX_INT64
        return room >= 0 and inside and int(digits) & 7 != 0
    scale -= len(part)
    return (
        scale >= -9 and scale % 3 == 0 and not digits.endswith("000") and not digits.startswith("0")
    )


def time(value: object) -> object:
    """A time, in UTC and whole seconds (`Time.UnmarshalJSON`); null stays."""
    if value is None:
        return None
    if type(value) is not str:
        raise Unfit
    return _stored_time(value) or _moment(value, LAYOUT, False)


def micro_time(value: object) -> object:
    """A time with six decimal places (`MicroTime.UnmarshalJSON`); null stays."""
    if value is None:
        return None
    if type(value) is not str:
        raise Unfit
    return _moment(value, MICRO_LAYOUT, True)


@lru_cache(maxsize=4096)
def _stored_time(written: str) -> str:
    """A time that exists, in its stored form: one object for equal ones; empty for no such text."""
    try:
        datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        return ""
    return written if _STORED_TIME.fullmatch(written) else ""


def _moment(written: str, layout: str, micro: bool) -> str:
    match = _TIME.fullmatch(written)
    if not match:
        raise Unfit(_unlike(written, layout))
    digits = (match["fraction"] or "")[1:]
    if micro and len(digits) != 6:
        rest = (match["fraction"] or "") + match["zone"]
        raise Unfit(f'parsing time "{written}" as "{layout}": cannot parse "{rest}" as ".000000"')
    try:
        zone = match["zone"].replace("Z", "+00:00")
        seconds = written[:19]
        moment = datetime.fromisoformat(f"{seconds}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        what = "month" if not 1 <= int(match[2]) <= 12 else "day" if int(match[4]) < 24 else "hour"
        raise Unfit(f'parsing time "{written}": {what} out of range') from None
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{stamp}.{digits}Z" if micro else f"{stamp}Z"


def _unlike(written: str, layout: str) -> str:
    """Where a text stops to be a time, as Go's `time.Parse` says it."""
    steps = (("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"),
             ("T", "T"), ("15", r"\d\d"), (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d"),
             (".000000", r"(\.\d{6})") if "." in layout else ("", r"([.,]\d+)?"),
             ("Z07:00", r"(Z|[+-]\d\d:\d\d)"))  # fmt: skip
    rest = written
    for name, pattern in steps:
        match = re.match(pattern, rest)
        if not match:
            return f'parsing time "{written}" as "{layout}": cannot parse "{rest}" as "{name}"'
        rest = rest[match.end() :]
    return f'parsing time "{written}": extra text: "{rest}"'


def data(value: object) -> object:
    """Bytes, as base64 without line breaks (`decodeState.literalStore`); null is empty.

    Raises `Unfit` for other text.
    """
    if value is None:
        return ""
    if type(value) is not str:
        raise Unfit
    written = value.replace("\n", "").replace("\r", "")
    try:
        base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise Unfit(f"illegal base64 data at input byte {_illegal(written)}") from None
    return written


def _illegal(written: str) -> int:
    """The byte at which Go's decoder stops (`StdEncoding.decodeQuantum`)."""
    for at in range(0, len(written), 4):
        group = written[at : at + 4]
        for offset, character in enumerate(group):
            if character == "=":
                good = offset >= 2 and set(group[offset:]) == {"="} and len(group) == 4
                return at + 4 if good else at + offset
            if not re.match("[A-Za-z0-9+/]", character):
                return at + offset
        if len(group) < 4:
            return at
    return len(written)


def number_or_text(value: object) -> object:
    """A whole number of 32 bits, or text (`IntOrString.UnmarshalJSON`); null is 0."""
    if type(value) is str or (type(value) is int and -(2**31) <= value < 2**31):
        return value
    if value is None:
        return 0
    raise Unfit


def duration(value: object) -> object:
    """A duration such as 1m30s."""
    return text(value)


def anything(value: object) -> object:
    """A value whose inside no type describes."""
    return value


LEAF: dict[str, Leaf] = {
    "string": text,
    "bool": truth,
    "int32": whole(2**31),
    "int64": whole(2**63),
    "uint64": whole(2**64, 0),
    "float64": number,
    "quantity": quantity,
    "time": time,
    "microtime": micro_time,
    "duration": duration,
    "bytes": data,
    "intorstring": number_or_text,
    "raw": anything,
    "any": anything,
}
