"""What an update of a Job may change in the template of its Pods: nothing, unless it is suspended.

Source: `validatePodTemplateUpdate` in `pkg/apis/batch/validation/validation.go`.
"""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import Errors, invalid
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import IMMUTABLE

PLACEMENT = ("nodeSelector", "tolerations", "schedulingGates")


def template_update(new: Document, old: Document) -> Errors:
    """What is wrong with the template of a `new` version of an `old` Job.

    While the Job is suspended and has no Pods, it may change in what its containers ask for, in
    placement, and in its labels and annotations.
    """
    template, before = new["spec"].get("template") or {}, old["spec"]["template"]
    if template is before or template == before:
        return
    if not is_open(old):
        yield invalid("spec.template", in_memory("core.PodTemplateSpec", template), IMMUTABLE)
        return
    spec, known = template.get("spec") or {}, before["spec"]
    if _lasting(spec, known) != _lasting(known, spec):
        yield invalid("spec.template.spec", in_memory("core.PodSpec", spec), IMMUTABLE)


def is_open(job: Document) -> bool:
    """Whether the template of a Job may change (`shouldAllowMutablePodTemplate`)."""
    status = job.get("status") or {}
    stopped = any(
        each["type"] == "Suspended" and each["status"] == "True"
        for each in status.get("conditions") or ()
    )
    idle = not status.get("active") and (stopped or not status.get("startTime"))
    return bool(job["spec"].get("suspend") and idle)


def _lasting(spec: Document, other: Document) -> Document:
    """What has to be the same in the specs: all but placement and what containers ask for.

    Containers are compared in pairs, by position and name.
    """
    kept = {field: value for field, value in spec.items() if field not in PLACEMENT}
    affinity = dict(kept.pop("affinity", None) or {})
    affinity.pop("nodeAffinity", None)
    kept["affinity"] = affinity
    for group in ("containers", "initContainers"):
        mine, theirs = kept.get(group) or [], other.get(group) or []
        if len(mine) == len(theirs):
            pairs = zip(mine, theirs, strict=True)
            kept[group] = [
                {k: v for k, v in one.items() if k != "resources" or one["name"] != two["name"]}
                for one, two in pairs
            ]
    return kept
