"""JSON patches: a list of operations on paths, done one after the other.

Source: RFC 6902, and the library json-patch 4, which the API server uses: it reads nothing before
the first slash of a path, has null for a value that is absent, and counts from the end of a list.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.apiserver.errors import BadRequest, RejectedPatch
from course_lib.apiserver.patches import Patch, merge_patch
from course_lib.objects.manifests import Document, Json

MOST_OPERATIONS = 10_000  # of one JSON patch (`maxJSONPatchOperations`)
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
Act = Callable[[Json, str], Json]  # of what holds a key, and the key: what holds it then


def json_patch(target: Json, operations: list[dict[str, Json]]) -> Json:
    """A target with all operations done; the parts that stay are the same objects.

    Raises `RejectedPatch` for an operation that cannot be done.

    >>> json_patch({"spec": {"replicas": 3}}, [
    ...     {"op": "replace", "path": "/spec/replicas", "value": 5},
    ...     {"op": "copy", "from": "/spec/replicas", "path": "/spec/before"}])
    {'spec': {'replicas': 5, 'before': 5}}
    """
    for operation in operations:
        target = _done(target, operation)
    return target


def _done(target: Json, operation: dict[str, Json]) -> Json:
    op, value = operation.get("op"), operation.get("value")
    if op not in OPERATIONS:
        raise RejectedPatch(
            "no such operation", expected=f"one of {', '.join(OPERATIONS)}", found=repr(op)[:60]
        )
    if op in ("move", "copy"):
        source = _path(operation, "from")
        value = _get(target, source)
        if op == "move":
            target = _at(target, source, _remove)
        return _at(target, _path(operation, "path"), _adding(value))
    path = _path(operation, "path")
    if op == "test":
        if (target if path == "" else _get(target, path)) != value:
            raise RejectedPatch("a test of the JSON patch failed", where=path)
        return target
    if op == "replace" and path == "":
        if not isinstance(value, dict | list):
            raise RejectedPatch("only an object can replace the whole", found=repr(value)[:60])
        return value
    acts = {"add": _adding(value), "remove": _remove, "replace": _setting(value)}
    return _at(target, path, acts[op])


def _path(operation: dict[str, Json], name: str) -> str:
    path = operation.get(name)
    if not isinstance(path, str):
        raise RejectedPatch(f"an operation of a JSON patch has a {name}", found=repr(path)[:60])
    return path


def _steps(path: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    _, *steps = path.split("/")
    if not steps:
        raise _nowhere(path)
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _get(target: Json, path: str) -> Json:
    """The value at a path; None for a key that its object does not have."""
    *parents, last = _steps(path)
    for step in parents:
        target = _inside(target, step, path)
    if isinstance(target, list):
        return target[_index(target, last)]
    if not isinstance(target, dict):
        raise _nowhere(path)
    return target.get(last)


def _inside(target: Json, step: str, path: str) -> Json:
    if isinstance(target, list):
        target = target[_index(target, step)]
    else:
        target = target.get(step)
    if not isinstance(target, dict | list):
        raise _nowhere(path)
    return target


def _at(target: Json, path: str, act: Act) -> Json:
    """The target with an act done to what holds the last step of a path."""

    def changed(holder: Json, steps: list[str]) -> Json:
        first, *rest = steps
        if not rest:
            return act(holder, first)
        inner = changed(_inside(holder, first, path), rest)
        if isinstance(holder, list):
            place = _index(holder, first)
            return [*holder[:place], inner, *holder[place + 1 :]]
        return holder | {first: inner}

    return changed(target, _steps(path))


def _adding(value: Json) -> Act:
    def add(holder: Json, key: str) -> Json:
        if not isinstance(holder, list):
            return holder | {key: value}
        place = len(holder) if key == "-" else _index(holder, key, len(holder) + 1)
        return [*holder[:place], value, *holder[place:]]

    return add


def _setting(value: Json) -> Act:
    def put(holder: Json, key: str) -> Json:
        if not isinstance(holder, list):
            return holder | {key: value}
        place = _index(holder, key)
        return [*holder[:place], value, *holder[place + 1 :]]

    return put


def _remove(holder: Json, key: str) -> Json:
    if isinstance(holder, list):
        place = _index(holder, key)
        return [*holder[:place], *holder[place + 1 :]]
    if key not in holder:
        raise _nowhere(key)
    return {name: value for name, value in holder.items() if name != key}


def _index(items: list[Json], step: str, count: int | None = None) -> int:
    """A place among `count` (all items), counted from the end where it is negative."""
    count = len(items) if count is None else count
    digits = step.removeprefix("-")
    place = int(step) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else count
    if not -count <= place < count:
        raise _nowhere(step)
    return place + count if place < 0 else place


def _nowhere(path: str) -> RejectedPatch:
    return RejectedPatch("the JSON patch names what is not there", where=path)


def patched(document: Document, patch: Patch) -> Document:
    """A document with a merge patch or a JSON patch; the parts that stay are the same objects.

    Raises `BadRequest` for one that is nested too deep or has the wrong form, and `RejectedPatch`
    for an operation that cannot be done.
    """
    try:
        if isinstance(patch, list):
            result = json_patch(document, patch)
        else:
            result = merge_patch(document, patch)
    except RecursionError:
        raise BadRequest("the patched object is nested too deep") from None
    if not isinstance(result, dict):
        raise BadRequest("the patched object is no object", expected="a mapping")
    return result
