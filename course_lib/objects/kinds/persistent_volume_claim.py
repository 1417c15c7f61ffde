"""PersistentVolumeClaim: a request for storage (kubernetes.io "Persistent Volumes")."""

from __future__ import annotations

from course_lib.objects.columns import UNSET, access_modes
from course_lib.objects.field_rules import (
    Check,
    below,
    one_of,
    optional,
    quantity,
    selector,
    subdomain,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.kinds.persistent_volume import ACCESS_MODE, alone
from course_lib.objects.kinds.pod.containers import ResourceRequirements
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.rules import changed, label_selector, must_be_one_of

BETA_CLASS = "volume.beta.kubernetes.io/storage-class"  # the annotation before storageClassName
# The finalizers that keep a claim, or a volume, for as long as it is used.
PROTECTION = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
}


class ClaimSpec(Value, frozen=True):
    """What volume is wanted."""

    UNKEPT = "dataSource dataSourceRef"

    access_modes: list[str] | None = None
    resources: ResourceRequirements = ResourceRequirements()
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: str = "Filesystem"
    volume_attributes_class_name: str | None = None
    selector: LabelSelector | None = None


class ClaimStatus(Value, frozen=True):
    """Pending until bound to a volume; Lost if that volume went away."""

    UNKEPT = (
        "allocatedResourceStatuses allocatedResources currentVolumeAttributesClassName "
        "healthStatus modifyVolumeStatus"
    )

    phase: str = "Pending"
    access_modes: list[str] | None = None
    capacity: ResourceList | None = None
    conditions: list[Condition] | None = None


class PersistentVolumeClaim(Object, frozen=True, kw_only=True):
    """A request for storage that is independent of a Pod's life."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()

    @property
    def class_name(self) -> str | None:
        """The storage class asked for; None leaves it to the default class."""
        return self.annotations.get(BETA_CLASS, self.spec.storage_class_name)

    @property
    def size(self) -> Quantity:
        """The least capacity that will do."""
        return (self.spec.resources.requests or {}).get("storage", Quantity("0"))


CLAIM_FIELDS: dict[str, Check] = {
    "accessModes[*]": ACCESS_MODE,
    "storageClassName": optional(subdomain),
    "volumeMode": one_of("Block", "Filesystem"),
    "resources.requests.*": quantity,
    **selector("selector"),
}


def _rules(view: PersistentVolumeClaim) -> Problems:
    modes = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
    if not view.spec.access_modes:
        yield Problem("spec.accessModes", f"at least one of {', '.join(modes)}", [])
    for position, mode in enumerate(view.spec.access_modes or ()):
        yield from must_be_one_of(f"spec.accessModes[{position}]", mode, *modes)
    if view.size.nano <= 0:
        yield Problem("spec.resources.requests.storage", "more than 0", str(view.size))
    yield from alone("spec.accessModes", view.spec.access_modes)
    yield from label_selector(view.spec.selector, "spec.selector")


def _transition(before: Document, after: Document) -> Problems:
    """A claim gets its volume once, and never asks for less than it has.

    Whether it may ask for more is its class's affair: `admission.claim_resize`.
    """
    old, new = before["spec"], after["spec"]
    if old.get("volumeName") and new.get("volumeName") != old["volumeName"]:
        yield changed("spec.volumeName", "no change: the field is immutable")
    named = "storageClassName" in old or BETA_CLASS in (before["metadata"].get("annotations") or ())
    if named and new.get("storageClassName") != old.get("storageClassName"):
        yield changed("spec.storageClassName", "no change: the field is immutable")
    desired, existing = _size(new), _size(old)
    if desired == existing:
        return
    path = "spec.resources.requests.storage"
    if before.get("status", {}).get("phase") != "Bound":
        yield changed(path, "no change before the claim is bound")
        return
    capacity = before["status"].get("capacity", {}).get("storage")
    if desired < existing and (capacity is None or desired <= Quantity(capacity)):
        yield changed(path, "field can not be less than status.capacity")


def _size(spec: Document) -> Quantity:
    return Quantity(spec.get("resources", {}).get("requests", {}).get("storage", "0"))


def _row(c: PersistentVolumeClaim, now: float) -> Row:
    bound = c.spec.volume_name
    return (
        c.name,
        "Terminating" if c.terminating else c.status.phase,
        bound,
        str((c.status.capacity or {}).get("storage", "0")) if bound else "",
        access_modes(c.status.access_modes) if bound else "",
        c.class_name or "",
        c.spec.volume_attributes_class_name or UNSET,
        c.spec.volume_mode,
    )


def _usage(claim: PersistentVolumeClaim) -> ResourceList:
    name = f"{claim.class_name}.storageclass.storage.k8s.io"
    return {
        "requests.storage": claim.size,
        f"{name}/requests.storage": claim.size,
        f"{name}/persistentvolumeclaims": Quantity("1"),
    }


PERSISTENT_VOLUME_CLAIM = Kind(
    "v1",
    PersistentVolumeClaim,
    ("pvc",),
    not_simulated=("spec.volumeAttributesClassName",),
    defaults={"spec.volumeMode": "Filesystem"},
    fields=below("spec", CLAIM_FIELDS),
    rules=_rules,
    free=("resources", "storageClassName", "volumeName", "volumeAttributesClassName"),
    transition=_transition,
    first_status=lambda claim: {"phase": "Pending"},
    columns=table_columns(
        "Name  Status  Volume  Capacity  Access Modes  StorageClass"
        "  VolumeAttributesClass  Age  +VolumeMode"
    ),
    row=_row,
    counted=True,
    usage=_usage,
)
