"""At which times a CronJob starts a Job.

Source: `pkg/controller/cronjob/utils.go`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from course_lib.engine.timestamps import EPOCH, seconds_at
from course_lib.objects.kinds.cron_job import CronJob
from course_lib.objects.schedule import Schedule, time_zone

MANY_MISSED = 100  # starts, beyond which the controller warns
LEEWAY = 0.1  # s that a start comes after its time, so that clocks may differ (`nextScheduleDelta`)


class Missed(msgspec.Struct, frozen=True):
    """Which starts are due at a time.

    `latest` is the last of them (simulated s), if there is one; `number` counts them roughly, and
    `earliest` is from when on they count.
    """

    earliest: float
    latest: float | None = None
    number: int = 0


class CronTimes:
    """The times of a CronJob's schedule, in its time zone; all are simulated s."""

    def __init__(self, cron: CronJob) -> None:
        self._cron = cron
        self._schedule = Schedule.parse(cron.spec.schedule)
        self.zone = UTC if cron.spec.time_zone is None else time_zone(cron.spec.time_zone)

    def following(self, moment: float) -> float | None:
        """The first time of the schedule after a `moment`; None if there is none for years."""
        found = self._schedule.after(EPOCH + timedelta(seconds=moment), self.zone)
        return None if found is None else (found - EPOCH).total_seconds()

    def written(self, moment: float) -> str:
        """A time as the CronJob's zone writes it (RFC 3339)."""
        local: datetime = (EPOCH + timedelta(seconds=moment)).astimezone(self.zone)
        return local.isoformat().replace("+00:00", "Z")

    def missed(self, now: float, within_deadline: bool) -> Missed:
        """The starts that are due at `now` since the last one, or since the CronJob was made.

        With `within_deadline`, those that are not too late (`mostRecentScheduleTime`).
        """
        cron = self._cron
        known = cron.status.last_schedule_time or cron.metadata.creation_timestamp or ""
        earliest = seconds_at(known)
        if within_deadline and cron.spec.starting_deadline_seconds is not None:
            earliest = max(earliest, now - cron.spec.starting_deadline_seconds)
        first = self.following(earliest)
        if first is None or now < first:
            return Missed(earliest)
        second = self.following(first)
        if second is None or now < second:
            return Missed(earliest, first)
        step = max(1, round(second - first))
        number = int(now - first) // step + 1
        latest, moment = None, self.following(first + (number - 2) * step)
        while moment is not None and moment <= now:
            latest, moment = moment, self.following(moment)
        return Missed(earliest, latest, number)

    def wait(self, now: float) -> float | None:
        """The seconds from `now` until the next start; None if there is none for years."""
        missed = self.missed(now, within_deadline=False)
        since = missed.latest
        if since is None:
            since = now if missed.number else missed.earliest
        following = self.following(since)
        return None if following is None else following + LEEWAY - now
