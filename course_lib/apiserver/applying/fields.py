"""Sets of fields: the paths of an object's parts, as `managedFields` writes them.

An element of a path is a field (`f:spec`), an item of a list by its keys (`k:{"name":"web"}`), or a
value of a list (`v:"a"`). Source: `fieldpath` of structured-merge-diff.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from course_lib.apiserver.statuses import to_json
from course_lib.objects.api_types.topology import Merging
from course_lib.objects.manifests import Document, Json

FieldPath = tuple[str, ...]
FieldSet = frozenset[FieldPath]
ITEM = object()  # what stands for an item as a whole


def elements(value: Json, merging: Merging) -> Iterator[tuple[str, Json, Merging]]:
    """The parts of a map or a list that are merged one by one, each with its element."""
    if isinstance(value, dict) and not merging.atomic:
        for name, part in value.items():
            yield f"f:{name}", part, merging.field(name)
    elif isinstance(value, list) and merging.keys:
        for item in value:
            if isinstance(item, dict):
                yield key_of(item, merging), item, merging.item
    elif isinstance(value, list) and merging.is_set:
        for item in value:
            yield f"v:{to_json(item)}", item, merging.item


def key_of(item: Document, merging: Merging) -> str:
    """The element of an item of a list that is told apart by keys."""
    keys = {}
    for name in sorted(merging.keys):
        found = item.get(name, merging.item.default(name))
        if found is not None:
            keys[name] = found
    return f"k:{to_json(keys)}"


def merges_parts(value: Json, merging: Merging) -> bool:
    """Whether a value is merged part by part, and not replaced."""
    if isinstance(value, dict):
        return not merging.atomic
    return isinstance(value, list) and bool(merging.keys or merging.is_set)


def leaves(value: Json, merging: Merging, path: FieldPath = ()) -> dict[FieldPath, Json]:
    """The members of the set of the fields of a value, each with its value (`ToFieldSet`).

    `merging` says how the `value` is merged, `path` where it stands.
    """
    if not merges_parts(value, merging):
        return {path: value}
    found: dict[FieldPath, Json] = {}
    for element, part, inner in elements(value, merging):
        here = (*path, element)
        found |= leaves(part, inner, here)
        if element[0] in "kv":
            found[here] = part if element[0] == "v" else ITEM
        elif part in (None, {}) or not merging.is_struct:
            found.setdefault(here, part if part in (None, {}) else ITEM)
    return found


def holders(value: Json, merging: Merging, path: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of the maps and lists that are merged part by part, and of fields without value.

    `merging` says how the `value` is merged, `path` where it stands.
    """
    if path and (value is None or merges_parts(value, merging)):
        yield path
    for element, part, inner in elements(value, merging):
        yield from holders(part, inner, (*path, element))


def fields_v1(fields: Iterable[FieldPath]) -> Document:
    """A set as `fieldsV1` has it: a tree, where `.` stands for the part itself."""
    tree: Document = {}
    for path in sorted(fields):
        here = tree
        for element in path:
            here = here.setdefault(element, {})
        here["."] = {}
    return _without_dots(tree)


def _without_dots(tree: Document) -> Document:
    """A tree in which leaves have no dot of their own."""
    return {
        element: {} if part == {".": {}} or element == "." else _without_dots(part)
        for element, part in tree.items()
    }


def read_fields(tree: Document, path: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of a set that `fieldsV1` writes as a tree."""
    for element, part in tree.items():
        if element == ".":
            yield path
        elif not part:
            yield (*path, element)
        else:
            yield from read_fields(part, (*path, element))


def in_order(fields: Iterable[FieldPath]) -> list[FieldPath]:
    """Paths as a set is walked: of each part first its members, then what is below them."""

    def key(path: FieldPath) -> list[tuple[int, str]]:
        steps = [(1, element) for element in path[:-1]]
        return [*steps, *((0, element) for element in path[-1:])]

    return sorted(fields, key=key)


def shown(path: FieldPath) -> str:
    """A path as messages have it: `.spec.containers[name="web"].image`."""
    return "".join(map(_shown, path))


def _shown(element: str) -> str:
    kind, text = element[0], element[2:]
    if kind == "f":
        return f".{text}"
    if kind == "v":
        return f"[={text}]"
    keys = json.loads(text)
    return f"[{','.join(f'{name}={json.dumps(value)}' for name, value in keys.items())}]"


def with_parents(fields: Iterable[FieldPath]) -> set[FieldPath]:
    """The paths and all parts that they are in."""
    return {path[:length] for path in fields for length in range(1, len(path) + 1)}
