"""The name of an image: registry, repository, tag, digest (github.com/distribution/reference)."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from course_lib.errors import CourseError

DEFAULT_REGISTRY = "docker.io"
LONGEST = 255  # characters of a repository's name
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}  # of digests
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REFERENCE = re.compile(
    rf"(?P<domain>(?:{_HOST}(?:\.{_HOST})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?)/"
    rf"(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)


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
    if _problem(text):
        raise CourseError(
            "not an image name",
            expected="[registry/]repository[:tag], in lower case, such as nginx:1.27",
            found=repr(text),
        )
    registry, remainder = _split(text)
    name, _, digest = remainder.partition("@")
    repository, _, tag = name.partition(":")
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)


def reference_problem(text: str) -> str:
    r"""Why a text is not the name of an image, as Kubernetes says it; empty when it is one.

    Source: `ParseImageName` in `pkg/util/parsers`.

    >>> reference_problem("nginx:1.27"), reference_problem("a b")
    ('', 'couldn\'t parse image name "a b": invalid reference format')
    """
    problem = _problem(text)
    return f'couldn\'t parse image name "{text}": {problem}' if problem else ""


@lru_cache(maxsize=4096)
def _problem(text: str) -> str:
    """What is wrong with an image's name (`ParseNormalizedNamed`)."""
    if _IDENTIFIER.fullmatch(text):
        return f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
    domain, remainder = _split(text)
    remote = remainder.partition(":")[0]
    if remote.lower() != remote:
        return f"invalid reference format: repository name ({remote}) must be lowercase"
    whole = f"{domain}/{remainder}"
    if (found := _REFERENCE.fullmatch(whole)) is None:
        if _REFERENCE.fullmatch(whole.lower()):
            return "repository name must be lowercase"
        return "invalid reference format"
    if len(found["path"]) > LONGEST:
        return f"repository name must not be more than {LONGEST} characters"
    return _digest_problem(found["digest"] or "")


def _digest_problem(digest: str) -> str:
    """What is wrong with a digest (`Digest.Validate` in `opencontainers/go-digest`)."""
    algorithm, _, encoded = digest.partition(":")
    if digest and algorithm not in _LENGTHS:
        return "unsupported digest algorithm"
    if digest and len(encoded) != _LENGTHS[algorithm]:
        return "invalid checksum digest length"
    if encoded.lower() != encoded:
        return "invalid checksum digest format"
    return ""


def _split(text: str) -> tuple[str, str]:
    """The registry, and the rest (`splitDockerDomain`)."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DEFAULT_REGISTRY, f"library/{text}"
    if first == "index.docker.io":
        domain, remainder = DEFAULT_REGISTRY, rest
    elif first == "localhost" or "." in first or ":" in first or first.lower() != first:
        domain, remainder = first, rest
    else:
        domain, remainder = DEFAULT_REGISTRY, text
    if domain == DEFAULT_REGISTRY and "/" not in remainder:
        remainder = f"library/{remainder}"
    return domain, remainder
