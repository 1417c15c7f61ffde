"""A namespace, and what limits it: quotas and ranges.

Source: `describeQuota`, `describeLimitRange` and `describeNamespace` in
`pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_lib.kubectl.describing import conditions
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import quantity
from course_lib.kubectl.describing.writing import Lines, field, indented, table
from course_lib.kubectl.failures import RefusedRequest
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

SCOPES = {
    "Terminating": "Matches all pods that have an active deadline. These pods have a limited "
    "lifespan on a node before being actively terminated by the system.",
    "NotTerminating": "Matches all pods that do not have an active deadline. These pods usually "
    "include long running pods whose container command is not expected to terminate.",
    "BestEffort": "Matches all pods that do not have resource requirements set. These pods have a "
    "best effort quality of service.",
    "NotBestEffort": "Matches all pods that have at least one resource requirement set. These pods "
    "have a burstable or guaranteed quality of service.",
}
RANGE = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio"
BOUNDS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")


def lines_of_quota(quota: DescribedObject) -> Lines:
    """A ResourceQuota with what is used of it; it has no events."""
    yield field("Name", quota.name)
    yield field("Namespace", quota.namespace)
    yield from _scopes(quota.document, " * ")
    hard, used = quota.status.get("hard") or {}, quota.status.get("used") or {}
    rows = (
        (name, _like(used.get(name), hard[name]), quantity(hard[name])) for name in sorted(hard)
    )
    yield from table("Resource\tUsed\tHard", rows)


def lines_of_range(limit_range: DescribedObject) -> Lines:
    """A LimitRange; it has no events. Its resources come in order, in the real one by chance."""
    yield field("Name", limit_range.name)
    yield field("Namespace", limit_range.namespace)
    yield from table(RANGE, _bounds(limit_range.spec))


def lines(namespace: DescribedObject) -> Lines:
    """A namespace with its quotas and ranges; it has no events; raises `RefusedRequest`."""
    yield field("Name", namespace.name)
    yield from namespace.marks()
    yield field("Status", namespace.status.get("phase"))
    yield from conditions.with_time(namespace.status.get("conditions"))
    quotas = _of_namespace(namespace, "resourcequotas")
    if quotas is not None:
        yield ""
        yield from _quotas(quotas)
    ranges = _of_namespace(namespace, "limitranges")
    if ranges is not None:
        yield ""
        yield from _ranges(ranges)


def _of_namespace(namespace: DescribedObject, plural: str) -> list[Document] | None:
    """Its objects of a kind; None where the server has no such kind."""
    try:
        return namespace.listed("v1", plural, namespace.name, {})
    except RefusedRequest as refusal:
        if refusal.reason != "NotFound":
            raise
        return None


def _quotas(quotas: Sequence[Document]) -> Lines:
    if not quotas:
        yield "No resource quota."
        return
    yield "Resource Quotas"
    for quota in sorted(quotas, key=lambda each: str(each["metadata"]["name"])):
        yield from indented(_quota(quota))


def _quota(quota: Document) -> Lines:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    yield field("Name", quota["metadata"]["name"])
    yield from _scopes(quota, "* ")
    rows = ((name, quantity(used.get(name)), quantity(hard[name])) for name in sorted(hard))
    yield from table("Resource\tUsed\tHard", rows, "--------\t---\t---")


def _ranges(ranges: Sequence[Document]) -> Lines:
    if not ranges:
        yield "No LimitRange resource."
        return
    yield "Resource Limits"
    rows = (row for each in ranges for row in _bounds(each.get("spec") or {}))
    yield from (f" {line}" for line in table(RANGE, rows))


def _scopes(quota: Document, mark: str) -> Lines:
    """To which Pods a quota applies, and what that means."""
    scopes = sorted((quota.get("spec") or {}).get("scopes") or ())
    if scopes:
        yield field("Scopes", ", ".join(scopes))
        yield from (f"{mark}{SCOPES[each]}" for each in scopes if each in SCOPES)


def _bounds(spec: Document) -> Iterable[list[str]]:
    for limit in spec.get("limits") or ():
        bounds = [limit.get(each) or {} for each in BOUNDS]
        for name in sorted({name for each in bounds for name in each}):
            cells = [quantity(each[name]) if name in each else "-" for each in bounds]
            yield [limit.get("type", ""), name, *cells]


def _like(amount: str | None, other: str) -> str:
    """An amount in the notation of another one."""
    used, hard = Quantity(amount or "0"), Quantity(other)
    if used.notation != hard.notation:
        used = Quantity.of(used.value, hard.notation)
    return str(used)
