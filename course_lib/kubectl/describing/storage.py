"""Volumes and what makes them: PersistentVolumes, claims, classes, the drivers of a node.

Source: `describePersistentVolume`, `describePersistentVolumeClaim`, `describeStorageClass`,
`describeVolumeAttributesClass` and `describeCSINode` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing import claims
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import (
    access_modes,
    date,
    go_list,
    pairs,
    quantity,
    title_flag,
)
from course_lib.kubectl.describing.volumes import PERSISTENT, source_lines
from course_lib.kubectl.describing.writing import (
    NONE,
    Lines,
    field,
    indented,
    several,
    stated,
    table,
    titled,
)
from course_lib.objects.manifests import Document

DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
CLAIM_CONDITIONS = "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage"
CLAIM_RULE = "----\t------\t-----------------\t------------------\t------\t-------"


def lines_of_volume(volume: DescribedObject) -> Lines:
    """A PersistentVolume, all but the events."""
    spec = volume.spec
    claim = spec.get("claimRef")
    yield field("Name", volume.name)
    yield from volume.marks()
    yield field("Finalizers", go_list(volume.metadata.get("finalizers")))
    yield field("StorageClass", claims.class_of(volume.document))
    yield field("Status", volume.until_gone() or volume.status.get("phase"))
    yield field("Claim", f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "")
    yield field("Reclaim Policy", spec.get("persistentVolumeReclaimPolicy"))
    yield field("Access Modes", access_modes(spec.get("accessModes")))
    yield from stated(("VolumeMode", spec.get("volumeMode")))
    yield field("Capacity", quantity((spec.get("capacity") or {}).get("storage")))
    yield from _node_affinity(volume.at("spec.nodeAffinity.required"))
    yield field("Message", volume.status.get("message"))
    yield "Source:"
    yield from source_lines(spec, PERSISTENT)


def lines_of_claim(claim: DescribedObject) -> Lines:
    """A PersistentVolumeClaim, all but the events; raises `RefusedRequest`."""
    yield field("Name", claim.name)
    yield field("Namespace", claim.namespace)
    yield field("StorageClass", claims.class_of(claim.document))
    yield field("Status", claim.until_gone() or claim.status.get("phase"))
    yield field("Volume", claim.spec.get("volumeName"))
    yield from claim.marks()
    yield field("Finalizers", go_list(claim.metadata.get("finalizers")))
    yield from claims.contents(claim.document)
    yield from several("Used By", sorted(_users(claim)))
    if claim.status.get("conditions"):
        rows = map(_claim_condition, claim.status["conditions"])
        yield from titled("Conditions", table(CLAIM_CONDITIONS, rows, CLAIM_RULE))


def lines_of_class(storage_class: DescribedObject) -> Lines:
    """A StorageClass, all but the events."""
    document = storage_class.document
    notes = storage_class.metadata.get("annotations") or {}
    is_default = any(notes.get(key) == "true" for key in DEFAULT_CLASS)
    yield field("Name", storage_class.name)
    yield field("IsDefaultClass", "Yes" if is_default else "No")
    yield field("Annotations", pairs(notes))
    yield field("Provisioner", document.get("provisioner"))
    yield field("Parameters", pairs(document.get("parameters")))
    yield field("AllowVolumeExpansion", title_flag(document.get("allowVolumeExpansion")))
    if document.get("mountOptions"):
        yield from titled("MountOptions", document["mountOptions"])
    else:
        yield field("MountOptions", NONE)
    yield from stated(
        ("ReclaimPolicy", document.get("reclaimPolicy")),
        ("VolumeBindingMode", document.get("volumeBindingMode")),
    )
    if document.get("allowedTopologies") is not None:
        terms = document["allowedTopologies"]
        yield field("AllowedTopologies", "" if terms else NONE)
        yield from indented(_terms([each.get("matchLabelExpressions") for each in terms]))


def lines_of_attributes_class(attributes: DescribedObject) -> Lines:
    """A VolumeAttributesClass, all but the events."""
    yield field("Name", attributes.name)
    yield field("Annotations", pairs(attributes.metadata.get("annotations")))
    yield field("DriverName", attributes.document.get("driverName"))
    yield field("Parameters", pairs(attributes.document.get("parameters")))


def lines_of_csi_node(node: DescribedObject) -> Lines:
    """A CSINode: the drivers of a node, all but the events."""
    yield field("Name", node.name)
    yield from node.marks()
    yield field("CreationTimestamp", date(node.metadata.get("creationTimestamp")))
    yield "Spec:"
    drivers = node.spec.get("drivers")
    if drivers is not None:
        yield "  Drivers:"
        yield from indented((line for each in drivers for line in _driver(each)), 2)


def _users(claim: DescribedObject) -> list[str]:
    """The Pods that mount a claim, and those that own it (`getPodsForPVC`)."""
    pods = claim.listed("v1", "pods", claim.namespace, {})
    owners = {
        each["uid"] for each in claim.metadata.get("ownerReferences") or () if each["kind"] == "Pod"
    }
    return [
        str(pod["metadata"]["name"])
        for pod in pods
        for _ in range(_mounts(pod, claim.name) or pod["metadata"]["uid"] in owners)
    ]


def _mounts(pod: Document, name: str) -> int:
    """How many volumes of a Pod are a claim by its name."""
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    claimed = [(each.get("persistentVolumeClaim") or {}).get("claimName") for each in volumes]
    return claimed.count(name)


def _claim_condition(condition: Document) -> tuple[str, ...]:
    return (
        f"{condition.get('type', '')} ",
        f"{condition.get('status', '')} ",
        f"{date(condition.get('lastProbeTime'))} ",
        f"{date(condition.get('lastTransitionTime'))} ",
        f"{condition.get('reason', '')} ",
        condition.get("message", ""),
    )


def _node_affinity(required: Document | None) -> Lines:
    yield field("Node Affinity", NONE if required is None else "")
    if required is not None:
        terms = required.get("nodeSelectorTerms") or ()
        yield "  " + field("Required Terms", "" if terms else NONE)
        yield from indented(_terms([each.get("matchExpressions") for each in terms]), 2)


def _terms(terms: Sequence[Sequence[Document] | None]) -> Lines:
    """Terms of which one must hold, each with conditions that all must hold."""
    for n, conditions in enumerate(terms):
        yield from several(f"Term {n}", map(_condition, conditions or ()))


def _condition(condition: Document) -> str:
    values = condition.get("values")
    within = f" [{', '.join(values)}]" if values else ""
    return f"{condition['key']} {condition.get('operator', 'In').lower()}{within}"


def _driver(driver: Document) -> Lines:
    count = (driver.get("allocatable") or {}).get("count")
    yield f"{driver.get('name', '')}:"
    yield "  " + field("Node ID", driver.get("nodeID"))
    if count is not None:
        yield from ("  Allocatables:", "    " + field("Count", count))
    if driver.get("topologyKeys") is not None:
        yield "  " + field("Topology Keys", go_list(driver["topologyKeys"]))
