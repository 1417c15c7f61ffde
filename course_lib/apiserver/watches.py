"""The watches of the store: each change is delivered to those that it concerns, and no other.

Source: `indexedWatchers` and `dispatchEvent` in `k8s.io/apiserver/pkg/storage/cacher/cacher.go`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter

from course_lib.apiserver.entries import Change, folder_of, prefixes
from course_lib.objects.selectors import FieldValue

Listener = Callable[[Change], None]
Soon = Callable[[Callable[[], None]], None]  # calls its argument when the writer has ended


class Watch:
    """A subscription to the changes below a prefix, with a queue of those not delivered yet.

    `watches` are all of the store. `listener` gets each change of a key that begins with `prefix`
    (with `field`: where the document has that value, or had it before the change), when `soon`
    calls it; without `soon`, during the write. `number` counts the subscriptions.
    """

    def __init__(
        self,
        watches: Watches,
        prefix: str,
        listener: Listener,
        soon: Soon | None,
        field: FieldValue | None,
        number: int,
    ) -> None:
        self.prefix, self.soon, self.field, self.number = prefix, soon, field, number
        self._listener, self._watches = listener, watches
        self.waiting: deque[Change] = deque()
        self.left: Callable[[], None] | None = None  # called once, when it stops

    def tell(self, change: Change) -> None:
        """Take a change into the queue, and deliver it at once or in turn."""
        self.waiting.append(change)
        if self.soon is None:
            self.receive()
        else:
            self.soon(self.take_turn)

    def take_turn(self) -> None:
        """Deliver one change: those of all watches are delivered in the order of the writes."""
        if self.waiting:
            self._listener(self.waiting.popleft())

    def receive(self) -> None:
        """Deliver what is in the queue."""
        while self.waiting:
            self._listener(self.waiting.popleft())

    def stop(self) -> None:
        """Stop the watch; what is in its queue is not delivered."""
        self.waiting.clear()
        self._watches.remove(self)
        if self.left is not None:
            self.left()
            self.left = None


class PrefixWatches:
    """The watches of one prefix, by the field value that each is about (None: all changes)."""

    def __init__(self) -> None:
        self._watches: dict[FieldValue | None, dict[Watch, None]] = {}
        self._paths: dict[str, None] = {}  # of all field values that a watch was about

    def add(self, watch: Watch) -> None:
        """Subscribe a watch."""
        self._watches.setdefault(watch.field, {})[watch] = None
        if watch.field is not None:
            self._paths[watch.field.path] = None

    def remove(self, watch: Watch) -> None:
        """Drop a watch that ended, or that has done so before."""
        beside = self._watches.get(watch.field, {})
        beside.pop(watch, None)
        if not beside:
            self._watches.pop(watch.field, None)

    def __iter__(self) -> Iterator[Watch]:
        return iter([watch for beside in self._watches.values() for watch in beside])

    def of(self, change: Change) -> list[Watch]:
        """The watches that a change concerns."""
        found = list(self._watches.get(None, ()))
        for path in self._paths:
            for value in change.values(path):
                found += self._watches.get(FieldValue(path, value), ())
        return found


class Watches:
    """All watches of a store, found by the prefix and the field value that each is about."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, PrefixWatches] = {}
        self._subscriptions = 0

    def __iter__(self) -> Iterator[Watch]:
        return (watch for below in list(self._by_prefix.values()) for watch in below)

    def add(
        self, prefix: str, listener: Listener, soon: Soon | None, field: FieldValue | None
    ) -> Watch:
        """Subscribe a `listener` to the changes below a `prefix`: see `Watch`.

        `soon` calls the listener later, `field` chooses documents.
        """
        self._subscriptions += 1
        watch = Watch(self, prefix, listener, soon, field, self._subscriptions)
        self._by_prefix.setdefault(prefix, PrefixWatches()).add(watch)
        return watch

    def remove(self, watch: Watch) -> None:
        """Drop a watch that ended."""
        self._by_prefix[watch.prefix].remove(watch)

    def tell(self, change: Change) -> None:
        """Tell the watches that a change concerns, in the order of their subscription.

        Watches that get it when the writer has ended take their turns in one step.
        """
        heard: list[Watch] = []
        for prefix in prefixes(folder_of(change.key)):
            if prefix in self._by_prefix:
                heard += self._by_prefix[prefix].of(change)
        heard.sort(key=attrgetter("number"))
        later: dict[Soon, list[Watch]] = {}
        for watch in heard:
            if watch.soon is None:
                watch.tell(change)
            else:
                watch.waiting.append(change)
                later.setdefault(watch.soon, []).append(watch)
        for soon, waiting in later.items():
            soon(partial(_take_turns, waiting))


def _take_turns(watches: list[Watch]) -> None:
    for watch in watches:
        watch.take_turn()
