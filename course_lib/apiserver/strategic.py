"""Strategic merge patches: merge patches in which lists of named things are merged item by item.

The types of the release say which lists these are, and by which field their items are told apart.

Source: kubernetes.io "Update API Objects in Place Using kubectl patch"; `patch.go` in
`pkg/util/strategicpatch` of k8s.io/apimachinery, whose errors these are.
"""

from __future__ import annotations

from course_lib.apiserver.errors import BadRequest, RejectedPatch, Unclassified
from course_lib.apiserver.go_values import go_text, go_type
from course_lib.objects.api_types.table import Field, Type, fields_of
from course_lib.objects.manifests import Json

Values = list[Json]
DIRECTIVE, RETAIN = "$patch", "$retainKeys"
ORDER, PRIMITIVES = "$setElementOrder", "$deleteFromPrimitiveList"


def strategic_merge(
    target: Json, patch: dict[str, Json], type: Type | None = None
) -> dict[str, Json]:
    """The document `target` with a `patch`; lists of its `type` without a merge key are replaced.

    Raises `Unclassified`, `BadRequest` or `RejectedPatch` for a patch of the wrong form.

    >>> from course_lib.objects.api_types.table import type_of
    >>> patch = {"spec": {"containers": [{"name": "a", "image": "y"}]}}
    >>> strategic_merge({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}, patch,
    ...                 type_of("v1", "Pod"))
    {'spec': {'containers': [{'name': 'a', 'image': 'y'}, {'name': 'b'}]}}
    """
    if DIRECTIVE in patch:
        rest = {key: value for key, value in patch.items() if key != DIRECTIVE}
        if patch[DIRECTIVE] == "replace":
            return rest
        if patch[DIRECTIVE] == "delete":
            return {}
        raise _unknown_directive(patch)
    result = _retained(dict(target) if isinstance(target, dict) else {}, patch)
    patch = {key: value for key, value in patch.items() if key != RETAIN}
    done = {RETAIN}
    for key in [key for key in patch if key.startswith(ORDER)]:
        name = _named(key, ORDER)
        done |= {key, name}
        _set_order(result, patch, key, name, _field(type, name))
    for key, value in patch.items():
        if key not in done:
            _set(result, key, value, type)
    return result


def _set(result: dict[str, Json], key: str, value: Json, type: Type | None) -> None:
    """Merge one field of a patch into the result, in place."""
    deletes = key.startswith(PRIMITIVES)
    name = _named(key, PRIMITIVES) if deletes else key
    if value is None:
        result.pop(name, None)
        return
    known = result.get(name)
    if isinstance(known, dict) and isinstance(value, dict) and not deletes:
        field = _field(type, name)
        result[name] = strategic_merge(known, value, field.type if field else None)
    elif isinstance(known, list) and isinstance(value, list):
        field = _field(type, name)
        if deletes:
            result[name] = [each for each in known if each not in value]
        elif field and field.merged:
            result[name] = _merged_list(known, value, field)
        else:
            result[name] = value
    elif not deletes:
        kept, keep = _without_directives(value)
        result.pop(name, None)
        if keep:
            result[name] = kept


def _field(type: Type | None, name: str) -> Field | None:
    if type is not None and type.is_struct:
        return fields_of(type.shape).get(name)
    item = type.item if type is not None and type.shape == "map" else None
    return Field(name, item) if item else None


def _named(key: str, prefix: str) -> str:
    """The field that a directive is for."""
    head, slash, name = key.partition("/")
    if not slash or head != prefix:
        kind = "setElementOrder list" if prefix == ORDER else "primitive list"
        raise BadRequest(f"invalid patch format of {kind}")
    return name


def _retained(result: dict[str, Json], patch: dict[str, Json]) -> dict[str, Json]:
    """The fields that a patch retains; all, where it does not say."""
    if RETAIN not in patch:
        return result
    kept = patch[RETAIN]
    unkept = (
        key
        for key, value in patch.items()
        if value is not None and key != RETAIN and not key.startswith((PRIMITIVES, ORDER))
    )
    if not isinstance(kept, list) or any(key not in kept for key in unkept):
        raise BadRequest("invalid patch format of retainKeys")
    return {key: value for key, value in result.items() if key in kept}


def _without_directives(value: Json) -> tuple[Json, bool]:
    """A part of a patch where nothing was before; False where it is a directive itself."""
    if isinstance(value, dict):
        if DIRECTIVE in value:
            return None, False
        parts = {key: _without_directives(each) for key, each in value.items() if each is not None}
        return {key: part for key, (part, keep) in parts.items() if keep}, True
    if isinstance(value, list):
        items = [_without_directives(each) for each in value]
        return [item for item, keep in items if keep], True
    return value, True


