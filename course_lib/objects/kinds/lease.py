"""Lease: a heartbeat, or a claim to be the leader (API reference, `coordination.k8s.io/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object, Value

NODE_LEASES = "kube-node-lease"  # the namespace of the Leases of nodes


class LeaseSpec(Value, frozen=True):
    """Who holds the lease, and when it was last renewed."""

    UNKEPT = "preferredHolder strategy"

    holder_identity: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int = 0


class Lease(Object, frozen=True, kw_only=True):
    """A heartbeat, or a claim to be the leader."""

    spec: LeaseSpec = LeaseSpec()


LEASE = Kind(
    "coordination.k8s.io/v1",
    Lease,
    defaults={"spec": {}},
    fields={"spec.leaseDurationSeconds": whole(1), "spec.leaseTransitions": whole(0)},
    columns=table_columns("Name  Holder  Age"),
    row=lambda lease, now: (lease.name, lease.spec.holder_identity),
)
