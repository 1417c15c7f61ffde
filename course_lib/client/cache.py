"""A cache of the objects of one kind, with indexes and tallies.

An index finds objects, a tally counts them: both cost what changes, not what is there.
Source: client-go `tools/cache`, `thread_safe_store.go`; it has no tallies.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from typing import Generic, TypeVar, cast

from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, IN, Selector

Key = str  # namespace/name, or the name alone
FeatureT = TypeVar("FeatureT", bound=Hashable)
IndexFunction = Callable[[ObjectT], Iterable[str]]  # the values under which an object is found
TallyFunction = Callable[[ObjectT], Iterable[tuple[str, Hashable]]]  # groups, and features there


class Indexer(Generic[ObjectT]):
    """Objects by key, in the order in which the API lists them; each index in the same order.

    >>> from course_lib.objects.meta import ObjectMeta
    >>> cache = Indexer[Object]()
    >>> for name in ("b", "a"):
    ...     meta = ObjectMeta(name=name, namespace="shop", labels={"app": "web"})
    ...     _ = cache.put(f"shop/{name}", Object(metadata=meta))
    >>> [each.name for each in cache.by_index(by_label("app"), "web")]
    ['a', 'b']
    >>> def names(seen: Object) -> list[tuple[str, int]]: return [("shop", len(seen.name))]
    >>> dict(cache.tally(names, "shop"))
    {1: 2}
    """

    def __init__(self) -> None:
        self._objects: dict[Key, ObjectT] = {}
        self._keys: list[Key] = []  # sorted, so that a namespace is a slice
        self._indexes: dict[IndexFunction[ObjectT], _Index[ObjectT]] = {}
        self._tallies: dict[TallyFunction[ObjectT], _Tally[ObjectT]] = {}
        self._followers: list[_Index[ObjectT] | _Tally[ObjectT]] = []  # the indexes and the tallies

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
        return [self._objects[key] for key in self._index(function).keys.get(value, ())]

    def count(self, function: IndexFunction[ObjectT], value: str) -> int:
        """How many objects an index function returns a value for."""
        return len(self._index(function).keys.get(value, ()))

    def tally(
        self, function: Callable[[ObjectT], Iterable[tuple[str, FeatureT]]], group: str
    ) -> Mapping[FeatureT, int]:
        """How many objects of a group have each feature, as a tally function says.

        The tally is made when the function is used first, as an index is. Read the answer at once:
        it changes with the objects.
        """
        tally = self._tallies.get(function)
        if tally is None:
            tally = self._tallies[function] = _Tally(function)
            self._follow(tally)
        return cast(Mapping[FeatureT, int], tally.counts.get(group, {}))

    def _index(self, function: IndexFunction[ObjectT]) -> _Index[ObjectT]:
        index = self._indexes.get(function)
        if index is None:
            index = self._indexes[function] = _Index(function)
            self._follow(index)
        return index

    def _follow(self, follower: _Index[ObjectT] | _Tally[ObjectT]) -> None:
        """Tell an index or a tally of what is there, and from now on of each change."""
        for key, each in self._objects.items():
            follower.move(key, None, each)
        self._followers.append(follower)

    def put(self, key: Key, new: ObjectT) -> ObjectT | None:
        """Add or replace an object; returns the one that it replaces."""
        old = self._objects.get(key)
        if old is None:
            insort(self._keys, key)
        self._objects[key] = new
        for follower in self._followers:
            follower.move(key, old, new)
        return old

    def remove(self, key: Key) -> ObjectT | None:
        """Remove an object; returns it."""
        old = self._objects.pop(key, None)
        if old is not None:
            del self._keys[bisect_left(self._keys, key)]
            for follower in self._followers:
                follower.move(key, old, None)
        return old

    def _keys_for(self, selector: Selector) -> list[Key]:
        """Keys of all objects that a selector may match: those with one of its labels, or all."""
        for requirement in selector.requirements:
            if requirement.operator == IN and len(requirement.values) == 1:
                return self._index(by_label(requirement.key)).keys.get(requirement.values[0], [])
        return self._keys

    def list(self, namespace: str = "", selector: Selector = EVERYTHING) -> list[ObjectT]:
        """The objects of a namespace, or all; those that the selector matches."""
        keys = self._keys_for(selector)
        if namespace:
            prefix = f"{namespace}/"
            keys = keys[bisect_left(keys, prefix) : bisect_left(keys, prefix + "\U0010ffff")]
        found = [self._objects[key] for key in keys]
        if selector is EVERYTHING:
            return found
        return [each for each in found if selector.matches(each.labels)]


class _Index(Generic[ObjectT]):
    """The keys of objects by value, sorted."""

    def __init__(self, function: IndexFunction[ObjectT]) -> None:
        self.function = function
        self.keys: dict[str, list[Key]] = {}

    def move(self, key: Key, old: ObjectT | None, new: ObjectT | None) -> None:
        """An object changed, came (`old` is None) or went (`new` is None)."""
        before = () if old is None else self.function(old)
        after = () if new is None else self.function(new)
        if before == after:
            return
        before, after = dict.fromkeys(before), dict.fromkeys(after)
        for value in before:
            if value not in after:
                keys = self.keys[value]
                del keys[bisect_left(keys, key)]
                if not keys:
                    del self.keys[value]
        for value in after:
            if value not in before:
                insort(self.keys.setdefault(value, []), key)


class _Tally(Generic[ObjectT]):
    """Numbers of objects by group and feature; none is 0."""

    def __init__(self, function: TallyFunction[ObjectT]) -> None:
        self.function = function
        self.counts: dict[str, Counter[Hashable]] = {}

    def move(self, key: Key, old: ObjectT | None, new: ObjectT | None) -> None:
        """An object changed, came (`old` is None) or went (`new` is None)."""
        before = () if old is None else self.function(old)
        after = () if new is None else self.function(new)
        if before == after:
            return
        for group, feature in after:
            self.counts.setdefault(group, Counter())[feature] += 1
        for group, feature in before:
            features = self.counts[group]
            features[feature] -= 1
            if not features[feature]:
                del features[feature]
                if not features:
                    del self.counts[group]


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
