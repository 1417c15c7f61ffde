"""ResourceQuota: what a whole namespace may ask for (`plugin/pkg/admission/resourcequota`)."""

from __future__ import annotations

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.quota import QuotaAccessor, cost_of, covers, listed
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, amounts, is_shared
from course_lib.objects.kinds.resource_quota import ResourceQuota
from course_lib.objects.meta import Object
from course_lib.objects.quantity import ResourceList


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
    whole, old = cost_of(kind, view), cost_of(kind, before) if before is not None else None
    if isinstance(view, Pod) and old is not None and old.scopes == whole.scopes:
        return  # an update of a Pod counts when it moves it into other scopes
    taken: list[tuple[ResourceQuota, ResourceList]] = []
    for quota in quotas:
        if not covers(quota.spec, whole):
            continue
        hard = quota.spec.hard or {}
        if isinstance(view, Pod):
            _must_say(hard, view, quota.name)
        paid = dict(old.amounts) if old is not None and covers(quota.spec, old) else {}
        cost = {name: amount - paid.get(name, ZERO) for name, amount in whole.amounts}
        _must_not_be_negative(kind, view, dict(whole.amounts))
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


def _must_not_be_negative(kind: Kind, view: Object, cost: ResourceList) -> None:
    if below := sorted(name for name, amount in cost.items() if amount < ZERO):
        raise Forbidden(
            f'{kind.title} "{view.name}" is forbidden: quota usage is negative for resource(s): '
            f"{','.join(below)}"
        )


def _must_say(hard: ResourceList, pod: Pod, quota: str) -> None:
    """Where a quota bounds CPU or memory, every container must say how much it wants.

    A Pod that says it of itself as a whole need not (`podEvaluator.Constraints`).
    """
    whole = pod.spec.resources
    if whole and any(map(is_shared, (*(whole.requests or ()), *(whole.limits or ())))):
        return
    missing: dict[str, set[str]] = {}
    for name in hard:
        group, _, resource = name.rpartition(".")
        if resource in ("cpu", "memory") and group in ("", "requests", "limits"):
            for container in (*pod.spec.containers, *(pod.spec.init_containers or ())):
                if resource not in amounts(container, group or "requests"):
                    missing.setdefault(name, set()).add(container.name)
    if missing:
        said = "; ".join(
            f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing)
        )
        raise Forbidden(
            f'pods "{pod.name}" is forbidden: failed quota: {quota}: must specify {said}'
        )


def _shown(amounts: ResourceList, names: list[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in sorted(names))
