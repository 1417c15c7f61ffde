"""PriorityClass: how important Pods are, by name (API reference, `scheduling.k8s.io/v1`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.validation.meta import object_meta, object_meta_update, unchanged


class PriorityClass(Object, frozen=True, kw_only=True):
    """How important Pods are, by name."""

    value: int
    global_default: bool = False
    preemption_policy: str = "PreemptLowerPriority"
    description: str = ""


SYSTEM_CRITICAL = 2_000_000_000  # from this priority on a Pod is critical
SYSTEM = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error: "
MOST = 1_000_000_000  # `HighestUserDefinablePriority`


def _validate(document: Document) -> Errors:
    """Source: `ValidatePriorityClass` in `pkg/apis/scheduling/validation`."""
    yield from object_meta(document, namespaced=False)
    name, value = document["metadata"].get("name", ""), document.get("value", 0)
    if name.startswith("system-"):
        if problem := _unlike_system(name, value, document.get("globalDefault", False)):
            yield forbidden("metadata.name", f"{RESERVED}{problem}")
    elif value > MOST:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {MOST}")
    yield from preemption_policy(document.get("preemptionPolicy"), "preemptionPolicy")


def preemption_policy(policy: str | None, path: str) -> Errors:
    """Whether Pods may take the place of others (`ValidatePreemptionPolicy`)."""
    if policy == "":
        yield required(path)
    elif policy not in (None, "PreemptLowerPriority", "Never"):
        yield not_supported(path, policy, ("PreemptLowerPriority", "Never"))


def _unlike_system(name: str, value: int, default: bool) -> str:
    """What a class has otherwise than the system's of its name (`IsKnownSystemPriorityClass`)."""
    if name not in SYSTEM:
        return f"{name} is not a known system priority class"
    if value != SYSTEM[name]:
        return f"value of {name} PriorityClass must be {SYSTEM[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if default else ""


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidatePriorityClassUpdate` in `pkg/apis/scheduling/validation`."""
    yield from object_meta_update(new, old)
    if new.get("value", 0) != old.get("value", 0):
        yield forbidden("value", "may not be changed in an update.")
    policies = new.get("preemptionPolicy"), old.get("preemptionPolicy")
    yield from unchanged("preemptionPolicy", *policies)


def _complete(document: Document) -> None:
    """Source: `pkg/apis/scheduling/v1/defaults.go`; a policy that is empty text stays."""
    if document.get("preemptionPolicy") is None:
        document["preemptionPolicy"] = "PreemptLowerPriority"


PRIORITY_CLASS = Kind(
    "scheduling.k8s.io/v1",
    PriorityClass,
    ("pc",),
    namespaced=False,
    removed_versions={"scheduling.k8s.io/v1beta1": "1.22"},
    generations=True,
    defaults={"value": 0},
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    columns=table_columns("Name  Value:integer  Global-Default:boolean  Age  PreemptionPolicy"),
    row=lambda p, now: (p.name, p.value, p.global_default, p.preemption_policy),
)
