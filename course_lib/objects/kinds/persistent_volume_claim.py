"""PersistentVolumeClaim: a request for storage (kubernetes.io "Persistent Volumes")."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.columns import UNSET, access_modes
from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds.pod.containers import ResourceRequirements
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.validation import formats
from course_lib.objects.validation.claims import claim_spec
from course_lib.objects.validation.differences import difference
from course_lib.objects.validation.meta import (
    IMMUTABLE,
    all_invalid,
    object_meta,
    object_meta_update,
    unchanged,
)
from course_lib.objects.validation.resources import is_native

SOURCES = "dataSource", "dataSourceRef"
ATTRIBUTES = "volumeAttributesClassName"
FIXED = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims"
)
RESIZING = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress",
    "NodeResizeInfeasible", "NodeResizePending",
)  # fmt: skip
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"  # the annotation before storageClassName
# The finalizers that keep a claim, a volume, or a class of attributes as long as it is used.
PROTECTION = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
    "VolumeAttributesClass": "kubernetes.io/vac-protection",
}


class ClaimSpec(Value, frozen=True):
    """What volume is wanted."""

    access_modes: list[str] | None = None
    resources: ResourceRequirements = ResourceRequirements()
    storage_class_name: str | None = None
    volume_name: str = ""
    volume_mode: str = "Filesystem"
    volume_attributes_class_name: str | None = None
    selector: LabelSelector | None = None


class ClaimStatus(Value, frozen=True):
    """Pending until bound to a volume; Lost if that volume went away."""

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


def not_owned(claim: PersistentVolumeClaim, pod: Object) -> str:
    """Why a claim is not that of an ephemeral volume of a `pod`; empty when it is.

    Source: `VolumeIsForPod` in `k8s.io/component-helpers/storage/ephemeral`.
    """
    owner = claim.metadata.controller
    if owner is not None and owner.uid == pod.uid:
        return ""
    place = claim.namespace
    why = f"was not created for pod {place}/{pod.name} (pod is not owner)"
    return f"PVC {place}/{claim.name} {why}"


def _complete(document: Document) -> None:
    """Source: `SetDefaults_PersistentVolumeClaimSpec`; a mode that is empty text stays."""
    for spec in places(document, "spec"):
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"


def _prepare(claim: Document, before: Document | None = None) -> None:
    """What a claim says of its first data stands in both fields for it, or is dropped.

    Source: `PrepareForCreate` and `PrepareForUpdate` in
    `pkg/registry/core/persistentvolumeclaim/strategy.go`.
    """
    for spec in places(claim, "spec", create=False):
        old = (before or {}).get("spec") or {}
        source, reference = (spec.get(field) for field in SOURCES)
        if reference and reference.get("namespace") and old.get("dataSourceRef") is None:
            reference = spec.pop("dataSourceRef") and None
        known = any(old.get(field) is not None for field in SOURCES)
        if source is not None and not known and reference is None and not _is_copied(source):
            source = spec.pop("dataSource") and None
        if source is not None and reference is None:
            spec["dataSourceRef"] = dict(source)
        elif reference is not None and source is None and not reference.get("namespace"):
            spec["dataSource"] = {k: v for k, v in reference.items() if k != "namespace"}


def _is_copied(source: Document) -> bool:
    """Whether a volume can begin as a copy of its source by itself: of a claim, or a snapshot."""
    of = source.get("kind"), source.get("apiGroup") or ""
    return of in (("PersistentVolumeClaim", ""), ("VolumeSnapshot", "snapshot.storage.k8s.io"))


def _validate(document: Document) -> Errors:
    """Source: `ValidatePersistentVolumeClaim` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    yield from claim_spec(document.get("spec") or {}, "spec")


def _validate_update(new: Document, old: Document) -> Errors:
    """A claim gets its volume once, and asks for another size when it is bound.

    Whether it may is its class's affair: `PersistentVolumeClaimResize`. Source:
    `ValidatePersistentVolumeClaimUpdate` in `pkg/apis/core/validation`.
    """
    yield from object_meta_update(new, old)
    yield from _validate(new)
    wanted, known = _own_form(new.get("spec") or {}), _own_form(old.get("spec") or {})
    sizes = _size(new), _size(old)
    if not known["VolumeName"]:
        known["VolumeName"] = wanted["VolumeName"]
    yield from _class_kept(new, old, wanted, known)
    if (new.get("status") or {}).get("phase") == "Bound":
        if wanted["Resources"]["Requests"] is not None:
            wanted["Resources"]["Requests"]["storage"] = str(sizes[1])
        wanted["VolumeAttributesClassName"] = known["VolumeAttributesClassName"]
    for group, amounts in (known["Resources"] or {}).items():  # 1024Mi is 1Gi
        asked = wanted["Resources"][group]
        if isinstance(amounts, dict) and isinstance(asked, dict):
            for name in amounts.keys() & asked.keys():
                if Quantity(asked[name]) == Quantity(amounts[name]):
                    asked[name] = amounts[name]
    if wanted != known:
        yield forbidden("spec", f"{FIXED}\n{difference(known, wanted)}")
    if sizes[0] < sizes[1]:
        had = ((old.get("status") or {}).get("capacity") or {}).get("storage", "0")
        if sizes[0] <= Quantity(had):
            path = "spec.resources.requests.storage"
            yield forbidden(path, "field can not be less than status.capacity")
    yield from unchanged("volumeMode", wanted["VolumeMode"], known["VolumeMode"])
    yield from _attributes_kept(new, old)


