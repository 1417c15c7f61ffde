"""JSON merge patches (RFC 7386) that are made of a difference.

Source: `CreateMergePatch` of the library json-patch 4; `CreateThreeWayJSONMergePatch` of
apimachinery `pkg/util/jsonmergepatch/patch.go`.
"""

from __future__ import annotations

from course_lib.apiserver.patches import merge_patch
from course_lib.client.strategic_diff import Map


def merge_diff(before: Map, after: Map) -> Map:
    """The merge patch that turns `before` into `after`; empty where they are the same.

    >>> merge_diff({"a": 1, "b": {"c": 2, "d": [3]}}, {"b": {"c": 2, "d": [4]}})
    {'b': {'d': [4]}, 'a': None}
    """
    patch = Map()
    for key, new in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            if part := merge_diff(old, new):
                patch[key] = part
        elif key not in before or old != new or isinstance(old, bool) != isinstance(new, bool):
            patch[key] = new
    return patch | dict.fromkeys(key for key in before if key not in after)


def three_way_merge_diff(last: Map, desired: Map, live: Map) -> Map:
    """The merge patch by which an author's `desired` document changes the `live` one.

    `last` is what the author applied before: what is no longer in it is removed.
    """
    changes = _with_nulls(merge_diff(live, desired), keep=False)
    deletions = _with_nulls(merge_diff(last, desired), keep=True)
    return _laid_over(deletions, changes)


def _with_nulls(patch: Map, keep: bool) -> Map:
    """Only the removals of a patch (`keep`), or all but these (`keepOrDeleteNullInObj`)."""
    kept = Map()
    for key, value in patch.items():
        if value is None:
            if keep:
                kept[key] = None
        elif isinstance(value, dict) and value:
            if part := _with_nulls(value, keep):
                kept[key] = part
        elif not keep:
            kept[key] = value
    return kept


def _laid_over(deletions: Map, changes: Map) -> Map:
    """Both patches in one; removals stay removals."""
    both = dict(deletions)
    for key, value in changes.items():
        known = both.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            both[key] = _laid_over(known, value)
        else:
            both[key] = merge_patch(None, value) if isinstance(value, dict) else value
    return both
