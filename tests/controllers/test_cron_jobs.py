"""CronJobs: schedules, time zones, concurrency, and missed runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from course_lib.errors import CourseError
from course_lib.objects.meta import owner_reference
from course_lib.objects.schedule import Schedule, time_zone
from tests.conftest import job, reasons
from tests.controllers.workloads import get, script


def cron(policy: str = "Allow", seconds: int = 5, **spec: object) -> dict:
    template = job(containers=script(f"sleep {seconds}"))["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick"},
        "spec": {
            "schedule": "* * * * *",
            "concurrencyPolicy": policy,
            "jobTemplate": {"spec": template},
            **spec,
        },
    }


def test_a_cron_job_makes_a_job_each_minute_and_keeps_three(cluster):
    cluster.apply(cron())
    cluster.run(seconds=60 * 10 + 30)
    assert len(cluster.log(reason="SuccessfulCreate", object="CronJob")) == 10
    assert len(cluster.get("jobs")) == 3
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [60 * n for n in range(1, 11)]


@pytest.mark.parametrize(("policy", "jobs"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_concurrency_policies(cluster, policy, jobs):
    cluster.apply(cron(policy, seconds=150))
    cluster.run(seconds=60 * 4 + 30)
    assert (get(cluster, "CronJob", "tick").status.active or []).__len__() == jobs
    if policy == "Replace":
        assert "SuccessfulDelete" in reasons(cluster, "CronJob")


def test_a_suspended_cron_job_waits(cluster):
    cluster.apply(cron(suspend=True))
    cluster.run(seconds=300)
    assert len(cluster.get("jobs")) == 0


def test_a_run_missed_under_forbid_starts_when_the_one_before_ends(cluster):
    cluster.apply(cron("Forbid", seconds=70))
    cluster.run(seconds=150)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob")
    assert len(created) == 2
    assert 130 < created.TIME.iloc[1] < 135
    minute = int(created.MESSAGE.iloc[0].rpartition("-")[2])
    assert created.MESSAGE.iloc[1] == f"Created job tick-{minute + 1}"
    assert "SawCompletedJob" in reasons(cluster, "CronJob")


def test_a_starting_deadline_lets_a_run_be_missed(cluster):
    cluster.apply(cron("Forbid", seconds=70, startingDeadlineSeconds=5))
    cluster.run(seconds=190)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [60, 180]


def test_a_schedule_is_read_in_its_time_zone(cluster):
    cluster.apply(cron(schedule="1 9 * * *", timeZone="Asia/Tokyo"))
    cluster.run(seconds=120)
    assert len(cluster.get("jobs")) == 1, "9:01 in Tokyo is 0:01 UTC"
    (found,) = cluster.api.list("Job")
    note = found.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert note == "2026-01-01T09:01:00+09:00"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"timeZone": "Mars/Phobos"}, "unknown time zone Mars/Phobos"),
        ({"timeZone": "Local"}, "timeZone must be an explicit time zone"),
        ({"timeZone": "../etc"}, "unknown time zone"),
        ({"schedule": "TZ=UTC 0 9 * * *"}, "cannot use TZ or CRON_TZ"),
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused(cluster, spec, words):
    with pytest.raises(CourseError, match=words):
        cluster.apply(cron(**spec))


def test_a_schedule_may_be_an_interval(cluster):
    cluster.apply(cron(schedule="@every 90s"))
    cluster.run(seconds=200)
    created = cluster.log(reason="SuccessfulCreate", object="CronJob").TIME
    assert [round(t) for t in created] == [90, 180]
    with pytest.raises(CourseError, match="time: invalid duration"):
        cluster.apply(cron(schedule="@every day"))


def test_summer_time_leaves_an_hour_out_and_repeats_another():
    berlin = time_zone("Europe/Berlin")
    schedule = Schedule.parse("30 2 * * *")
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    # On 29 March 2026 the clocks go from 2:00 to 3:00; on 25 October 2:30 comes twice.
    assert schedule.after(before, berlin) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    first = schedule.after(autumn, berlin)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert schedule.after(first, berlin) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_status_names_the_running_jobs_and_forgets_one_that_went_missing(cluster):
    cluster.apply(cron(seconds=500))
    cluster.run(seconds=62)
    (job,) = cluster.api.list("Job")
    (known,) = cluster.api.document("CronJob", "tick", "default")["status"]["active"]
    assert (known["name"], known["uid"]) == (job.name, job.uid)
    assert known["resourceVersion"], "that with which the Job was made"
    cluster.api.delete("Job", job.name, "default")
    cluster.run(seconds=5)
    assert cluster.log(reason="MissingJob").MESSAGE[0] == f"Active job went missing: {job.name}"
    assert "active" not in cluster.api.document("CronJob", "tick", "default")["status"]


def test_a_job_that_somebody_else_gave_to_a_cron_job_is_told_of(cluster):
    cluster.apply(cron(schedule="0 0 29 2 *"))
    cluster.run(seconds=2)
    stray = job("stray", script("sleep 500"))
    stray["metadata"]["ownerReferences"] = [owner_reference(get(cluster, "CronJob", "tick"))]
    cluster.api.create(stray)
    cluster.run(seconds=2)
    message = cluster.log(reason="UnexpectedJob").MESSAGE[0]
    assert message == "Saw a job that the controller did not create or forgot: stray"
    assert get(cluster, "CronJob", "tick").status.active is None
