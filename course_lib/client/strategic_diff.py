"""The strategic merge patch that turns one document into another.

Source: `CreateTwoWayMergePatch`, `diffMaps` and `diffLists` of apimachinery
`pkg/util/strategicpatch/patch.go`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from course_lib.apiserver.go_values import go_text
from course_lib.apiserver.strategic import DIRECTIVE, ORDER, PRIMITIVES, RETAIN
from course_lib.objects.api_types.table import Field, Type, fields_of, type_of
from course_lib.objects.manifests import Document, Json

Map: TypeAlias = dict[str, Json]
List: TypeAlias = list[Json]


class DiffOptions(NamedTuple):
    """What a patch has: additions and changes, deletions, the order of lists that are merged."""

    changes: bool = True
    deletions: bool = True
    order: bool = True


WHOLE = DiffOptions()


def two_way(before: Document, after: Document) -> Map:
    """The patch that turns the document `before` into `after`; empty where they are the same.

    >>> pod = {"apiVersion": "v1", "kind": "Pod"}
    >>> old = pod | {"spec": {"containers": [{"name": "a", "image": "x"}]}}
    >>> new = pod | {"spec": {"containers": [{"name": "a", "image": "y"}]}}
    >>> two_way(old, new)["spec"]["containers"]
    [{'image': 'y', 'name': 'a'}]
    """
    type = type_of(str(before.get("apiVersion", "")), str(before.get("kind", "")))
    return diff(before, after, type)


def diff(before: Map, after: Map, type: Type | None, options: DiffOptions = WHOLE) -> Map:
    """The patch that turns one value of a struct of a `type` into another.

    `before` and `after` are the values; `options` say what the patch has.
    """
    return _Differ(options).maps(before, after, type)


class _Differ:
    def __init__(self, options: DiffOptions) -> None:
        self._options = options

    def maps(self, before: Map, after: Map, type: Type | None, retain: bool = False) -> Map:
        """The patch of two maps or structs (`diffMaps`); `retain` names the fields that stay."""
        options, patch = self._options, Map()
        for key, new in after.items():
            if key not in before or _shape(before[key]) is not _shape(new):
                if options.changes:
                    patch[key] = new
            elif isinstance(new, dict):
                self._map(key, before[key], new, field_of(type, key), patch)
            elif isinstance(new, list):
                self._list(key, before[key], new, field_of(type, key), patch)
            elif options.changes and before[key] != new:
                patch[key] = new
        if options.deletions:
            patch |= dict.fromkeys(key for key in before if key not in after)
        more = any(value is not None and key not in after for key, value in before.items())
        kept = sorted(key for key, value in after.items() if value is not None)
        if retain and kept and (patch or more):
            patch[RETAIN] = kept
        return patch

    def _map(self, key: str, before: Map, after: Map, field: Field | None, patch: Map) -> None:
        """Add what two maps differ in to a patch (`handleMapDiff`)."""
        if field is not None and field.replaced:
            if self._options.changes:
                patch[key] = after
        elif part := self.maps(
            before, after, field.type if field else None, bool(field and field.retains_keys)
        ):
            patch[key] = part

    def _list(self, key: str, before: List, after: List, field: Field | None, patch: Map) -> None:
        """Add what two lists differ in to a patch (`handleSliceDiff`, `diffLists`)."""
        options = self._options
        if field is None or not field.merged:
            if options.changes and before != after:
                patch[key] = after
        elif not before:
            if after and options.changes:
                patch[key] = after
        elif any(isinstance(each, dict) for each in (*before, *after)):
            self._merged(key, before, after, field, patch)
        else:
            self._scalars(key, before, after, patch)

    def _merged(self, key: str, before: List, after: List, field: Field, patch: Map) -> None:
        """Lists of things with a merge key (`diffListsOfMaps`)."""
        options, name = self._options, field.merge_key
        changed, gone = self._items(before, after, field)
        places = [item.get(name) for item in after]
        changed.sort(key=lambda item: places.index(item[name]))
        changed += gone
        if changed:
            patch[key] = changed
        same_order = [item.get(name) for item in before] == places
        if options.order and after and (changed or (options.changes and not same_order)):
            patch[f"{ORDER}/{key}"] = [{name: each} for each in places]

    def _items(self, before: List, after: List, field: Field) -> tuple[List, List]:
        """What is new or different, and the directives for what is gone, by merge key."""
        options, name = self._options, field.merge_key
        old, new = (
            sorted(items, key=lambda item: go_text(item[name])) for items in (before, after)
        )
        changed: List = []
        gone: List = []
        while old or new:
            one, other = (go_text(items[0][name]) if items else None for items in (old, new))
            if one is not None and (other is None or one < other):
                item = old.pop(0)
                gone += [{DIRECTIVE: "delete", name: item[name]}] if options.deletions else []
                continue
            item = new.pop(0)
            if one != other:
                changed += [item] if options.changes else []
            elif part := self.maps(old.pop(0), item, field.type.item, field.retains_keys):
                changed.append(part | {name: item[name]})
        return changed, gone

    def _scalars(self, key: str, before: List, after: List, patch: Map) -> None:
        """Lists of values that are merged by themselves (`diffListsOfScalars`)."""
        options = self._options
        added = [each for each in after if each not in before]
        gone = sorted({each for each in before if each not in after}, key=str)
        if added and options.changes:
            patch[key] = added
        if gone and options.deletions:
            patch[f"{PRIMITIVES}/{key}"] = gone
        differs = options.changes and before != after
        if options.order and after and (differs or (options.deletions and gone)):
            patch[f"{ORDER}/{key}"] = after


def _shape(value: Json) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else value.__class__


def field_of(type: Type | None, name: str) -> Field | None:
    """The field of a `name` in a value of a `type`; None where it is not known."""
    if type is not None and type.is_struct:
        return fields_of(type.shape).get(name)
    item = type.item if type is not None and type.shape == "map" else None
    return Field(name, item) if item else None
