"""Container logs in the CRI's format: a line of time, stream, tag and text for each line said.

`2026-01-01T00:00:05.000000000Z stdout F hello`: F for a full line, P for a part of one that was
too long. The runtime writes; the kubelet, which rotates, asks it to open the file again.
Source: Kubernetes design proposal "CRI: logging"; containerd, `internal/cri/io/logger.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from course_lib.engine.timestamps import EPOCH
from course_lib.runtimes.files import FileSystem

LONGEST = 16 * 1024  # bytes of text in one entry


def stamp(nanoseconds: int) -> str:
    """A time since 1970 as logs and statuses write it (RFC 3339, nanoseconds).

    >>> stamp(1_767_225_605_000_000_001)
    '2026-01-01T00:00:05.000000001Z'
    """
    seconds, rest = divmod(nanoseconds - int(EPOCH.timestamp()) * 10**9, 10**9)
    return f"{(EPOCH + timedelta(seconds=seconds)):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class ContainerLog:
    """What a container says, for the file `path` of a `disk` (empty: none); `clock` gives ns."""

    __slots__ = ("_rest", "clock", "disk", "path")

    def __init__(self, disk: FileSystem, path: str, clock: Callable[[], int]) -> None:
        self.disk, self.path, self.clock = disk, path, clock
        self._rest: dict[str, bytes] | None = None  # by stream: what is no whole line yet
        if path:
            disk.append(path, b"")

    def write(self, stream: str, data: bytes) -> None:
        """Take bytes; whole lines go to the file, and so do parts that grow too long."""
        rest = self._rest or {}
        *lines, last = (rest.get(stream, b"") + data).split(b"\n")
        for line in lines:
            self._entry(stream, "F", self._parts(stream, line))
        if last or stream in rest:
            self._rest = rest | {stream: self._parts(stream, last)}

    def close(self) -> None:
        """The process is gone: what it left without an end of line stays a part."""
        rest, self._rest = self._rest or {}, None
        for stream in sorted(rest, reverse=True):  # stdout first
            if rest[stream]:
                self._entry(stream, "P", rest[stream])

    def _parts(self, stream: str, line: bytes) -> bytes:
        while len(line) > LONGEST:
            self._entry(stream, "P", line[:LONGEST])
            line = line[LONGEST:]
        return line

    def _entry(self, stream: str, tag: str, text: bytes) -> None:
        if self.path:
            head = f"{stamp(self.clock())} {stream} {tag} ".encode()
            self.disk.append(self.path, head + text + b"\n")


def since(log: bytes, stamp: str) -> bytes:
    r"""The entries of a log that were written at a time or later.

    >>> since(b"2026-01-01T00:00:01.5Z stdout F a\n2026-01-01T00:00:03.0Z stdout F b\n",
    ...     "2026-01-01T00:00:02Z")
    b'2026-01-01T00:00:03.0Z stdout F b\n'
    """
    first = stamp.removesuffix("Z").encode()  # of RFC 3339, times of one length sort as texts
    return b"".join(line for line in log.splitlines(keepends=True) if line[: len(first)] >= first)


def said(log: bytes, stamps: bool = False, stream: str = "") -> str:
    r"""The text of a log in this format, as `kubectl logs` shows it; all of it, or one stream's.

    `stamps` keeps the time before each line.

    >>> said(b"2026-01-01T00:00:00Z stdout P hel\n2026-01-01T00:00:00Z stdout F lo\n")
    'hello\n'
    """
    shown = []
    for entry in log.splitlines():
        time, source, tag, text = entry.split(b" ", 3)
        if stream and source.decode() != stream:
            continue
        shown.append((time + b" " if stamps else b"") + text + (b"\n" if tag == b"F" else b""))
    return b"".join(shown).decode(errors="replace")
