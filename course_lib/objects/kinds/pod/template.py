"""What kinds with a Pod template share: its rules and defaults, and two columns of kubectl's."""

from __future__ import annotations

from course_lib.objects.field_rules import (
    Check,
    below,
    label_key,
    label_value,
    matching,
    selector,
    whole,
)
from course_lib.objects.kind import Embedded, Problems, Row
from course_lib.objects.kinds.pod.defaults import complete_pod_spec
from course_lib.objects.kinds.pod.disabled import drop_annotations
from course_lib.objects.kinds.pod.fields import POD_SPEC
from course_lib.objects.kinds.pod.relations import pod_relations
from course_lib.objects.kinds.pod.rules import pod_spec_rules
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector
from course_lib.objects.names import Problem, label_problems
from course_lib.objects.rules import label_selector, must_be_one_of

_METADATA: dict[str, Check] = {
    "metadata.labels.~": label_key,
    "metadata.labels.*": label_value,
    "metadata.annotations.~": matching(lambda key: not label_key(key.lower()), "a qualified name"),
}


WORKLOAD: dict[str, Check] = {
    "spec.replicas": whole(0),
    "spec.minReadySeconds": whole(0),
    "spec.revisionHistoryLimit": whole(0),
    **selector("spec.selector"),
}  # of the kinds that keep a number of Pods
COLUMNS = "  +Containers  +Images"


def container_cells(template: PodTemplateSpec) -> Row:
    """The names and the images of a template's containers, for `COLUMNS`."""
    containers = template.spec.containers
    return ",".join(c.name for c in containers), ",".join(c.image for c in containers)


def template_rules(
    selector: LabelSelector | None, template: PodTemplateSpec, restart: tuple[str, ...]
) -> Problems:
    """The `selector` selects the `template`'s Pods, which `restart` by one of these policies."""
    problems = list(label_selector(selector, "spec.selector"))
    yield from problems
    if selector is not None and not problems:
        if not selector.match_labels and not selector.match_expressions:
            yield Problem("spec.selector", "at least one label: an empty selector is refused", {})
        elif not selector.selector().matches(template.metadata.labels):
            yield Problem(
                "spec.template.metadata.labels",
                f"labels that spec.selector ({selector.selector()}) selects",
                template.metadata.labels or {},
            )
    yield from label_problems(template.metadata.labels, "spec.template.metadata.labels")
    yield from pod_spec_rules(template.spec, "spec.template.spec.")
    policy = template.spec.restart_policy
    yield from must_be_one_of("spec.template.spec.restartPolicy", policy, *restart)


def _complete(template: Document) -> None:
    for spec in places(template, "spec"):
        complete_pod_spec(spec)
    for meta in places(template, "metadata", create=False):
        drop_annotations(meta)


def _relations(template: Document, at: str) -> Problems:
    return pod_relations(template["spec"], f"{at}.spec")


def _lasting(template: Document, at: str) -> Problems:
    """Pods that are replaced for ever have no deadline."""
    yield from _relations(template, at)
    if "activeDeadlineSeconds" in template["spec"]:
        expected = "nothing: activeDeadlineSeconds in ReplicaSet is not Supported"
        found = template["spec"]["activeDeadlineSeconds"]
        yield Problem(f"{at}.spec.activeDeadlineSeconds", expected, found)


_FIELDS = _METADATA | below("spec", POD_SPEC)
JOB_TEMPLATE = Embedded(_FIELDS, _complete, _relations)
TEMPLATE = Embedded(_FIELDS, _complete, _lasting)
