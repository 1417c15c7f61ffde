"""Kinds that a real scheduler and controller manager watch, and that nothing here acts on.

Devices (`resource.k8s.io/v1`), CSI storage (`storage.k8s.io/v1`) and classes of runtimes: their
objects are stored, served and shown, and a warning says that the simulation does not act on them.

Source: the Kubernetes API reference; `pkg/printers/internalversion/printers.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.engine.ages import since
from course_lib.objects.columns import NONE, UNSET
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, by_path
from course_lib.objects.kinds import device_claim_rules, device_fields, device_rules, kept_rules
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object

DEVICES, STORAGE = "resource.k8s.io/v1", "storage.k8s.io/v1"


class KeptObject(Object, frozen=True, kw_only=True):
    """An object whose contents are kept as they are written."""

    spec: Document = msgspec.field(default_factory=dict)
    status: Document = msgspec.field(default_factory=dict)


class RuntimeClass(Object, frozen=True, kw_only=True):
    """Which configuration of a container runtime Pods can ask for."""

    handler: str = ""
    overhead: Document | None = None
    scheduling: Document | None = None


class VolumeAttributesClass(Object, frozen=True, kw_only=True):
    """What of a CSI volume can be changed while it is in use."""

    driver_name: str = ""


class StorageCapacity(Object, frozen=True, kw_only=True):
    """How much a CSI driver can provide of a storage class somewhere."""

    storage_class_name: str = ""
    capacity: str | None = None


def _tainted_now(rule: Document) -> None:
    """A taint without a time is from now on (`SetDefaults_DeviceTaint`)."""
    for taint in places(rule, "spec.taint", create=False):
        taint["timeAdded"] = taint.get("timeAdded") or rule["metadata"]["creationTimestamp"]


def _complete_requests(document: Document, path: str) -> None:
    """One device, unless more is said (`pkg/apis/resource/v1/defaults.go`)."""
    requests = f"{path}.devices.requests[*]"
    for part in (f"{requests}.exactly", f"{requests}.firstAvailable[*]"):
        for request in places(document, part, create=False):
            if request.setdefault("allocationMode", "ExactCount") == "ExactCount":
                request["count"] = request.get("count") or 1


def _count_driver(new: Document, old: Document) -> None:
    """Changes of a driver are counted from 1, a new one not (its strategy's `PrepareForUpdate`)."""
    if new.get("spec") != old.get("spec"):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _complete_driver(document: Document) -> None:
    for spec in places(document, "spec", create=False):
        spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]


def _claim(claim: KeptObject, now: float) -> Row:
    return claim.name, ",".join(_states(claim))


def _states(claim: KeptObject) -> Iterator[str]:
    """In the words of `resourceClaimState`."""
    if claim.terminating:
        yield "deleted"
    if claim.status.get("allocation"):
        yield "allocated"
        if claim.status.get("reservedFor"):
            yield "reserved"
    elif not claim.terminating:
        yield "pending"


def _slice(part: KeptObject, now: float) -> Row:
    pool = part.spec.get("pool") or {}
    return part.name, part.spec.get("nodeName", ""), part.spec.get("driver"), pool.get("name")


def _taint_rule(rule: KeptObject, now: float) -> Row:
    taint = rule.spec.get("taint") or {}
    added = taint.get("timeAdded")
    shown = [taint.get(field, "") for field in ("key", "value", "effect")]
    return rule.name, *shown, since(added, now) if added else ""


def _driver(driver: KeptObject, now: float) -> Row:
    spec, tokens = driver.spec, driver.spec.get("tokenRequests")
    return (
        driver.name,
        spec.get("attachRequired", True),
        spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False),
        UNSET if tokens is None else ",".join(each.get("audience", "") for each in tokens),
        spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or ()) or NONE,
    )


def _attachment(attachment: KeptObject, now: float) -> Row:
    spec = attachment.spec
    volume = (spec.get("source") or {}).get("persistentVolumeName", "")
    attached = attachment.status.get("attached", False)
    return attachment.name, spec.get("attacher"), volume, spec.get("nodeName"), attached


def _handler(runtime: RuntimeClass, now: float) -> Row:
    return runtime.name, runtime.handler


def _attributes(attributes: VolumeAttributesClass, now: float) -> Row:
    return attributes.name, attributes.driver_name


def _name(kept: KeptObject, now: float) -> Row:
    return (kept.name,)


def _kept(kind: str, api_version: str, **settings: object) -> Kind:
    given: Document = {"columns": table_columns("Name  Age"), "row": _name}
    given |= {"type": KeptObject, "not_simulated": ("spec",)} | settings
    return Kind(api_version, kind=kind, **given)


