"""How many requests a second a client sends: a bucket of tokens, one for each request.

A bucket holds `burst` tokens, and gets `qps` new ones each second. Where it is empty a request
waits for its token. With these limits a rollout takes as long as on a real cluster: the controller
creates Pods at the rate of its client, and the scheduler binds them at the rate of its own.
Source: client-go `util/flowcontrol/throttle.go`, golang.org/x/time/rate; the defaults are those of
`pkg/scheduler/apis/config/v1/defaults.go` and `pkg/controller/apis/config/v1alpha1/defaults.go`.
"""

from __future__ import annotations

import sys
from typing import Protocol

import msgspec

from course_lib.engine import Simulation

TINY = 1e-9  # of a token: what a sum of floats may lack


class RateLimiter(Protocol):
    """Says when a client may send its requests."""

    def reserve(self) -> float:
        """Take the token of one request; returns how long (s) the request waits for it."""

    def wait(self) -> float:
        """How long (s) it takes until there is a token."""

    def allowance(self) -> int:
        """How many requests can be sent now; 1 where the next one has to wait."""


class AlwaysRateLimiter:
    """No limit: every request is sent at once (`flowcontrol.NewFakeAlwaysRateLimiter`)."""

    def reserve(self) -> float:
        """No wait."""
        return 0.0

    def wait(self) -> float:
        """No wait."""
        return 0.0

    def allowance(self) -> int:
        """No bound."""
        return sys.maxsize


class TokenBucket:
    """At most `burst` requests at once, and `qps` each second on average.

    `sim` has the time. A caller that cannot wait before its request borrows the token; later
    callers wait for it.

    >>> sim = Simulation()
    >>> bucket = TokenBucket(sim, qps=2.0, burst=3)
    >>> [bucket.reserve() for _ in range(5)]
    [0.0, 0.0, 0.0, 0.5, 1.0]
    """

    def __init__(self, sim: Simulation, qps: float, burst: int) -> None:
        self._sim, self._qps, self._burst = sim, qps, burst
        self._tokens, self._counted_at = float(burst), sim.now

    def reserve(self) -> float:
        """Take the token of one request; returns how long (s) the request waits for it."""
        self._tokens = self._now() - 1.0
        self._counted_at = self._sim.now
        return self._until(0.0)

    def wait(self) -> float:
        """How long (s) it takes until there is a token."""
        return self._until(1.0)

    def allowance(self) -> int:
        """How many requests can be sent now; 1 where the next one has to wait."""
        return max(1, int(self._now() + TINY))

    def _now(self) -> float:
        new = (self._sim.now - self._counted_at) * self._qps
        return min(float(self._burst), self._tokens + new)

    def _until(self, tokens: float) -> float:
        lacking = tokens - self._now()
        return lacking / self._qps if lacking > TINY else 0.0


UNLIMITED = AlwaysRateLimiter()


class Rate(msgspec.Struct, frozen=True):
    """A limit: requests each second, and at once (`--kube-api-qps`, `--kube-api-burst`)."""

    qps: float
    burst: int


class ClientLimits(msgspec.Struct, frozen=True):
    """The limits of a control plane's clients; each controller has a client of its own."""

    scheduler: Rate | None = None
    controllers: Rate | None = None


NO_LIMITS = ClientLimits()
UPSTREAM = ClientLimits(scheduler=Rate(50.0, 100), controllers=Rate(20.0, 30))


def limiter_of(rate: Rate | None, sim: Simulation) -> RateLimiter:
    """A bucket for a `rate`, which is full; without a rate, no limit. `sim` has the time."""
    return UNLIMITED if rate is None else TokenBucket(sim, rate.qps, rate.burst)
