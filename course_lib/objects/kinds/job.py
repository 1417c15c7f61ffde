"""Job: Pods until so many have succeeded (`pkg/apis/batch/validation/validation.go`)."""

from __future__ import annotations

from course_lib.engine.ages import age
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.field_rules import (
    MAX_INT32,
    MAX_INT64,
    Check,
    below,
    label_key,
    mapping,
    matching,
    one_of,
    selector,
    truth,
    whole,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.job_policies import PodFailurePolicy, SuccessPolicy
from course_lib.objects.kinds.job_relations import exit_codes, failure_rule, job_relations
from course_lib.objects.kinds.pod.rules import pod_spec_rules
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, JOB_TEMPLATE, container_cells
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, is_true, selector_of
from course_lib.objects.names import Problem, is_label
from course_lib.objects.rules import changed, must_be_one_of, not_negative


class JobSpec(Value, frozen=True):
    """What a Job should do."""

    UNKEPT = "scheduling"

    template: PodTemplateSpec
    parallelism: int = 1
    completions: int | None = None
    completion_mode: str = "NonIndexed"
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool = False
    suspend: bool = False
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    pod_replacement_policy: str = "TerminatingOrFailed"
    success_policy: SuccessPolicy | None = None
    managed_by: str | None = None


class JobStatus(Value, frozen=True):
    """How far a Job has come."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int = 0
    uncounted_terminated_pods: dict[str, list[str]] | None = None
    start_time: str | None = None
    completion_time: str | None = None
    completed_indexes: str = ""
    failed_indexes: str | None = None
    conditions: list[Condition] | None = None


class Job(Object, frozen=True, kw_only=True):
    """Pods that run until so many of them have succeeded."""

    spec: JobSpec
    status: JobStatus = JobStatus()


JOB_FIELDS: dict[str, Check] = {
    "parallelism": whole(0),
    "completions": whole(0),
    "backoffLimit": whole(0),
    "backoffLimitPerIndex": whole(0),
    "maxFailedIndexes": whole(0),
    "activeDeadlineSeconds": whole(0, MAX_INT64),
    "ttlSecondsAfterFinished": whole(0),
    "suspend": truth,
    "manualSelector": truth,
    "podReplacementPolicy": one_of("Failed", "TerminatingOrFailed"),
    "managedBy": matching(
        lambda name: "/" in name and not label_key(name), "a domain-prefixed path"
    ),
    "successPolicy": mapping,
    "podFailurePolicy.rules[*]": failure_rule,
    "podFailurePolicy.rules[*].onExitCodes.values": exit_codes,
    "podFailurePolicy.rules[*].action": one_of("Count", "FailIndex", "FailJob", "Ignore"),
    "podFailurePolicy.rules[*].onExitCodes.operator": one_of("In", "NotIn"),
    "podFailurePolicy.rules[*].onExitCodes.values[*]": whole(0, 255),
    **selector("selector"),
}


def _complete(document: Document) -> None:
    """One completion and one at a time, unless only the parallelism is given (a work queue)."""
    for spec in places(document, "spec", create=False):
        if "completions" not in spec and "parallelism" not in spec:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        replaced = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
        spec.setdefault("podReplacementPolicy", replaced)
        if "backoffLimitPerIndex" in spec:
            spec.setdefault("backoffLimit", MAX_INT32)
        spec.setdefault("backoffLimit", 6)
        spec.setdefault("manualSelector", False)
        for condition in places(spec, "podFailurePolicy.rules[*].onPodConditions[*]", create=False):
            condition.setdefault("status", "True")

    for inside in places(document, "spec.template.metadata", create=False):
        for own in places(document, "metadata", create=False):
            if inside.get("labels") and not own.get("labels"):
                own["labels"] = inside["labels"]  # one map, as in Go's memory


OWN_LABELS = ("job-name", "controller-uid")  # and the same below `PREFIX`
PREFIX = "batch.kubernetes.io/"


def _prepare(job: Document) -> None:
    """Give a new Job its selector: its own uid, so that no two Jobs share a Pod.

    Labels that the document brings stay, and are judged. (`generateSelector`)
    """
    spec, meta = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    made = dict(zip(OWN_LABELS, (meta.get("name", ""), meta["uid"]), strict=True))
    made |= {PREFIX + key: value for key, value in made.items()}
    template, selector = spec.setdefault("template", {}), spec.setdefault("selector", {})
    inside = template["metadata"] = template.get("metadata") or {}
    labels = dict(sorted((made | (inside.get("labels") or {})).items()))
    if not meta.get("labels") or meta["labels"] is inside.get("labels"):
        meta["labels"] = dict(labels)
    inside["labels"] = labels
    uid = {f"{PREFIX}controller-uid": meta["uid"]}
    selector["matchLabels"] = dict(sorted((uid | (selector.get("matchLabels") or {})).items()))


def job_rules(spec: JobSpec) -> Problems:
    """What is wrong with what a Job, or a CronJob's Job, should do."""
    yield from pod_spec_rules(spec.template.spec, "spec.template.spec.")
    restart = spec.template.spec.restart_policy
    yield from must_be_one_of("spec.template.spec.restartPolicy", restart, "OnFailure", "Never")
    yield from must_be_one_of("spec.completionMode", spec.completion_mode, "NonIndexed", "Indexed")
    yield from not_negative(
        parallelism=spec.parallelism,
        completions=spec.completions,
        backoff_limit=spec.backoff_limit,
        ttl_seconds_after_finished=spec.ttl_seconds_after_finished,
        active_deadline_seconds=spec.active_deadline_seconds,
    )
    if spec.completion_mode == "Indexed" and spec.completions is None:
        yield Problem("spec.completions", "a number when completionMode is Indexed", None)


def _relations(document: Document) -> Problems:
    name = document["metadata"].get("name", "")
    if len(name) > 63:
        expected = "must be no more than 63 characters: it becomes a label of the Pods"
        yield Problem("spec.template.labels", expected, name)
    spec = document["spec"]
    last = f"{name}-{(spec.get('completions') or 1) - 1}"
    if spec.get("completionMode") == "Indexed" and not is_label(last):
        expected = "a name with which the Pods' names are labels"
        yield Problem("metadata.name", expected, name)
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    for key in ("job-name", "batch.kubernetes.io/job-name"):
        if labels.get(key, name) != name and not spec.get("manualSelector"):
            yield Problem(f"spec.template.metadata.labels[{key}]", f"must be {name!r}", labels[key])
    yield from job_relations(spec, "spec")


PLACEMENT = ("nodeSelector", "tolerations", "schedulingGates")


def _lasting(template: Document) -> Document:
    """What stays of a Pod template while its Job is suspended: all but resources and placement."""
    spec = {k: v for k, v in template["spec"].items() if k not in PLACEMENT}
    affinity = spec.pop("affinity", None) or {}
    spec["affinity"] = {k: v for k, v in affinity.items() if k != "nodeAffinity"}
    for group in ("containers", "initContainers"):
        spec[group] = [
            {k: v for k, v in c.items() if k != "resources"} for c in spec.get(group) or ()
        ]
    return spec


def _transition(before: Document, after: Document) -> Problems:
    """The completions of an Indexed Job may change, together with its parallelism.

    The Pod template of a suspended Job without Pods may change in resources and placement
    (`validatePodTemplateUpdate` in `pkg/apis/batch/validation`).
    """
    old, new = before["spec"], after["spec"]
    status = before.get("status") or {}
    stopped = any(
        each["type"] == "Suspended" and each["status"] == "True"
        for each in status.get("conditions") or ()
    )
    open_ = old.get("suspend") and not status.get("active")
    open_ = open_ and (stopped or not status.get("startTime"))
    templates = [old["template"], new["template"]]
    if open_:
        templates = [_lasting(each) for each in templates]
    if templates[0] != templates[1]:
        yield changed("spec.template", "no change: the field is immutable")
    if old.get("completions") == new.get("completions"):
        return
    if new.get("completionMode") != "Indexed":
        yield changed("spec.completions", "no change: the field is immutable")
    elif new.get("completions") != new.get("parallelism"):
        yield changed("spec.completions", "can only be modified in tandem with spec.parallelism")


def _row(job: Job, now: float) -> Row:
    stated = [
        shown
        for kind, shown in (
            ("Complete", "Complete"),
            ("Failed", "Failed"),
            ("", "Terminating"),
            ("Suspended", "Suspended"),
            ("FailureTarget", "FailureTarget"),
            ("SuccessCriteriaMet", "SuccessCriteriaMet"),
        )
        if (is_true(job.status.conditions, kind) if kind else job.terminating)
    ]
    desired, parallel = job.spec.completions, job.spec.parallelism
    if desired is not None:
        completions = f"{job.status.succeeded}/{desired}"
    else:
        completions = f"{job.status.succeeded}/1" + (f" of {parallel}" if parallel > 1 else "")
    start, end = job.status.start_time, job.status.completion_time
    took = age((seconds_at(end) if end else now) - seconds_at(start)) if start else ""
    status = stated[0] if stated else "Running"
    selector = str(selector_of(job.spec.selector))
    return job.name, status, completions, took, *container_cells(job.spec.template), selector


FIXED = (
    "spec.selector", "spec.completionMode", "spec.podFailurePolicy",
    "spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy",
)  # fmt: skip
JOB = Kind(
    "batch/v1",
    Job,
    categories=("all",),
    generations=True,
    first_status=lambda view: {},
    defaults={"spec.completionMode": "NonIndexed", "spec.suspend": False},
    complete=_complete,
    prepare=_prepare,
    parts={"spec.template": JOB_TEMPLATE},
    fields=below("spec", JOB_FIELDS),
    rules=lambda job: job_rules(job.spec),
    relations=_relations,
    fixed=FIXED,
    transition=_transition,
    orphans=True,
    warning_of_orphans="child pods are preserved by default when jobs are deleted; set "
    "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this "
    "warning",
    columns=table_columns(f"Name  Status  Completions  Duration  Age{COLUMNS}  +Selector"),
    row=_row,
)
