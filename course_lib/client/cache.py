"""A cache of the objects of one kind, with indexes.

Source: client-go `tools/cache`, `thread_safe_store.go`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from functools import cache
from typing import Generic

from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, Selector

Key = str  # namespace/name, or the name alone
IndexFunction = Callable[[ObjectT], Iterable[str]]  # the values under which an object is found


class Indexer(Generic[ObjectT]):
    """Objects by key, in the order in which the API lists them; each index in the same order.

    >>> from course_lib.objects.meta import ObjectMeta
    >>> cache = Indexer[Object]()
    >>> for name in ("b", "a"):
    ...     meta = ObjectMeta(name=name, namespace="shop", labels={"app": "web"})
    ...     _ = cache.put(f"shop/{name}", Object(metadata=meta))
    >>> [each.name for each in cache.by_index(by_label("app"), "web")]
    ['a', 'b']
    """

    def __init__(self) -> None:
        self._objects: dict[Key, ObjectT] = {}
        self._keys: list[Key] = []  # sorted, so that a namespace is a slice
        self._indexes: dict[IndexFunction[ObjectT], _Index[ObjectT]] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: Key) -> ObjectT | None:
        """The object with a key, or None."""
        return self._objects.get(key)

    def by_index(self, function: IndexFunction[ObjectT], value: str) -> list[ObjectT]:
        """The objects for which an index function returns a value.

        The index is built when the function is used first, and kept from then on: pass the same
        function each time, not a new lambda.
        """
        if function not in self._indexes:
            index = self._indexes[function] = _Index(function)
            for key, each in self._objects.items():
                index.move(key, None, each)
        return [self._objects[key] for key in self._indexes[function].keys.get(value, ())]

    def put(self, key: Key, new: ObjectT) -> ObjectT | None:
        """Add or replace an object; returns the one that it replaces."""
        old = self._objects.get(key)
        if old is None:
            insort(self._keys, key)
        self._objects[key] = new
        for index in self._indexes.values():
            index.move(key, old, new)
        return old

    def remove(self, key: Key) -> ObjectT | None:
        """Remove an object; returns it."""
        old = self._objects.pop(key, None)
        if old is not None:
            del self._keys[bisect_left(self._keys, key)]
            for index in self._indexes.values():
                index.move(key, old, None)
        return old

    def list(self, namespace: str = "", selector: Selector = EVERYTHING) -> list[ObjectT]:
        """The objects of a namespace, or all; those that the selector matches."""
        keys = self._keys
        if namespace:
            prefix = f"{namespace}/"
            keys = keys[bisect_left(keys, prefix) : bisect_left(keys, prefix + "\U0010ffff")]
        found = (self._objects[key] for key in keys)
        return [each for each in found if selector.matches(each.labels)]


class _Index(Generic[ObjectT]):
    """The keys of objects by value, sorted."""

    def __init__(self, function: IndexFunction[ObjectT]) -> None:
        self.function = function
        self.keys: dict[str, list[Key]] = {}

    def move(self, key: Key, old: ObjectT | None, new: ObjectT | None) -> None:
        """An object changed, came (`old` is None) or went (`new` is None)."""
        before = () if old is None else dict.fromkeys(self.function(old))
        after = () if new is None else dict.fromkeys(self.function(new))
        for value in before:
            if value not in after:
                keys = self.keys[value]
                del keys[bisect_left(keys, key)]
                if not keys:
                    del self.keys[value]
        for value in after:
            if value not in before:
                insort(self.keys.setdefault(value, []), key)


def by_namespace(seen: Object) -> list[str]:
    """Index function: the namespace."""
    return [seen.namespace]


@cache  # one function for each label, so that its index is found again
def by_label(label: str) -> Callable[[Object], list[str]]:
    """Index function: the value of a label; objects without it are not in the index."""
    return lambda seen: [seen.labels[label]] if label in seen.labels else []


def by_owner(seen: Object) -> list[str]:
    """Index function: the UIDs of all owners."""
    return [owner.uid for owner in seen.metadata.owner_references or ()]


def by_controller(seen: Object) -> list[str]:
    """Index function: the UID of the controller; for an orphan, its namespace (`orphans`)."""
    controller = seen.metadata.controller
    return [orphans(seen.namespace) if controller is None else controller.uid]


def orphans(namespace: str) -> str:
    """The value of `by_controller` for objects of a namespace that no controller owns.

    Source: `OrphanPodIndexKeyForNamespace` in `pkg/controller/controller_utils.go`.
    """
    return f"_ORPHAN/{namespace}"
