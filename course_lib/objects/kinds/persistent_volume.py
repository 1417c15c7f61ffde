"""PersistentVolume: storage of the cluster (kubernetes.io "Persistent Volumes")."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from course_lib.objects.columns import UNSET, access_modes
from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.kinds.pod.defaults import complete_source
from course_lib.objects.kinds.pod.placement import NodeSelector
from course_lib.objects.kinds.pod.validation.affinity import node_selector
from course_lib.objects.kinds.volume_sources import own_form, source_errors
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.validation import formats
from course_lib.objects.validation.claims import ACCESS_MODES, VOLUME_MODES
from course_lib.objects.validation.differences import difference
from course_lib.objects.validation.meta import IMMUTABLE, all_invalid, object_meta, unchanged
from course_lib.objects.validation.node_labels import NEWER_LABELS, old_labels
from course_lib.objects.validation.resources import positive_amount


class ClaimReference(Value, frozen=True):
    """The claim that a volume is bound to."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    kind: str = ""
    api_version: str = ""


class VolumeNodeAffinity(Value, frozen=True):
    """The nodes from which a volume can be reached."""

    required: NodeSelector | None = None


class VolumeSpec(Value, frozen=True):
    """The size of a volume, how it may be used, and where its storage is."""

    capacity: ResourceList | None = None
    access_modes: list[str] | None = None
    storage_class_name: str = ""
    persistent_volume_reclaim_policy: str = "Retain"
    claim_ref: ClaimReference | None = None
    volume_mode: str = "Filesystem"
    volume_attributes_class_name: str | None = None
    node_affinity: VolumeNodeAffinity | None = None
    host_path: Document | None = None
    nfs: Document | None = None
    csi: Document | None = None
    local: Document | None = None


class VolumeStatus(Value, frozen=True):
    """Available, Bound, Released or Failed."""

    phase: str = "Pending"
    reason: str = ""


class PersistentVolume(Object, frozen=True, kw_only=True):
    """Storage that exists in the cluster."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


def _prepare(volume: Document) -> None:
    """Source: `PrepareForCreate` in `pkg/registry/core/persistentvolume/strategy.go`."""
    since = volume["metadata"]["creationTimestamp"]
    volume["status"] = {"phase": "Pending", "lastPhaseTransitionTime": since}


def _complete(document: Document) -> None:
    """Source: `SetObjectDefaults_PersistentVolume`; a mode that is empty text stays."""
    for spec in places(document, "spec"):
        if spec.get("volumeMode") is None:
            spec["volumeMode"] = "Filesystem"
        complete_source(spec)


POLICIES = ("Delete", "Recycle", "Retain")
NO_WAY = "may not use ReadWriteOncePod with other access modes"


def _validate(document: Document) -> Errors:
    """Source: `ValidatePersistentVolume` in `pkg/apis/core/validation`."""
    yield from object_meta(document, namespaced=False)
    name = document["metadata"].get("name", "")
    yield from volume_spec(document.get("spec") or {}, "spec", name)


def access_mode_errors(modes: list[str], path: str) -> Errors:
    """The ways in which a volume can be mounted; ReadWriteOncePod goes with no other one."""
    for mode in modes:
        if mode not in ACCESS_MODES:
            yield not_supported(path, mode, ACCESS_MODES)
    others = {*ACCESS_MODES} - {"ReadWriteOncePod"}
    if "ReadWriteOncePod" in modes and others & {*modes}:
        yield forbidden(path, NO_WAY)


def volume_spec(spec: Document, path: str, name: str) -> Errors:
    """The `spec` of a volume of a `name`, at a path (`ValidatePersistentVolumeSpec`)."""
    modes = spec.get("accessModes") or []
    if not modes:
        yield required(f"{path}.accessModes")
    yield from access_mode_errors(modes, f"{path}.accessModes")
    yield from _capacity(spec.get("capacity"), f"{path}.capacity")
    policy, here = (
        spec.get("persistentVolumeReclaimPolicy"),
        f"{path}.persistentVolumeReclaimPolicy",
    )
    if policy and policy not in POLICIES:
        yield not_supported(here, policy, POLICIES)
    if (nodes := spec.get("nodeAffinity")) is not None:
        if (needed := nodes.get("required")) is None:
            rule = "must specify required node constraints"
            yield required(f"{path}.nodeAffinity.required", rule)
        else:
            yield from node_selector(needed, f"{path}.nodeAffinity.required")
    yield from source_errors(spec, path, name)
    on_host = (spec.get("hostPath") or {}).get("path", "")
    if on_host[:1] == "/" == normpath(f"/{on_host.lstrip('/')}") and policy == "Recycle":
        yield forbidden(here, "may not be 'recycle' for a hostPath mount of '/'")
    if of := spec.get("storageClassName"):
        yield from all_invalid(f"{path}.storageClassName", of, formats.subdomain(of))
    mode = spec.get("volumeMode")
    if mode is not None and mode not in VOLUME_MODES:
        yield not_supported(f"{path}.volumeMode", mode, VOLUME_MODES)
    yield from _attributes_class(spec, path)


def _capacity(capacity: Document | None, path: str) -> Errors:
    if not capacity:
        yield required(path)
    if not capacity or "storage" not in capacity or len(capacity) > 1:
        shown = capacity and {name: str(Quantity(capacity[name])) for name in sorted(capacity)}
        yield not_supported(path, shown, ("storage",))
    for name, amount in sorted((capacity or {}).items()):
        if (value := Quantity(amount).value) < 0:
            yield invalid(f"{path}[{name}]", value, "must be a valid resource quantity")
        yield from positive_amount(amount, f"{path}[{name}]")


def _attributes_class(spec: Document, path: str) -> Errors:
    if (name := spec.get("volumeAttributesClassName")) is None:
        return
    here = f"{path}.volumeAttributesClassName"
    if not name:
        yield required(here, "an empty string is disallowed")
    else:
        yield from all_invalid(here, name, formats.subdomain(name))
    if spec.get("csi") is None:
        yield required(f"{path}.csi", "has to be specified when using volumeAttributesClassName")


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidatePersistentVolumeUpdate` in `pkg/apis/core/validation`."""
    yield from _validate(new)
    after, before = new.get("spec") or {}, old.get("spec") or {}
    sources = own_form(before), own_form(after)
    known, wanted = (source["CSI"] or {} for source in sources)
    if known and not known["ControllerExpandSecretRef"] and wanted:
        wanted["ControllerExpandSecretRef"] = None  # it may be added
    if sources[0] != sources[1]:
        rule = "spec.persistentvolumesource is immutable after creation"
        yield forbidden("spec.persistentvolumesource", f"{rule}\n{difference(*sources)}")
    yield from unchanged("volumeMode", after.get("volumeMode"), before.get("volumeMode"))
    if old_nodes := before.get("nodeAffinity"):
        yield from _nodes(after.get("nodeAffinity"), old_nodes)
    field = "volumeAttributesClassName"
    if before.get(field) is not None and after.get(field) is None:
        yield forbidden(f"spec.{field}", "update from non-nil value to nil is forbidden")


