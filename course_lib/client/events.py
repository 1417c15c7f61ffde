"""Events: what components report about objects, kept for an hour, and counted while it repeats.

Source: kubernetes.io "Event"; client-go `tools/record`. Simplified: what the scheduler records
(`events.k8s.io`) is counted where it is equal, as other Events are, and neither combined nor
dropped.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import lru_cache
from sys import intern

import msgspec

from course_lib.apiserver.errors import NotFound, Terminating, Unavailable
from course_lib.client.event_correlator import COMBINED, EventCorrelator, Recorded, Told
from course_lib.client.interface import Client
from course_lib.engine.timestamps import EPOCH
from course_lib.objects.kinds.event import Event
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

TIME_TO_LIVE = 3600.0  # s; kube-apiserver --event-ttl
SCHEDULER = "default-scheduler"


class _Write(msgspec.Struct, frozen=True, gc=False):
    """One write of an Event: when (simulated s), and which of its writes it was."""

    time: float
    namespace: str
    record: Recorded
    number: int


class EventRecorder:
    """Writes Event objects through a client, and the same lines to the simulation's log.

    `component` is who reports: its name, or its name and node (`kubelet/node-1`).
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        self._correlators: dict[str, EventCorrelator] = {}  # by component
        self._writes: deque[_Write] = deque()  # those that are not expired; the oldest first

    def normal(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Normal.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """
        self._record(component, about, _told("Normal", reason, message, field))

    def warning(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Warning.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """
        self._record(component, about, _told("Warning", reason, message, field))

    def _record(self, component: str, about: Object, told: Told) -> None:
        sim = self._api.sim
        subject = intern(f"{about.kind}/{about.name}")  # of several lines of the log
        sim.record(component, subject, told.reason, told.message)
        with suppress(Unavailable):  # an event is not worth waiting for
            self._store(component, about, told, sim.timestamp)

    def _store(self, component: str, about: Object, told: Told, now: str) -> None:
        """Write an Event, or count one that is there; unless there are too many of them."""
        self._expire()
        correlator = self._correlators.get(component)
        if correlator is None:
            correlator = self._correlators[component] = EventCorrelator()
        time = self._api.sim.now
        key: tuple[str, ...] = (about.uid, *told)
        if component != SCHEDULER:
            told, key = correlator.combined(about.uid, told, time)
        name = f"{about.name.replace(':', '-')}.{self._number():x}"
        record = correlator.observed(key, name, now)
        if component != SCHEDULER and correlator.is_spam(about.uid, told.type, time):
            return
        namespace = about.namespace or "default"
        if record.count > 1 and self._api.find(Event, record.name, namespace) is not None:
            patch = {"count": record.count, "lastTimestamp": now, "message": told.message}
            self._api.patch(Event, record.name, namespace, patch)
        else:
            try:
                self._api.create(_document(component, about, told, record, now))
            except (NotFound, Terminating):  # the namespace is going away, or gone
                return
        record.writes += 1
        self._writes.append(_Write(time, namespace, record, record.writes))

    def _number(self) -> int:
        """A number that no other Event's name has: the time in ns since 1970, made unique."""
        began = int(EPOCH.timestamp())
        return began * 10**9 + round(self._api.sim.now * 1e9) + self._api.sim.number("events")

    def _expire(self) -> None:
        """Delete Events that nobody recorded again within their time to live.

        On a real cluster the API server does: each write of an Event renews its lease in etcd.
        """
        oldest = self._api.sim.now - TIME_TO_LIVE
        while self._writes and (write := self._writes[0]).time < oldest:
            if write.number == write.record.writes:  # its last one
                with suppress(NotFound):
                    self._api.delete(Event, write.record.name, write.namespace)
            self._writes.popleft()


@lru_cache(maxsize=1024)
def _told(type: str, reason: str, message: str, field: str) -> Told:
    """What an Event says: one object for the Events that say it of many Pods."""
    return Told(type, reason, message, field)


def _document(component: str, about: Object, told: Told, record: Recorded, now: str) -> Document:
    """An Event that is written for the first time."""
    reporter, _, host = component.partition("/")  # `kubelet/node-1`
    combined = told.message.startswith(COMBINED)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": record.name, "namespace": about.namespace or "default"},
        "involvedObject": _reference(about, told.field),
        "type": told.type,
        "reason": told.reason,
        "message": told.message,
        "source": {"component": reporter, **({"host": host} if host else {})},
        "reportingComponent": "" if combined else reporter,
        "reportingInstance": "" if combined else host,
        "count": record.count,
        "firstTimestamp": record.first,
        "lastTimestamp": now,
    }


def _reference(about: Object, field: str) -> Document:
    """The reference to an object, or to a field of it, that an Event carries."""
    part = {"fieldPath": field} if field else {}
    return part | {
        "apiVersion": about.api_version,
        "kind": about.kind,
        "name": about.name,
        "namespace": about.namespace,
        "uid": about.uid,
    }
