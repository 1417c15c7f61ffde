"""The patches that kubectl sends: strategic merge patches, and JSON patches.

Sources: kubernetes.io "Update API Objects in Place Using kubectl patch"; apimachinery
`pkg/util/strategicpatch`; RFC 6902.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from course_lib.apiserver.errors import BadRequest, RejectedPatch
from course_lib.apiserver.patches import MERGE_KEYS, MergeKey, Patch, identity, merge_patch
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document

Name = tuple[str, ...]
OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
ORDER, PRIMITIVES = "$setElementOrder/", "$deleteFromPrimitiveList/"
SETS = ("add", "replace")  # what is there or not: `set` of `partialDoc` in json-patch, version 4
MOST_OPERATIONS = 10_000  # of one JSON patch (`maxJSONPatchOperations`)


def strategic_merge(target: Any, patch: Any) -> Any:
    """Like a merge patch, but lists of named things are merged item by item.

    Raises `CourseError` for a directive (`$patch`, `$setElementOrder/...`) of the wrong form.

    >>> strategic_merge({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]},
    ...                 {"containers": [{"name": "a", "image": "y"}]})
    {'containers': [{'name': 'a', 'image': 'y'}, {'name': 'b'}]}
    """
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch", "merge")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    if directive != "merge":
        raise _malformed("$patch", "merge, replace or delete", directive)
    return _merged(dict(target) if isinstance(target, dict) else {}, patch)


def _merged(result: Document, patch: Document) -> Document:
    if "$retainKeys" in patch:
        kept = _list_of(patch, "$retainKeys")
        for key in patch:
            if not key.startswith("$") and key not in kept:
                raise _malformed("$retainKeys", f"{key}, which the patch sets", kept)
        result = {key: value for key, value in result.items() if key in kept}
    for key, value in patch.items():
        if key.startswith(PRIMITIVES):
            gone, live = _list_of(patch, key), result.get(field := key.removeprefix(PRIMITIVES))
            if isinstance(live, list):
                result[field] = [each for each in live if each not in gone]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            order = _list_of(patch, ORDER + key) if ORDER + key in patch else []
            live = result.get(key)
            result[key] = _merge_list(key, live if isinstance(live, list) else [], value, order)
        else:
            result[key] = strategic_merge(result.get(key), value)
    for key in patch:  # an order alone, with nothing changed in the list
        field = key.removeprefix(ORDER)
        if key.startswith(ORDER) and field not in patch and isinstance(result.get(field), list):
            result[field] = _merge_list(field, result[field], [], _list_of(patch, key))
    return result


def _malformed(where: str, expected: str, found: Any) -> CourseError:
    return CourseError(
        "the patch is malformed", where=where, expected=expected, found=repr(found)[:60]
    )


def _list_of(patch: dict[str, Any], key: str) -> list[Any]:
    if not isinstance(found := patch[key], list):
        raise _malformed(key, "a list", found)
    return found


def _merge_list(field: str, live: list[Any], patch: list[Any], order: list[Any]) -> list[Any]:
    key = _key_of(field, [*live, *patch])
    if field == "finalizers":
        texts: dict[Name, Any] = {(each,): each for each in [*live, *patch]}
        return [texts[name] for name in _in_order(texts, patch, [(each,) for each in live])]
    if key is None or any(each.get("$patch") == "replace" for each in patch):
        return [each for each in patch if not (isinstance(each, dict) and "$patch" in each)]
    found = {identity(each, key): each for each in live}
    before = list(found)
    for each in patch:
        name = identity(each, key)
        same = [other for other in found if other[0] == name[0]]
        if len(same) == 1 and not all(part in each for part in key):
            name = same[0]
        if each.get("$patch") == "delete":
            found.pop(name, None)
        else:
            found[name] = strategic_merge(found.get(name), each)
    named = [each for each in order or patch if isinstance(each, dict) and key[0] in each]
    asked = [str(each[key[0]]) for each in named]
    if any(str(each[key[0]]) not in asked for each in patch if "$patch" not in each):
        raise _malformed(ORDER + field, "all items of the patch", asked)
    names = _in_order(found, asked, before)
    return [found[name] for name in names]


def _in_order(names: Iterable[Name], asked: list[str], live: list[Name]) -> list[Name]:
    """The items of a merged list: those of the patch in its order, the others where they were.

    `asked` are the first fields of the patch's keys, in the order that it gives or names. An item
    that the patch leaves alone stays before the first item of the patch that it stood before
    (`mergeSortedSlice` of `strategicpatch`). `live` is the order before.
    """
    places = {name: place for place, name in enumerate(asked)}
    first = sorted((name for name in names if name[0] in places), key=lambda n: places[n[0]])
    others = [name for name in names if name[0] not in places]
    result: list[Name] = []
    while first and others:
        both = first[0] in live and live.index(others[0]) < live.index(first[0])
        result.append((others if both else first).pop(0))
    return result + first + others


def _key_of(field: str, items: list[Any]) -> MergeKey | None:
    """The field by which the items are told apart; None where they are not, or not all have it."""
    if not all(isinstance(item, dict) for item in items):
        return None
    named = [item for item in items if item.get("$patch") != "replace"]
    for key in MERGE_KEYS.get(field, ()):
        if all(isinstance(item.get(key[0]), str | int) for item in named):
            return key
    return None


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902: a list of operations on paths, done one after the other.

    Raises `CourseError` for what is no list of operations, and `RejectedPatch` for an operation
    that cannot be done.

    >>> json_patch({"spec": {"replicas": 3}}, [
    ...     {"op": "replace", "path": "/spec/replicas", "value": 5},
    ...     {"op": "copy", "from": "/spec/replicas", "path": "/spec/before"}])
    {'spec': {'replicas': 5, 'before': 5}}
    """
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise CourseError(
            "a JSON patch is a list of operations",
            expected=f"at most {MOST_OPERATIONS}",
            found=repr(operations)[:60],
        )
    for each in operations:
        if not isinstance(each, dict):
            raise CourseError("an operation of a JSON patch is an object", found=repr(each)[:60])
        op = each.get("op")
        if op not in OPERATIONS:
            raise RejectedPatch(
                "no such operation", expected=f"one of {', '.join(OPERATIONS)}", found=repr(op)[:60]
            )
        if op in ("move", "copy"):
            value = _value_at(target, _steps(each, "from"), each)
            if op == "move":
                target = _at(target, _steps(each, "from"), {"op": "remove", "path": each["from"]})
            each = {"op": "add", "path": each.get("path"), "value": value}
        target = _at(target, _steps(each, "path"), each)
    return target


