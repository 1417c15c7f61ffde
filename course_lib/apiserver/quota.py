"""LimitRange and ResourceQuota: what one object, and what a whole namespace, may ask for.

Sources: `plugin/pkg/admission/limitranger` and `.../resourcequota`; "Resource Quotas".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.reader import ObjectLister, Reader
from course_lib.objects.kind import Kind, no_usage
from course_lib.objects.kinds.limit_range import LimitRange, LimitRangeItem
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, amounts, qos_class, total
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.resource_quota import (
    ResourceQuota,
    ResourceQuotaSpec,
    ScopeRequirement,
)
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.quantity import Quantity, ResourceList

COMPUTE = ("cpu", "memory", "ephemeral-storage")


def limit_ranger(api: Reader, view: Object) -> None:
    """Refuse an object that asks for more, or less, than a LimitRange of its namespace allows.

    Raises `Forbidden`.
    """
    limited = isinstance(view, Pod | PersistentVolumeClaim)
    for found in api.list(LimitRange, view.namespace) if limited else ():
        for item in found.spec.limits:
            for problem in _out_of_bounds(view, item):
                plural = "pods" if isinstance(view, Pod) else "persistentvolumeclaims"
                raise Forbidden(f'{plural} "{view.name}" is forbidden: {problem}')


def _out_of_bounds(view: Object, item: LimitRangeItem) -> Iterator[str]:
    asked: list[tuple[ResourceList, ResourceList]] = []
    if isinstance(view, Pod) and item.type == "Container":
        every = [*(view.spec.init_containers or ()), *view.spec.containers]
        asked = [(amounts(c, "requests"), amounts(c, "limits")) for c in every]
    elif isinstance(view, Pod) and item.type == "Pod":
        asked = [(total(view.spec, "requests"), total(view.spec, "limits"))]
    elif isinstance(view, PersistentVolumeClaim) and item.type == "PersistentVolumeClaim":
        asked = [({"storage": view.size}, {"storage": view.size})]
    for requests, limits in asked:
        for name, least in (item.min or {}).items():
            found = requests.get(name)
            if found is None or found < least:
                shown = f"request is {found}" if found else "no request is specified"
                yield f"minimum {name} usage per {item.type} is {least}, but {shown}"
        for name, most in (item.max or {}).items():
            found = limits.get(name)
            if found is None or found > most:
                shown = f"limit is {found}" if found else "no limit is specified"
                yield f"maximum {name} usage per {item.type} is {most}, but {shown}"
        for name, ratio in (item.max_limit_request_ratio or {}).items():
            limit, request = limits.get(name), requests.get(name)
            if not limit or not request or limit.nano > request.nano * float(ratio):
                yield f"{name} max limit to request ratio per {item.type} is {ratio}"


class QuotaAccessor(Reader, Protocol):
    """What admission reads, and the one thing that it writes: the usage in a quota's status."""

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object."""


def resource_quota(
    api: QuotaAccessor, kind: Kind, view: Object, before: Object | None = None
) -> None:
    """Refuse an object, or a change of one, that would take its namespace over a quota.

    What is admitted is added to the usage in the quota's status at once; the controller corrects
    that later. So a namespace with many objects costs no more than one with few.

    `api` reads and writes quotas, `kind` is the object's, `view` the object; it was `before` when
    it is not new. Raises `Forbidden`.
    Source: `k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go`.
    """
    quotas = api.list(ResourceQuota, view.namespace)
    if not quotas:
        return
    whole = cost_of(kind, view)
    cost = dict(whole.amounts)
    if before is not None:
        paid = usage_of(kind, before)
        cost = {name: amount - paid.get(name, ZERO) for name, amount in cost.items()}
    taken: list[tuple[ResourceQuota, ResourceList]] = []
    for quota in quotas:
        if not covers(quota.spec, whole):
            continue
        hard = quota.spec.hard or {}
        if isinstance(view, Pod):
            _must_say(hard, view, quota.name)
        asked = {name: amount for name, amount in cost.items() if name in hard and amount > ZERO}
        used = _used(api, quota) if asked else {}
        _must_fit(kind, view, quota, asked, used)
        if asked:
            taken.append((quota, {name: used[name] + amount for name, amount in asked.items()}))
    for quota, now in taken:
        api.patch_status(quota, {"used": {name: str(amount) for name, amount in now.items()}})


def _used(api: QuotaAccessor, quota: ResourceQuota) -> ResourceList:
    """The usage in a quota's status; counted over all objects if the status has none yet."""
    used = quota.status.used or {}
    if all(name in used for name in quota.spec.hard or ()):
        return used
    return listed(api, quota.namespace, quota.spec)


def _must_fit(
    kind: Kind, view: Object, quota: ResourceQuota, asked: ResourceList, used: ResourceList
) -> None:
    """Refuse an object that asks for more than is left."""
    hard = quota.spec.hard or {}
    over = [name for name, amount in asked.items() if used[name] + amount > hard[name]]
    if over:
        raise Forbidden(
            f'{kind.title} "{view.name}" is forbidden: exceeded quota: {quota.name}, '
            f"requested: {_shown(asked, over)}, used: {_shown(used, over)}, "
            f"limited: {_shown(hard, over)}",
            do="delete something, ask for less, or raise the quota",
        )


def _must_say(hard: ResourceList, pod: Pod, quota: str) -> None:
    """Where a quota bounds CPU or memory, every container must say how much it wants."""
    for name in hard:
        group, _, resource = name.rpartition(".")
        if resource in COMPUTE and group in ("", "requests", "limits"):
            for container in pod.spec.containers:
                if resource not in amounts(container, group or "requests"):
                    raise Forbidden(
                        f'pods "{pod.name}" is forbidden: failed quota: {quota}: '
                        f"must specify {name} for: {container.name}"
                    )


def covers(spec: ResourceQuotaSpec, cost: Cost) -> bool:
    """Whether a quota counts an object of this cost; one with scopes counts Pods in all of them.

    Source: `pkg/quota/v1/evaluator/core/pods.go` (podMatchesScopeFunc).
    """
    selector = spec.scope_selector.match_expressions if spec.scope_selector else None
    scopes = [ScopeRequirement(scope, "Exists") for scope in spec.scopes or ()] + (selector or [])
    return not scopes or (bool(cost.scopes) and all(_in_scope(scope, cost) for scope in scopes))


def _in_scope(scope: ScopeRequirement, cost: Cost) -> bool:
    if scope.scope_name != "PriorityClass":
        return scope.scope_name in cost.scopes
    name = cost.priority_class
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
    scopes: tuple[str, ...] = ()
    priority_class: str = ""


def cost_of(kind: Kind, view: Object) -> Cost:
    """The cost of an object of a `kind`; Pods of one template cost the same."""
    amounts = tuple(usage_of(kind, view).items())
    if not isinstance(view, Pod):
        return Cost(amounts)
    return Cost(amounts, _scopes(view.spec), view.spec.priority_class_name)


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


def _shown(amounts: ResourceList, names: list[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in sorted(names))
