"""The Pods of a Job, as documents: with the finalizer by which they are counted, and an index.

Source: `manageJob` in `pkg/controller/job/job_controller.go`, `indexed_job_utils.go`.
"""

from __future__ import annotations

from course_lib.apiserver.documents import MOST_GENERATED
from course_lib.controllers.job_pods import FINALIZER, INDEX
from course_lib.controllers.job_policies import judgement
from course_lib.controllers.ownership import number_in, pod_from_template
from course_lib.objects.kinds.job import Job
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document

FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"
VARIABLE = "JOB_COMPLETION_INDEX"


def job_pod(job: Job, template: Document) -> Document:
    """A Pod of a Job's `template`."""
    pod = pod_from_template(job, template)
    others = [each for each in pod["metadata"].get("finalizers", ()) if each != FINALIZER]
    pod["metadata"]["finalizers"] = [*others, FINALIZER]
    return pod


def indexed_pod(job: Job, template: Document, index: int, replaced: Pod | None = None) -> Document:
    """The Pod of one completion `index` of a `job`, made of its `template`.

    `replaced` is the failed Pod before it, if any.
    """
    pod = job_pod(job, template)
    metadata, spec = pod["metadata"], pod["spec"]
    metadata["generateName"] = _prefix(job.name, index)
    notes = {INDEX: str(index)}
    if job.spec.backoff_limit_per_index is not None:
        notes |= _failures(job, replaced)
    metadata["annotations"] = metadata.get("annotations", {}) | notes
    metadata["labels"] = metadata["labels"] | {INDEX: str(index)}
    groups = {
        group: [_with_index(container) for container in spec[group]]
        for group in ("initContainers", "containers")
        if spec.get(group)
    }
    pod["spec"] = spec | groups | {"hostname": f"{job.name}-{index}"}
    return pod


def failures_of(pod: Pod) -> int:
    """How many Pods of the index of a `pod` had failed, and counted, when it was made."""
    return max(0, number_in(pod, FAILURES, 0))


def all_failures_of(pod: Pod) -> int:
    """The same, with those that a policy ignores."""
    return failures_of(pod) + max(0, number_in(pod, IGNORED_FAILURES, 0))


def _failures(job: Job, replaced: Pod | None) -> dict[str, str]:
    """The annotations that count the failures of an index (`getNewIndexFailureCounts`)."""
    if replaced is None:
        return {FAILURES: "0"}
    counted = judgement(job, replaced).counted
    before = failures_of(replaced)
    ignored = all_failures_of(replaced) - before + (not counted)
    notes = {FAILURES: str(before + counted)}
    return notes | ({IGNORED_FAILURES: str(ignored)} if ignored else {})


def _prefix(name: str, index: int) -> str:
    """What the name of an index's Pod begins with; a long name of the Job is cut."""
    end = f"-{index}-"
    return name[: MOST_GENERATED - len(end)] + end


def _with_index(container: Document) -> Document:
    """A container that finds its index in its environment, unless the template sets that."""
    env = container.get("env") or []
    if any(variable["name"] == VARIABLE for variable in env):
        return container
    source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    return container | {"env": [*env, {"name": VARIABLE, "valueFrom": source}]}
