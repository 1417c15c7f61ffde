"""Any object, field by field: of kinds that have no description of their own.

Source: `genericDescriber`, `printUnstructuredContent` and `smartLabelFor` in
`pkg/describe/describe.go` of k8s.io/kubectl; `Split` of github.com/fatih/camelcase.
"""

from __future__ import annotations

import re
from functools import lru_cache

from course_lib.apiserver.go_values import go_text
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.writing import Lines, field, indented
from course_lib.objects.manifests import Document

SKIPPED = frozenset(
    f".metadata.{each}" for each in ("managedFields", "name", "namespace", "labels", "annotations")
)
ACRONYMS = frozenset({"API", "URL", "UID", "GUID"})
_RUNS = re.compile(r"[a-z]+|[A-Z]+|[^a-zA-Z]+")


def lines(subject: DescribedObject) -> Lines:
    """Name, namespace, labels, annotations, and then every field by its name."""
    yield from subject.head()
    yield from _fields(subject.document, "")


def _fields(content: Document, path: str) -> Lines:
    for name, value in sorted(content.items()):
        here = f"{path}.{name}"
        if here in SKIPPED:
            continue
        if isinstance(value, dict):
            yield f"{title_of(name)}:"
            yield from indented(_fields(value, here))
        elif isinstance(value, list):
            yield f"{title_of(name)}:"
            for each in value:
                inner = _fields(each, here) if isinstance(each, dict) else [go_text(each)]
                yield from indented(inner)
        else:
            yield field(title_of(name), go_text(value))


@lru_cache(maxsize=1024)
def title_of(name: str) -> str:
    """The name of a field as the words that it is made of.

    >>> [title_of(name) for name in ("apiVersion", "podIP", "spec", "a.b/c")]
    ['API Version', 'Pod IP', 'Spec', 'a.b/c']
    """
    if not all(letter.isalpha() or letter == "-" for letter in name):
        return name
    return " ".join(_word(part) for part in _merged(_split(name)))


def _split(name: str) -> list[str]:
    """The words of a name in camel case; the last capital before small letters is theirs."""
    runs = _RUNS.findall(name)
    for n in range(len(runs) - 1):
        if runs[n].isupper() and runs[n + 1].islower():
            runs[n], runs[n + 1] = runs[n][:-1], runs[n][-1] + runs[n + 1]
    return [run for run in runs if run]


def _merged(parts: list[str]) -> list[str]:
    """Words of capitals with the word after them, where it begins with a capital."""
    merged: list[str] = []
    rest = list(parts)
    while rest:
        part = rest.pop(0)
        if len(part) >= 2 and part == part.upper() and rest and rest[0][0].isupper():
            part += rest.pop(0)
        merged.append(part)
    return merged


def _word(part: str) -> str:
    if part.upper() in ACRONYMS:
        return part.upper()
    return part.capitalize() if part == part.lower() else part
