"""StatefulSet: Pods with names and volumes, made in order (API reference, `apps/v1`)."""

from __future__ import annotations

from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, Scale
from course_lib.objects.kinds import stateful_set_rules
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.kinds.pod.template import COLUMNS, complete_template, container_cells
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value


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


def _complete(document: Document) -> None:
    """Source: `SetDefaults_StatefulSet`."""
    for ordinals in places(document, "spec.ordinals", create=False):
        ordinals.setdefault("start", 0)
    for strategy in places(document, "spec.updateStrategy"):
        if not strategy.get("type"):
            strategy["type"] = "RollingUpdate"
            strategy.setdefault("rollingUpdate", {})
        if strategy["type"] == "RollingUpdate":
            for rolling in places(strategy, "rollingUpdate", create=False):
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
    first_status=lambda view: {"replicas": 0, "availableReplicas": 0},
    defaults={
        "spec.serviceName": "",
        "spec.replicas": 1,
        "spec.podManagementPolicy": "OrderedReady",
        "spec.revisionHistoryLimit": 10,
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": "Retain",
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": "Retain",
        "spec.volumeClaimTemplates[*].apiVersion": "v1",
        "spec.volumeClaimTemplates[*].kind": "PersistentVolumeClaim",
        "spec.volumeClaimTemplates[*].spec.volumeMode": "Filesystem",
        "spec.volumeClaimTemplates[*].status.phase": "Pending",
    },
    complete=_complete,
    parts={"spec.template": complete_template},
    validate=stateful_set_rules.validate,
    validate_update=stateful_set_rules.validate_update,
    validate_status=stateful_set_rules.validate_status,
    warnings=stateful_set_rules.warnings,
    scale=Scale(),
    columns=table_columns(f"Name  Ready  Age{COLUMNS}"),
    row=_row,
)
