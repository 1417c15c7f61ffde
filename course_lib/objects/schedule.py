"""The schedule of a CronJob: five fields, as in crontab(5), read in UTC or in a time zone.

The zones are those of the package `tzdata`, not of the machine: one schedule has one history.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),  # 0 is Sunday; robfig/cron knows no 7
)


class Schedule(msgspec.Struct, frozen=True):
    """The minutes at which a CronJob runs.

    >>> Schedule.parse("*/15 9-17 * * mon-fri").after(datetime(2026, 1, 1, 9, 50))
    datetime.datetime(2026, 1, 1, 10, 0)
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    every: float = 0.0  # s between two runs (`@every 1h30m`); 0: the fields decide

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read a schedule; raises ValueError with what is wrong."""
        if text.startswith("@every "):
            none: frozenset[int] = frozenset()
            return cls(none, none, none, none, none, False, False, _duration(text[7:]))
        fields = _MACROS.get(text.strip(), text).split()
        if len(fields) != 5:
            raise ValueError("five fields: minute hour day-of-month month day-of-week")
        minutes, hours, days, months, weekdays = (
            _field(part, *shape) for part, shape in zip(fields, _FIELDS, strict=True)
        )
        any_day, any_weekday = fields[2][0] in "*?", fields[4][0] in "*?"
        return cls(minutes, hours, days, months, weekdays, any_day, any_weekday)

    @staticmethod
    def problem(text: str) -> str:
        """What is wrong with a schedule; empty when nothing is."""
        try:
            Schedule.parse(text)
        except ValueError as problem:
            return str(problem)
        return ""

    def after(self, moment: datetime, zone: tzinfo | None = None) -> datetime | None:
        """The first time after a moment; None when there is none within eight years.

        With a zone, the fields are its local time, and the moment and the result are aware. A
        local time that a change to summer time skips is left out; one that comes twice is two
        times (`github.com/robfig/cron`, `spec.go`).
        """
        if self.every:
            return moment.replace(microsecond=0) + timedelta(seconds=self.every)
        local = moment.astimezone(zone).replace(tzinfo=None) if zone else moment
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(366 * 8):
            if self._on(day):
                times = [
                    at
                    for hour in sorted(self.hours)
                    for minute in sorted(self.minutes)
                    for at in _instants(day.replace(hour=hour, minute=minute), zone)
                    if at > moment
                ]
                if times:
                    return min(times)
            day += timedelta(days=1)
        return None

    def _on(self, day: datetime) -> bool:
        """Where both days are restricted either will do (crontab(5))."""
        matches = [day.day in self.days, day.isoweekday() % 7 in self.weekdays]
        either = any if not (self.any_day or self.any_weekday) else all
        return day.month in self.months and either(matches)


def _duration(text: str) -> float:
    """A duration as Go writes it, in whole seconds and at least one.

    >>> _duration("1h30m"), _duration("1.5h"), _duration("10ms")
    (5400.0, 5400.0, 1.0)
    """
    parts = re.findall(r"(\d+\.?\d*)(ms|h|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("a duration after @every, such as 1h30m")
    seconds = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return float(max(1, int(sum(float(number) * seconds[unit] for number, unit in parts))))


def _instants(local: datetime, zone: tzinfo | None) -> list[datetime]:
    """The instants at which a zone's clocks show a local time: none, one or two, in UTC."""
    if zone is None:
        return [local]
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in instants if at.astimezone(zone).replace(tzinfo=None) == local)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


@cache
def time_zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database; raises ValueError with what is wrong.

    >>> time_zone("Asia/Tokyo").key
    'Asia/Tokyo'
    """
    if not name:
        raise ValueError("timeZone must be nil or non-empty string")
    if name.lower() == "local":
        zones = "https://www.iana.org/time-zones"
        raise ValueError(f"timeZone must be an explicit time zone as defined in {zones}")
    if name not in _zone_names():
        raise ValueError(f"unknown time zone {name}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _field(text: str, name: str, low: int, high: int, names: list[str]) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        else:
            start, dash, stop = span.partition("-")
            first = _number(start, name, low, names)
            last = _number(stop, name, low, names) if dash else (high if slash else first)
        step = int(step_text) if step_text.isdecimal() else 0 if slash else 1
        if step < 1 or not low <= first <= last <= high:
            raise ValueError(f"{name} from {low} to {high}, ranges upwards, a step of 1 or more")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, name: str, low: int, names: list[str]) -> int:
    lowered = text.lower()
    if lowered in names:
        return names.index(lowered) + low
    if not text.isdecimal():
        raise ValueError(f"a number for {name}")
    return int(text)
