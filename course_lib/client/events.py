"""Events: what components report about objects, kept for an hour, and counted while it repeats.

Source: kubernetes.io "Event"; client-go `tools/record` (the correlation is simplified: equal
events are counted, and none is rate-limited).
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import NamedTuple

from course_lib.apiserver.errors import NotFound, Unavailable
from course_lib.client.interface import Client
from course_lib.engine.timestamps import EPOCH
from course_lib.objects.kinds.event import Event
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

TIME_TO_LIVE = 3600.0  # s; kube-apiserver --event-ttl


class Told(NamedTuple):
    """What an Event says, and of which field of its object; empty for the whole of it."""

    type: str
    reason: str
    message: str
    field: str


class EventRecorder:
    """Writes Event objects through a client, and the same lines to the simulation's log.

    `component` is who reports: its name, or its name and node (`kubelet/node-1`).
    """

    def __init__(self, api: Client) -> None:
        self._api = api
        # By what they say: name, namespace and time of the last record; the oldest comes first.
        self._known: OrderedDict[tuple[str, ...], tuple[str, str, float]] = OrderedDict()

    def normal(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Normal.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """
        self._record(component, about, Told("Normal", reason, message, field))

    def warning(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Warning.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """
        self._record(component, about, Told("Warning", reason, message, field))

    def _record(self, component: str, about: Object, told: Told) -> None:
        sim = self._api.sim
        sim.record(component, f"{about.kind}/{about.name}", told.reason, told.message)
        with suppress(Unavailable):  # an event is not worth waiting for
            self._store(component, about, told, sim.timestamp)

    def _store(self, component: str, about: Object, told: Told, now: str) -> None:
        api = self._api
        self._expire()
        same = (about.uid, component, *told)
        if same in self._known:
            name, namespace, _ = self._known[same]
            existing = api.find(Event, name, namespace)
            if existing is not None:
                patch = {"count": existing.count + 1, "lastTimestamp": now}
                api.patch(Event, name, namespace, patch)
                self._note(same, name, namespace)
                return
        namespace = about.namespace or "default"
        space = api.find(Namespace, namespace)
        if space is None or space.terminating:
            return
        reporter, _, host = component.partition("/")  # `kubelet/node-1`
        name = f"{about.name.replace(':', '-')}.{self._number():x}"
        event: Document = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(about, told.field),
        }
        event |= {"type": told.type, "reason": told.reason, "message": told.message}
        event |= {
            "source": {"component": reporter, **({"host": host} if host else {})},
            "reportingComponent": reporter,
            "reportingInstance": host,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
        }
        api.create(event)
        self._note(same, name, namespace)

    def _number(self) -> int:
        """A number that no other Event's name has: the time in ns since 1970, made unique."""
        began = int(EPOCH.timestamp())
        return began * 10**9 + round(self._api.sim.now * 1e9) + self._api.sim.number("events")

    def _note(self, same: tuple[str, ...], name: str, namespace: str) -> None:
        self._known[same] = name, namespace, self._api.sim.now
        self._known.move_to_end(same)

    def _expire(self) -> None:
        """Delete Events that nobody recorded again within their time to live.

        On a real cluster the API server does: each write of an Event renews its lease in etcd.
        """
        oldest = self._api.sim.now - TIME_TO_LIVE
        while self._known:
            same, (name, namespace, last) = next(iter(self._known.items()))
            if last >= oldest:
                return
            with suppress(NotFound):
                self._api.delete(Event, name, namespace)
            del self._known[same]


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
