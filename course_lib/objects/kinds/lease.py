"""Lease: a heartbeat, or a claim to be the leader (API reference, `coordination.k8s.io/v1`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.validation.meta import not_negative, object_meta

NODE_LEASES = "kube-node-lease"  # the namespace of the Leases of nodes
# Fields of the gate CoordinatedLeaderElection, which is off.
_COORDINATED = ("strategy", "preferredHolder")


class LeaseSpec(Value, frozen=True):
    """Who holds the lease, and when it was last renewed."""

    holder_identity: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int = 0


class Lease(Object, frozen=True, kw_only=True):
    """A heartbeat, or a claim to be the leader."""

    spec: LeaseSpec = LeaseSpec()


def _prepare(document: Document, old: Document | None = None) -> None:
    """Drop what a gate that is off would act on (`PrepareForCreate`, `PrepareForUpdate`)."""
    for spec in places(document, "spec", create=False):
        for field in _COORDINATED:
            spec.pop(field, None)


def _validate(document: Document) -> Errors:
    """Source: `ValidateLease` in `pkg/apis/coordination/validation`."""
    yield from object_meta(document, core=False)
    yield from _validate_spec(document)


def _validate_spec(document: Document, old: Document | None = None) -> Errors:
    spec = document.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    yield from not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))


LEASE = Kind(
    "coordination.k8s.io/v1",
    Lease,
    defaults={"spec": {}},
    prepare=_prepare,
    prepare_update=_prepare,
    validate=_validate,
    validate_update=_validate_spec,
    columns=table_columns("Name  Holder  Age"),
    row=lambda lease, now: (lease.name, lease.spec.holder_identity),
)
