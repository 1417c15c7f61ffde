"""Names and IDs: which names are taken, new IDs, and what is found by the beginning of an ID."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, ValuesView
from sys import intern
from typing import TypeVar

from course_lib.runtimes.errors import TRIED, RuntimeFault, not_found

T = TypeVar("T")


class Names:
    """The names that sandboxes and containers of one node have reserved, and the IDs given out."""

    def __init__(self, seed: int, node: str) -> None:
        self._seed, self._node = seed, node
        self._holders: dict[str, str] = {}  # by name, the ID of the holder
        self._count = 0

    def __len__(self) -> int:
        return len(self._holders)

    def new_id(self, name: str) -> tuple[str, int]:
        """A new ID, and its number among all that this runtime gave out."""
        self._count += 1
        text = f"{self._seed}/{self._node}/{name}/{self._count}"
        return intern(hashlib.sha256(text.encode()).hexdigest()), self._count

    def reserve(self, kind: str, name: str, id: str) -> None:
        """Reserve a name of a `kind` for an `id`; raises `RuntimeFault` where another has it."""
        if name in self._holders:
            raise RuntimeFault(
                "Unknown",
                f'failed to reserve {kind} name "{name}": name "{name}" is reserved for '
                f'"{self._holders[name]}"',
            )
        self._holders[name] = id

    def release(self, name: str) -> None:
        """Give a name up."""
        self._holders.pop(name, None)

    def clear(self) -> None:
        """Give all names up."""
        self._holders.clear()


class ByID(Mapping[str, T]):
    """Things of one kind (`sandbox`, `container`) by their IDs, in the order in which they came."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._held: dict[str, T] = {}

    def __getitem__(self, id: str) -> T:
        return self._held[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def values(self) -> ValuesView[T]:
        """All of them, in the order in which they came."""
        return self._held.values()

    def find(self, id: str) -> T | None:
        """The one of this ID, which may be cut short as people type it; None where none is."""
        if id in self._held:
            return self._held[id]
        found = [each for each in self._held if id and each.startswith(id)]
        return self._held[found[0]] if len(found) == 1 else None

    def by_id(self, id: str, said: str = TRIED) -> T:
        """The one of this ID; raises `RuntimeFault` (`said`: see `not_found`)."""
        found = self.find(id)
        if found is None:
            raise not_found(self._kind, id, said)
        return found