def _steps(operation: dict[str, Any], name: str) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    path = operation.get(name)
    if not isinstance(path, str) or (path and not path.startswith("/")):
        raise RejectedPatch(
            f"an operation of a JSON patch has a {name}",
            expected="a text that begins with /",
            found=repr(path)[:60],
        )
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _value_at(target: Any, steps: list[str], operation: dict[str, Any]) -> Any:
    for step in steps:
        if isinstance(target, list):
            target = target[_place(target, step, operation)]
        elif isinstance(target, dict) and step in target:
            target = target[step]
        else:
            raise _nowhere(operation)
    return target


def _at(target: Any, steps: list[str], operation: dict[str, Any]) -> Any:
    op, value = operation["op"], operation.get("value")
    if not steps:
        if op == "test" and target != value:
            raise RejectedPatch("a test of the JSON patch failed", where=operation["path"])
        return target if op == "test" else None if op == "remove" else value
    step, rest = steps[0], steps[1:]
    if isinstance(target, list):
        place = _place(target, step, operation, adds=op == "add" and not rest)
        before, after = target[:place], target[place:]
        if not rest and op == "add":
            return [*before, value, *after]
        if not rest and op == "remove":
            return [*before, *after[1:]]
        return [*before, _at(after[0], rest, operation), *after[1:]]
    if not isinstance(target, dict) or (step not in target and (rest or op not in SETS)):
        raise _nowhere(operation)
    if not rest and op == "remove":
        return {key: each for key, each in target.items() if key != step}
    return target | {step: _at(target.get(step), rest, operation)}


def _place(items: list[Any], step: str, operation: dict[str, Any], adds: bool = False) -> int:
    """An index into a list, a negative one from its end.

    `-` is behind the last item, where only `add` may go.
    """
    behind = len(items)
    digits = step.removeprefix("-")
    number = digits.isascii() and digits.isdecimal() and len(digits) < 10
    place = behind if step == "-" else int(step) if number else -behind - 2
    if step.startswith("-") and number:
        place += behind + adds
    if not 0 <= place < behind + adds:
        raise _nowhere(operation)
    return place


def _nowhere(operation: dict[str, Any]) -> RejectedPatch:
    where = str(operation.get("path"))
    return RejectedPatch("the JSON patch names what is not there", where=where)


def patched(document: Document, patch: Patch) -> Document:
    """A document with a merge patch or a JSON patch; the parts that stay are the same objects.

    Raises `BadRequest` for one that is nested too deep or has the wrong form, and `RejectedPatch`
    for an operation that cannot be done.
    """
    apply = json_patch if isinstance(patch, list) else merge_patch
    try:
        result = apply(document, patch)
    except RecursionError:
        raise BadRequest("the patched object is nested too deep") from None
    if not isinstance(result, dict):
        raise BadRequest("the patched object is no object", expected="a mapping")
    return result


# What a PATCH may be written in, and what it then does to a document.
PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge_patch,
    "application/strategic-merge-patch+json": strategic_merge,
}
