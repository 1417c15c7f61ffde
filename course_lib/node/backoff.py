"""Exponential back-off, as the kubelet keeps it for crashing containers and failing pulls.

10 s, doubled up to 300 s, forgotten after 600 quiet seconds.
Source: client-go `util/flowcontrol/backoff.go`; `pkg/kubelet/kubelet.go`.
"""

from __future__ import annotations

INITIAL = 10.0
MAXIMUM = 300.0
ROUNDING = 1e-6  # s by which two sums of the same times may differ


class Backoff:
    """How long to wait after a failure, by key.

    >>> backoff = Backoff()
    >>> [backoff.next("web", failed=t, now=t) for t in (0, 1, 2)]
    [10.0, 20.0, 40.0]
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, float]] = {}  # key: seconds to wait, last try

    def next(self, key: str, failed: float, now: float) -> float:
        """Try again now after a failure; returns the wait that will hold after the next one.

        `key` is what is tried, `failed` when it failed, `now` the time (simulated s).
        """
        seconds = self._seconds(key, failed)
        seconds = min(max(INITIAL, 2 * seconds), MAXIMUM)
        self._entries[key] = seconds, now
        return seconds

    def remaining(self, key: str, failed: float, now: float) -> float:
        """Seconds still to wait after a failure; 0 when it may be tried again.

        `key` is what is tried, `failed` when it failed, `now` the time (simulated s).
        """
        return _left(failed + self._seconds(key, failed) - now)

    def since_last(self, key: str, now: float) -> float:
        """Seconds still to wait after the last try of a key; 0 when it may be tried again.

        `now` is the time (simulated s).
        """
        seconds, tried = self._entries.get(key, (0.0, 0.0))
        return _left(tried + seconds - now)

    def _seconds(self, key: str, failed: float) -> float:
        """The wait, forgotten when all went well for ten minutes after the last try."""
        seconds, tried = self._entries.get(key, (0.0, failed))
        return 0.0 if failed - tried > 2 * MAXIMUM else seconds

    def current(self, key: str) -> float:
        """The wait that holds for a key."""
        return self._entries.get(key, (0.0, 0.0))[0]

    def forget(self, prefix: str) -> None:
        """Drop all keys that begin so."""
        self._entries = {k: v for k, v in self._entries.items() if not k.startswith(prefix)}


def _left(seconds: float) -> float:
    return seconds if seconds > ROUNDING else 0.0


def shown(seconds: float) -> str:
    """A duration as Go prints it.

    >>> [shown(s) for s in (10, 80, 300)]
    ['10s', '1m20s', '5m0s']
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def duration(seconds: float) -> str:
    """A duration in whole milliseconds as Go prints it.

    >>> [duration(s) for s in (0.4, 1.9004, 60.0, 83.25)]
    ['400ms', '1.9s', '1m0s', '1m23.25s']
    """
    milliseconds = int(seconds * 1000 + 1e-6)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}m{rest / 1000:g}s" if minutes else f"{rest / 1000:g}s"
