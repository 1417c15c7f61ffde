"""A PersistentVolumeClaim: which volume it has, and which Pods use it.

Source: `describePersistentVolumeClaim` and `getPodsForPVC` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import claims
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import date, go_list
from course_lib.kubectl.describing.writing import Lines, field, several, table, titled
from course_lib.objects.manifests import Document

CONDITIONS = "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage"
RULE = "----\t------\t-----------------\t------------------\t------\t-------"


def lines(claim: DescribedObject) -> Lines:
    """All but the events; raises `RefusedRequest`."""
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
        rows = map(_condition, claim.status["conditions"])
        yield from titled("Conditions", table(CONDITIONS, rows, RULE))


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


def _condition(condition: Document) -> tuple[str, ...]:
    return (
        f"{condition.get('type', '')} ",
        f"{condition.get('status', '')} ",
        f"{date(condition.get('lastProbeTime'))} ",
        f"{date(condition.get('lastTransitionTime'))} ",
        f"{condition.get('reason', '')} ",
        condition.get("message", ""),
    )
