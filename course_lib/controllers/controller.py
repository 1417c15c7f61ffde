"""The shape of every controller: watch, remember what to look at, reconcile.

A controller never acts on the event itself. It notes the object's key, and later compares what
is wanted with what is there: so it makes no difference what it missed, or how often it is told.
Source: kubernetes.io "Controllers"; client-go `workqueue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import simpy

from course_lib.apiserver import WatchEvent
from course_lib.client import Client
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, selector_of
from course_lib.objects.selectors import Selector

Key = tuple[str, str]  # namespace and name
WORK_SECONDS = 0.005  # for one key: the API calls that it takes
FIRST_RETRY, LAST_RETRY = 0.005, 1000.0  # s, doubled after each failure


class Controller:
    """A control loop over the objects of one kind.

    Subclasses set `name` and `kind`, name what they watch, and write `reconcile`.
    """

    name = ""
    kind = ""

    def __init__(self, api: Client) -> None:
        self.api, self.sim = api, api.sim
        self._queue: dict[Key, None] = {}
        self._failures: dict[Key, int] = {}
        self._idle: simpy.Event | None = None
        if self.kind:
            self.watch(self.kind, lambda seen: [(seen.namespace, seen.name)])
        self.watches()
        self.sim.loop(self.name, self._run)

    def watches(self) -> None:
        """Name the other kinds to watch."""

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring one object nearer to what it should be."""
        raise NotImplementedError

    def watch(self, kind: str, keys: Callable[[Any], Iterable[Key]], only: str = "") -> None:
        """Look at `keys(object)` whenever an object of a kind changes.

        With `only`, at events of one type (`ADDED`, `MODIFIED`, `DELETED`).
        """

        def on_event(event: WatchEvent) -> None:
            if only and event.type != only:
                return
            for key in keys(event.object):
                self.enqueue(key)

        self.api.watch(kind, on_event)
        for seen in self.api.list(kind):
            for key in keys(seen):
                self.enqueue(key)

    def owner(self, child: Object) -> list[Key]:
        """The key of the object of this controller's kind that controls a child."""
        reference = child.metadata.controller
        if reference is not None:
            return [(child.namespace, reference.name)] if reference.kind == self.kind else []
        return self.adopters(child)

    def adopters(self, orphan: Object) -> list[Key]:
        """Those whose selector selects an object that nobody controls."""
        return [
            (owner.namespace, owner.name)
            for owner in self.api.list(self.kind, orphan.namespace)
            if self.selector(owner).matches(orphan.labels)
        ]

    def selector(self, owner: Any) -> Selector:
        """What an object of this controller's kind selects; CronJobs adopt nothing."""
        written = getattr(owner.spec, "selector", None)
        return selector_of(written)

    def enqueue(self, key: Key, after: float = 0.0) -> None:
        """Look at an object soon, or in so many seconds."""
        if after > 0:
            self.sim.at(self.sim.now + after, lambda: self.enqueue(key))
            return
        self._queue[key] = None
        if self._idle is not None and not self._idle.triggered:
            self._idle.succeed()

    def _run(self) -> Process:
        while True:
            if not self._queue:
                self._idle = self.sim.env.event()
                yield self._idle
            yield self.sim.sleep(WORK_SECONDS)
            key = next(iter(self._queue))
            del self._queue[key]
            try:
                self.reconcile(*key)
                self._failures.pop(key, None)
            except CourseError:
                self._retry(key)
            except Exception as error:  # a fault of the controller itself
                self.sim.failed(error, self.name, "/".join(filter(None, key)))
                self._retry(key)

    def _retry(self, key: Key) -> None:
        """Somebody was faster, or the API server refused: look again, later each time."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self.enqueue(key, after=min(FIRST_RETRY * 2 ** min(failures - 1, 30), LAST_RETRY))

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Report that something went as it should."""
        self.api.events.normal(self.name, about, reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Report that something went wrong."""
        self.api.events.warning(self.name, about, reason, message)

    def create(self, owner: Object, document: Document, thing: str) -> Any:
        """Create a child; a refusal is reported as `FailedCreate` and raised on."""
        try:
            made = self.api.create(document)
        except CourseError as refusal:
            self.warning(owner, "FailedCreate", f"Error creating: {refusal.what}")
            raise
        self.normal(owner, "SuccessfulCreate", f"Created {thing}: {made.name}")
        return made
