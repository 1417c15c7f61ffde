"""How long a DaemonSet leaves a failed Pod before it deletes it, so that another one is made.

Source: client-go `util/flowcontrol/backoff.go`; `podsShouldBeOnNode` in
`pkg/controller/daemon/daemon_controller.go`.
"""

from __future__ import annotations

import msgspec

FIRST, LONGEST = 1.0, 900.0  # s


class Retry(msgspec.Struct, frozen=True):
    """The pause (s) after a failed Pod was deleted at a time (simulated s)."""

    pause: float
    at: float


class Retries:
    """The pauses by key: a DaemonSet, its generation, and a node.

    >>> retries = Retries()
    >>> retries.wait("web/1/node-1", now=10.0), retries.wait("web/1/node-1", now=10.25)
    (0.0, 0.75)
    >>> retries.wait("web/1/node-1", now=11.0), retries.wait("web/1/node-1", now=11.0)
    (0.0, 2.0)
    """

    def __init__(self) -> None:
        self._known: dict[str, Retry] = {}

    def wait(self, key: str, now: float) -> float:
        """The seconds to wait at `now` (simulated s); 0 lets the Pod be deleted now."""
        known = self._known.get(key)
        if known is not None and now - known.at > 2 * LONGEST:
            known = None
        if known is not None and now - known.at < known.pause:
            return known.at + known.pause - now
        pause = FIRST if known is None else min(2 * known.pause, LONGEST)
        self._known[key] = Retry(pause, now)
        return 0.0
