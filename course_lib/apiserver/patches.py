"""Patches: how a change is written down, and how `kubectl apply` finds it.

Sources: RFC 7386 (merge patch); kubernetes.io "Declarative Management of Kubernetes Objects",
"How apply calculates differences and merges changes".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from course_lib.apiserver.errors import NotFound
from course_lib.objects.manifests import Document, plain

Patch = Document | list[Document]  # a merge patch, or the operations of a JSON patch
MergeKey = Sequence[str]  # fields; all but the first may be missing in an item
MergeKeys = Mapping[str, Sequence[MergeKey]]
# Lists whose items are merged by a key of theirs rather than replaced as a whole
# (`patchMergeKey` in the API's types; where `listMapKeys` has more fields than that, by these).
MERGE_KEYS: MergeKeys = {
    "containers": [("name",)],
    "initContainers": [("name",)],
    "ephemeralContainers": [("name",)],
    "volumes": [("name",)],
    "env": [("name",)],
    "ports": [("containerPort", "protocol"), ("port", "protocol")],
    "volumeMounts": [("mountPath",)],
    "volumeDevices": [("devicePath",)],
    "imagePullSecrets": [("name",)],
    "secrets": [("name",)],
    "topologySpreadConstraints": [("topologyKey", "whenUnsatisfiable")],
    "hostAliases": [("ip",)],
    "podIPs": [("ip",)],
    "addresses": [("type",)],
    "taints": [("key", "effect")],
    "conditions": [("type",)],
    "ownerReferences": [("uid",)],
}
_DEFAULTS = {"protocol": "TCP"}  # of a field that an item leaves out


def identity(item: Mapping[str, object], key: MergeKey) -> tuple[str, ...]:
    """The values of an item's key, by which it is merged.

    >>> identity({"port": 53}, ("port", "protocol"))
    ('53', 'TCP')
    """
    return tuple(str(item.get(field, _DEFAULTS.get(field, ""))) for field in key)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: mappings merge, null removes, everything else replaces.

    >>> merge_patch({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merge_patch(result.get(key), value)
        else:
            result[key] = value
    return result


def three_way(last: Any, live: Any, wanted: Any, keys: MergeKeys = MERGE_KEYS) -> Any:
    """The live document changed by what its author changed since the last apply.

    What the author wrote last time and no longer writes is removed; what the author writes is
    set; what others set (defaults, an autoscaler's replicas) stays. `keys` names the lists that
    are merged item by item.

    `last` is what the author applied before, `live` what there is, `wanted` what the author applies
    now.

    >>> three_way({"replicas": 3, "paused": True}, {"replicas": 3, "paused": True, "x": 1},
    ...           {"replicas": 5})
    {'replicas': 5, 'x': 1}
    """
    return _merge(last, live, wanted, "", keys)


def _merge(last: Any, live: Any, wanted: Any, field: str, keys: MergeKeys) -> Any:
    if isinstance(wanted, dict):
        last = last if isinstance(last, dict) else {}
        live = live if isinstance(live, dict) else {}
        kept = {k: v for k, v in live.items() if k in wanted or k not in last}
        return kept | {k: _merge(last.get(k), live.get(k), v, k, keys) for k, v in wanted.items()}
    if isinstance(wanted, list) and isinstance(live, list):
        key = _merge_key(keys.get(field, ()), [*wanted, *live])
        if key:
            last = last if isinstance(last, list) else []
            return _merge_list(last, live, wanted, key, keys)
    return wanted


def _merge_key(keys: Sequence[MergeKey], items: list[Any]) -> MergeKey | None:
    for key in keys:
        if all(isinstance(item, dict) and key[0] in item for item in items):
            return key
    return None


def _merge_list(
    last: list[Any], live: list[Any], wanted: list[Any], key: MergeKey, keys: MergeKeys
) -> list[Any]:
    def by_key(items: list[Any]) -> dict[Any, Any]:
        return {identity(i, key): i for i in items if isinstance(i, dict) and key[0] in i}

    before, now, names = by_key(last), by_key(live), by_key(wanted)
    merged = [_merge(before.get(n), now.get(n), item, "", keys) for n, item in names.items()]
    others = [item for n, item in now.items() if n not in names and n not in before]
    return merged + others


def check_types(patch: Patch) -> None:
    """Raise `InvalidManifest` for a patch that holds what no manifest holds, such as a set."""
    try:
        if msgspec.msgpack.decode(msgspec.msgpack.encode(patch)) == patch:
            return
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass  # it is said below which part is wrong
    plain(patch, "patch")


WRITTEN_PARTS = ("", "status", "finalize", "resize", "ephemeralcontainers")


def check_subresource(name: str) -> None:
    """Raise `NotFound` for a subresource that is not written by an update or a patch here."""
    if name not in WRITTEN_PARTS:
        raise NotFound(
            "the server could not find the requested resource",
            where=f"subresource {name}"[:60],
            expected='"" for the object itself, or "status"',
            do="to scale an object, patch its number of replicas",
        )
