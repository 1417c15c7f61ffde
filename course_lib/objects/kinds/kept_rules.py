"""What the API server refuses in kinds that are only kept: of CSI storage, and of runtimes.

Source: `pkg/apis/storage/validation` and `pkg/apis/node/validation` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from course_lib.objects.field_errors import (
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.persistent_volume import volume_spec
from course_lib.objects.kinds.pod.validation.scheduling import tolerations
from course_lib.objects.kinds.storage_class import parameter_errors, provisioner_form
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    IMMUTABLE,
    all_invalid,
    label_map,
    label_selector,
    object_meta,
    object_meta_update,
    unchanged,
)
from course_lib.objects.validation.node_labels import OLD_LABELS, old_labels
from course_lib.objects.validation.resources import (
    container_limits,
    declared_driver_name,
    driver_name,
    not_negative_amount,
)

MOST_ATTACHMENT_BYTES, MOST_MESSAGE = 256 * 1024, 1024
POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLES = ("Persistent", "Ephemeral")
ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
INLINE = "may not be specified in the context of inline volumes"
TOKENS = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
TOKENS_WARNING = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to "
    "prevent possible logging of tokens in volume attributes"
)


def runtime_errors(document: Document) -> Errors:
    """A class of runtimes (`ValidateRuntimeClass`); its handler is judged last."""
    yield from _runtime(document)
    if not (handler := document.get("handler", "")):
        yield required("handler")
    else:
        yield from all_invalid("handler", handler, formats.short_name(handler))


def _runtime(document: Document) -> Errors:
    yield from object_meta(document, namespaced=False)
    if overhead := document.get("overhead"):
        yield from container_limits(overhead.get("podFixed") or {}, "overhead")
    scheduling = document.get("scheduling") or {}
    yield from label_map(scheduling.get("nodeSelector") or {}, "scheduling.nodeSelector")
    listed = scheduling.get("tolerations") or []
    yield from tolerations(listed, "scheduling.tolerations")
    seen: list[tuple[str, ...]] = []
    for position, each in enumerate(listed):
        key = tuple(each.get(field, "") for field in ("key", "operator", "value", "effect"))
        if key in seen:
            shown = dict(zip(("Key", "Operator", "Value", "Effect"), key, strict=True))
            shown["TolerationSeconds"] = each.get("tolerationSeconds")
            yield duplicate(f"scheduling.tolerations[{position}]", shown)
        seen.append(key)


def runtime_update_errors(new: Document, old: Document) -> Errors:
    """A class keeps its handler (`ValidateRuntimeClassUpdate`)."""
    yield from _runtime(new)
    yield from object_meta_update(new, old)
    if new.get("handler", "") != old.get("handler", ""):
        yield invalid("handler", None, IMMUTABLE)
        if not new.get("handler"):
            yield required("handler")


def runtime_warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Labels of nodes that were given up (`GetWarningsForRuntimeClass`)."""
    for key in sorted((new.get("scheduling") or {}).get("nodeSelector") or ()):
        if key in OLD_LABELS:
            yield f"scheduling.nodeSelector: {OLD_LABELS[key]}"


def driver_errors(document: Document) -> Errors:
    """A CSI driver (`ValidateCSIDriver`)."""
    yield from object_meta(document, namespaced=False)
    spec = document.get("spec") or {}
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in POLICIES:
        yield not_supported("spec.fsGroupPolicy", policy, POLICIES)
    requests = spec.get("tokenRequests") or []
    yield from _tokens(requests)
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in LIFECYCLES:
            yield not_supported("spec.volumeLifecycleModes", mode, LIFECYCLES)
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < 10:
        rule = "must be greater than or equal to 10 seconds"
        yield invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, rule)
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not requests:
        yield invalid("spec.serviceAccountTokenInSecrets", in_secrets, TOKENS)


def _tokens(requests: list[Document]) -> Errors:
    """The tokens that a driver gets: one for each audience, for some minutes at least."""
    audiences: list[str] = []
    for position, request in enumerate(requests):
        here, audience = f"spec.tokenRequests[{position}]", request.get("audience", "")
        if audience in audiences:
            yield duplicate(f"{here}.audience", audience)
            continue
        audiences.append(audience)
        seconds = request.get("expirationSeconds")
        if seconds is not None and seconds < 600:
            rule = "may not specify a duration less than 10 minutes"
            yield invalid(f"{here}.expirationSeconds", seconds, rule)
        if seconds is not None and seconds > 2**32:
            rule = "may not specify a duration larger than 2^32 seconds"
            yield invalid(f"{here}.expirationSeconds", seconds, rule)


def driver_update_errors(new: Document, old: Document) -> Errors:
    """A driver keeps how it attaches volumes, and how long they live."""
    yield from object_meta_update(new, old)
    yield from driver_errors(new)
    after, before = new.get("spec") or {}, old.get("spec") or {}
    for field, shown in (
        ("attachRequired", "attachedRequired"),
        ("volumeLifecycleModes", "volumeLifecycleModes"),
    ):
        yield from unchanged(f"spec.{shown}", after.get(field), before.get(field))


def driver_warnings(new: Document, old: Document | None) -> Iterator[str]:
    """A driver should get tokens as secrets (its strategy's `WarningsOnCreate` and `...Update`)."""
    spec, before = new.get("spec") or {}, (old or {}).get("spec") or {}
    asked = spec.get("tokenRequests")
    changed = old is None or asked != before.get("tokenRequests")
    if asked and changed and spec.get("serviceAccountTokenInSecrets") is None:
        yield TOKENS_WARNING


