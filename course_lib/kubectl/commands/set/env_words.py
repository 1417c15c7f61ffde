"""Variables on the command line: `KEY=value`, `KEY-`, and `-` for those on standard input.

Source: kubectl `pkg/cmd/set/env/env_parse.go`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TextIO

from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document
from course_lib.objects.validation.formats import strict_variable_name

KIND = "environment variable"
_ARGUMENT = re.compile(r"(?ms)^(.+)\=(.*)$")


class Variables(NamedTuple):
    """Variables to set, and names of those to remove."""

    new: list[Document]
    removed: list[str]


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that name resources, and those about variables; raises `CommandError`."""
    resources: list[str] = []
    pairs: list[str] = []
    for word in words:
        if _ARGUMENT.search(word) or word.endswith("-"):
            pairs.append(word)
        elif pairs:
            shown = " ".join(words)
            said = f"all resources must be specified before environment changes: {shown}"
            raise CommandError(said)
        else:
            resources.append(word)
    return resources, pairs


def parse(words: Sequence[str], stdin: TextIO) -> Variables:
    """The variables that words mean; `-` reads `stdin`. Raises `CommandError`."""
    new: list[Document] = []
    named: set[str] = set()
    removed: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if word == "-":
            new += _read(stdin)
        elif equals:
            if problems := strict_variable_name(key):
                raise CommandError(f'"{key}" is not a valid key name: {";".join(problems)}')
            named.add(key)
            new.append({"name": key, "value": value})
        elif word.endswith("-"):
            removed.append(word[:-1])
        else:
            raise CommandError(f"unknown {KIND}: {word}")
    if named & set(removed):
        raise CommandError(f"can not both modify and remove the same {KIND} in the same command")
    return Variables(new, removed)


def _read(stdin: TextIO) -> list[Document]:
    """The variables of lines; what stands behind `#` is a comment."""
    found: list[Document] = []
    for line in stdin.read().splitlines():
        key, equals, value = line.partition("#")[0].partition("=")
        if equals:
            found.append({"name": key, "value": value})
    return found
