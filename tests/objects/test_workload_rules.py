"""What the API server refuses in kinds that keep Pods, in its words, at each threshold."""

from __future__ import annotations

from itertools import count

import pytest

from course_lib.apiserver import APIServer
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.kinds.job_policy_rules import number_of_indexes
from course_lib.objects.manifests import Document
from course_lib.objects.schedule import Schedule


@pytest.fixture(scope="module")
def api() -> APIServer:
    server = APIServer(Simulation())
    furnish(server)
    return server


TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "main", "image": "web:1"}]},
}
JOB_TEMPLATE = {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}


def document(kind: str, group: str, **spec: object) -> Document:
    meta = {"name": "web", "namespace": "default"}
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": meta, "spec": spec}


def apps(kind: str, **spec: object) -> Document:
    selector = {"matchLabels": {"app": "web"}}
    return document(kind, "apps", **{"selector": selector, "template": TEMPLATE} | spec)


def job(**spec: object) -> Document:
    return document("Job", "batch", **{"template": JOB_TEMPLATE} | spec)


def cron(**spec: object) -> Document:
    inside = {"jobTemplate": {"spec": {"template": JOB_TEMPLATE}}, "schedule": "0 * * * *"}
    return document("CronJob", "batch", **inside | spec)


def rolling(kind: str, **amounts: object) -> Document:
    field = "strategy" if kind == "Deployment" else "updateStrategy"
    return apps(kind, **{field: {"type": "RollingUpdate", "rollingUpdate": amounts}})


def told(api, document: Document) -> list[str]:
    """All that the API server says against a new document."""
    try:
        api.check(document)
    except InvalidObject as refusal:
        return [str(error) for error in refusal.errors]
    return []


NUMBERS = count()


def named(document: Document, name: str) -> Document:
    return document | {"metadata": document["metadata"] | {"name": name}}


PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
    "'93%', regex used for validation is '[0-9]+%')"
)


@pytest.mark.parametrize(
    ("refused", "errors"),
    [
        (apps("Deployment", replicas=0), []),
        (
            apps("Deployment", replicas=-1),
            ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
        ),
        (
            apps("Deployment", progressDeadlineSeconds=10, minReadySeconds=10),
            [
                "spec.progressDeadlineSeconds: Invalid value: 10: must be greater than "
                "minReadySeconds"
            ],
        ),
        (apps("Deployment", progressDeadlineSeconds=11, minReadySeconds=10), []),
        (
            apps("Deployment", strategy={"type": "Slow", "rollingUpdate": {"maxSurge": 1}}),
            [
                'spec.strategy: Unsupported value: {"Type":"Slow","RollingUpdate":'
                '{"MaxUnavailable":0,"MaxSurge":1}}: supported values: "Recreate", "RollingUpdate"'
            ],
        ),
        (rolling("Deployment", maxUnavailable="100%"), []),
        (
            rolling("Deployment", maxUnavailable="101%"),
            [
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "
                '"101%": must not be greater than 100%'
            ],
        ),
        (rolling("Deployment", maxSurge="200%"), []),
        (
            rolling("Deployment", maxUnavailable=0, maxSurge="0%"),
            [
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when "
                "`maxSurge` is 0"
            ],
        ),
        (
            rolling("DaemonSet", maxUnavailable="half", maxSurge=1),
            [f'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "half": {PERCENT}'],
        ),
        (
            rolling("DaemonSet", maxUnavailable=1, maxSurge=1),
            [
                "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when "
                "maxUnavailable is non-zero"
            ],
        ),
        (
            apps("ReplicaSet", selector={}),
            ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
        ),
        (
            apps("ReplicaSet", selector={"matchLabels": {"app": "other"}}),
            [
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not '
                "match template `labels`"
            ],
        ),
    ],
)
def test_kinds_that_keep_pods(api, refused, errors):
    assert told(api, refused) == errors


CODES = {"operator": "In", "values": [3, 0, 3]}


def stateful(**spec: object) -> Document:
    return apps("StatefulSet", **spec)


