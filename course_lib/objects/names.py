"""Names and labels: what Kubernetes accepts (RFC 1123; "Object Names and IDs")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

LABEL = "a lower case RFC 1123 label: letters a-z, digits and '-', at most 63"
SUBDOMAIN = "a lower case RFC 1123 subdomain: letters a-z, digits, '-' and '.', at most 253"
LABEL_KEY = "an optional DNS prefix and '/', then letters, digits, '-', '_' or '.', at most 63"
LABEL_VALUE = "letters, digits, '-', '_' or '.', beginning and ending alphanumeric, at most 63"

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")


class Problem(msgspec.Struct, frozen=True):
    """Something in a document that the API server would refuse."""

    path: str
    expected: str
    found: object


def is_label(name: str) -> bool:
    """Whether a name is an RFC 1123 label."""
    return len(name) <= 63 and _LABEL.fullmatch(name) is not None


def is_subdomain(name: str) -> bool:
    """Whether a name is an RFC 1123 subdomain."""
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


def is_label_key(key: str) -> bool:
    """Whether a label or annotation may be called so."""
    prefix, slash, name = key.rpartition("/")
    return (
        len(name) <= 63
        and _QUALIFIED.fullmatch(name) is not None
        and (not slash or is_subdomain(prefix))
    )


def is_label_value(value: str) -> bool:
    """Whether a label may have this value; the empty value is one."""
    return not value or (len(value) <= 63 and _QUALIFIED.fullmatch(value) is not None)


def subdomain_name(name: str) -> Iterator[Problem]:
    """What is wrong with a name that has to be a subdomain, as that of most objects."""
    if not is_subdomain(name):
        yield Problem("metadata.name", SUBDOMAIN, name)


def label_name(name: str) -> Iterator[Problem]:
    """What is wrong with a name that has to be a label; since 1.36 that of a Service, too."""
    if not is_label(name):
        yield Problem("metadata.name", LABEL, name)


def label_problems(labels: Mapping[str, str] | None, path: str) -> Iterator[Problem]:
    """What is wrong with a map of labels."""
    for key, value in (labels or {}).items():
        if not is_label_key(key):
            yield Problem(f"{path}: key {key!r}", LABEL_KEY, key)
        if not is_label_value(value):
            yield Problem(f"{path}.{key}", LABEL_VALUE, value)