def _merged_list(known: Values, patch: Values, field: Field) -> Values:
    """Two lists of the same things (`mergeSlice`)."""
    if not known and not patch:
        return known
    if not _are_maps(known, patch):
        both = [*known, *(each for each in patch if each not in known)]
        return _in_order(both, patch, known, "")
    known, patch = _special(known, patch, field.merge_key)
    merged = list(known)
    for each in patch:
        name = _name(each, field.merge_key)
        place = _place(merged, name, field.merge_key)
        if place is None:
            merged.append(each)
        else:
            merged[place] = strategic_merge(merged[place], each, field.type.item)
    return _in_order(merged, patch, known, field.merge_key)


def _are_maps(*lists: Values) -> bool:
    """Whether the items are maps; all items are of one type (`sliceElementType`)."""
    items = [each for values in lists for each in values]
    if items and isinstance(items[0], list):
        raise RejectedPatch("lists of lists are not supported")
    if len({go_type(each) for each in items}) > 1:
        raise Unclassified(f"list element types are not identical: {go_text(list(lists))}")
    return bool(items) and isinstance(items[0], dict)


def _special(known: Values, patch: Values, key: str) -> tuple[Values, Values]:
    """Items with a directive are acted on, and go (`mergeSliceWithSpecialElements`)."""
    plain, replaces = [each for each in patch if DIRECTIVE not in each], False
    for each in patch:
        directive = each.get(DIRECTIVE, "")
        if directive == "delete":
            name = _name(each, key)
            known = [item for item in known if item.get(key) != name]
        elif directive == "replace":
            replaces = True
        elif directive == "merge":
            raise Unclassified("merging lists cannot yet be specified in the patch")
        elif DIRECTIVE in each:
            raise _unknown_directive(each)
    return (plain, []) if replaces else (known, plain)


def _name(item: Json, key: str) -> Json:
    if key not in item:
        raise Unclassified(f"map: {go_text(item)} does not contain declared merge key: {key}")
    return item[key]


def _place(items: Values, name: Json, key: str) -> int | None:
    """Where the item of a name is; an item without a key is its own name."""
    for place, each in enumerate(items):
        if (each.get(key) if key and isinstance(each, dict) else each) == name:
            return place
    return None


def _in_order(merged: Values, order: Values, known: Values, key: str) -> Values:
    """The items of the patch in its order, the others where they were (`normalizeElementOrder`).

    An item that the patch leaves alone stays before the first item of the patch that it stood
    before.
    """
    names = [_name(each, key) if key else each for each in merged]
    asked, before = ([_place(items, name, key) for name in names] for items in (order, known))
    places = range(len(merged))
    first = sorted((p for p in places if asked[p] is not None), key=lambda p: asked[p] or 0)
    others = [p for p in places if asked[p] is None]
    others.sort(key=lambda p: before[p] or 0)
    result: list[int] = []
    while first and others:
        one, other = before[others[0]], before[first[0]]
        earlier = one is not None and other is not None and one < other
        result.append((others if earlier else first).pop(0))
    return [merged[place] for place in (*result, *first, *others)]


def _set_order(
    result: dict[str, Json], patch: dict[str, Json], key: str, name: str, field: Field | None
) -> None:
    """Merge a list whose order a patch names, in place (`mergePatchIntoOriginal`)."""
    order, known, wanted = patch[key], result.get(name), patch.get(name)
    for part in (order, known, wanted):
        if part is not None and not isinstance(part, list):
            raise Unclassified(f"expected a []interface {{}}, but received a {go_type(part)}")
    merge_key = field.merge_key if field else ""
    _check_order(wanted or [], order or [], merge_key)
    if known is None and wanted is None:
        return
    if known is None:
        merged, _ = _without_directives(wanted)
    elif wanted is None:
        merged = known
    else:
        merged = _merged_list(known, wanted, field) if field and field.merged else wanted
    result[name] = _in_order(merged, order or [], known or [], merge_key)


def _check_order(patch: Values, order: Values, key: str) -> None:
    """The items of a patch stand in its order as they do in the patch."""
    if not order or not patch:
        return
    rest = iter(order)
    for each in patch:
        if isinstance(each, dict) and DIRECTIVE in each:
            continue
        name = _name(each, key) if key else each
        if not any((_name(other, key) if key else other) == name for other in rest):
            raise Unclassified(
                f"The order in patch list:\n{go_text(patch)}\n doesn't match {ORDER} list:\n"
                f"{go_text(order)}\n"
            )


def _unknown_directive(patch: dict[str, Json]) -> Unclassified:
    return Unclassified(f"unknown patch type: {patch[DIRECTIVE]} in map: {go_text(patch)}")
