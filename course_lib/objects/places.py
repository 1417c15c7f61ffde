"""Where the fields of a document are, by path: `spec.containers[*].ports`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from course_lib.objects.manifests import Document


def places(document: Any, path: str, create: bool = True) -> Iterator[Document]:
    """The mappings of a `document` at a `path`; with `create` missing ones are made, but not in
    lists.

    What has another shape than the path expects is passed over.

    >>> pod = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    >>> [each["name"] for each in places(pod, "spec.containers[*]")]
    ['a', 'b']
    """
    yield from _places(document, path.split(".") if path else [], create)


def _places(document: Any, steps: list[str], create: bool) -> Iterator[Document]:
    if not isinstance(document, dict):
        return
    if not steps:
        yield document
        return
    step, rest = steps[0], steps[1:]
    if step.endswith("[*]"):
        items = document.get(step[:-3])
        for item in items if isinstance(items, list) else ():
            yield from _places(item, rest, create)
    elif step in document or create:
        yield from _places(document.setdefault(step, {}), rest, create)


def filled_paths(document: Any, path: str) -> list[str]:
    """The places of a path that hold something, each with the positions in its lists.

    >>> filled_paths({"spec": {"tls": [{"hosts": ["a.example"]}]}}, "spec.tls")
    ['spec.tls']
    """
    return [at.removeprefix(".") for at in _filled(document, path.split("."), "")]


def _filled(value: Any, steps: list[str], at: str) -> Iterator[str]:
    if not steps:
        if value:
            yield at
    elif isinstance(value, dict):
        step = steps[0].removesuffix("[*]")
        inner = value.get(step)
        if step == steps[0] and inner is not None:
            yield from _filled(inner, steps[1:], f"{at}.{step}")
        elif step != steps[0] and isinstance(inner, list):
            for number, item in enumerate(inner):
                yield from _filled(item, steps[1:], f"{at}.{step}[{number}]")
