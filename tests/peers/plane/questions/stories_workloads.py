"""StatefulSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    container,
    create,
    cron_job,
    daemon_set,
    delete,
    image,
    job,
    job_spec,
    patch,
    pod_spec,
    scale,
    service,
    stateful_set,
    story,
    template,
    thing,
    wait,
)

NEWER, ABSENT = "nginx:1.28", "nginx:0.0"
HEADLESS = service("db", "db", clusterIP="None")
PARALLEL = {"podManagementPolicy": "Parallel"}


def claims(*names: str) -> dict[str, object]:
    made = [
        {"metadata": {"name": name},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        for name in names
    ]  # fmt: skip
    return {"volumeClaimTemplates": made}


def partition(number: int) -> dict[str, object]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}}


ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
FAILING = template("db", container(command="exit 3"))
SLOW = "sleep 4"
RETAINED = {
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"}
}
INDEXED = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}
ONE_INDEX_FAILS = "test $JOB_COMPLETION_INDEX -ne 1"
IGNORED = {"podFailurePolicy": {"rules": [
    {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [42]}}]}}  # fmt: skip
FATAL = {"podFailurePolicy": {"rules": [
    {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]}}  # fmt: skip
BY_INDEX = {"podFailurePolicy": {"rules": [
    {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [1]}}]}}  # fmt: skip

CASES = [
    story("StatefulSet of two replicas", *create(HEADLESS, stateful_set()), wait(18)),
    story("StatefulSet without its Service", *create(stateful_set(replicas=1)), wait(10)),
    story("StatefulSet in parallel", *create(stateful_set(replicas=3, **PARALLEL)), wait(12)),
    story(
        "StatefulSet scaled up",
        *create(stateful_set(replicas=1)),
        wait(10),
        scale("StatefulSet/db", 3),
        wait(18),
    ),
    story(
        "StatefulSet scaled down",
        *create(stateful_set(replicas=3, **PARALLEL)),
        wait(12),
        scale("StatefulSet/db", 1),
        wait(12),
    ),
    story(
        "StatefulSet scaled to zero",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        scale("StatefulSet/db", 0),
        wait(12),
    ),
    story(
        "StatefulSet rolls",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(25),
    ),
    story(
        "StatefulSet rolls above a partition",
        *create(stateful_set(replicas=2, **PARALLEL, **partition(1))),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(18),
    ),
    story(
        "StatefulSet rolls none above a high partition",
        *create(stateful_set(replicas=2, **PARALLEL, **partition(5))),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(10),
    ),
    story(
        "StatefulSet with OnDelete",
        *create(stateful_set(replicas=1, **ON_DELETE)),
        wait(10),
        image("StatefulSet/db", NEWER),
        wait(8),
        delete("Pod/db-0"),
        wait(12),
    ),
    story(
        "StatefulSet's Pod is deleted",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        delete("Pod/db-0"),
        wait(12),
    ),
    story(
        "StatefulSet whose first Pod fails",
        *create(stateful_set(replicas=2, pods=FAILING)),
        wait(26),
    ),
    story(
        "StatefulSet with a broken image",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        image("StatefulSet/db", ABSENT),
        wait(14),
    ),
    story("StatefulSet with claims", *create(stateful_set(replicas=1, **claims("data"))), wait(10)),
    story(
        "StatefulSet with two claims a Pod",
        *create(stateful_set(replicas=1, **PARALLEL, **claims("data", "log"))),
        wait(10),
    ),
    story(
        "StatefulSet with claims that go with it",
        *create(stateful_set(replicas=1, **RETAINED, **claims("data"))),
        wait(10),
        delete("StatefulSet/db"),
        wait(12),
    ),
    story(
        "StatefulSet with an ordinal of its own",
        *create(stateful_set(replicas=2, ordinals={"start": 5}, **PARALLEL)),
        wait(12),
    ),
    story(
        "StatefulSet with minReadySeconds",
        *create(stateful_set(replicas=1, minReadySeconds=8)),
        wait(6),
        wait(12),
    ),
    story(
        "StatefulSet deleted",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        delete("StatefulSet/db"),
        wait(12),
    ),
    story(
        "StatefulSet deleted, its Pods orphaned",
        *create(stateful_set(replicas=1)),
        wait(10),
        delete("StatefulSet/db", "Orphan"),
        wait(8),
    ),
    story(
        "StatefulSet deleted in the foreground",
        *create(stateful_set(replicas=1)),
        wait(10),
        delete("StatefulSet/db", "Foreground"),
        wait(10),
    ),
    story(
        "StatefulSet two at a time",
        *create(
            stateful_set(
                replicas=3,
                **PARALLEL,
                updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}},
            )
        ),
        wait(14),
        image("StatefulSet/db", NEWER),
        wait(25),
    ),
    # DaemonSets
    story("DaemonSet on all nodes", *create(daemon_set()), wait(12)),
    story(
        "DaemonSet on no node",
        *create(daemon_set(pods=template("agent", nodeSelector={"disk": "none"}))),
        wait(8),
    ),
    story(
        "DaemonSet on one node",
        *create(
            daemon_set(pods=template("agent", nodeSelector={"kubernetes.io/hostname": "node-2"}))
        ),
        wait(12),
    ),
    story(
        "DaemonSet leaves a node",
        *create(daemon_set()),
        wait(12),
        patch(
            "DaemonSet/agent",
            {
                "spec": {
                    "template": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "node-1"}}}
                }
            },
        ),
        wait(25),
    ),
    story(
        "DaemonSet rolls",
        *create(daemon_set()),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(30),
    ),
    story(
        "DaemonSet rolls with surge",
        *create(
            daemon_set(
                updateStrategy={
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
                }
            )
        ),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(30),
    ),
    story(
        "DaemonSet rolls all at once",
        *create(
            daemon_set(
                updateStrategy={
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": "100%"},
                }
            )
        ),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(20),
    ),
    story(
        "DaemonSet with OnDelete",
        *create(daemon_set(updateStrategy={"type": "OnDelete"})),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(8),
    ),
    story(
        "DaemonSet with a broken image",
        *create(daemon_set()),
        wait(12),
        image("DaemonSet/agent", ABSENT),
        wait(14),
    ),
    story(
        "DaemonSet that crashes",
        *create(daemon_set(pods=template("agent", container(command="exit 1")))),
        wait(26),
    ),
    story("DaemonSet with minReadySeconds", *create(daemon_set(minReadySeconds=6)), wait(16)),
    story(
        "DaemonSet deleted", *create(daemon_set()), wait(12), delete("DaemonSet/agent"), wait(12)
    ),
    story(
        "DaemonSet deleted, its Pods orphaned",
        *create(daemon_set()),
        wait(12),
        delete("DaemonSet/agent", "Orphan"),
        wait(8),
    ),
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
