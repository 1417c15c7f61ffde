"""Deployment: Pods of one template, updated step by step (API reference, `apps/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import truth, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row, Scale
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import (
    COLUMNS,
    TEMPLATE,
    WORKLOAD,
    container_cells,
    template_rules,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value, selector_of
from course_lib.objects.names import Problem
from course_lib.objects.rules import count_or_percent, must_be_one_of, not_negative


class RollingUpdateDeployment(Value, frozen=True):
    """How many Pods more, and how many fewer than wanted, during an update."""

    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class DeploymentStrategy(Value, frozen=True):
    """RollingUpdate, or Recreate: all old Pods go before the first new one comes."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Value, frozen=True):
    """What a Deployment should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    replicas: int = 1
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    paused: bool = False


class DeploymentStatus(Value, frozen=True):
    """How far a Deployment has come."""

    UNKEPT = "collisionCount"

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(Object, frozen=True, kw_only=True):
    """Replaceable Pods of one template, updated and rolled back step by step."""

    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()


def _complete(document: Document) -> None:
    for strategy in places(document, "spec.strategy", create=False):
        if strategy.get("type") == "RollingUpdate":
            for rolling in places(strategy, "rollingUpdate"):
                rolling.setdefault("maxSurge", "25%")
                rolling.setdefault("maxUnavailable", "25%")


def _rules(view: Deployment) -> Problems:
    spec = view.spec
    yield from template_rules(spec.selector, spec.template, ("Always",))
    yield from not_negative(
        replicas=spec.replicas,
        min_ready_seconds=spec.min_ready_seconds,
        revision_history_limit=spec.revision_history_limit,
    )
    yield from must_be_one_of("spec.strategy.type", spec.strategy.type, "RollingUpdate", "Recreate")
    here, rolling = "spec.strategy.rollingUpdate", spec.strategy.rolling_update
    if rolling and spec.strategy.type == "Recreate":
        yield Problem(here, "nothing when type is Recreate", rolling)
    elif rolling:
        yield from count_or_percent(f"{here}.maxSurge", rolling.max_surge)
        yield from count_or_percent(f"{here}.maxUnavailable", rolling.max_unavailable)
        if rolling.max_surge in (0, "0%") and rolling.max_unavailable in (0, "0%"):
            yield Problem(f"{here}.maxUnavailable", "more than 0 when maxSurge is 0", 0)
    deadline = spec.progress_deadline_seconds
    if deadline <= spec.min_ready_seconds:
        yield Problem("spec.progressDeadlineSeconds", "more than minReadySeconds", deadline)


def _relations(document: Document) -> Problems:
    rolling = document["spec"].get("strategy", {}).get("rollingUpdate") or {}
    share = rolling.get("maxUnavailable")
    if isinstance(share, str) and int(share.rstrip("%")) > 100:
        path = "spec.strategy.rollingUpdate.maxUnavailable"
        yield Problem(path, "must not be greater than 100%", share)


def _row(d: Deployment, now: float) -> Row:
    ready = f"{d.status.ready_replicas}/{d.spec.replicas}"
    counts = d.status.updated_replicas, d.status.available_replicas
    selector = str(selector_of(d.spec.selector))
    return d.name, ready, *counts, *container_cells(d.spec.template), selector


DEPLOYMENT = Kind(
    "apps/v1",
    Deployment,
    ("deploy",),
    categories=("all",),
    removed_versions={"extensions/v1beta1": "1.16", "apps/v1beta1": "1.16", "apps/v1beta2": "1.16"},
    generations=True,
    first_status=lambda view: {},
    defaults={
        "spec.replicas": 1,
        "spec.strategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.progressDeadlineSeconds": 600,
    },
    complete=_complete,
    parts={"spec.template": TEMPLATE},
    fields=WORKLOAD | {"spec.paused": truth, "spec.progressDeadlineSeconds": whole(0)},
    rules=_rules,
    relations=_relations,
    fixed=("spec.selector",),
    scale=Scale(),
    columns=table_columns(f"Name  Ready  Up-to-date  Available  Age{COLUMNS}  +Selector"),
    row=_row,
    always_stated=("terminatingReplicas",),
)
