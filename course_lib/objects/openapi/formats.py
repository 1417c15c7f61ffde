"""The formats of text that a schema may ask for.

A format that is not here is kept and not checked, as in the API server; so are the formats of
books, cards and colours, which the API server knows and clusters do not use. Source:
`pkg/apiserver/validation/formats.go` of k8s.io/apiextensions-apiserver; `pkg/validation/strfmt`
of k8s.io/kube-openapi.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from course_lib.objects.validation import formats

_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_HEX = "[0-9a-f]"
_VARIANT = "[89ab]"
_HOST_LABEL = re.compile(r"[^\W_]([^\W_]|-(?!$)){0,62}")
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>")
_MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}", re.IGNORECASE)
_DURATION = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)\s*[a-zµ]+(\s*(\d+(\.\d*)?|\.\d+)\s*[a-zµ]+)*|0")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:?\d\d)?", re.ASCII)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _is_hostname(text: str) -> bool:
    labels = text.split(".")
    return len(text) <= 255 and all(_HOST_LABEL.fullmatch(label) for label in labels)


def _is_uri(text: str) -> bool:
    if not text or any(character <= " " for character in text):
        return False
    try:
        split = urlsplit(text)
    except ValueError:
        return False
    return bool(split.scheme) or text.startswith("/")


def _is_byte(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(text)


def _is_time(text: str) -> bool:
    if _TIME.fullmatch(text) is None:
        return False
    return _parses(datetime.date.fromisoformat)(text[:10]) and text[11:19] < "24:60:61"


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: len(text) == 10 and _parses(datetime.date.fromisoformat)(text),
    "datetime": _is_time,
    "duration": _is_duration,
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "cidr": lambda t: "/" in t and _parses(lambda t: ipaddress.ip_network(t, strict=False))(t),
    "mac": lambda text: _MAC.fullmatch(text) is not None,
    "hostname": _is_hostname,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "uri": _is_uri,
    "uuid": _matches(_UUID % (_HEX, _HEX)),
    "uuid3": _matches(_UUID % ("3", _HEX)),
    "uuid4": _matches(_UUID % ("4", _VARIANT)),
    "uuid5": _matches(_UUID % ("5", _VARIANT)),
    "byte": _is_byte,
    "password": lambda text: True,
    "k8sshortname": lambda text: not formats.label(text),
    "k8slongname": lambda text: not formats.subdomain(text),
}
UNCHECKED = {
    "bsonobjectid", "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor",
}  # fmt: skip


def known_format(name: str, type: str) -> bool:
    """Whether the API server knows a format for values of this type.

    >>> known_format("date-time", "string"), known_format("int32", "string")
    (True, False)
    """
    if type in ("", "string"):
        plain = name.replace("-", "")
        return plain in FORMATS or plain in UNCHECKED
    return name in {"integer": ("int32", "int64"), "number": ("float", "double")}.get(type, ())


def has_format(text: str, name: str) -> bool:
    """Whether text has a format; one that is not checked, it has."""
    check = FORMATS.get(name.replace("-", ""))
    return check is None or check(text)