DEVICE_CLASS = _kept(
    "DeviceClass",
    DEVICES,
    namespaced=False,
    generations=True,
    validate=device_claim_rules.class_errors,
)
DEVICE_TAINT_RULE = _kept(
    "DeviceTaintRule",
    DEVICES,
    namespaced=False,
    generations=True,
    first_status=lambda rule: {},
    prepare=_tainted_now,
    columns=table_columns("Name  Key  Value  Effect  TimeAdded  Age"),
    row=_taint_rule,
    validate=device_rules.taint_rule_errors,
    validate_update=device_rules.taint_rule_update_errors,
)
RESOURCE_CLAIM = _kept(
    "ResourceClaim",
    DEVICES,
    complete=lambda claim: _complete_requests(claim, "spec"),
    first_status=lambda claim: {},
    columns=table_columns("Name  State  Age"),
    row=_claim,
    prepare=device_fields.drop_of_claim,
    prepare_update=device_fields.drop_of_claim,
    validate=device_claim_rules.claim_errors,
    validate_update=device_claim_rules.claim_update_errors,
)
RESOURCE_CLAIM_TEMPLATE = _kept(
    "ResourceClaimTemplate",
    DEVICES,
    defaults={"spec.metadata": {}},
    complete=lambda template: _complete_requests(template, "spec.spec"),
    prepare=device_fields.drop_of_template,
    prepare_update=device_fields.drop_of_template,
    validate=device_claim_rules.template_errors,
    validate_update=device_claim_rules.template_update_errors,
)
RESOURCE_SLICE = _kept(
    "ResourceSlice",
    DEVICES,
    namespaced=False,
    selectable=by_path("spec.nodeName", "spec.driver", "spec.pool.name"),
    not_selectable=f"field label not supported for {DEVICES}, Kind=ResourceSlice: {{}}",
    columns=table_columns("Name  Node  Driver  Pool  Age"),
    row=_slice,
    generations=True,
    prepare=device_fields.drop_of_slice,
    prepare_update=device_fields.drop_of_slice,
    validate=device_rules.slice_errors,
    validate_update=device_rules.slice_update_errors,
)
CSI_DRIVER = _kept(
    "CSIDriver",
    STORAGE,
    namespaced=False,
    complete=_complete_driver,
    prepare_update=_count_driver,
    defaults={
        "spec.attachRequired": True,
        "spec.podInfoOnMount": False,
        "spec.storageCapacity": False,
        "spec.fsGroupPolicy": "ReadWriteOnceWithFSType",
        "spec.requiresRepublish": False,
        "spec.seLinuxMount": False,
        "spec.preventPodSchedulingIfMissing": False,
    },  # `SetDefaults_CSIDriver` in `pkg/apis/storage/v1/defaults.go`
    columns=table_columns(
        "Name  AttachRequired:boolean  PodInfoOnMount:boolean  StorageCapacity:boolean"
        "  TokenRequests  RequiresRepublish:boolean  Modes  Age"
    ),
    row=_driver,
    validate=kept_rules.driver_errors,
    validate_update=kept_rules.driver_update_errors,
    warnings=kept_rules.driver_warnings,
)
CSI_STORAGE_CAPACITY = _kept(
    "CSIStorageCapacity",
    STORAGE,
    not_simulated=("storageClassName", "capacity", "nodeTopology", "maximumVolumeSize"),
    type=StorageCapacity,
    columns=table_columns("Name  Created At:date"),
    row=lambda capacity, now: (capacity.name, capacity.metadata.creation_timestamp),
    validate=kept_rules.capacity_errors,
    validate_update=kept_rules.capacity_update_errors,
    warnings=kept_rules.capacity_warnings,
)
RUNTIME_CLASS = _kept(
    "RuntimeClass",
    "node.k8s.io/v1",
    not_simulated=("handler",),
    type=RuntimeClass,
    namespaced=False,
    columns=table_columns("Name  Handler  Age"),
    row=_handler,
    validate=kept_rules.runtime_errors,
    validate_update=kept_rules.runtime_update_errors,
    warnings=kept_rules.runtime_warnings,
)
VOLUME_ATTRIBUTES_CLASS = _kept(
    "VolumeAttributesClass",
    STORAGE,
    not_simulated=("driverName", "parameters"),
    short_names=("vac",),
    type=VolumeAttributesClass,
    namespaced=False,
    columns=table_columns("Name  DriverName  Age"),
    row=_attributes,
    validate=kept_rules.attributes_errors,
    validate_update=kept_rules.attributes_update_errors,
)
VOLUME_ATTACHMENT = _kept(
    "VolumeAttachment",
    STORAGE,
    namespaced=False,
    columns=table_columns("Name  Attacher:name  PV  Node  Attached:boolean  Age"),
    row=_attachment,
    first_status=lambda attachment: {"attached": False},
    validate=kept_rules.attachment_errors,
    validate_update=kept_rules.attachment_update_errors,
    validate_status=kept_rules.attachment_status_errors,
)
