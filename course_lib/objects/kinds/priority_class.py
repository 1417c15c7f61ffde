"""PriorityClass: how important Pods are, by name (API reference, `scheduling.k8s.io/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import one_of, truth, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.meta import Object
from course_lib.objects.names import Problem


class PriorityClass(Object, frozen=True, kw_only=True):
    """How important Pods are, by name."""

    value: int
    global_default: bool = False
    preemption_policy: str = "PreemptLowerPriority"
    description: str = ""


SYSTEM = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def _rules(view: PriorityClass) -> Problems:
    if view.name.startswith("system-") and SYSTEM.get(view.name) != view.value:
        expected = "priority class names with 'system-' prefix are reserved for system use only"
        yield Problem("metadata.name", expected, view.name)
    if view.value > 10**9 and not view.name.startswith("system-"):
        yield Problem("value", "at most 1000000000, above which the system's own lie", view.value)


PRIORITY_CLASS = Kind(
    "scheduling.k8s.io/v1",
    PriorityClass,
    ("pc",),
    namespaced=False,
    removed_versions={"scheduling.k8s.io/v1beta1": "1.22"},
    generations=True,
    defaults={"value": 0, "preemptionPolicy": "PreemptLowerPriority"},
    fields={
        "value": whole(-(2**31)),
        "globalDefault": truth,
        "preemptionPolicy": one_of("Never", "PreemptLowerPriority"),
    },
    rules=_rules,
    fixed=("value", "preemptionPolicy"),
    columns=table_columns("Name  Value:integer  Global-Default:boolean  Age  PreemptionPolicy"),
    row=lambda p, now: (p.name, p.value, p.global_default, p.preemption_policy),
)
