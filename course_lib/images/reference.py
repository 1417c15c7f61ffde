"""The name of an image: registry, repository, tag, digest (github.com/distribution/reference)."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from course_lib.errors import CourseError

DEFAULT_REGISTRY = "docker.io"
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?")


class Reference(msgspec.Struct, frozen=True):
    """Where an image comes from, in full.

    >>> str(Reference.parse("nginx")), str(Reference.parse("quay.io/org/app:v1"))
    ('docker.io/library/nginx:latest', 'quay.io/org/app:v1')
    """

    registry: str
    repository: str
    tag: str
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read an image name as container runtimes do, filling in what is left out.

        Raises `CourseError` for other text.
        """
        return _parsed(text)

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Reference:
    name, at, digest = text.partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, colon, tag = name, "", ""
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = DEFAULT_REGISTRY, path if slash else f"library/{path}"
    good = (
        _HOST.fullmatch(registry)
        and all(_PATH.fullmatch(part) for part in repository.split("/"))
        and (not colon or _TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
    )
    if not good:
        raise CourseError(
            "not an image name",
            expected="[registry/]repository[:tag], in lower case, such as nginx:1.27",
            found=repr(text),
        )
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)
