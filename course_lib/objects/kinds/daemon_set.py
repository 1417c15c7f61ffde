"""DaemonSet: one Pod on each node that suits it (Kubernetes API reference, `apps/v1`)."""

from __future__ import annotations

from course_lib.objects.columns import label_cell
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import (
    COLUMNS,
    TEMPLATE,
    WORKLOAD,
    container_cells,
    template_rules,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value, selector_of
from course_lib.objects.names import Problem
from course_lib.objects.rules import count_or_share, must_be_one_of

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

    UNKEPT = "revisionHistoryLimit"

    selector: LabelSelector
    template: PodTemplateSpec
    update_strategy: DaemonSetUpdateStrategy = DaemonSetUpdateStrategy()
    min_ready_seconds: int = 0


class DaemonSetStatus(Value, frozen=True):
    """How many nodes should run the Pod, and do."""

    UNKEPT = "collisionCount conditions"

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
    meta = new["metadata"]
    meta["annotations"] = (meta.get("annotations") or {}) | {GENERATION: "1"}


def _prepare_update(new: Document, old: Document) -> None:
    """Count the changes of the template, as a version before v1 did in a field."""
    number = (old["metadata"].get("annotations") or {}).get(GENERATION)
    if number is None:
        return
    meta, moved = new["metadata"], new["spec"].get("template") != old["spec"].get("template")
    counted = str(int(number) + moved)
    meta["annotations"] = (meta.get("annotations") or {}) | {GENERATION: counted}


def _rules(view: DaemonSet) -> Problems:
    yield from template_rules(view.spec.selector, view.spec.template, ("Always",))
    strategy = view.spec.update_strategy
    here, rolling = "spec.updateStrategy", strategy.rolling_update
    yield from must_be_one_of(f"{here}.type", strategy.type, "RollingUpdate", "OnDelete")
    if rolling:
        yield from count_or_share(f"{here}.rollingUpdate.maxUnavailable", rolling.max_unavailable)
        yield from count_or_share(f"{here}.rollingUpdate.maxSurge", rolling.max_surge)


def _relations(document: Document) -> Problems:
    rolling = document["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
    nothing = (0, "0%", None)
    both = [rolling.get(f) not in nothing for f in ("maxSurge", "maxUnavailable")]
    if all(both):
        path = "spec.updateStrategy.rollingUpdate.maxSurge"
        yield Problem(path, "may not be set when maxUnavailable is non-zero", rolling["maxSurge"])
    elif rolling and not any(both):
        path = "spec.updateStrategy.rollingUpdate.maxUnavailable"
        yield Problem(path, "cannot be 0 when maxSurge is 0", 0)


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
    parts={"spec.template": TEMPLATE},
    fields=WORKLOAD,
    rules=_rules,
    relations=_relations,
    fixed=("spec.selector",),
    columns=table_columns(
        "Name  Desired:integer  Current:integer  Ready:integer  Up-to-date:integer"
        f"  Available:integer  Node Selector  Age{COLUMNS}  +Selector"
    ),
    row=_row,
    always_stated=(
        "currentNumberScheduled",
        "desiredNumberScheduled",
        "numberMisscheduled",
        "numberReady",
    ),
)
