"""The patch of `kubectl apply`: what an author changes, made of three documents.

What the author wrote last time and no longer writes is removed; what the author writes is set; what
others set (defaults, an autoscaler's replicas) stays.

Source: `CreateThreeWayMergePatch` and `mergeMap` of apimachinery
`pkg/util/strategicpatch/patch.go`; kubernetes.io "Declarative Management of Kubernetes Objects
Using Configuration Files", "How apply calculates differences and merges changes".
"""

from __future__ import annotations

from course_lib.apiserver.strategic import DIRECTIVE, ORDER, PRIMITIVES, RETAIN
from course_lib.client.strategic_diff import DiffOptions, List, Map, diff, field_of
from course_lib.objects.api_types.table import Field, Type
from course_lib.objects.manifests import Json

_CHANGES = DiffOptions(deletions=False)
_DELETIONS = DiffOptions(changes=False)


def three_way(last: Map, desired: Map, live: Map, type: Type | None) -> Map:
    """The strategic merge patch by which `desired` changes the `live` document of a `type`.

    `last` is what the author applied before.

    >>> three_way({"replicas": 3, "paused": True}, {"replicas": 5},
    ...           {"replicas": 3, "paused": True, "x": 1}, None)
    {'paused': None, 'replicas': 5}
    """
    changes = diff(live, desired, type, _CHANGES)
    deletions = diff(last, desired, type, _DELETIONS)
    return _both(deletions, changes, type)


def _both(deletions: Map, changes: Map, type: Type | None) -> Map:
    """Two patches in one (`mergeMap`, which keeps directives)."""
    both, rest = dict(deletions), dict(changes)
    if RETAIN in rest:
        both[RETAIN] = rest.pop(RETAIN)
    for key in [key for key in rest if key.startswith(f"{ORDER}/")]:
        order = both[key] = rest.pop(key)
        name = key.partition("/")[2]
        if name in both or name in rest:
            field = field_of(type, name)
            both[name] = _lists(both.get(name, []), rest.pop(name, []), order, field)
    for key, value in rest.items():
        known, field = both.get(key), field_of(type, key)
        replaced = key.startswith(f"{PRIMITIVES}/") or (field is not None and field.replaced)
        if isinstance(known, dict) and isinstance(value, dict) and not replaced:
            both[key] = _both(known, value, field.type if field else None)
        elif isinstance(known, list) and isinstance(value, list) and field and field.merged:
            both[key] = _lists(known, value, value, field)
        else:
            both[key] = value
    return both


def _lists(deletions: List, changes: List, order: List, field: Field | None) -> List:
    """Two patches of one list in one, its items in an `order`, what is deleted at the end."""
    name = field.merge_key if field else ""
    items = list(deletions)
    for each in changes:
        place = next((n for n, item in enumerate(items) if _same(item, each, name)), None)
        if place is None:
            items.append(each)
        elif field is not None and isinstance(each, dict):
            items[place] = _both(items[place], each, field.type.item)
    deleted = [each for each in items if isinstance(each, dict) and DIRECTIVE in each]
    kept = [each for each in items if each not in deleted]
    places = [each.get(name) if isinstance(each, dict) else each for each in order]
    kept.sort(key=lambda each: places.index(each[name] if isinstance(each, dict) else each))
    return kept + deleted


def _same(one: Json, other: Json, name: str) -> bool:
    """Whether two items are one: by their merge key, or as they are."""
    if isinstance(one, dict) and isinstance(other, dict):
        return bool(one.get(name) == other.get(name))
    return bool(one == other)
