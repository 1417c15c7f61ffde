"""A cache of the objects of one kind, with indexes and tallies.

An index finds objects, a tally counts them: both cost what changes, not what is there.
Source: client-go `tools/cache`, `thread_safe_store.go`; it has no tallies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from functools import cache
from typing import Generic, TypeVar, cast

from course_lib.apiserver.entries import in_order
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, IN, Selector

Key = str  # namespace/name, or the name alone
FeatureT = TypeVar("FeatureT", bound=Hashable)
IndexFunction = Callable[[ObjectT], Collection[str]]  # the values under which an object is found
TallyFunction = Callable[[ObjectT], Iterable[tuple[str, Hashable]]]  # groups, and features there


class Indexer(Generic[ObjectT]):
    """Objects by key, listed in the order of the API; those of each index in the same order.

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
        self.objects: dict[Key, ObjectT] = {}
        self._indexes: dict[IndexFunction[ObjectT], _Index[ObjectT]] = {}
        self._tallies: dict[TallyFunction[ObjectT], _Tally[ObjectT]] = {}
        self._followers: list[_Index[ObjectT] | _Tally[ObjectT]] = []  # the indexes and the tallies

    def __len__(self) -> int:
        return len(self.objects)

    def by_index(self, function: IndexFunction[ObjectT], value: str) -> list[ObjectT]:
        """The objects for which an index function returns a value.

        The index is built when the function is used first, and kept from then on: pass the same
        function each time, not a new lambda.
        """
        found = self._index(function).objects.get(value)
        return list(in_order(found).values()) if found else []

    def count(self, function: IndexFunction[ObjectT], value: str) -> int:
        """How many objects an index function returns a value for."""
        return len(self._index(function).objects.get(value, ()))

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
        for key, each in self.objects.items():
            follower.move(key, None, each)
        self._followers.append(follower)

    def put(self, key: Key, new: ObjectT) -> ObjectT | None:
        """Add or replace an object; returns the one that it replaces."""
        old = self.objects.get(key)
        self.objects[key] = new
        for follower in self._followers:
            follower.move(key, old, new)
        return old

    def remove(self, key: Key) -> ObjectT | None:
        """Remove an object; returns it."""
        old = self.objects.pop(key, None)
        if old is not None:
            for follower in self._followers:
                follower.move(key, old, None)
        return old

    def list(self, namespace: str = "", selector: Selector = EVERYTHING) -> list[ObjectT]:
        """The objects of a namespace, or all; those that the selector matches."""
        if selector == EVERYTHING and namespace:
            return self.by_index(by_namespace, namespace)
        if selector == EVERYTHING:
            return list(in_order(self.objects).values())
        return [
            each
            for each in self._candidates(namespace, selector)
            if selector.matches(each.metadata.labels) and namespace in ("", each.metadata.namespace)
        ]

    def _candidates(self, namespace: str, selector: Selector) -> Iterable[ObjectT]:
        """The objects with a label that the selector requires; without one, of the namespace."""
        for requirement in selector.requirements:
            if requirement.operator == IN and len(requirement.values) == 1:
                return self.by_index(by_label(requirement.key), requirement.values[0])
        return self.list(namespace)


class _Index(Generic[ObjectT]):
    """The objects by value, and by key under each."""

    def __init__(self, function: IndexFunction[ObjectT]) -> None:
        self.function = function
        self.objects: dict[str, dict[Key, ObjectT]] = {}

    def move(self, key: Key, old: ObjectT | None, new: ObjectT | None) -> None:
        """An object changed, came (`old` is None) or went (`new` is None)."""
        after = () if new is None else self.function(new)
        for value in () if old is None else self.function(old):
            if value not in after and value in self.objects:
                self.objects[value].pop(key, None)
                if not self.objects[value]:
                    del self.objects[value]
        if new is not None:
            for value in after:
                self.objects.setdefault(value, {})[key] = new


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
