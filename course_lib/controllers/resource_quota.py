"""ResourceQuotas: what each namespace uses (chapter 03).

Source: `pkg/controller/resourcequota/resource_quota_controller.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from course_lib.apiserver.quota import Cost, cost_of, is_counted, usage
from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.resource_quota import ResourceQuota
from course_lib.objects.meta import Object


@cache  # one function for each kind, so that its tally is found again
def by_cost(kind: Kind) -> Callable[[Object], list[tuple[str, Cost]]]:
    """Tally function: the costs of the objects of each namespace."""

    def cost(seen: Object) -> list[tuple[str, Cost]]:
        return [(seen.namespace, cost_of(kind, seen))] if is_counted(seen) else []

    return cost


class ResourceQuotaController(Controller):
    """Writes into each ResourceQuota what its namespace uses."""

    name = "resourcequota-controller"
    kind = "ResourceQuota"

    def watches(self) -> None:
        """What quotas may count: everything in namespaces but Events and Leases."""
        self.for_each_kind(self._follow)

    def _follow(self, kind: Kind) -> None:
        if kind.namespaced and kind.kind not in ("Event", "Lease", self.kind):
            self.watch(kind, self._in_namespace)

    def _in_namespace(self, counted: Object) -> list[Key]:
        quotas = self.objects.list(counted.namespace) if len(self.objects) else ()
        return [key_of(quota) for quota in quotas]

    def reconcile(self, existing: ResourceQuota) -> None:
        """Recompute the quota's usage."""

        def costs(kind: Kind) -> Mapping[Cost, int]:
            return self.informers.informer(kind).tally(by_cost(kind), existing.namespace)

        hard, used = existing.spec.hard or {}, usage(self.informers.kinds, costs, existing.spec)
        if existing.status.hard != hard or existing.status.used != used:
            status = {
                "hard": {k: str(v) for k, v in hard.items()},
                "used": {k: str(v) for k, v in used.items()},
            }
            self.api.patch_status(existing, status)