@pytest.mark.parametrize(
    ("refused", "errors"),
    [
        (stateful(serviceName="db"), []),
        (
            stateful(podManagementPolicy="Sorted"),
            [
                "spec.podManagementPolicy: Invalid value: \"Sorted\": must be 'OrderedReady' or "
                "'Parallel'"
            ],
        ),
        (
            stateful(updateStrategy={"type": "OnDelete", "rollingUpdate": {"partition": 1}}),
            [
                "spec.updateStrategy.rollingUpdate: Invalid value: "
                '{"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy '
                "'RollingUpdate'"
            ],
        ),
        (
            rolling("StatefulSet", maxUnavailable="0%"),
            ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0'],
        ),
        (
            stateful(ordinals={"start": -1}),
            ["spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0"],
        ),
        (
            stateful(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Keep"}),
            [
                "spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "
                '"Keep": supported values: "Retain", "Delete"'
            ],
        ),
    ],
)
def test_stateful_sets(api, refused, errors):
    assert told(api, refused) == errors


INDEXED = {"completionMode": "Indexed", "completions": 5}


@pytest.mark.parametrize(
    ("refused", "errors"),
    [
        (job(completionMode="Indexed", completions=1, parallelism=100_000), []),
        (
            job(completionMode="Indexed", completions=1, parallelism=100_001),
            [
                "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 "
                "when completion mode is Indexed"
            ],
        ),
        (
            job(completionMode="Indexed", parallelism=1),
            ["spec.completions: Required value: when completion mode is Indexed"],
        ),
        (job(**INDEXED, backoffLimitPerIndex=1, maxFailedIndexes=5), []),
        (
            job(**INDEXED, backoffLimitPerIndex=1, maxFailedIndexes=6),
            ["spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions"],
        ),
        (
            job(completionMode="Indexed", completions=100_001, backoffLimitPerIndex=1),
            [
                "spec.maxFailedIndexes: Required value: must be specified when completions is "
                "above 100000"
            ],
        ),
        (
            job(**INDEXED, successPolicy={"rules": [{"succeededIndexes": "0-5"}]}),
            [
                'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-5": error parsing '
                'succeededIndexes: too large index: "5"'
            ],
        ),
        (
            job(
                **INDEXED,
                successPolicy={"rules": [{"succeededIndexes": "1,3", "succeededCount": 3}]},
            ),
            [
                "spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than "
                "or equal to 2 (the number of indexes in the specified succeededIndexes field)"
            ],
        ),
        (
            job(podFailurePolicy={"rules": [{"action": "FailIndex", "onExitCodes": CODES}]}),
            [
                'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the '
                "backoffLimitPerIndex to be set",
                "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not "
                "be 0 for the In operator",
                "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3",
                "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must "
                "be ordered",
            ],
        ),
        (job(managedBy="example.com/" + "q" * 51), []),
        (
            job(managedBy="example.com/" + "q" * 52),
            ["spec.managedBy: Too long: may not be more than 63 bytes"],
        ),
        (
            job(manualSelector=True),
            [
                "spec.selector: Required value",
                "spec.template.metadata.labels: Invalid value: null: `selector` does not match "
                "template `labels`",
            ],
        ),
        (
            cron(schedule="TZ=UTC 0 9 * * *"),
            [
                'spec.schedule: Invalid value: "TZ=UTC 0 9 * * *": cannot use TZ or CRON_TZ in '
                "schedule, use timeZone field instead"
            ],
        ),
        (
            cron(timeZone=""),
            ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'],
        ),
    ],
)
def test_jobs(api, refused, errors):
    assert told(api, refused) == errors


def test_the_name_of_a_cron_job_leaves_room_for_those_of_its_jobs(api):
    named = cron()
    named["metadata"]["name"] = "n" * 52
    assert told(api, named) == []
    named["metadata"]["name"] = "n" * 53
    assert told(api, named) == [
        f'metadata.name: Invalid value: "{"n" * 53}": must be no more than 52 characters'
    ]


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        (
            "x * * * *",
            'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
        ),
        ("@often", "unrecognized descriptor: @often"),
        ("@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'),
        (
            "@every 5x",
            'failed to parse duration @every 5x: time: unknown unit "x" in duration "5x"',
        ),
        ("0 0 * * mon-fri", ""),
        ("59 23 31 12 6", ""),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_in_the_parsers_words(schedule, problem):
    assert Schedule.problem(schedule) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("3-1", "non-increasing order, previous: 3, current: 1"),
        ("2,2", "non-increasing order, previous: 2, current: 2"),
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1-2-3", "at most two parts separated by '-'"),
    ],
)
def test_a_text_of_indexes_that_is_malformed_is_refused(text, problem):
    with pytest.raises(ValueError, match=problem):
        number_of_indexes(text, 10)


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}, []),
        (
            {"replicas": 1, "readyReplicas": 2},
            ["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"],
        ),
        (
            {"replicas": 2, "readyReplicas": 1, "availableReplicas": 2},
            ["status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"],
        ),
    ],
)
def test_the_counts_in_a_status_agree(api, status, errors):
    made = api.create(named(apps("Deployment"), f"web-{next(NUMBERS)}"))
    assert refusals(api, made, status) == errors


STARTED = {"startTime": "2026-01-01T00:00:00Z"}


def condition(*kinds: str) -> list[Document]:
    return [{"type": kind, "status": "True"} for kind in kinds]


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        (
            STARTED | {"conditions": condition("Failed")},
            [
                "status.conditions: Invalid value: cannot set Failed=True condition without the "
                "FailureTarget=true condition"
            ],
        ),
        (STARTED | {"conditions": condition("FailureTarget", "Failed")}, []),
        (
            {"conditions": condition("FailureTarget", "Failed")},
            ["status.startTime: Required value: startTime is required for finished job"],
        ),
        (
            STARTED | {"conditions": condition("SuccessCriteriaMet", "Complete")},
            ["status.completionTime: Required value: completionTime is required for Complete jobs"],
        ),
        (
            {"ready": 2, "active": 1},
            ["status.ready: Invalid value: 2: cannot set more ready pods than active"],
        ),
        (
            {"completedIndexes": "0"},
            [
                'status.completedIndexes: Invalid value: "0": cannot set non-empty '
                "completedIndexes when non-indexed completion mode"
            ],
        ),
    ],
)
def test_a_job_ends_once_and_says_how(api, status, errors):
    made = api.create(named(job(), f"job-{next(NUMBERS)}"))
    assert refusals(api, made, status) == errors


def refusals(api, made, status: Document) -> list[str]:
    try:
        api.patch_status(made, status)
    except InvalidObject as refusal:
        return [str(error) for error in refusal.errors]
    return []
