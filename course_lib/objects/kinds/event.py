"""Event: something that happened to an object, with a count (API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.engine.ages import since
from course_lib.objects.kind import Kind, Row
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.names import path_segment_name


class EventSource(Value, frozen=True):
    """The component that reports."""

    component: str = ""
    host: str = ""


class Event(Object, frozen=True, kw_only=True):
    """Something that happened to an object, counted while it goes on."""

    UNKEPT = "action eventTime related reportingComponent reportingInstance series"

    involved_object: ObjectReference = ObjectReference()
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    source: EventSource = EventSource()
    count: int = 1
    first_timestamp: str | None = None
    last_timestamp: str | None = None


def _row(event: Event, now: float) -> Row:
    about, source = event.involved_object, event.source
    return (
        since(event.last_timestamp, now),
        event.type,
        event.reason,
        f"{about.kind.lower()}/{about.name}" if about.name else about.kind.lower(),
        about.field_path,
        ", ".join(part for part in (source.component, source.host) if part),
        event.message.strip(),
        since(event.first_timestamp, now),
        event.count,
        event.name,
    )


EVENT = Kind(
    "v1",
    Event,
    ("ev",),
    name_rule=path_segment_name,
    equal_versions=("events.k8s.io/v1",),
    columns="LAST SEEN  TYPE  REASON  OBJECT  +SUBOBJECT  +SOURCE  MESSAGE"
    "  +FIRST SEEN  +COUNT  +NAME",
    row=_row,
)
