"""The levels that the labels of a namespace ask for (`api/helpers.go`)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from course_lib.objects.field_errors import FieldError, invalid

PREFIX = "pod-security.kubernetes.io"
PRIVILEGED, BASELINE, RESTRICTED = LEVELS = ("privileged", "baseline", "restricted")
LATEST = 10**9  # the minor release of `latest`
_VERSION = re.compile(r"v1\.([0-9]|[1-9][0-9]*)")


class Level(msgspec.Struct, frozen=True):
    """How much Pods may ask for, as a release (v1.`minor`) defined it."""

    name: str = PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.name}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"

    def stricter(self, other: Level) -> bool:
        """Whether it allows less than another level."""
        return LEVELS.index(self.name) > LEVELS.index(other.name)


class Policy(msgspec.Struct, frozen=True):
    """What is refused in a namespace, and what is warned of."""

    enforce: Level = Level()
    warn: Level = Level()


def policy_of(labels: Mapping[str, str] | None) -> tuple[Policy, list[FieldError]]:
    """The policy of a namespace with these labels, and what is wrong with them.

    A level that is none is `restricted` where it is enforced, and `privileged` otherwise. A
    namespace that enforces more than it warns of warns of what it enforces. What is audited is
    judged, and written nowhere: there is no audit log.
    """
    labels = labels or {}
    errors: list[FieldError] = []
    found: dict[str, Level] = {}
    for mode, otherwise in (("enforce", RESTRICTED), ("audit", PRIVILEGED), ("warn", PRIVILEGED)):
        name, minor = labels.get(f"{PREFIX}/{mode}", PRIVILEGED), LATEST
        if name not in LEVELS:
            rule = f"must be one of {', '.join(LEVELS)}"
            errors.append(invalid(f"metadata.labels[{PREFIX}/{mode}]", name, rule))
            name = otherwise
        key = f"{PREFIX}/{mode}-version"
        text = labels.get(key, "latest")
        if match := _VERSION.fullmatch(text):
            minor = int(match[1])
        elif text != "latest":
            rule = 'must be "latest" or "v1.x"'
            errors.append(invalid(f"metadata.labels[{key}]", text, rule))
        found[mode] = Level(name, minor)
    enforce, warn = found["enforce"], found["warn"]
    said = labels.get(f"{PREFIX}/enforce") in LEVELS and f"{PREFIX}/warn" not in labels
    if said and enforce.stricter(warn):
        versioned = f"{PREFIX}/warn-version" in labels
        warn = Level(enforce.name, warn.minor if versioned else enforce.minor)
    return Policy(enforce, warn), errors
