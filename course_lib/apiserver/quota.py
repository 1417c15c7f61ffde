"""What objects cost their namespace, and which quotas count them.

Sources: `pkg/quota/v1/evaluator/core` of Kubernetes; kubernetes.io "Resource Quotas".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from course_lib.apiserver.reader import ObjectLister, Reader
from course_lib.objects.kind import Kind, no_usage
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, qos_class
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.resource_quota import (
    ResourceQuotaSpec,
    ScopeRequirement,
)
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.quantity import Quantity, ResourceList

COMPUTE = ("cpu", "memory", "ephemeral-storage")


class QuotaAccessor(Reader, Protocol):
    """What admission reads, and the one thing that it writes: the usage in a quota's status."""

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object."""


def covers(spec: ResourceQuotaSpec, cost: Cost) -> bool:
    """Whether a quota counts an object of this cost; one with scopes counts what is in all of them.

    Source: `pkg/quota/v1/evaluator/core/pods.go` (podMatchesScopeFunc).
    """
    selector = spec.scope_selector.match_expressions if spec.scope_selector else None
    scopes = [ScopeRequirement(scope, "Exists") for scope in spec.scopes or ()] + (selector or [])
    return all(_in_scope(scope, cost) for scope in scopes)


_NAMED = {"PriorityClass": "Pod", "VolumeAttributesClass": "PersistentVolumeClaim"}


def _in_scope(scope: ScopeRequirement, cost: Cost) -> bool:
    kind, name = _NAMED.get(scope.scope_name), cost.class_name
    if kind is None:
        return scope.scope_name in cost.scopes
    if kind != cost.kind:
        return False
    if scope.operator in ("In", "NotIn"):
        return (name in (scope.values or ())) == (scope.operator == "In")
    return bool(name) == (scope.operator == "Exists")


def _scopes(spec: PodSpec) -> tuple[str, ...]:
    """The scopes that a Pod is in, but for that of its priority."""
    affinity = spec.affinity
    sides = (affinity.pod_affinity, affinity.pod_anti_affinity) if affinity else ()
    terms = [
        term
        for side in sides
        if side is not None
        for term in (
            *(side.required_during_scheduling_ignored_during_execution or ()),
            *(w.pod_affinity_term
              for w in side.preferred_during_scheduling_ignored_during_execution or ()),
        )
    ]  # fmt: skip
    crossing = any(term.namespaces or term.namespace_selector is not None for term in terms)
    return (
        "BestEffort" if qos_class(spec) == "BestEffort" else "NotBestEffort",
        "NotTerminating" if spec.active_deadline_seconds is None else "Terminating",
        *(("CrossNamespacePodAffinity",) if crossing else ()),
    )


class Cost(msgspec.Struct, frozen=True):
    """What one object costs its namespace, and the scopes of quotas that it is in."""

    amounts: tuple[tuple[str, Quantity], ...]
    kind: str = ""
    scopes: tuple[str, ...] = ()
    class_name: str = ""  # of a Pod's priority, or of the attributes of a claim's volume


def cost_of(kind: Kind, view: Object) -> Cost:
    """The cost of an object of a `kind`; Pods of one template cost the same."""
    amounts = tuple(usage_of(kind, view).items())
    if isinstance(view, PersistentVolumeClaim):
        return Cost(amounts, kind.kind, (), view.spec.volume_attributes_class_name or "")
    if not isinstance(view, Pod):
        return Cost(amounts)
    return Cost(amounts, kind.kind, _scopes(view.spec), view.spec.priority_class_name)


def is_counted(view: Object) -> bool:
    """Whether an object costs anything: a Pod that has ended does not."""
    return not (isinstance(view, Pod) and view.status.phase in FINAL_PHASES)


def usage(
    kinds: Iterable[Kind],
    costs: Callable[[Kind], Mapping[Cost, int]],
    spec: ResourceQuotaSpec,
) -> ResourceList:
    """What a namespace has of everything that a quota bounds.

    `kinds` are those that are served, `costs` tells how many objects of a kind there are at each
    cost, `spec` is that of the quota.
    """
    hard = spec.hard or {}
    used = dict.fromkeys(hard, ZERO)
    for kind in kinds:
        if kind.namespaced and _bounded(kind, hard):
            for cost, count in costs(kind).items():
                if covers(spec, cost):
                    for name, amount in cost.amounts:
                        if name in used:
                            used[name] += amount * count
    return used


def listed(api: ObjectLister, namespace: str, spec: ResourceQuotaSpec) -> ResourceList:
    """The usage of a namespace, by a look at each of its objects, which `api` lists.

    `spec` is that of the quota.
    """

    def costs(kind: Kind) -> Counter[Cost]:
        return Counter(
            cost_of(kind, each) for each in api.list(kind, namespace) if is_counted(each)
        )

    return usage(api.kinds, costs, spec)


def _bounded(kind: Kind, hard: ResourceList) -> bool:
    """Whether a quota counts objects of a kind, or something that they cost."""
    return (
        kind.usage is not no_usage
        or f"count/{kind.title}" in hard
        or (kind.counted and kind.plural in hard)
    )


def usage_of(kind: Kind, view: Object) -> ResourceList:
    """What one object costs its namespace's quota."""
    one = Quantity("1")
    cost: ResourceList = {f"count/{kind.title}": one}
    if kind.counted:
        cost[kind.plural] = one
    return cost | kind.usage(view)
