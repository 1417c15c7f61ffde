"""Simulated times as the API writes them (RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

# Simulated time starts here; objects need dates, and every run needs the same ones.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)  # what is written at one time shares one text
def timestamp(seconds: float) -> str:
    """A simulated time as the API writes it, in whole seconds (RFC 3339).

    >>> timestamp(90.7)
    '2026-01-01T00:01:30Z'
    """
    return _second(int(seconds))


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(seconds: float) -> str:
    """A simulated time to the microsecond, as Leases carry it."""
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=4096)
def seconds_at(written: str) -> float:
    """The simulated time of a timestamp; the inverse of `timestamp` and `micro_timestamp`."""
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in written else "%Y-%m-%dT%H:%M:%SZ"
    return (datetime.strptime(written, form).replace(tzinfo=UTC) - EPOCH).total_seconds()
