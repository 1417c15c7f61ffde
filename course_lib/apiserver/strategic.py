"""The patches that kubectl sends: strategic merge patches, and JSON patches.

Sources: kubernetes.io "Update API Objects in Place Using kubectl patch"; apimachinery
`pkg/util/strategicpatch`; RFC 6902.
"""

from __future__ import annotations

from typing import Any

from course_lib.apiserver.patches import MERGE_KEYS
from course_lib.errors import CourseError

OPERATIONS = ("add", "remove", "replace", "test")
ORDER, PRIMITIVES = "$setElementOrder/", "$deleteFromPrimitiveList/"


def strategic_merge(target: Any, patch: Any) -> Any:
    """Like a merge patch, but lists of named things are merged item by item.

    >>> strategic_merge({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]},
    ...                 {"containers": [{"name": "a", "image": "y"}]})
    {'containers': [{'name': 'a', 'image': 'y'}, {'name': 'b'}]}
    """
    if not isinstance(patch, dict):
        return patch
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target) if isinstance(target, dict) else {}
    kept = patch.get("$retainKeys")
    if kept is not None:
        result = {key: value for key, value in result.items() if key in kept}
    for key, value in patch.items():
        if key.startswith(PRIMITIVES):
            field = key.removeprefix(PRIMITIVES)
            result[field] = [each for each in result.get(field, []) if each not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            order = patch.get(ORDER + key)
            result[key] = _merge_list(key, result.get(key) or [], value, order)
        else:
            result[key] = strategic_merge(result.get(key), value)
    for key, order in patch.items():  # an order alone, with nothing changed in the list
        field = key.removeprefix(ORDER)
        if key.startswith(ORDER) and field not in patch and field in result:
            result[field] = _merge_list(field, result[field], [], order)
    return result


def _merge_list(field: str, live: list[Any], patch: list[Any], order: Any) -> list[Any]:
    key = _key_of(field, [*live, *patch])
    if field == "finalizers":
        return [*live, *(each for each in patch if each not in live)]
    if key is None or any(each.get("$patch") == "replace" for each in patch):
        return [each for each in patch if not (isinstance(each, dict) and "$patch" in each)]
    found = {each[key]: each for each in live}
    for each in patch:
        if each.get("$patch") == "delete":
            found.pop(each[key], None)
        else:
            found[each[key]] = strategic_merge(found.get(each[key]), each)
    if order:
        places = {each[key]: place for place, each in enumerate(order) if key in each}
        names = sorted(found, key=lambda name: places.get(name, -1))
        return [found[name] for name in names]
    return list(found.values())


def _key_of(field: str, items: list[Any]) -> str | None:
    if not all(isinstance(item, dict) for item in items):
        return None
    named = [item for item in items if item.get("$patch") != "replace"]
    for key in MERGE_KEYS.get(field, ()):
        if all(key in item for item in named):
            return key
    return None


def json_patch(target: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902: a list of operations on paths; `add`, `remove`, `replace` and `test`.

    >>> json_patch({"spec": {"replicas": 3}}, [
    ...     {"op": "replace", "path": "/spec/replicas", "value": 5},
    ...     {"op": "add", "path": "/spec/paused", "value": True}])
    {'spec': {'replicas': 5, 'paused': True}}
    """
    if not isinstance(operations, list):
        raise CourseError("a JSON patch is a list of operations", found=str(operations))
    for each in operations:
        if not isinstance(each, dict) or not isinstance(each.get("path"), str):
            raise CourseError("an operation of a JSON patch has a path", found=str(each))
        steps = [s.replace("~1", "/").replace("~0", "~") for s in each["path"].split("/")[1:]]
        target = _at(target, steps, each)
    return target


def _at(target: Any, steps: list[str], operation: dict[str, Any]) -> Any:
    op, value = operation.get("op"), operation.get("value")
    if op not in OPERATIONS:
        raise CourseError(
            "no such operation", expected=f"one of {', '.join(OPERATIONS)}", found=repr(op)
        )
    if not steps:
        if op == "test" and target != value:
            raise CourseError("a test of the JSON patch failed", where=operation["path"])
        return target if op == "test" else value
    step, rest = steps[0], steps[1:]
    if isinstance(target, list):
        place = _place(target, step, operation)
        before, after = target[:place], target[place:]
        if not rest and op == "add":
            return [*before, value, *after]
        if not rest and op == "remove":
            return [*before, *after[1:]]
        return [*before, _at(after[0], rest, operation), *after[1:]]
    if not isinstance(target, dict) or (step not in target and (rest or op != "add")):
        raise CourseError("the JSON patch names what is not there", where=operation["path"])
    if not rest and op == "remove":
        return {key: each for key, each in target.items() if key != step}
    return target | {step: _at(target.get(step), rest, operation)}


def _place(items: list[Any], step: str, operation: dict[str, Any]) -> int:
    """An index into a list; `-` is behind the last item, where only `add` may go."""
    behind = len(items)
    place = behind if step == "-" else int(step) if step.isdecimal() else -1
    adds = operation["op"] == "add" and operation["path"].endswith(f"/{step}")
    if not 0 <= place < behind + adds:
        raise CourseError("the JSON patch names what is not there", where=operation["path"])
    return place
