"""The schedule of a CronJob: five fields, as in crontab(5), read in UTC or in a time zone.

The zones are those of the package `tzdata`, not of the machine: one schedule has one history.
"""

from __future__ import annotations

import json
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
EVERY = "@every "
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []),  # minute
    (0, 23, []),  # hour
    (1, 31, []),  # day of the month
    (1, 12, _MONTHS),
    (0, 6, _DAYS),  # 0 is Sunday; robfig/cron knows no 7
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
        """Read a schedule; raises ValueError with what is wrong (robfig/cron `parser.go`)."""
        if text.startswith(("TZ=", "CRON_TZ=")):
            text = _without_zone(text)
        if text.startswith(EVERY):
            none: frozenset[int] = frozenset()
            try:
                seconds = _duration(text.removeprefix(EVERY))
            except ValueError as problem:
                raise ValueError(f"failed to parse duration {text}: {problem}") from None
            return cls(none, none, none, none, none, False, False, seconds)
        if text.startswith("@") and text not in _MACROS:
            raise ValueError(f"unrecognized descriptor: {text}")
        fields = _MACROS.get(text, text).split()
        if len(fields) != 5:
            found = f"[{' '.join(fields)}]"
            raise ValueError(f"expected exactly 5 fields, found {len(fields)}: {found}")
        minutes, hours, days, months, weekdays = (
            _field(part, *shape) for part, shape in zip(fields, _FIELDS, strict=True)
        )
        sets = (minutes[0], hours[0], days[0], months[0], weekdays[0])
        return cls(*sets, days[1], weekdays[1])

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


def _without_zone(text: str) -> str:
    """A schedule without the zone before it, which no CronJob may have."""
    zone, space, rest = text.partition("=")[2].partition(" ")
    if not space:
        bounds = "runtime error: slice bounds out of range [:-1]"
        raise ValueError(f"invalid schedule format: {bounds}")
    if zone not in ("", "UTC", "Local") and not is_time_zone(zone):
        raise ValueError(f"provided bad location {zone}: unknown time zone {zone}")
    return rest.strip()


_UNITS = {
    "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
}  # fmt: skip


def _duration(text: str) -> float:
    """A duration as Go writes it, in whole seconds and at least one (`time.ParseDuration`).

    >>> _duration("1h30m"), _duration("1.5h"), _duration("10ms")
    (5400.0, 5400.0, 1.0)
    """
    quoted = json.dumps(text, ensure_ascii=False)
    rest = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    seconds = 0.0
    if not rest:
        raise ValueError(f"time: invalid duration {quoted}")
    while rest and rest != "0":
        match = re.match(r"(?P<number>\d+\.?\d*|\.\d+)(?P<unit>[^.\d]*)", rest)
        if match is None:
            raise ValueError(f"time: invalid duration {quoted}")
        unit = match["unit"]
        if not unit:
            raise ValueError(f"time: missing unit in duration {quoted}")
        if unit not in _UNITS:
            shown = json.dumps(unit, ensure_ascii=False)
            raise ValueError(f"time: unknown unit {shown} in duration {quoted}")
        seconds, rest = seconds + float(match["number"]) * _UNITS[unit], rest[match.end() :]
    return 1.0 if text.startswith("-") else float(max(1, int(seconds)))


def _instants(local: datetime, zone: tzinfo | None) -> list[datetime]:
    """The instants at which a zone's clocks show a local time: none, one or two, in UTC."""
    if zone is None:
        return [local]
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in instants if at.astimezone(zone).replace(tzinfo=None) == local)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def is_time_zone(name: str) -> bool:
    """Whether the IANA database has a time zone of that `name`."""
    return name in _zone_names()


@cache
def time_zone(name: str) -> ZoneInfo:
    """A time zone of the IANA database; raises ValueError where there is none of that `name`.

    >>> time_zone("Asia/Tokyo").key
    'Asia/Tokyo'
    """
    if not is_time_zone(name):
        raise ValueError(f"unknown time zone {name}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _field(text: str, low: int, high: int, names: list[str]) -> tuple[frozenset[int], bool]:
    """The values of a field, and whether it is a star: any value (`getField`)."""
    values: set[int] = set()
    star = False
    for part in filter(None, text.split(",")):
        first, last, step, any_value = _range(part, low, high, names)
        values.update(range(first, last + 1, step))
        star = star or any_value
    return frozenset(values), star


def _range(part: str, low: int, high: int, names: list[str]) -> tuple[int, int, int, bool]:
    """The first and the last value, the step, and whether it is a star (`getRange`)."""
    span, *steps = part.split("/")
    ends, star = span.split("-"), span.split("-")[0] in ("*", "?")
    if star:
        first, last = low, high
    else:
        first = _number(ends[0], names, low)
        last = _number(ends[1], names, low) if len(ends) == 2 else first
        if len(ends) > 2:
            raise ValueError(f"too many hyphens: {part}")
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {part}")
    step = _number(steps[0], [], 0) if steps else 1
    if steps and len(ends) == 1:
        last = high
    if first < low:
        raise ValueError(f"beginning of range ({first}) below minimum ({low}): {part}")
    if last > high:
        raise ValueError(f"end of range ({last}) above maximum ({high}): {part}")
    if first > last:
        raise ValueError(f"beginning of range ({first}) beyond end of range ({last}): {part}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {part}")
    return first, last, step, star and step == 1


def _number(text: str, names: list[str], low: int) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + low
    if not re.fullmatch("[+-]?[0-9]+", text):
        said = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise ValueError(f"failed to parse int from {text}: {said}")
    if int(text) >= 2**63:
        said = f'strconv.Atoi: parsing "{text}": value out of range'
        raise ValueError(f"failed to parse int from {text}: {said}")
    if int(text) < 0:
        raise ValueError(f"negative number ({text}) not allowed: {text}")
    return int(text)
