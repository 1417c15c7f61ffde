"""What the API server refuses in the status of a Job, so that a Job that ended stays ended.

A rule is asked only where one of the fields that it looks at changes: a Job's spec may change, and
the controller follows later. Source: `validateJobStatus` and `ValidateJobStatusUpdate` in
`pkg/apis/batch/validation`, `getStatusValidationOptions` in `pkg/registry/batch/job/strategy.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_lib.engine.timestamps import seconds_at
from course_lib.objects.field_errors import (
    OMITTED,
    Errors,
    FieldError,
    duplicate,
    invalid,
    required,
)
from course_lib.objects.kinds.job_policy_rules import interval_of, number_of_indexes
from course_lib.objects.kinds.workload_rules import counts
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import IMMUTABLE, object_meta_update

CONDITIONS = "status.conditions"
TERMINAL = ("Failed", "Complete", "FailureTarget")
Changed = Callable[..., bool]  # whether one of some fields or conditions changes


def stated(status: Document, kind: str, value: str = "True") -> bool:
    """Whether a `status` has a condition of a `kind` with that `value`."""
    return any(
        each.get("type") == kind and each.get("status") == value
        for each in status.get("conditions") or ()
    )


def validate_status(new: Document, old: Document) -> Errors:
    """What is wrong with the status of the `new` version of an `old` Job."""
    yield from object_meta_update(new, old)
    spec, status, before = new["spec"], new.get("status") or {}, old.get("status") or {}

    def changed(*names: str) -> bool:
        """A name in lower case is a field, any other the type of a condition."""
        return any(
            stated(status, name) != stated(before, name)
            if name[0].isupper()
            else status.get(name) != before.get(name)
            for name in names
        )

    yield from counts(status, "status", "active", "succeeded", "failed", "ready", "terminating")
    yield from _uncounted(status.get("uncountedTerminatedPods") or {})
    yield from _ends(status, changed)
    yield from _times(status, changed)
    yield from _successes(status, changed)
    yield from _finished(spec, status, changed)
    yield from _indexes(spec, status, changed)
    yield from _numbers(status, changed)
    yield from _contradictions(spec, status)
    yield from _steps_back(spec, status, before, changed)


def _conflict(said: str) -> FieldError:
    return invalid(CONDITIONS, OMITTED, said)


def _uncounted(pods: Document) -> Errors:
    known: list[str] = []
    for group in ("succeeded", "failed"):
        for position, uid in enumerate(pods.get(group) or ()):
            here = f"status.uncountedTerminatedPods.{group}[{position}]"
            if not uid:
                yield invalid(here, uid, "must not be empty")
            elif uid in known:
                yield duplicate(here, uid)
            known.append(uid)


def _ends(status: Document, changed: Changed) -> Errors:
    complete = stated(status, "Complete")
    if changed("Complete", "Failed") and complete and stated(status, "Failed"):
        yield _conflict("cannot set Complete=True and Failed=true conditions")
    if changed("Complete", "FailureTarget") and complete and stated(status, "FailureTarget"):
        yield _conflict("cannot set Complete=True and FailureTarget=true conditions")


def _times(status: Document, changed: Changed) -> Errors:
    complete, start = stated(status, "Complete"), status.get("startTime")
    end, here = status.get("completionTime"), "status.completionTime"
    if changed("Complete", "completionTime"):
        if end and not complete:
            said = "cannot set completionTime when there is no Complete=True condition"
            yield invalid(here, end, said)
        if not end and complete:
            yield required(here, "completionTime is required for Complete jobs")
    moved = changed("startTime", "completionTime") and start and end
    if moved and seconds_at(end) < seconds_at(start):
        yield invalid(here, end, "must be equal to or after `startTime`")


def _successes(status: Document, changed: Changed) -> Errors:
    """An end is announced by another condition."""
    failed = stated(status, "Failed") and not stated(status, "FailureTarget")
    if failed and changed("Failed", "failedIndexes"):
        said = "cannot set Failed=True condition without the FailureTarget=true condition"
        yield _conflict(said)
    complete = stated(status, "Complete") and not stated(status, "SuccessCriteriaMet")
    if complete and changed("Complete", "SuccessCriteriaMet"):
        said = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        yield _conflict(said)


def _finished(spec: Document, status: Document, changed: Changed) -> Errors:
    if not stated(status, "Complete") and not stated(status, "Failed"):
        return
    ends = ("Complete", "Failed")
    active, pods = status.get("active") or 0, status.get("uncountedTerminatedPods") or {}
    if changed(*ends, "active") and active > 0:
        yield invalid("status.active", active, "active>0 is invalid for finished job")
    idle = spec.get("suspend") and spec.get("completions") == 0
    if changed(*ends, "startTime") and not idle and not status.get("startTime"):
        yield required("status.startTime", "startTime is required for finished job")
    if changed(*ends, "uncountedTerminatedPods") and any(pods.values()):
        shown = {"Succeeded": pods.get("succeeded"), "Failed": pods.get("failed")}
        said = "must be empty for finished job"
        yield invalid("status.uncountedTerminatedPods", shown, said)


def _indexes(spec: Document, status: Document, changed: Changed) -> Errors:
    completions = spec.get("completions")
    done, failed = status.get("completedIndexes") or "", status.get("failedIndexes")
    here, there = "status.completedIndexes", "status.failedIndexes"
    limited = spec.get("backoffLimitPerIndex") is not None
    if changed("completedIndexes") and completions is not None:
        yield from _form(here, done, completions)
    if changed("failedIndexes") and completions is not None and limited and failed is not None:
        yield from _form(there, failed, completions)
    if changed("completedIndexes") and done and spec.get("completionMode") != "Indexed":
        said = "cannot set non-empty completedIndexes when non-indexed completion mode"
        yield invalid(here, done, said)
    if changed("failedIndexes") and not limited and failed is not None:
        said = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        yield invalid(there, failed, said)
    if changed("failedIndexes", "completedIndexes") and completions is not None and failed:
        common = _overlap(done, failed, completions)
        if common is not None:
            said = f"failedIndexes and completedIndexes overlap at index: {common}"
            yield invalid(there, failed, said)


def _form(path: str, text: str, completions: int) -> Errors:
    try:
        number_of_indexes(text, completions)
    except ValueError as problem:
        yield invalid(path, text, f"error parsing {path.rpartition('.')[2]}: {problem}")


def _overlap(done: str, failed: str, completions: int) -> int | None:
    """The first index that both texts name (`validateFailedIndexesNotOverlapCompleted`)."""
    for first, last in _intervals(failed, completions):
        for low, high in _intervals(done, completions):
            if low <= last and first <= high:
                return max(low, first)
    return None


def _intervals(text: str, completions: int) -> Iterator[tuple[int, int]]:
    """The intervals of a text, without those that are malformed."""
    for interval in text.split(",") if text else ():
        try:
            yield interval_of(interval, completions)
        except ValueError:
            continue


def _numbers(status: Document, changed: Changed) -> Errors:
    ends, terminating = ("Complete", "Failed"), status.get("terminating") or 0
    if (
        changed(*ends, "terminating")
        and terminating > 0
        and any(stated(status, kind) for kind in ends)
    ):
        said = "terminating>0 is invalid for finished job"
        yield invalid("status.terminating", terminating, said)
    ready, active = status.get("ready") or 0, status.get("active") or 0
    if changed("ready", "active") and ready > active:
        yield invalid("status.ready", ready, "cannot set more ready pods than active")


def _contradictions(spec: Document, status: Document) -> Errors:
    met = stated(status, "SuccessCriteriaMet")
    if met and stated(status, "Failed"):
        yield _conflict("cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if met and stated(status, "FailureTarget"):
        yield _conflict("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
    if spec.get("successPolicy") is not None and not met and stated(status, "Complete"):
        yield _conflict(
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        )


def _steps_back(spec: Document, status: Document, before: Document, changed: Changed) -> Errors:
    """What was said once stays said."""
    for kind in TERMINAL:
        if stated(before, kind) and not stated(status, kind):
            yield _conflict(f"cannot disable the terminal {kind}=True condition")
    same = spec.get("completions") == spec.get("parallelism")
    elastic = spec.get("completionMode") == "Indexed" and same
    for field in ("failed", "succeeded"):
        now = status.get(field) or 0
        if now < (before.get(field) or 0) and not (elastic and field == "succeeded"):
            yield invalid(f"status.{field}", now, f"cannot decrease the {field} counter")
    end, known = status.get("completionTime"), before.get("completionTime")
    if end and known and end != known:
        yield invalid("status.completionTime", end, IMMUTABLE)
    resumed = stated(before, "Suspended") and stated(status, "Suspended", "False")
    if before.get("startTime") and changed("startTime") and not resumed and not spec.get("suspend"):
        said = "field is immutable for unsuspended job once set"
        yield invalid("status.startTime", status.get("startTime"), said)
    met = stated(status, "SuccessCriteriaMet")
    if stated(before, "SuccessCriteriaMet") and not met:
        yield _conflict("cannot disable the SuccessCriteriaMet=True condition")
    if stated(before, "Complete") and not stated(before, "SuccessCriteriaMet") and met:
        yield _conflict(
            "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        )
