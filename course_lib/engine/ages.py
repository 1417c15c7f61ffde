"""Ages and durations as people read them in kubectl's tables."""

from __future__ import annotations

from course_lib.engine.timestamps import seconds_at


def age(seconds: float) -> str:
    """A duration in seconds with two or three significant figures.

    Source: `HumanDuration` in `pkg/util/duration/duration.go` of k8s.io/apimachinery.

    >>> [age(s) for s in (45, 150, 700, 4000, 90000, 63072000)]
    ['45s', '2m30s', '11m', '66m', '25h', '2y']
    """
    seconds = int(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < -1:
        return "<invalid>"
    if seconds < 120:
        return f"{max(0, seconds)}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"


def since(stamp: str | None, now: float) -> str:
    """How long ago a timestamp was; `now` in simulated seconds."""
    return age(now - seconds_at(stamp)) if stamp else "<unknown>"
