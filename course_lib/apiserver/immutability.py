"""Updates: what an update may change, and what stays whatever it says.

Source: `pkg/apis/*/validation/validation.go` (`Validate...Update`) of Kubernetes.
"""

from __future__ import annotations

from typing import Any

from course_lib.errors import InvalidManifest
from course_lib.objects.kind import Kind, title
from course_lib.objects.quantity import Quantity

Document = dict[str, Any]

# Set by the server at creation, and kept.
IDENTITY = ("name", "namespace", "uid", "creationTimestamp", "generation")
LIFE = ("deletionTimestamp", "deletionGracePeriodSeconds")
# The fields of `spec` that may not change, by kind.
FIXED = {
    "Deployment": ("selector",),
    "ReplicaSet": ("selector",),
    "DaemonSet": ("selector",),
    "Job": (
        "selector",
        "template",
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ),
    "ResourceQuota": ("scopes", "scopeSelector"),
}
# The parts beside `spec` that may not change.
FIXED_PARTS = {
    "Secret": ("type",),
    "PriorityClass": ("value", "preemptionPolicy"),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "EndpointSlice": ("addressType",),
}
# The fields of `spec` that may, where all others may not.
FREE = {
    "StatefulSet": (
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "persistentVolumeClaimRetentionPolicy",
        "revisionHistoryLimit",
        "ordinals",
    ),
    "Pod": (
        "containers",
        "initContainers",
        "tolerations",
        "activeDeadlineSeconds",
        "schedulingGates",
    ),
    "PersistentVolumeClaim": ("resources", "volumeName", "volumeAttributesClassName"),
}


def carry_over(before: Document, wanted: Document, subresource: str) -> Document:
    """The document that an update leads to: status and the rest keep out of each other's way."""
    if subresource == "status":
        status = {"status": wanted["status"]} if "status" in wanted else {}
        metadata = before["metadata"]
        return (
            {k: v for k, v in before.items() if k != "status"}
            | status
            | {"metadata": dict(metadata)}
        )
    kept = {f: before["metadata"][f] for f in (*IDENTITY, *LIFE) if f in before["metadata"]}
    document = {key: value for key, value in wanted.items() if key != "status"}
    if "status" in before:
        document["status"] = before["status"]
    asked = {k: v for k, v in wanted["metadata"].items() if k not in LIFE}
    document["metadata"] = asked | kept
    document["metadata"]["resourceVersion"] = before["metadata"].get("resourceVersion", "")
    return document


def check(before: Document, after: Document, kind: Kind) -> None:
    """Raise `InvalidManifest` when a field changed that may not."""
    old, new = before.get("spec"), after.get("spec")
    if before.get("immutable"):
        for field in ("data", "binaryData", "stringData", "immutable"):
            if before.get(field) != after.get(field):
                raise _refused(after, field, "no change: the object is immutable")
    for field in FIXED_PARTS.get(kind.kind, ()):
        if before.get(field) != after.get(field):
            raise _refused(after, field, "no change: the field is immutable")
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    free = FREE.get(kind.kind)
    changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    for key in changed:
        if (free and key not in free) or key in FIXED.get(kind.kind, ()):
            may = f"; only {', '.join(free)} may change" if free else ""
            raise _refused(after, f"spec.{key}", f"no change: the field is immutable{may}")
    if kind.kind == "Pod":
        _pod(old, new, after)
    if kind.kind == "Job" and "completions" in changed:
        _completions(new, after)
    if kind.kind == "PersistentVolumeClaim":
        _claim(before, after)
    if kind.kind == "Service" and old.get("clusterIP") and old["type"] == new["type"]:
        if old["clusterIP"] != new.get("clusterIP", old["clusterIP"]):
            raise _refused(after, "spec.clusterIP", "no change: the field is immutable")
        for field in ("clusterIP", "clusterIPs"):
            new.setdefault(field, old.get(field))


def _pod(old: Document, new: Document, after: Document) -> None:
    """Of a Pod's containers only the image may change; tolerations come, and gates go."""

    def rest(spec: Document, group: str) -> list[Document]:
        return [{k: v for k, v in c.items() if k != "image"} for c in spec.get(group, ())]

    for group in ("containers", "initContainers"):
        if rest(old, group) != rest(new, group):
            raise _refused(
                after, f"spec.{group}", "no change but to image: delete the Pod and make another"
            )
    if any(each not in new.get("tolerations", ()) for each in old.get("tolerations", ())):
        raise _refused(after, "spec.tolerations", "only additions to existing tolerations")
    for gate in new.get("schedulingGates", ()):
        if gate not in old.get("schedulingGates", ()):
            expected = f"only deletion is allowed, but found new scheduling gate '{gate['name']}'"
            raise _refused(after, "spec.schedulingGates", expected)
    sooner = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if sooner[1] is not None and (sooner[0] is None or sooner[0] > sooner[1]):
        expected = f"must be less than or equal to previous value {sooner[1]}"
        raise _refused(after, "spec.activeDeadlineSeconds", expected)


def _completions(new: Document, after: Document) -> None:
    """The completions of an Indexed Job may change, together with its parallelism."""
    if new.get("completionMode") != "Indexed":
        raise _refused(after, "spec.completions", "no change: the field is immutable")
    if new.get("completions") != new.get("parallelism"):
        expected = "can only be modified in tandem with spec.parallelism"
        raise _refused(after, "spec.completions", expected)


def _claim(before: Document, after: Document) -> None:
    """A claim gets its volume once, and never asks for less than it has.

    Whether it may ask for more is its class's affair: `admission.claim_resize`.
    """
    old, new = before["spec"], after["spec"]
    if old.get("volumeName") and new.get("volumeName") != old["volumeName"]:
        raise _refused(after, "spec.volumeName", "no change: the field is immutable")
    sizes = [_size(spec) for spec in (new, old)]
    if sizes[0] == sizes[1]:
        return
    path = "spec.resources.requests.storage"
    if before.get("status", {}).get("phase") != "Bound":
        raise _refused(after, path, "no change before the claim is bound")
    capacity = before["status"].get("capacity", {}).get("storage")
    if sizes[0] < sizes[1] and (capacity is None or sizes[0] <= Quantity(capacity)):
        raise _refused(after, path, "field can not be less than status.capacity")


def _size(spec: Document) -> Quantity:
    return Quantity(spec.get("resources", {}).get("requests", {}).get("storage", "0"))


def _refused(document: Document, path: str, expected: str) -> InvalidManifest:
    return InvalidManifest(
        "a field may not be changed",
        where=f"{title(document)}: {path}",
        expected=expected,
        found="a different value",
        do="delete the object and create it anew, if the change is meant",
    )
