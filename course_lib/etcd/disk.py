"""A member's disk: what survives a crash is what was synced, and no more."""

from __future__ import annotations

import msgspec

from course_lib.etcd.log import RaftLog
from course_lib.etcd.messages import Configuration, Entry, Snapshot
from course_lib.etcd.raft import Raft

BROKEN, FULL = "input/output error", "no space left on device"  # what a disk may say
SYNC_SECONDS = 0.002  # of one fsync, on a good SSD (etcd.io "Disk": p99 below 10 ms)


class Disk:
    """The persistent state of figure 2, as of the last sync."""

    def __init__(self, configuration: Configuration, seconds: float = SYNC_SECONDS) -> None:
        self.seconds = seconds
        self.fault = ""  # why nothing can be written
        self.current_term, self.voted_for = 0, ""
        self.snapshot = Snapshot(0, 0, configuration, None)
        self.entries: list[Entry] = []

    def differs(self, raft: Raft) -> bool:
        """Whether a member has something that is not here."""
        state = (raft.current_term, raft.voted_for)
        return raft.log.changed_from is not None or state != (self.current_term, self.voted_for)

    def copy(self, raft: Raft) -> Write:
        """What is to be written now; the member may go on meanwhile."""
        log = raft.log
        start = log.changed_from
        log.changed_from = None
        if start is None:
            entries: tuple[Entry, ...] = ()
            start = log.last_index + 1
        elif start <= log.snapshot.index:
            start, entries = log.snapshot.index + 1, log.after(log.snapshot.index)
        else:
            entries = log.after(start - 1)
        return Write(raft.current_term, raft.voted_for, log.snapshot, start, entries)

    def store(self, write: Write) -> None:
        """The sync is done."""
        self.current_term, self.voted_for = write.current_term, write.voted_for
        if write.snapshot is not self.snapshot:
            kept = self.entries[max(0, write.snapshot.index - self.snapshot.index) :]
            self.entries, self.snapshot = kept, write.snapshot
        del self.entries[write.start - self.snapshot.index - 1 :]
        self.entries.extend(write.entries)

    def restore(self, name: str) -> Raft:
        """A member as it comes back from a crash."""
        raft = Raft(name, self.snapshot.configuration)
        raft.current_term, raft.voted_for = self.current_term, self.voted_for
        raft.log = RaftLog(self.snapshot.configuration)
        raft.log.snapshot, raft.log.entries = self.snapshot, list(self.entries)
        raft.commit_index = self.snapshot.index
        raft.configuration = raft.log.configuration()
        return raft


class Write(msgspec.Struct, frozen=True, gc=False):
    """What one sync writes: the persistent state of figure 2, the log from `start` on."""

    current_term: int
    voted_for: str
    snapshot: Snapshot
    start: int
    entries: tuple[Entry, ...]

    @property
    def last_index(self) -> int:
        """The last index that is on disk after it."""
        return self.start + len(self.entries) - 1
