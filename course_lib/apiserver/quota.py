"""LimitRange and ResourceQuota: what one object, and what a whole namespace, may ask for.

Sources: `plugin/pkg/admission/limitranger` and `.../resourcequota`; "Resource Quotas".
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.reader import ObjectLister, Reader
from course_lib.objects.kind import Kind, no_usage
from course_lib.objects.kinds.limit_range import LimitRange, LimitRangeItem
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, amounts, qos_class, total
from course_lib.objects.kinds.resource_quota import (
    ResourceQuota,
    ResourceQuotaSpec,
    ScopeRequirement,
)
from course_lib.objects.meta import Object
from course_lib.objects.quantity import Quantity, ResourceList

COMPUTE = ("cpu", "memory", "ephemeral-storage")


def limit_ranger(api: Reader, view: Object) -> None:
    """Refuse an object that asks for more, or less, than a LimitRange of its namespace allows.

    Raises `Forbidden`.
    """
    for found in api.list(LimitRange, view.namespace):
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


def resource_quota(api: Reader, kind: Kind, view: Object, before: Object | None = None) -> None:
    """Refuse an object, or a change of one, that would take its namespace over a quota.

    `api` reads the quotas and what they count, `kind` is the object's, `view` the object; it was
    `before` when it is not new. Raises `Forbidden`.
    """
    quotas = [q for q in api.list(ResourceQuota, view.namespace) if counts(q.spec, view)]
    if not quotas:
        return
    cost = usage_of(kind, view)
    if before is not None:
        paid = usage_of(kind, before)
        cost = {name: amount - paid.get(name, ZERO) for name, amount in cost.items()}
    for quota in quotas:
        hard = quota.spec.hard or {}
        if isinstance(view, Pod):
            _must_say(hard, view, quota.name)
        asked = {name: amount for name, amount in cost.items() if name in hard and amount > ZERO}
        if not asked:
            continue
        used = usage(api, view.namespace, quota.spec)
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


def counts(spec: ResourceQuotaSpec, view: Object) -> bool:
    """Whether a quota is about an object; one with scopes is about Pods that match all of them.

    Source: `pkg/quota/v1/evaluator/core/pods.go` (podMatchesScopeFunc).
    """
    selector = spec.scope_selector.match_expressions if spec.scope_selector else None
    scopes = [ScopeRequirement(scope, "Exists") for scope in spec.scopes or ()] + (selector or [])
    if not scopes:
        return True
    return isinstance(view, Pod) and all(_in_scope(scope, view.spec) for scope in scopes)


def _in_scope(scope: ScopeRequirement, spec: PodSpec) -> bool:
    if scope.scope_name == "PriorityClass":
        name = spec.priority_class_name
        if scope.operator in ("In", "NotIn"):
            return (name in (scope.values or ())) == (scope.operator == "In")
        return bool(name) == (scope.operator == "Exists")
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
    best_effort, ending = qos_class(spec) == "BestEffort", spec.active_deadline_seconds is not None
    return {
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "Terminating": ending,
        "NotTerminating": not ending,
        "CrossNamespacePodAffinity": any(
            term.namespaces or term.namespace_selector is not None for term in terms
        ),
    }.get(scope.scope_name, False)


def usage(api: ObjectLister, namespace: str, spec: ResourceQuotaSpec) -> ResourceList:
    """What a namespace has of everything that a quota bounds; ended Pods do not count.

    `api` lists the objects, `spec` is that of the quota.
    """
    hard = spec.hard or {}
    used = dict.fromkeys(hard, ZERO)
    for kind in api.kinds:
        if kind.namespaced and _bounded(kind, hard):
            for view in api.list(kind, namespace):
                ended = isinstance(view, Pod) and view.status.phase in ("Succeeded", "Failed")
                if not ended and counts(spec, view):
                    cost = usage_of(kind, view)
                    used = {n: used[n] + cost.get(n, ZERO) for n in used}
    return used


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
