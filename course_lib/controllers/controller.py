"""The shape of every controller: informers, a work queue of keys, and `reconcile`.

A controller never acts on the event itself. It notes the object's key, and later compares what
is desired with what exists: so it makes no difference what it missed, or how often it is told.
After a break of the connection it waits until all of its caches are up to date. Simplified: real
controllers go on with caches that lag behind, and guard themselves (`course_lib.client.informer`).
Source: kubernetes.io "Controllers"; the controllers in `pkg/controller` all have this shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from course_lib.apiserver.errors import Terminating
from course_lib.client import Client
from course_lib.client.cache import FeatureT, by_controller, orphans
from course_lib.client.informer import Informer, InformerFactory
from course_lib.client.workqueue import (
    FIRST_DELAY,
    LAST_DELAY,
    ExponentialFailureRateLimiter,
    WorkQueue,
)
from course_lib.controllers.claims import by_selection, is_settled, places
from course_lib.controllers.ownership import set_controller
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT, owner_reference, selector_of
from course_lib.objects.openapi.definitions import CustomResourceDefinition
from course_lib.objects.selectors import Selector

Key = tuple[str, str]  # namespace and name
WORK_SECONDS = 0.005  # for one key: the API calls that it takes


class Controller:
    """A control loop over the objects of one kind.

    Subclasses set `name` and `kind`, name what else they watch, and write `reconcile`. They read
    from the informers of their process (that of their own kind is `objects`), write with `api`, and
    report with `normal` and `warning`, which take the object, one word for the reason, and a
    sentence.
    """

    name = ""
    kind = ""
    finalizer = ""  # of the objects that this controller adopts, until it lets them go
    overtime = 0.0  # s that the last key took beside `WORK_SECONDS`
    backoff = (FIRST_DELAY, LAST_DELAY)  # s after the first failure of a key, and at the most
    work = WORK_SECONDS  # s for one look

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self.api, self.informers, self.sim = api, informers, api.sim
        self.normal = partial(api.events.normal, self.name)
        self.warning = partial(api.events.warning, self.name)
        limiter = ExponentialFailureRateLimiter[Key](*self.backoff)
        self.queue = WorkQueue[Key](self.sim, limiter)
        self._cut_short = False  # whether the client's limit leaves work for the next look
        if self.kind:
            self.objects: Informer[Any] = informers.informer(self.kind)
            self.watch_objects()
        self.watches()
        self.sim.loop(self.name, self._run)

    def watch_objects(self) -> None:
        """Look at each object of the own kind whenever it changes."""
        self.watch(self.kind, lambda seen: [(seen.metadata.namespace, seen.metadata.name)])

    def watches(self) -> None:
        """Name the other kinds to watch."""

    def look(self, namespace: str, name: str) -> None:
        """Reconcile the object of a key; an object that is gone needs nothing."""
        existing = self.objects.find(name, namespace)
        if existing is not None:
            self.reconcile(existing)

    def reconcile(self, existing: Any) -> None:
        """Bring one object nearer to what it should be."""
        raise NotImplementedError

    def watch(
        self,
        kind: type[ObjectT] | str | Kind,
        keys: Callable[[ObjectT], Iterable[Key]],
        deleted_only: bool = False,
        after: float = 0.0,
    ) -> None:
        """Look at `keys(object)` for each object of a kind, and again whenever one changes.

        With `deleted_only`, again only when one is deleted. `after` is the time (s) from a change
        to the look, which is one for all changes meanwhile.
        """
        informer = self.informers.informer(kind)

        def on_change(before: ObjectT | None, new: ObjectT | None) -> None:
            seen = before if new is None else new
            if seen is not None and not (deleted_only and new is not None):
                for key in keys(seen):
                    self.queue.add_after(key, after)

        informer.add_handler(on_change)
        if deleted_only:
            for seen in informer.list():
                self.enqueue_all(keys(seen))

    def watch_owned(self, kind: type[ObjectT] | str | Kind) -> None:
        """Look at an object whenever one that it controls, or could adopt, changes."""
        self.watch(kind, self.owner)

    def for_each_kind(self, follow: Callable[[Kind], None]) -> None:
        """Call `follow` for each kind that is served, now or later: definitions add some."""
        followed: dict[str, None] = {}

        def look(before: Object | None, after: Object | None) -> None:
            for kind in self.informers.kinds:
                if kind.title not in followed:
                    followed[kind.title] = None
                    follow(kind)

        look(None, None)
        self.informers.informer(CustomResourceDefinition).add_handler(look)

    def owner(self, child: Object) -> list[Key]:
        """The key of the object of this controller's kind that controls a child.

        An orphan's are those whose selector selects it.
        """
        reference = child.metadata.controller
        if reference is not None:
            return [(child.namespace, reference.name)] if reference.kind == self.kind else []
        return [key_of(each) for each in self.selecting(child)]

    def selecting(self, selected: Object) -> list[Object]:
        """The objects of this controller's kind whose selector selects an object, by name."""
        if not len(self.objects):
            return []
        found = (
            each
            for place in places(selected)
            for each in self.objects.by_index(self._selects, place)
        )
        fitting = [each for each in found if self.selector(each).matches(selected.labels)]
        return sorted(fitting, key=lambda each: each.name)

    def _selects(self, owner: Object) -> list[str]:
        return by_selection(owner, self.selector(owner))

    def owned(self, kind: type[ObjectT] | str | Kind, owner: Object) -> list[ObjectT]:
        """The objects that an owner controls, by name."""
        return self.informers.informer(kind).by_index(by_controller, owner.uid)

    def settle(self, kind: type[ObjectT] | str | Kind, owner: Object) -> Informer[ObjectT]:
        """Adopt orphans that the selector of an owner selects; returns the informer of the `kind`.

        The controller removes its owner reference from a child that the selector no longer
        matches; the child becomes an orphan. An `owner` that is terminating does neither.
        Source: `pkg/controller/controller_ref_manager.go`.
        """
        selector, informer = self.selector(owner), self.informers.informer(kind)
        if owner.terminating or is_settled(informer, owner, selector):
            return informer
        alone = informer.by_index(by_controller, orphans(owner.namespace))
        for child in sorted([*self.owned(kind, owner), *alone], key=lambda each: each.name):
            selected = selector.matches(child.labels)
            if child.metadata.controller is None:
                if selected and not child.terminating:
                    set_controller(self.api, child, [owner_reference(owner)], self.finalizer)
            elif not selected and not child.terminating:
                set_controller(self.api, child, [], self.finalizer)
        return informer

    def claim(self, kind: type[ObjectT] | str | Kind, owner: Object) -> list[ObjectT]:
        """The children of an owner, by name, after `settle`."""
        self.settle(kind, owner)
        children = self.owned(kind, owner)
        if not owner.terminating:
            return children
        selector = self.selector(owner)
        return [each for each in children if each.terminating or selector.matches(each.labels)]

    def census(
        self,
        kind: type[ObjectT] | str | Kind,
        owner: Object,
        features: Callable[[ObjectT], Iterable[tuple[str, FeatureT]]],
    ) -> Mapping[FeatureT, int]:
        """How many children of an owner have each feature; `settle` comes first.

        `kind` is that of the children, `features` a tally function whose groups are controllers.
        """
        if not owner.terminating:
            return self.informers.informer(kind).tally(features, owner.uid)
        children = self.claim(kind, owner)
        return Counter(feature for child in children for _, feature in features(child))

    def selector(self, owner: Object) -> Selector:
        """What an object of this controller's kind selects; CronJobs adopt nothing."""
        return selector_of(getattr(getattr(owner, "spec", None), "selector", None))

    def enqueue(self, key: Key, after: float = 0.0) -> None:
        """Look at an object soon, or in so many simulated seconds."""
        self.queue.add_after(key, after)

    def enqueue_all(self, keys: Iterable[Key]) -> None:
        """Look at several objects soon."""
        for key in keys:
            self.queue.add(key)

    def _run(self) -> Process:
        while True:
            yield from self.queue.ready()
            yield self.sim.sleep(self.work)
            yield from self.informers.wait_for_sync()
            yield from self.admitted()
            key = self.queue.get()
            self._cut_short = False
            if self._succeeds(key):
                self.queue.forget(key)
            else:
                self.queue.add_rate_limited(key)
            self.queue.done(key)
            if self.overtime:
                yield self.sim.sleep(self.overtime)
                self.overtime = 0.0

    def _succeeds(self, key: Key) -> bool:
        """Look at one object; False if somebody was faster, or the API server refused.

        While no API server answers nothing is decided: it could not be written.
        """
        try:
            if self.api.reachable:
                self.look(*key)
                return True
        except CourseError:
            pass
        except Exception as error:  # a fault of the controller itself
            self.sim.failed(error, self.name, "/".join(filter(None, key)))
        return False

    def admitted(self) -> Process:
        """Wait until the client may send its next request: `yield from self.admitted()`."""
        while (wait := self.api.limiter.wait()) > 0:
            yield self.sim.sleep(wait)

    def most(self, desired: int, burst: int) -> int:
        """How many of the `desired` requests are sent at this look: at most a `burst`, and what
        the client may send now. The change of these causes the next look.
        """
        count = min(desired, burst)
        sent = min(count, self.api.limiter.allowance())
        self._cut_short = sent < count
        return sent

    def create(self, owner: Object, document: Document, thing: str) -> None:
        """Create a child; a refusal is reported as `FailedCreate` and raised on.

        In a namespace that is terminating nothing is created, and nothing reported.

        `owner` is the object that owns it, `document` the child, `thing` what the event calls it.
        """
        try:
            made = self.api.create(document)
        except Terminating:
            return
        except CourseError as refusal:
            self.warning(owner, "FailedCreate", f"Error creating: {refusal.what}")
            raise
        self.normal(owner, "SuccessfulCreate", f"Created {thing}: {made.name}")

    def state(self, of: Object, status: Document) -> None:
        """Merge into the status of an object; nothing is sent where nothing changes.

        A look that the client's limit cuts short leaves it to the last one: a real controller
        would still wait for the tokens of this look.
        """
        if not self._cut_short and differs(of, status):
            self.api.patch_status(of, status)


def differs(of: Object, status: Document) -> bool:
    """Whether a `status` says anything else than that `of` an object.

    Zeros, empty lists and fields that are not there are the same. A field that the view does not
    keep counts as another.
    """
    stated = getattr(of, "status", None)
    kept, before = (
        getattr(stated, "__struct_encode_fields__", ()),
        msgspec.to_builtins(stated) or {},
    )
    return any(
        field not in kept or (before.get(field) or None) != (new or None)
        for field, new in status.items()
    )


def key_of(seen: Object) -> Key:
    """The key of an object."""
    return seen.namespace, seen.name