def _nodes(new: Document | None, old: Document) -> Errors:
    """The nodes stay, but labels of nodes may get their newer names (`validatePvNodeAffinity`)."""
    wanted, known = _rules(new or {}), _rules(old)
    same = len(wanted) == len(known) and all(
        after == before
        or after == (before[0], before[1] | {"key": NEWER_LABELS.get(before[1]["key"])})
        for after, before in zip(wanted, known, strict=True)
    )
    if new is None or not same:
        rule = f"{IMMUTABLE}, except for updating from beta label to GA"
        yield invalid("nodeAffinity", new and _own_nodes(new), rule)


def _rules(affinity: Document) -> list[tuple[tuple[int, str], Document]]:
    """Each requirement of nodes, with its term and field."""
    terms = (affinity.get("required") or {}).get("nodeSelectorTerms") or ()
    return [
        ((number, field), rule)
        for number, term in enumerate(terms)
        for field in ("matchExpressions", "matchFields")
        for rule in term.get(field) or ()
    ]


def _own_nodes(affinity: Document) -> Document:
    """Nodes as the API server shows them in messages."""

    def rules(term: Document, field: str) -> list[Document] | None:
        listed = term.get(field)
        return listed and [
            {"Key": r.get("key", ""), "Operator": r.get("operator", ""), "Values": r.get("values")}
            for r in listed
        ]

    selector = affinity.get("required")
    terms = [
        {
            "MatchExpressions": rules(term, "matchExpressions"),
            "MatchFields": rules(term, "matchFields"),
        }
        for term in (selector or {}).get("nodeSelectorTerms") or ()
    ]
    return {"Required": None if selector is None else {"NodeSelectorTerms": terms}}


_GONE = (
    ("cephfs", "cephfs", "1.28", "1.31"),
    ("photonPersistentDisk", "photonPersistentDisk", "1.11", "1.16"),
    ("scaleIO", "scaleIO", "1.16", "1.22"),
    ("storageos", "storageOS", "1.22", "1.25"),
    ("glusterfs", "glusterfs", "1.25", "1.26"),
    ("rbd", "rbd", "1.28", "1.31"),
)  # source, its name in the warning, deprecated since, without effect since


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `warningsForPersistentVolumeSpecAndMeta` in `pkg/api/persistentvolume`."""
    for name, release, field in (
        ("storage-class", "1.8", "storageClassName"),
        ("mount-options", "1.31", "mountOptions"),
    ):
        if f"volume.beta.kubernetes.io/{name}" in (new["metadata"].get("annotations") or ()):
            here = f"metadata.annotations[volume.beta.kubernetes.io/{name}]"
            yield f'{here}: deprecated since v{release}; use "{field}" attribute instead'
    spec = new.get("spec") or {}
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield (
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
            "Instead, the recommended approach is to use dynamic provisioning."
        )
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for number, term in enumerate(terms):
        path = f"spec.nodeAffinity.required.nodeSelectorTerms[{number}].matchExpressions"
        yield from old_labels(term.get("matchExpressions") or (), path)
    for field, shown, release, gone in _GONE:
        if spec.get(field) is not None:
            yield f"spec.{shown}: deprecated in v{release}, non-functional in v{gone}+"


def _row(v: PersistentVolume, now: float) -> Row:
    claim = v.spec.claim_ref
    return (
        v.name,
        str((v.spec.capacity or {}).get("storage", "0")),
        access_modes(v.spec.access_modes),
        v.spec.persistent_volume_reclaim_policy,
        "Terminating" if v.terminating else v.status.phase,
        f"{claim.namespace}/{claim.name}" if claim else "",
        v.spec.storage_class_name,
        v.spec.volume_attributes_class_name or UNSET,
        v.status.reason,
        v.spec.volume_mode,
    )


PERSISTENT_VOLUME = Kind(
    "v1",
    PersistentVolume,
    ("pv",),
    namespaced=False,
    not_simulated=("spec.volumeAttributesClassName", "spec.nfs"),
    defaults={"spec.persistentVolumeReclaimPolicy": "Retain"},
    complete=_complete,
    prepare=_prepare,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns(
        "Name  Capacity  Access Modes  Reclaim Policy  Status  Claim  StorageClass"
        "  VolumeAttributesClass  Reason  Age  +VolumeMode"
    ),
    row=_row,
)
