"""A Deployment: how far its rollout is, and its ReplicaSets.

Source: `DeploymentDescriber` in `pkg/describe/describe.go` and `GetAllReplicaSets` in
`pkg/util/deployment/deployment.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing import conditions
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.describing.values import date, selector
from course_lib.kubectl.describing.writing import NONE, Lines, field
from course_lib.kubectl.failures import RefusedRequest
from course_lib.objects.manifests import Document

HASH = "pod-template-hash"


def lines(deployment: DescribedObject) -> Lines:
    """All but the events."""
    spec = deployment.spec
    yield field("Name", deployment.name)
    yield field("Namespace", deployment.namespace)
    yield field("CreationTimestamp", date(deployment.metadata.get("creationTimestamp")))
    yield from deployment.marks()
    yield field("Selector", selector(spec.get("selector")))
    yield field("Replicas", _counts(deployment))
    yield field("StrategyType", deployment.at("spec.strategy.type"))
    yield field("MinReadySeconds", spec.get("minReadySeconds", 0))
    rolling = deployment.at("spec.strategy.rollingUpdate")
    if rolling:
        most, more = rolling.get("maxUnavailable"), rolling.get("maxSurge")
        yield field("RollingUpdateStrategy", f"{most} max unavailable, {more} max surge")
    yield from template_lines(spec.get("template") or {})
    yield from conditions.of_workload(deployment.status.get("conditions"))
    yield from _replica_sets(deployment)


def _counts(deployment: DescribedObject) -> str:
    status = deployment.status
    counts = {
        "desired": deployment.spec.get("replicas", 0),
        "updated": status.get("updatedReplicas", 0),
        "total": status.get("replicas", 0),
        "available": status.get("availableReplicas", 0),
        "unavailable": status.get("unavailableReplicas", 0),
    }
    return " | ".join(f"{count} {word}" for word, count in counts.items())


def _replica_sets(deployment: DescribedObject) -> Lines:
    """Old ones, and the one of the current template; nothing where there are none."""
    owned = _owned(deployment)
    template = _without_hash(deployment.spec.get("template") or {})
    new = [each for each in owned if _without_hash(each["spec"].get("template") or {}) == template]
    new = new[:1]  # of several the oldest
    old = [each for each in owned if each not in new]
    if owned:
        yield field("OldReplicaSets", _shown(old))
        yield field("NewReplicaSet", _shown(new))


def _owned(deployment: DescribedObject) -> list[Document]:
    """The Deployment's ReplicaSets, the oldest first; none where they cannot be listed."""
    chosen = {"labelSelector": selector(deployment.spec.get("selector"))}
    try:
        found = deployment.listed("apps/v1", "replicasets", deployment.namespace, chosen)
    except RefusedRequest:
        return []
    uid = deployment.metadata.get("uid")
    owned = [
        each
        for each in found
        for owner in each["metadata"].get("ownerReferences") or ()
        if owner.get("controller") and owner.get("uid") == uid
    ]
    return sorted(owned, key=lambda e: (e["metadata"]["creationTimestamp"], e["metadata"]["name"]))


def _without_hash(template: Document) -> Document:
    """A template without the label that tells ReplicaSets apart."""
    metadata = template.get("metadata") or {}
    labels = {key: text for key, text in (metadata.get("labels") or {}).items() if key != HASH}
    return template | {"metadata": metadata | {"labels": labels}}


def _shown(replica_sets: Sequence[Document]) -> str:
    texts = [
        f"{each['metadata']['name']} ({(each.get('status') or {}).get('replicas', 0)}"
        f"/{each['spec'].get('replicas', 0)} replicas created)"
        for each in replica_sets
    ]
    return ", ".join(texts) or NONE
