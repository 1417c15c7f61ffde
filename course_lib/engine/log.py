"""The event log: everything that components say, in the order in which they said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import pandas as pd


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """One line of the log; `time` in simulated seconds since the start."""

    time: float
    component: str
    object: str
    reason: str
    message: str


class EventLog:
    """All entries so far; the same seed gives the same log, byte for byte."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.listeners: list[Callable[[LogEntry], None]] = []

    def add(self, entry: LogEntry) -> None:
        """Append an entry and call the listeners with it."""
        self.entries.append(entry)
        for listener in self.listeners:
            listener(entry)

    def select(
        self, component: str = "", object: str = "", reason: str = "", since: float = 0.0
    ) -> list[tuple[float, str, str, str, str]]:
        """Entries since `since` (s) whose `component`, `object` and `reason` have these texts."""
        return [
            (e.time, e.component, e.object, e.reason, e.message)
            for e in self.entries
            if component in e.component
            and object in e.object
            and reason in e.reason
            and e.time >= since
        ]

    def table(self) -> pd.DataFrame:
        """The whole log: TIME (simulated s), COMPONENT, OBJECT, REASON, MESSAGE."""
        import pandas as pd

        columns = ["TIME", "COMPONENT", "OBJECT", "REASON", "MESSAGE"]
        return pd.DataFrame(self.select(), columns=columns)

    def lines(self) -> list[str]:
        """The log as text, one line an entry; what two equal histories have in common."""
        return [
            f"{e.time:.6f}\t{e.component}\t{e.object}\t{e.reason}\t{e.message}"
            for e in self.entries
        ]