def _attributes_kept(new: Document, old: Document) -> Errors:
    """A claim whose attributes were set once always names a class of attributes."""
    name, before = ((each.get("spec") or {}).get(ATTRIBUTES) for each in (new, old))
    current = (old.get("status") or {}).get("currentVolumeAttributesClassName")
    if current is not None and not name and name != before:
        to = "nil" if name is None else "empty string"
        rule = "is forbidden when status.currentVolumeAttributesClassName is not nil"
        yield forbidden(f"spec.{ATTRIBUTES}", f"update to {to} {rule}")


def _class_kept(new: Document, old: Document, wanted: Document, known: Document) -> Errors:
    """A claim keeps its class; it may get one where it has none, and move it out of the annotation.

    `wanted` and `known` are the specs, of which the first is changed where the class may change.
    """
    marks = [(each["metadata"].get("annotations") or {}).get(BETA_CLASS) for each in (new, old)]
    name, before = wanted["StorageClassName"], known["StorageClassName"]
    if before is None and marks[1] is not None and name == marks[1] and marks[0] in (None, name):
        wanted["StorageClassName"] = None
        return
    if (marks[0] or "") != (marks[1] or ""):
        yield invalid(f"metadata.annotations.{BETA_CLASS}", marks[0] or "", IMMUTABLE)
    if name is not None and before is None and marks[1] in (None, name):
        wanted["StorageClassName"] = None


def _own_form(spec: Document) -> Document:
    """A spec as the API server shows it in messages."""
    source, reference = (spec.get(field) for field in SOURCES)
    resources = spec.get("resources") or {}
    return {
        "AccessModes": spec.get("accessModes") or None,
        "Selector": spec.get("selector"),
        "Resources": {
            side.capitalize(): {n: str(Quantity(a)) for n, a in sorted(resources[side].items())}
            if resources.get(side)
            else None
            for side in ("limits", "requests")
        },
        "VolumeName": spec.get("volumeName", ""),
        "StorageClassName": spec.get("storageClassName"),
        "VolumeMode": spec.get("volumeMode"),
        "DataSource": source and _own_source(source),
        "DataSourceRef": reference
        and _own_source(reference) | {"Namespace": reference.get("namespace")},
        "VolumeAttributesClassName": spec.get(ATTRIBUTES),
    }


def _own_source(source: Document) -> Document:
    names = source.get("apiGroup"), source.get("kind", ""), source.get("name", "")
    return dict(zip(("APIGroup", "Kind", "Name"), names, strict=True))


def _size(claim: Document) -> Quantity:
    resources = (claim.get("spec") or {}).get("resources") or {}
    return Quantity((resources.get("requests") or {}).get("storage", "0"))


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidatePersistentVolumeClaimStatusUpdate` in `pkg/apis/core/validation`."""
    status = new.get("status") or {}
    yield from _amounts(status.get("capacity") or {}, "status.capacity")
    path = "status.allocatedResourceStatuses"
    for name, state in (status.get("allocatedResourceStatuses") or {}).items():
        yield from _resource(name, path)
        if state not in RESIZING:
            yield not_supported(path, name, RESIZING)
    for name, amount in (status.get("allocatedResources") or {}).items():
        errors = list(_resource(name, "status.allocatedResources"))
        yield from errors or _amounts({name: amount}, "status.allocatedResources")


def _amounts(amounts: Document, path: str) -> Errors:
    for name, amount in amounts.items():
        if (value := Quantity(amount).value) < 0:
            yield invalid(f"{path}[{name}]", value, "must be a valid resource quantity")


def _resource(name: str, path: str) -> Errors:
    problems = formats.label_key(name)
    yield from all_invalid(path, name, problems)
    if not problems and is_native(name) and name != "storage":
        yield not_supported(path, name, ("storage",))


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `GetWarningsForPersistentVolumeClaim` in `pkg/api/persistentvolumeclaim`."""
    if BETA_CLASS in (new["metadata"].get("annotations") or ()):
        rule = 'deprecated since v1.8; use "storageClassName" attribute instead'
        yield f"metadata.annotations[{BETA_CLASS}]: {rule}"
    yield from claim_warnings(new.get("spec") or {}, "spec")


def claim_warnings(spec: Document, path: str) -> Iterator[str]:
    """The warnings about the spec of a claim, or of a template of claims, at a path."""
    for side in ("requests", "limits"):
        amounts = (spec.get("resources") or {}).get(side) or {}
        if Quantity(size := amounts.get("storage", "0")).milli % 1000:
            here = f"{path}.resources.{side}[storage]"
            yield f'{here}: fractional byte value "{Quantity(size)}" is invalid, must be an integer'


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
    complete=_complete,
    prepare=_prepare,
    prepare_update=_prepare,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    first_status=lambda claim: {"phase": "Pending"},
    columns=table_columns(
        "Name  Status  Volume  Capacity  Access Modes  StorageClass"
        "  VolumeAttributesClass  Age  +VolumeMode"
    ),
    row=_row,
    counted=True,
    usage=_usage,
)
