"""Merge patches, and what a patch may hold.

Source: RFC 7386.
"""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.apiserver.errors import NotFound
from course_lib.objects.manifests import Document, plain

Patch = Document | list[Document]  # a merge patch, or the operations of a JSON patch


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: mappings merge, null removes, everything else replaces.

    >>> merge_patch({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merge_patch(result.get(key), value)
        else:
            result[key] = value
    return result


def check_types(patch: Patch) -> None:
    """Raise `InvalidManifest` for a patch that holds what no manifest holds, such as a set."""
    try:
        if msgspec.msgpack.decode(msgspec.msgpack.encode(patch)) == patch:
            return
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass  # it is said below which part is wrong
    plain(patch, "patch")


WRITTEN_PARTS = ("", "status", "finalize", "resize", "ephemeralcontainers", "approval")


def check_subresource(name: str) -> None:
    """Raise `NotFound` for a subresource that is not written by an update or a patch here."""
    if name not in WRITTEN_PARTS:
        raise NotFound(
            "the server could not find the requested resource",
            where=f"subresource {name}"[:60],
            expected='"" for the object itself, or "status"',
            do="to scale an object, patch its number of replicas",
        )
