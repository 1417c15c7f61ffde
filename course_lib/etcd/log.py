"""The replicated log of one member: a snapshot, and the entries after it."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.etcd.messages import Configuration, Entry, Snapshot


class RaftLog:
    """Entries by index, from 1 on; those up to the snapshot are gone.

    >>> log = RaftLog(Configuration(("a",)))
    >>> log.append([Entry(1, "x"), Entry(1, "y")])
    >>> log.last_index, log.term(2), [e.command for e in log.after(1)]
    (2, 1, ['y'])
    """

    def __init__(self, configuration: Configuration) -> None:
        self.snapshot = Snapshot(0, 0, configuration, None)
        self.entries: list[Entry] = []
        self.changed_from: int | None = None  # the first index that is not on disk as it is here

    @property
    def last_index(self) -> int:
        """The index of the last entry."""
        return self.snapshot.index + len(self.entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry."""
        return self.entries[-1].term if self.entries else self.snapshot.term

    def term(self, index: int) -> int | None:
        """The term of an entry; None where the log does not reach, or not any more."""
        if index == self.snapshot.index:
            return self.snapshot.term
        place = index - self.snapshot.index - 1
        return self.entries[place].term if 0 <= place < len(self.entries) else None

    def after(self, index: int, most: int = 1 << 30) -> tuple[Entry, ...]:
        """The entries after an index, at most so many."""
        place = index - self.snapshot.index
        return tuple(self.entries[place : place + most])

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries at the end."""
        self._change(self.last_index + 1)
        self.entries.extend(entries)

    def cut(self, index: int) -> None:
        """Drop all entries after an index."""
        self._change(index + 1)
        del self.entries[index - self.snapshot.index :]

    def compact(self, snapshot: Snapshot) -> None:
        """Put a snapshot in the place of the entries that it covers."""
        self._change(snapshot.index)
        if self.term(snapshot.index) == snapshot.term:
            del self.entries[: snapshot.index - self.snapshot.index]
        else:
            self.entries.clear()
        self.snapshot = snapshot

    def _change(self, index: int) -> None:
        self.changed_from = index if self.changed_from is None else min(index, self.changed_from)

    def configuration(self, up_to: int | None = None) -> Configuration:
        """The latest configuration in the log, committed or not (4.1), or up to an index."""
        end = len(self.entries) if up_to is None else up_to - self.snapshot.index
        for entry in reversed(self.entries[:end]):
            if isinstance(entry.command, Configuration):
                return entry.command
        return self.snapshot.configuration
