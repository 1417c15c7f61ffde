"""Jobs and CronJobs."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    ABSENT,
    container,
    create,
    cron_job,
    delete,
    job,
    job_spec,
    patch,
    pod_spec,
    story,
    thing,
    wait,
)

INDEXED = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}
ONE_INDEX_FAILS = "test $JOB_COMPLETION_INDEX -ne 1"
IGNORED = {"podFailurePolicy": {"rules": [
    {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [42]}}]}}  # fmt: skip
FATAL = {"podFailurePolicy": {"rules": [
    {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}}  # fmt: skip
BY_INDEX = {"podFailurePolicy": {"rules": [
    {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [1]}}]}}  # fmt: skip


CASES = [
    # Jobs
    story("Job that succeeds", *create(job()), wait(12)),
    story("Job that takes some seconds", *create(job(command="sleep 6")), wait(4), wait(16)),
    story("Job that fails", *create(job(command="exit 1", backoffLimit=0)), wait(12)),
    story("Job that fails twice", *create(job(command="exit 1", backoffLimit=1)), wait(30)),
    story(
        "Job that restarts in place",
        *create(job(command="exit 1", restart="OnFailure", backoffLimit=1)),
        wait(28),
    ),
    story("Job of three in a row", *create(job(completions=3)), wait(24)),
    story("Job of three side by side", *create(job(completions=3, parallelism=3)), wait(14)),
    story(
        "Job of more side by side than wanted", *create(job(completions=2, parallelism=5)), wait(14)
    ),
    story("Job of a work queue", *create(job(parallelism=2)), wait(14)),
    story("Job of no parallelism", *create(job(parallelism=0)), wait(6)),
    story("Job with indexes", *create(job(**INDEXED)), wait(14)),
    story(
        "Job with an index that fails",
        *create(job(command=ONE_INDEX_FAILS, backoffLimitPerIndex=0, **INDEXED)),
        wait(16),
    ),
    story(
        "Job with indexes that may fail",
        *create(
            job(command=ONE_INDEX_FAILS, backoffLimitPerIndex=0, maxFailedIndexes=0, **INDEXED)
        ),
        wait(16),
    ),
    story(
        "Job with a policy by index",
        *create(job(command=ONE_INDEX_FAILS, backoffLimitPerIndex=2, **BY_INDEX, **INDEXED)),
        wait(16),
    ),
    story(
        "Job that succeeds early",
        *create(
            job(
                command="test $JOB_COMPLETION_INDEX -eq 0 || sleep 60",
                **INDEXED,
                successPolicy={"rules": [{"succeededIndexes": "0"}]},
            )
        ),
        wait(18),
    ),
    story(
        "Job whose failure is ignored",
        *create(job(command="exit 42", backoffLimit=0, **IGNORED)),
        wait(8),
    ),
    story(
        "Job that one exit code ends",
        *create(job(command="exit 42", backoffLimit=6, **FATAL)),
        wait(14),
    ),
    story(
        "Job that misses its deadline",
        *create(job(command="sleep 99", activeDeadlineSeconds=4)),
        wait(14),
    ),
    story("Job created suspended", *create(job(suspend=True)), wait(6)),
    story(
        "Job suspended and resumed",
        *create(job(command="sleep 20")),
        wait(8),
        patch("Job/work", {"spec": {"suspend": True}}),
        wait(8),
        patch("Job/work", {"spec": {"suspend": False}}),
        wait(8),
    ),
    story("Job that goes when it is done", *create(job(ttlSecondsAfterFinished=2)), wait(16)),
    story(
        "Job deleted in the background",
        *create(job(command="sleep 99")),
        wait(8),
        delete("Job/work", "Background"),
        wait(8),
    ),
    story(
        "Job deleted, its Pods orphaned",
        *create(job(command="sleep 99")),
        wait(8),
        delete("Job/work", "Orphan"),
        wait(6),
    ),
    story(
        "Job whose parallelism grows",
        *create(job(command="sleep 30", completions=4, parallelism=1)),
        wait(8),
        patch("Job/work", {"spec": {"parallelism": 3}}),
        wait(10),
    ),
    story(
        "Job with a Pod replaced when it has failed",
        *create(job(command="exit 1", backoffLimit=1, podReplacementPolicy="Failed")),
        wait(30),
    ),
    story(
        "Job with a selector of its own",
        *create(
            job(
                manualSelector=True,
                selector={"matchLabels": {"app": "mine"}},
                template={
                    "metadata": {"labels": {"app": "mine"}},
                    "spec": pod_spec(container(command="exit 0"), restartPolicy="Never"),
                },
            )
        ),
        wait(12),
    ),
    story(
        "Job with a broken image",
        *create(
            thing(
                "Job",
                "work",
                "batch/v1",
                spec={"template": {"spec": pod_spec(container(ABSENT), restartPolicy="Never")}},
            )
        ),
        wait(14),
    ),
    # CronJobs; the minute of the clock is not known, so the stories are those that do not need it.
    story("CronJob that is suspended", *create(cron_job(suspend=True)), wait(6)),
    story("CronJob of a far day", *create(cron_job(schedule="0 0 29 2 *")), wait(6)),
    story(
        "CronJob with a time zone",
        *create(cron_job(schedule="0 0 29 2 *", timeZone="Europe/Berlin")),
        wait(6),
    ),
    story(
        "CronJob deleted",
        *create(cron_job(schedule="0 0 29 2 *")),
        wait(4),
        delete("CronJob/tick"),
        wait(4),
    ),
    story(
        "Job owned by nobody keeps its template",
        *create(cron_job(schedule="0 0 29 2 *"), job("by-hand", backoffLimit=2)),
        wait(12),
    ),
    story(
        "Job with a minimal specification",
        *create(thing("Job", "work", "batch/v1", spec=job_spec())),
        wait(12),
    ),
]
