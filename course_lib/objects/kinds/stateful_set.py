"""StatefulSet: Pods with names and volumes, made in order (API reference, `apps/v1`)."""

from __future__ import annotations

from typing import Any

from course_lib.objects.field_rules import below, label, one_of, optional, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row, Scale
from course_lib.objects.kinds.persistent_volume_claim import CLAIM_FIELDS, PersistentVolumeClaim
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import (
    COLUMNS,
    TEMPLATE,
    WORKLOAD,
    container_cells,
    template_rules,
)
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.names import Problem, is_label, label_name
from course_lib.objects.rules import count_or_share, must_be_one_of, not_negative


class RollingUpdateStatefulSet(Value, frozen=True):
    """Pods with a lower ordinal than `partition` keep the old revision."""

    partition: int = 0
    max_unavailable: int | str | None = None  # a count or a percentage, at least one Pod


class StatefulSetUpdateStrategy(Value, frozen=True):
    """RollingUpdate from the highest ordinal down, or OnDelete."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateStatefulSet | None = None


class StatefulSetOrdinals(Value, frozen=True):
    """The lowest ordinal."""

    start: int = 0


class StatefulSetPersistentVolumeClaimRetentionPolicy(Value, frozen=True):
    """Whether claims stay when the StatefulSet is deleted, and when it shrinks."""

    when_deleted: str = "Retain"
    when_scaled: str = "Retain"


class StatefulSetSpec(Value, frozen=True):
    """What a StatefulSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    service_name: str = ""
    replicas: int = 1
    volume_claim_templates: list[PersistentVolumeClaim] | None = None
    pod_management_policy: str = "OrderedReady"
    update_strategy: StatefulSetUpdateStrategy = StatefulSetUpdateStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    ordinals: StatefulSetOrdinals | None = None
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy = (
        StatefulSetPersistentVolumeClaimRetentionPolicy()
    )


class StatefulSetStatus(Value, frozen=True):
    """How far a StatefulSet has come."""

    UNKEPT = "conditions"

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    collision_count: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Object, frozen=True, kw_only=True):
    """Pods with a name and a volume of their own, made and removed in order."""

    spec: StatefulSetSpec
    status: StatefulSetStatus = StatefulSetStatus()


def _claim_template(template: Any) -> str:
    """A claim of a StatefulSet's: its name becomes a part of each claim's name.

    Upstream accepts a template without a name, and then its controller makes no Pod, ever.
    """
    metadata = template.get("metadata") if isinstance(template, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return "" if isinstance(name, str) and is_label(name) else "metadata.name: Required value"


def _rules(view: StatefulSet) -> Problems:
    yield from template_rules(view.spec.selector, view.spec.template, ("Always",))
    yield from not_negative(replicas=view.spec.replicas)
    policy, strategy = view.spec.pod_management_policy, view.spec.update_strategy.type
    yield from must_be_one_of("spec.podManagementPolicy", policy, "OrderedReady", "Parallel")
    yield from must_be_one_of("spec.updateStrategy.type", strategy, "RollingUpdate", "OnDelete")


def _relations(document: Document) -> Problems:
    strategy = document["spec"].get("updateStrategy", {})
    rolling = strategy.get("rollingUpdate") or {}
    here = "spec.updateStrategy.rollingUpdate"
    if rolling and strategy["type"] != "RollingUpdate":
        yield Problem(here, "only allowed for updateStrategy 'RollingUpdate'", rolling)
    share = rolling.get("maxUnavailable")
    yield from count_or_share(f"{here}.maxUnavailable", share)
    if share in (0, "0%"):
        yield Problem(f"{here}.maxUnavailable", "cannot be 0", share)


def _claims(templates: object) -> str:
    """The claims of a StatefulSet's Pods are as complete as claims by themselves."""
    for template in templates if isinstance(templates, list) else ():
        if not any("accessModes" in spec for spec in places(template, "spec", create=False)):
            return "spec.accessModes: at least 1 access mode is required"
        asked = places(template, "spec.resources.requests", create=False)
        if not any("storage" in requests for requests in asked):
            return "spec.resources[storage]: Required value"
    return ""


def _complete(document: Document) -> None:
    for ordinals in places(document, "spec.ordinals", create=False):
        ordinals.setdefault("start", 0)
    for strategy in places(document, "spec.updateStrategy", create=False):
        if strategy.get("type") == "RollingUpdate":
            for rolling in places(strategy, "rollingUpdate"):
                rolling.setdefault("partition", 0)
                rolling.setdefault("maxUnavailable", 1)


def _row(s: StatefulSet, now: float) -> Row:
    ready = f"{s.status.ready_replicas}/{s.spec.replicas}"
    return s.name, ready, *container_cells(s.spec.template)


STATEFUL_SET = Kind(
    "apps/v1",
    StatefulSet,
    ("sts",),
    categories=("all",),
    removed_versions={"apps/v1beta1": "1.16", "apps/v1beta2": "1.16"},
    generations=True,
    name_rule=label_name,
    first_status=lambda view: {"replicas": 0, "availableReplicas": 0},
    defaults={
        "spec.serviceName": "",
        "spec.replicas": 1,
        "spec.podManagementPolicy": "OrderedReady",
        "spec.updateStrategy.type": "RollingUpdate",
        "spec.revisionHistoryLimit": 10,
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": "Retain",
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": "Retain",
        "spec.volumeClaimTemplates[*].apiVersion": "v1",
        "spec.volumeClaimTemplates[*].kind": "PersistentVolumeClaim",
        "spec.volumeClaimTemplates[*].spec.volumeMode": "Filesystem",
        "spec.volumeClaimTemplates[*].status.phase": "Pending",
    },
    complete=_complete,
    parts={"spec.template": TEMPLATE},
    fields={path: check for path, check in WORKLOAD.items() if "revisionHistory" not in path}
    | {
        "spec.serviceName": optional(label),
        "spec.ordinals.start": whole(0),
        "spec.updateStrategy.rollingUpdate.partition": whole(0),
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": one_of("Delete", "Retain"),
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": one_of("Delete", "Retain"),
        "spec.volumeClaimTemplates": _claims,
        "spec.volumeClaimTemplates[*]": _claim_template,
        **below("spec.volumeClaimTemplates[*].spec", CLAIM_FIELDS),
    },
    rules=_rules,
    relations=_relations,
    free=(
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "persistentVolumeClaimRetentionPolicy",
        "revisionHistoryLimit",
        "ordinals",
    ),
    scale=Scale(),
    columns=table_columns(f"Name  Ready  Age{COLUMNS}"),
    row=_row,
)
