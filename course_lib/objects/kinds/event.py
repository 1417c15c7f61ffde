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
from course_lib.objects.field_errors import Errors, invalid, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row, by_path
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectReference, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    object_meta,
    segment_name,
    unchanged,
)

NEW_VERSION = "events.k8s.io/v1"
LONGEST = 128  # bytes of a reason, an action, and the instance that reports
LONGEST_NOTE = 1024  # bytes of the message of an Event with a time


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


def _validate(event: Document) -> Errors:
    """An Event of `v1`, of which not even the name is judged (`ValidateEventCreate`)."""
    if problems := list(_legacy(event, "reportingComponent")):
        yield from problems
        return
    yield from object_meta(event, segment_name, core=False)


def _validate_newer(event: Document) -> Errors:
    """An Event of `events.k8s.io/v1`: errors name its fields as they are stored."""
    event = _renamed(event, _STORED, "v1")
    yield from _legacy(event, "reportingController")
    yield from object_meta(event)
    yield from _series(event)
    if not event.get("eventTime"):
        yield required("eventTime")
    if event.get("type") not in ("Normal", "Warning"):
        yield invalid("type", "", f"has invalid value: {event.get('type', '')}")
    for field in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if event.get(field):
            yield invalid(field, "", "needs to be unset")


def _changed(new: Document, old: Document) -> Errors:
    """What an update of an Event of `events.k8s.io/v1` may not change (`ValidateEventUpdate`)."""
    new, old = (_renamed(each, _STORED, "v1") for each in (new, old))
    yield from _legacy(new, "reportingController")
    if new.get("series") != old.get("series"):
        yield from _series(new)
    for field in _FIXED:
        yield from unchanged(field, new.get(field), old.get(field))
    for field, path in (
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ):
        yield from unchanged(path, new.get(field), old.get(field))


_FIXED = (
    "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count",
    "type", "eventTime", "action", "related",
)  # fmt: skip


def _series(event: Document) -> Errors:
    """Source: `validateV1EventSeries`."""
    if (series := event.get("series")) is not None:
        if series.get("count", 0) < 2:
            yield invalid("series.count", "", "should be at least 2")
        if not series.get("lastObservedTime"):
            yield required("series.lastObservedTime")


def _legacy(event: Document, reporter: str) -> Errors:
    """What holds for Events of both versions (`legacyValidateEvent`).

    An Event with a time says who did what; one of old style is where its object is. `reporter` is
    the version's name of the field for who reports.
    """
    about = (event.get("involvedObject") or {}).get("namespace", "")
    space, timed = event["metadata"].get("namespace", ""), bool(event.get("eventTime"))
    lost = space not in ("default", "kube-system" if timed else "default")
    if lost if not about else not timed and about != space:
        yield invalid("involvedObject.namespace", about, "does not match event.namespace")
    if not timed:
        return
    name = event.get("reportingComponent", "")
    if not name:
        yield required(reporter)
    yield from all_invalid(reporter, name, formats.label_key(name))
    for field in ("reportingInstance", "action", "reason", "message"):
        text, most = event.get(field, ""), LONGEST_NOTE if field == "message" else LONGEST
        if not text and field != "message":
            yield required(field)
        if len(text.encode()) > most:
            yield invalid(field, "", f"can have at most {most} characters")


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


_ABOUT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def _selectable(about: str, reporter: str) -> dict[str, str]:
    return by_path(*(f"{about}.{field}" for field in _ABOUT), "reason", "type", reporter)


def _kind(api_version: str, type: type[Event], selectable: dict[str, str]) -> Kind:
    return Kind(
        api_version,
        type,
        ("ev",),
        kind="Event",
        selectable=selectable,
        columns=table_columns(
            "Last Seen  Type  Reason  Object  +Subobject  +Source  Message"
            "  +First Seen  +Count  +Name"
        ),
        row=_row,
        packed=True,
    )


EVENT = msgspec.structs.replace(
    _kind(
        "v1",
        Event,
        _selectable("involvedObject", "reportingComponent") | {"source": "source.component"},
    ),
    versions=(
        msgspec.structs.replace(
            _kind(NEW_VERSION, RegardingEvent, _selectable("regarding", "reportingController")),
            serve=lambda document: _renamed(document, _SERVED, NEW_VERSION),
            store=lambda document: _renamed(document, _STORED, "v1"),
            validate=_validate_newer,
            validate_update=_changed,
        ),
    ),
    validate=_validate,
)
