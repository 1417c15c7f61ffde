"""What an apply makes of an object: it is merged with what is applied, and what was dropped goes.

Source: `Merge`, `RemoveItems` of structured-merge-diff `typed`; `prune` of `merge/update.go`.
"""

from __future__ import annotations

from course_lib.apiserver.applying.fields import FieldPath, elements, key_of, merges_parts
from course_lib.objects.api_types.topology import Merging
from course_lib.objects.manifests import Json


def merged(live: Json, applied: Json, merging: Merging) -> Json:
    """A `live` value with what is `applied`, merged as its type says (`merging`)."""
    if not merges_parts(applied, merging) or type(live) is not type(applied):
        return applied
    if isinstance(applied, dict):
        both = dict(live)
        for name, part in applied.items():
            both[name] = merged(live.get(name), part, merging.field(name))
        return both
    if merging.is_set:
        return [*live, *(each for each in applied if each not in live)]
    places = {key_of(item, merging): n for n, item in enumerate(live) if isinstance(item, dict)}
    items = list(live)
    for item in applied:
        place = places.get(key_of(item, merging))
        if place is None:
            items.append(item)
        else:
            items[place] = merged(items[place], item, merging.item)
    return items


def without(value: Json, fields: set[FieldPath], merging: Merging, path: FieldPath = ()) -> Json:
    """A `value` without the parts at some paths, its `fields`.

    `merging` says how the value is merged, `path` where it stands.
    """
    if not merges_parts(value, merging):
        return value
    kept = [
        (element, without(part, fields, inner, (*path, element)))
        for element, part, inner in elements(value, merging)
        if (*path, element) not in fields
    ]
    if isinstance(value, dict):
        return {element[2:]: part for element, part in kept}
    return [part for _, part in kept]
