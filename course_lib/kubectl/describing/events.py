"""Events of an object: what happened to it, the oldest first.

Source: `searchEvents` and `DescribeEvents` in `pkg/describe/describe.go` of k8s.io/kubectl;
`GetFieldSelector` of client-go.
"""

from __future__ import annotations

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.writing import Lines, field, table, titled
from course_lib.kubectl.failures import RefusedRequest
from course_lib.kubectl.go_sort import go_sorted_by
from course_lib.objects.manifests import Document

COLUMNS = "Type\tReason\tAge\tFrom\tMessage"
RULE = "----\t------\t----\t----\t-------"  # as in the real one, of Age one dash more


def about_object(subject: DescribedObject) -> list[Document]:
    """Events about the object by its kind, name and UID."""
    return about(subject, str(subject.document.get("kind", "")), subject.metadata.get("uid", ""))


def about(subject: DescribedObject, kind: str, uid: str) -> list[Document]:
    """Events about an object; none where the server refuses to list them.

    They name the `subject`, its `kind` (empty for any), and a `uid`.
    """
    selected = {"kind": kind, "name": subject.name, "namespace": subject.namespace, "uid": uid}
    terms = [
        f"involvedObject.{name}={value}"
        for name, value in selected.items()
        if value or name == "namespace"
    ]
    query = {"fieldSelector": ",".join(terms)}
    try:
        return subject.listed("v1", "events", subject.namespace, query)
    except RefusedRequest:
        return []


def lines(subject: DescribedObject, events: list[Document]) -> Lines:
    """The table of events, by the time at which each was seen last."""
    if not events:
        yield field("Events", "<none>")
        return
    ordered = go_sorted_by(events, key=lambda event: event.get("lastTimestamp") or "")
    rows = (_row(subject, each) for each in ordered)
    yield from titled("Events", table(COLUMNS, rows, RULE))


def _row(subject: DescribedObject, event: Document) -> tuple[str, str, str, str, str]:
    message = str(event.get("message", "")).strip()
    place = (event.get("involvedObject") or {}).get("fieldPath")
    component = (event.get("source") or {}).get("component") or event.get("reportingComponent", "")
    return (
        event.get("type", ""),
        event.get("reason", ""),
        _interval(subject, event),
        component,
        f"{place}: {message}" if place else message,
    )


def _interval(subject: DescribedObject, event: Document) -> str:
    """How long ago it was, and how often it was seen since when."""
    first = subject.age(event.get("eventTime") or event.get("firstTimestamp"))
    series = event.get("series")
    if series:
        last = subject.age(series.get("lastObservedTime"))
        return f"{last} (x{series.get('count', 0)} over {first})"
    if event.get("count", 0) > 1:
        return f"{subject.age(event.get('lastTimestamp'))} (x{event['count']} over {first})"
    return first