def capacity_errors(document: Document) -> Errors:
    """What a driver can still provide (`ValidateCSIStorageCapacity`)."""
    yield from object_meta(document)
    yield from label_selector(document.get("nodeTopology"), "nodeTopology")
    name = document.get("storageClassName", "")
    yield from all_invalid("storageClassName", name, formats.subdomain(name))
    if (amount := document.get("capacity")) is not None:
        yield from not_negative_amount(amount, "capacity")


def capacity_update_errors(new: Document, old: Document) -> Errors:
    """The capacity stays that of its class and its place (`ValidateCSIStorageCapacityUpdate`)."""
    yield from capacity_errors(new)
    yield from object_meta_update(new, old)
    for field in ("nodeTopology", "storageClassName"):
        if new.get(field) != old.get(field):  # an empty selector is not an absent one
            yield invalid(field, new.get(field), IMMUTABLE)


def capacity_warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Labels of nodes that were given up (`GetWarningsForNodeSelector`)."""
    topology = new.get("nodeTopology") or {}
    yield from old_labels(topology.get("matchExpressions") or (), "nodeTopology.matchExpressions")
    for key in sorted(topology.get("matchLabels") or ()):
        if key in OLD_LABELS:
            yield f"nodeTopology.matchLabels.{key}: {OLD_LABELS[key]}"


def attachment_errors(document: Document) -> Errors:
    """A volume on a node (`ValidateVolumeAttachment`); its driver is judged last."""
    yield from _attachment(document, ())
    attacher = (document.get("spec") or {}).get("attacher", "")
    yield from declared_driver_name(attacher, "spec.attacher")


def _attachment(document: Document, of_attacher: Iterable[FieldError]) -> Errors:
    yield from object_meta(document, namespaced=False)
    yield from of_attacher
    spec = document.get("spec") or {}
    source = spec.get("source") or {}
    volume, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    if volume is None and inline is None:
        yield required("spec.source", ONE_SOURCE)
    elif volume is not None and inline is not None:
        yield forbidden("spec.source", ONE_SOURCE)
    elif volume == "":
        yield required(
            "spec.source.persistentVolumeName", "must specify non empty persistentVolumeName"
        )
    elif inline is not None:
        yield from _inline(inline, "spec.source.inlineVolumeSpec")
    node = spec.get("nodeName", "")
    yield from all_invalid("spec.nodeName", node, formats.subdomain(node))
    yield from attachment_status_errors(document, document)
    if volume is not None:
        yield from all_invalid(
            "spec.source.persistentVolumeName", volume, formats.subdomain(volume)
        )


def _inline(spec: Document, path: str) -> Errors:
    """A volume that no PersistentVolume describes: of a driver, and of nothing else.

    Source: `ValidatePersistentVolumeSpec` for inline volumes.
    """
    for field in ("claimRef", "capacity"):
        if spec.get(field):
            yield forbidden(f"{path}.{field}", INLINE)
    if spec.get("csi") is None:
        yield required(f"{path}.csi", "has to be specified in the context of inline volumes")
    policy = spec.get("persistentVolumeReclaimPolicy")
    if policy not in (None, "", "Retain"):
        rule = "may only be Retain in the context of inline volumes"
        yield forbidden(f"{path}.persistentVolumeReclaimPolicy", rule)
    for field in ("nodeAffinity", "storageClassName"):
        if spec.get(field):
            yield forbidden(f"{path}.{field}", INLINE)
    plain = {k: v for k, v in spec.items() if k not in ("nodeAffinity", "storageClassName")}
    yield from volume_spec(plain | {"capacity": {"storage": "1"}}, path, "")


def attachment_update_errors(new: Document, old: Document) -> Errors:
    """An attachment stays as it is (`ValidateVolumeAttachmentUpdate`)."""
    attacher = (new.get("spec") or {}).get("attacher", "")
    yield from _attachment(new, driver_name(attacher, "spec.attacher"))
    if (new.get("spec") or {}) != (old.get("spec") or {}):
        yield invalid("spec", None, IMMUTABLE)


def attachment_status_errors(new: Document, old: Document) -> Errors:
    """What became of an attachment (`validateVolumeAttachmentStatus`)."""
    status = new.get("status") or {}
    told = status.get("attachmentMetadata") or {}
    if sum(len(f"{key}{value}".encode()) for key, value in told.items()) > MOST_ATTACHMENT_BYTES:
        yield too_long("status.attachmentMetadata", MOST_ATTACHMENT_BYTES)
    for field in ("attachError", "detachError"):
        error, path = status.get(field) or {}, f"status.{field}"
        if len(error.get("message", "").encode()) > MOST_MESSAGE:
            yield too_long(f"{path}.message", MOST_MESSAGE)
        code = error.get("errorCode")
        if code is not None and code < 0:
            yield invalid(f"{path}.errorCode", code, formats.outside(0, 2**31 - 1))


def attributes_errors(document: Document) -> Errors:
    """A class of attributes of volumes (`ValidateVolumeAttributesClass`).

    That it names a driver is asked first: this is not a declared rule in the release.
    """
    yield from object_meta(document, namespaced=False)
    driver, parameters = document.get("driverName", ""), document.get("parameters") or {}
    if not driver:
        yield required("driverName")
    yield from provisioner_form(driver, "driverName")
    yield from parameter_errors(parameters, "parameters")
    if not parameters:
        yield required("parameters", "must contain at least one key/value pair")


def attributes_update_errors(new: Document, old: Document) -> Errors:
    """A class stays as it is (`ValidateVolumeAttributesClassUpdate`)."""
    yield from object_meta_update(new, old)
    for field in ("driverName", "parameters"):
        if (new.get(field) or None) != (old.get(field) or None):
            yield forbidden(field, f"updates to {field} are forbidden.")
    yield from attributes_errors(new)
