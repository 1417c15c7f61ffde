"""Documents as kubectl writes them when it knows their type: with the fields that are always there.

A Deployment that kubectl makes has `strategy: {}` and `status: {}`, which nobody has set: they are
structs of Go, which are never left out.
"""

from __future__ import annotations

from typing import Any

from course_lib.objects.api_types.reading import reader
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document


class StructDocument(dict[str, Any]):
    """A document that kubectl has as a struct of Go: JSON has its fields in the struct's order.

    Documents without a known type are maps, whose keys are sorted.
    """

    def __or__(self, other: dict[str, Any]) -> StructDocument:  # type: ignore[override]
        return StructDocument({**self, **other})


def typed(document: Document) -> Document:
    """A document of a kind of the release, as Go writes its struct; another stays as it is.

    Raises `Unfit` or `Unknown` (`objects.api_types`) for one that is not of its type.

    >>> made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {}}
    >>> typed(made)["spec"], typed(made)["status"]
    ({'containers': None}, {})
    """
    type = type_of(str(document.get("apiVersion", "")), str(document.get("kind", "")))
    if type is None:
        return document
    found = reader(type, stored=False)(document, None)
    assert isinstance(found, dict)
    head = {"kind": document["kind"], "apiVersion": document["apiVersion"]}
    return StructDocument(head | found)
