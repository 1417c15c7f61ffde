"""Jobs and CronJobs: counts, policies, selectors, schedules, time zones."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

RUN_ONCE = {
    "restartPolicy": "Never",
    "containers": [{"name": "count", "image": "tally:1"}],
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "tally"},
    "spec": {"template": {"spec": RUN_ONCE}},
}
CRON_JOB = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly"},
    "spec": {
        "schedule": "30 2 * * *",
        "jobTemplate": {"spec": {"template": {"spec": RUN_ONCE}}},
    },
}
INDEXED = {"spec.completionMode": "Indexed", "spec.completions": 3}
POLICY = "spec.podFailurePolicy"
RULE = f"{POLICY}.rules[0]"
CODES = f"{RULE}.onExitCodes"
MINE = "spec.template.metadata.labels"

CASES = [
    *each(
        JOB,
        {
            "metadata.name": ["t" * 63, "t" * 64, "tally.eu", "Tally"],
            "metadata.generateName": ["tally-"],
            "spec": [ABSENT, {}],
            "spec.template": [ABSENT, {"spec": {}}],
            "spec.template.spec.restartPolicy": [ABSENT, "Always", "OnFailure", "Once"],
            "spec.template.metadata.labels": [{"app": "tally"}, {"app": "a b"}],
            "spec.parallelism": [0, 5, -1, "2"],
            "spec.completions": [0, 5, -1, None],
            "spec.completionMode": ["Indexed", "NonIndexed", "Sorted", ""],
            "spec.backoffLimit": [0, 2**31 - 1, 2**31, -1],
            "spec.backoffLimitPerIndex": [1],
            "spec.maxFailedIndexes": [1],
            "spec.activeDeadlineSeconds": [1, 0, -1],
            "spec.ttlSecondsAfterFinished": [0, -1],
            "spec.suspend": [True, "true"],
            "spec.selector": [{"matchLabels": {"app": "tally"}}, {}],
            "spec.manualSelector": [True, False],
            "spec.podReplacementPolicy": ["Failed", "TerminatingOrFailed", "Never"],
            "spec.managedBy": ["example.com/queue", "queue", "kubernetes.io/job-controller"],
            "spec.successPolicy": [{"rules": [{"succeededCount": 1}]}],
            POLICY: [
                {},
                {"rules": []},
                {"rules": [{"action": "Ignore"}]},
            ],
        },
    ),
    *named(
        JOB,
        {
            "as a work queue": {"spec.parallelism": 4},
            "with more completions than Pods at once": {
                "spec.parallelism": 2,
                "spec.completions": 8,
            },
            "with its own selector": {
                "spec.manualSelector": True,
                "spec.selector": {"matchLabels": {"app": "tally"}},
                MINE: {"app": "tally"},
            },
            "with its own selector, which its Pods do not have": {
                "spec.manualSelector": True,
                "spec.selector": {"matchLabels": {"app": "tally"}},
                MINE: {"app": "count"},
            },
            "with the label of another Job": {MINE: {"job-name": "other"}},
            "with indexes": INDEXED,
            "with indexes and a name of 62 characters": INDEXED | {"metadata.name": "t" * 62},
            "with too many indexes at once": {
                "spec.completionMode": "Indexed",
                "spec.completions": 100_001,
                "spec.parallelism": 100_001,
            },
            "with a limit for each index": INDEXED | {"spec.backoffLimitPerIndex": 1},
            "with a negative limit for each index": INDEXED | {"spec.backoffLimitPerIndex": -1},
            "with as many failed indexes as there are": INDEXED
            | {"spec.backoffLimitPerIndex": 1, "spec.maxFailedIndexes": 3},
            "with more failed indexes than there are": INDEXED
            | {"spec.backoffLimitPerIndex": 1, "spec.maxFailedIndexes": 4},
            "with failed indexes and no limit for each": INDEXED | {"spec.maxFailedIndexes": 1},
            "that succeeds with its first index": INDEXED
            | {"spec.successPolicy": {"rules": [{"succeededIndexes": "0"}]}},
            "that succeeds with an index it does not have": INDEXED
            | {"spec.successPolicy": {"rules": [{"succeededIndexes": "3"}]}},
            "that succeeds without a rule": INDEXED | {"spec.successPolicy": {"rules": []}},
        },
    ),
    *named(
        JOB,
        {
            "that fails at exit code 42": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [42]},
            },
            "that ignores disruptions": {
                f"{RULE}.action": "Ignore",
                f"{RULE}.onPodConditions": [{"type": "DisruptionTarget"}],
            },
            "with a failure policy and restarts": {
                "spec.template.spec.restartPolicy": "OnFailure",
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [42]},
            },
            "that counts exit code 0 as a failure": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [0]},
            },
            "that fails at all exit codes but 0": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "NotIn", "values": [0]},
            },
            "with exit codes out of order": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [3, 2]},
            },
            "with an exit code twice": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [2, 2]},
            },
            "with no exit codes": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": []},
            },
            "with exit codes of a container it does not have": {
                f"{RULE}.action": "FailJob",
                CODES: {"operator": "In", "values": [1], "containerName": "other"},
            },
            "with an unknown action": {
                f"{RULE}.action": "Retry",
                CODES: {"operator": "In", "values": [1]},
            },
            "with an unknown operator of exit codes": {
                f"{RULE}.action": "Count",
                CODES: {"operator": "Equals", "values": [1]},
            },
            "that fails an index, without indexes": {
                f"{RULE}.action": "FailIndex",
                CODES: {"operator": "In", "values": [1]},
            },
            "with a rule for codes and conditions": {
                f"{RULE}.action": "Count",
                CODES: {"operator": "In", "values": [1]},
                f"{RULE}.onPodConditions": [{"type": "DisruptionTarget"}],
            },
            "with a failure policy and replacement at once": {
                "spec.podReplacementPolicy": "TerminatingOrFailed",
                f"{RULE}.action": "Count",
                CODES: {"operator": "In", "values": [1]},
            },
        },
    ),
    *each(
        CRON_JOB,
        {
            "metadata.name": ["n" * 52, "n" * 53, "nightly.eu"],
            "spec": [ABSENT, {}],
            "spec.schedule": [
                ABSENT,
                "",
                "* * * *",
                "* * * * * *",
                "60 * * * *",
                "* 24 * * *",
                "* * 0 * *",
                "* * 32 * *",
                "* * * 13 *",
                "* * * * 7",
                "*/15 8-18 * JAN-MAR MON,FRI",
                "*/0 * * * *",
                "5-1 * * * *",
                "? * ? * *",
                "@hourly",
                "@every 1h30m",
                "@every soon",
                "@often",
                " 0 0 * * * ",
                "TZ=UTC 0 0 * * *",
                5,
            ],
            "spec.timeZone": ["Europe/Berlin", "Etc/UTC", "UTC", "", "Local", "Mars/Base", "CET "],
            "spec.concurrencyPolicy": ["Forbid", "Replace", "", "Never"],
            "spec.suspend": [True, 1],
            "spec.startingDeadlineSeconds": [0, 100, -1],
            "spec.successfulJobsHistoryLimit": [0, -1],
            "spec.failedJobsHistoryLimit": [0, -1],
            "spec.jobTemplate": [ABSENT, {}],
            "spec.jobTemplate.metadata": [{"labels": {"a": "b"}}, {"labels": {"a": "b c"}}],
            "spec.jobTemplate.spec.template.spec.restartPolicy": ["Always", "OnFailure"],
            "spec.jobTemplate.spec.completions": [3, -1],
            "spec.jobTemplate.spec.backoffLimit": [2],
            "spec.jobTemplate.spec.manualSelector": [True],
            "spec.jobTemplate.spec.selector": [{"matchLabels": {"a": "b"}}],
            "spec.jobTemplate.spec.completionMode": ["Indexed"],
        },
    ),
    *named(CRON_JOB, {"of batch/v1beta1": {"apiVersion": "batch/v1beta1"}}),
]  # fmt: skip
