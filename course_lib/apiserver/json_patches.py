"""JSON patches: a list of operations on paths, done one after the other.

Source: RFC 6902, and the library json-patch 4, which the API server uses: it reads nothing before
the first slash of a path, has null for a value that is absent, and counts from the end of a list.
"""

from __future__ import annotations

from course_lib.apiserver.errors import BadRequest, RejectedPatch
from course_lib.apiserver.patches import Patch, merge_patch
from course_lib.objects.manifests import Document, Json

MOST_OPERATIONS = 10_000  # of one JSON patch (`maxJSONPatchOperations`)
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")


def json_patch(target: Json, operations: list[dict[str, Json]]) -> Json:
    """A target with all operations done; the parts that stay are the same objects.

    Raises `RejectedPatch` for an operation that cannot be done.

    >>> json_patch({"spec": {"replicas": 3}}, [
    ...     {"op": "replace", "path": "/spec/replicas", "value": 5},
    ...     {"op": "copy", "from": "/spec/replicas", "path": "/spec/before"}])
    {'spec': {'replicas': 5, 'before': 5}}
    """
    changing = _Patched(target)
    for operation in operations:
        changing.do(operation)
    return changing.target


class _Patched:
    """A target, of which the first operation that changes a part copies what holds it.

    The copies are changed in place by the operations that follow: a list of a thousand items is
    copied once for all of them.
    """

    def __init__(self, target: Json) -> None:
        self.target = target
        self._copies: dict[int, Json] = {}  # by identity; each stands in one place

    def do(self, operation: dict[str, Json]) -> None:
        """Do one operation; a target of which one failed is of no use."""
        op, value = operation.get("op"), operation.get("value")
        if op not in OPERATIONS:
            raise RejectedPatch(
                "no such operation", expected=f"one of {', '.join(OPERATIONS)}", found=repr(op)[:60]
            )
        if op in ("move", "copy"):
            source = _path(operation, "from")
            value = _get(self.target, source)
            if op == "move":
                _remove(*self._opened(source))
            else:
                self._copies.clear()  # it stands in two places
            op = "add"
        path = _path(operation, "path")
        if op == "test":
            if (self.target if path == "" else _get(self.target, path)) != value:
                raise RejectedPatch("a test of the JSON patch failed", where=path)
        elif op == "replace" and path == "":
            if not isinstance(value, dict | list):
                raise RejectedPatch("only an object can replace the whole", found=repr(value)[:60])
            self.target = value
        elif op == "remove":
            _remove(*self._opened(path))
        else:
            act = _add if op == "add" else _set
            act(*self._opened(path), value)

    def _opened(self, path: str) -> tuple[Json, str]:
        """What holds the last step of a path, as a copy that may be changed, and this step."""
        *parents, last = _steps(path)
        holder = self.target = self._copied(self.target)
        for step in parents:
            inner = self._copied(_inside(holder, step, path))
            holder[_index(holder, step) if isinstance(holder, list) else step] = inner
            holder = inner
        return holder, last

    def _copied(self, holder: Json) -> Json:
        if id(holder) in self._copies:
            return holder
        copy = holder.copy()
        self._copies[id(copy)] = copy
        return copy


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


def _add(holder: Json, key: str, value: Json) -> None:
    if isinstance(holder, list):
        place = len(holder) if key == "-" else _index(holder, key, len(holder) + 1)
        holder.insert(place, value)
    else:
        holder[key] = value


def _set(holder: Json, key: str, value: Json) -> None:
    holder[_index(holder, key) if isinstance(holder, list) else key] = value


def _remove(holder: Json, key: str) -> None:
    if isinstance(holder, list):
        del holder[_index(holder, key)]
    elif key in holder:
        del holder[key]
    else:
        raise _nowhere(key)


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
