"""Event: something that happened to an object, counted while it goes on.

One and the same Event is served in two versions. `v1` has the names that it is stored with;
`events.k8s.io/v1`, which the scheduler writes, has other ones for some of its fields.

Source: the Kubernetes API reference, `core/v1` and `events.k8s.io/v1`;
`pkg/apis/events/v1/conversion.go`, `pkg/apis/core/validation/events.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from course_lib.engine.ages import since
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.names import Problem, path_segment_name

NEW_VERSION = "events.k8s.io/v1"
LONGEST = 128  # characters of a reason, an action, and the instance that reports


class EventSource(Value, frozen=True):
    """The component that reports."""

    component: str = ""
    host: str = ""


NOBODY = EventSource()


class EventSeries(Value, frozen=True):
    """How often an Event was observed, and when last."""

    count: int = 0
    last_observed_time: str | None = None


class Event(Object, frozen=True, kw_only=True):
    """Something that happened to an object, counted while it goes on."""

    involved_object: ObjectReference = ObjectReference()
    type: str = ""
    reason: str = ""
    message: str = ""
    source: EventSource = NOBODY
    count: int = 0
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    action: str = ""
    event_time: str | None = None
    related: ObjectReference | None = None
    reporting_component: str = ""
    reporting_instance: str = ""
    series: EventSeries | None = None


class RegardingEvent(Event, frozen=True, kw_only=True):
    """The same with the names of `events.k8s.io/v1`."""

    involved_object: ObjectReference = msgspec.field(default=ObjectReference(), name="regarding")
    message: str = msgspec.field(default="", name="note")
    source: EventSource = msgspec.field(default=NOBODY, name="deprecatedSource")
    count: int = msgspec.field(default=0, name="deprecatedCount")
    first_timestamp: str | None = msgspec.field(default=None, name="deprecatedFirstTimestamp")
    last_timestamp: str | None = msgspec.field(default=None, name="deprecatedLastTimestamp")
    reporting_component: str = msgspec.field(default="", name="reportingController")


def _names(type: type[Event]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(type)]


_SERVED = dict(zip(_names(Event), _names(RegardingEvent), strict=True))
_STORED = {new: old for old, new in _SERVED.items()}


def _renamed(document: Document, names: Mapping[str, str], api_version: str) -> Document:
    found = {names.get(field, field): value for field, value in document.items()}
    return found | {"apiVersion": api_version}


def _rules(event: Event) -> Problems:
    """An Event with a time says who did what; one of old style is where its object is."""
    about = event.involved_object.namespace
    if event.event_time is None:
        if event.namespace != about and (about or event.namespace != "default"):
            yield Problem("involvedObject.namespace", "the namespace of the event", about)
        return
    if not about and event.namespace not in ("default", "kube-system"):
        yield Problem("involvedObject.namespace", "the namespace of the event", about)
    for field, value in (
        ("reportingComponent", event.reporting_component),
        ("reportingInstance", event.reporting_instance),
        ("action", event.action),
        ("reason", event.reason),
    ):
        if not 0 < len(value) <= LONGEST:
            yield Problem(field, f"text of 1 to {LONGEST} characters", value)


def _new_rules(event: Event) -> Problems:
    """What an Event of `events.k8s.io/v1` holds besides, when it is created."""
    if not event.event_time:
        yield Problem("eventTime", "a time", event.event_time)
    if event.type not in ("Normal", "Warning"):
        yield Problem("type", "Normal or Warning", event.type)
    if event.first_timestamp or event.last_timestamp or event.count or event.source != NOBODY:
        yield Problem("deprecatedCount", "no deprecated field: needs to be unset", event.count)
    if event.series and event.series.count < 2:
        yield Problem("series.count", "at least 2", event.series.count)


def _row(event: Event, now: float) -> Row:
    about, source, series = event.involved_object, event.source, event.series
    first = since(event.first_timestamp or event.event_time, now)
    last = since(event.last_timestamp, now) if event.last_timestamp else first
    reporter = source.component or event.reporting_component
    instance = source.host or event.reporting_instance
    return (
        since(series.last_observed_time, now) if series else last,
        event.type,
        event.reason,
        f"{about.kind.lower()}/{about.name}" if about.name else about.kind.lower(),
        about.field_path,
        f"{reporter}, {instance}" if instance else reporter,
        event.message.strip(),
        first,
        series.count if series else event.count or 1,
        event.name,
    )


def _kind(api_version: str, type: type[Event]) -> Kind:
    return Kind(
        api_version,
        type,
        ("ev",),
        kind="Event",
        name_rule=path_segment_name,
        columns=table_columns(
            "Last Seen  Type  Reason  Object  +Subobject  +Source  Message"
            "  +First Seen  +Count  +Name"
        ),
        row=_row,
        status=False,
        packed=True,
    )


EVENT = msgspec.structs.replace(
    _kind("v1", Event),
    versions=(
        msgspec.structs.replace(
            _kind(NEW_VERSION, RegardingEvent),
            serve=lambda document: _renamed(document, _SERVED, NEW_VERSION),
            store=lambda document: _renamed(document, _STORED, "v1"),
            rules=_new_rules,
        ),
    ),
    rules=_rules,
)
