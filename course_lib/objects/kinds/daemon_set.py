"""DaemonSet: one Pod on each node that suits it (Kubernetes API reference, `apps/v1`)."""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.columns import label_cell
from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.kinds.pod.validation.templates import template_errors
from course_lib.objects.kinds.pod.warnings import warnings_of_template
from course_lib.objects.kinds.workload_rules import (
    amount,
    at_most_all,
    counts,
    kept_selector,
    lasting_template,
    not_decremented,
    size,
    unselected,
    valid_selector,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value, selector_of
from course_lib.objects.validation.meta import (
    label_selector,
    object_meta,
    object_meta_update,
)

GENERATION = "deprecated.daemonset.template.generation"


class RollingUpdateDaemonSet(Value, frozen=True):
    """How many nodes may be without their Pod, or have two, during an update."""

    max_unavailable: int | str = 1
    max_surge: int | str = 0


class DaemonSetUpdateStrategy(Value, frozen=True):
    """RollingUpdate or OnDelete."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDaemonSet | None = None


class DaemonSetSpec(Value, frozen=True):
    """What a DaemonSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    update_strategy: DaemonSetUpdateStrategy = DaemonSetUpdateStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10


class DaemonSetStatus(Value, frozen=True):
    """How many nodes should run the Pod, and do."""

    observed_generation: int = 0
    current_number_scheduled: int = 0
    number_misscheduled: int = 0
    desired_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0


class DaemonSet(Object, frozen=True, kw_only=True):
    """One Pod on each node that suits it."""

    spec: DaemonSetSpec
    status: DaemonSetStatus = DaemonSetStatus()


def _complete(document: Document) -> None:
    for spec in places(document, "spec", create=False):
        for strategy in places(spec, "updateStrategy"):
            strategy["type"] = strategy.get("type") or "RollingUpdate"
            if strategy["type"] == "RollingUpdate":
                for rolling in places(strategy, "rollingUpdate"):
                    rolling.setdefault("maxSurge", 0)
                    rolling.setdefault("maxUnavailable", 1)


def _prepare(new: Document) -> None:
    """Start the count of the template's changes, which a version before v1 had in a field."""
    meta = new["metadata"]
    notes = meta.get("annotations") or {}
    known = notes.get(GENERATION, "")
    counted = known if known.isdecimal() and int(known) > 0 else "1"
    meta["annotations"] = notes | {GENERATION: counted}


def _prepare_update(new: Document, old: Document) -> None:
    number = (old["metadata"].get("annotations") or {}).get(GENERATION)
    if number is None:
        return
    meta, moved = new["metadata"], new["spec"].get("template") != old["spec"].get("template")
    counted = str(int(number) + moved)
    meta["annotations"] = (meta.get("annotations") or {}) | {GENERATION: counted}


def _validate(document: Document) -> Errors:
    """Source: `ValidateDaemonSet`."""
    yield from object_meta(document)
    yield from _validate_spec(document.get("spec") or {})


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateDaemonSetUpdate`."""
    yield from object_meta_update(new, old)
    yield from kept_selector(new["spec"], old["spec"])
    yield from _validate_spec(new["spec"], old["spec"])


def _validate_spec(spec: Document, before: Document | None = None) -> Errors:
    selector = spec.get("selector")
    yield from label_selector(selector, "spec.selector")
    if valid := valid_selector(selector):
        yield from unselected(spec, valid, "spec")
    if selector is not None and not any(selector.values()):
        yield invalid("spec.selector", selector, "empty selector is invalid for daemonset")
    old = (before or {}).get("template")
    yield from template_errors(spec.get("template") or {}, "spec.template", old)
    yield from lasting_template(spec, "DaemonSet")
    yield from counts(spec, "spec", "minReadySeconds")
    yield from _validate_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    yield from counts(spec, "spec", "revisionHistoryLimit")


def _validate_strategy(strategy: Document, path: str) -> Errors:
    """Source: `ValidateDaemonSetUpdateStrategy`."""
    kind = strategy.get("type", "")
    if kind == "RollingUpdate":
        yield from _validate_rolling(strategy.get("rollingUpdate") or {}, f"{path}.rollingUpdate")
    elif kind != "OnDelete":
        shown = in_memory("apps.DaemonSetUpdateStrategy", strategy)
        yield not_supported(path, shown, ["RollingUpdate", "OnDelete"])


def _validate_rolling(rolling: Document, path: str) -> Errors:
    """Source: `ValidateRollingUpdateDaemonSet`."""
    fewer, more = rolling.get("maxUnavailable", 0), rolling.get("maxSurge", 0)
    for judge in (amount, at_most_all):
        yield from judge(f"{path}.maxUnavailable", fewer)
        yield from judge(f"{path}.maxSurge", more)
    if size(fewer) and size(more):
        yield invalid(f"{path}.maxSurge", more, "may not be set when maxUnavailable is non-zero")
    elif not size(fewer) and not size(more):
        yield required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateDaemonSetStatusUpdate`."""
    yield from object_meta_update(new, old)
    yield from counts(
        new.get("status") or {}, "status", "currentNumberScheduled", "numberMisscheduled",
        "desiredNumberScheduled", "numberReady", "observedGeneration", "updatedNumberScheduled",
        "numberAvailable", "numberUnavailable", "collisionCount",
    )  # fmt: skip
    yield from not_decremented(new, old)


def _row(d: DaemonSet, now: float) -> Row:
    return (
        d.name,
        d.status.desired_number_scheduled,
        d.status.current_number_scheduled,
        d.status.number_ready,
        d.status.updated_number_scheduled,
        d.status.number_available,
        label_cell(d.spec.template.spec.node_selector),
        *container_cells(d.spec.template),
        str(selector_of(d.spec.selector)),
    )


_NONE_YET = {
    "currentNumberScheduled": 0,
    "numberMisscheduled": 0,
    "desiredNumberScheduled": 0,
    "numberReady": 0,
}
DAEMON_SET = Kind(
    "apps/v1",
    DaemonSet,
    ("ds",),
    categories=("all",),
    removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta2": "1.16"},
    not_simulated=("spec.updateStrategy.rollingUpdate.maxSurge",),
    generations=True,
    first_status=lambda view: _NONE_YET,
    prepare=_prepare,
    prepare_update=_prepare_update,
    defaults={"spec.revisionHistoryLimit": 10},
    complete=_complete,
    parts={"spec.template": complete_template},
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=warnings_of_template,
    columns=table_columns(
        "Name  Desired:integer  Current:integer  Ready:integer  Up-to-date:integer"
        f"  Available:integer  Node Selector  Age{COLUMNS}  +Selector"
    ),
    row=_row,
)
