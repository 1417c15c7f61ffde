"""Clients of an API server in this process: each request is a call of the server's own method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, partial

from course_lib.apiserver.deletion import BACKGROUND
from course_lib.apiserver.dry_run import dry
from course_lib.apiserver.patches import Patch
from course_lib.apiserver.server import AnyKind, APIServer
from course_lib.apiserver.watch_events import ADDED, WatchEvent
from course_lib.client.apply import Applied, apply
from course_lib.client.events import EventRecorder
from course_lib.client.interface import Client, Listener, Subscription
from course_lib.client.limits import UNLIMITED, RateLimiter
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector


class ServerClient(ABC):
    """A client whose requests go to the API server that `reach` returns."""

    limiter: RateLimiter = UNLIMITED

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim

    @cached_property
    def events(self) -> EventRecorder:
        """The recorder of what this client's component says about objects."""
        return EventRecorder(self)

    @property
    @abstractmethod
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""

    @property
    @abstractmethod
    def reachable(self) -> bool:
        """Whether an API server answers now."""

    @property
    def synced(self) -> bool:
        """Whether all watches are established; here they never break."""
        return True

    def wait_for_sync(self) -> Process:
        """Wait until all watches are established."""
        yield from ()

    @abstractmethod
    def reach(self) -> APIServer:
        """The API server for one request; raises `Unreachable` or `StorageError`."""

    def reach_to_write(self) -> APIServer:
        """The API server for one request that changes something."""
        return self.reach()

    @abstractmethod
    def watch(
        self,
        kind: AnyKind,
        listener: Listener,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
        initial: bool = False,
        renewals: bool = True,
    ) -> Subscription:
        """Call `listener` with each change from now on."""

    def resource(self, name: AnyKind) -> Kind:
        """The kind of a type or name; raises `CourseError` for an unknown name."""
        if isinstance(name, Kind):
            return name
        return self.kinds.named(name) if isinstance(name, str) else self.kinds.of_type(name)

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`."""
        return self.reach().get(kind, name, namespace)

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""
        return self.reach().find(kind, name, namespace)

    def list(
        self,
        kind: type[ObjectT] | str | Kind,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
    ) -> list[ObjectT]:
        """All objects of a kind, by namespace and name."""
        return self.reach().list(kind, namespace, selector, fields)

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document of an object; raises `NotFound`."""
        return self.reach().document(kind, name, namespace)

    def create(self, document: Document) -> Object:
        """Create an object; raises `InvalidManifest`, `AlreadyExists` or `Forbidden`."""
        return self.reach_to_write().create(document)

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object, or its status; raises `NotFound` or `Conflict`."""
        return self.reach_to_write().update(document, subresource)

    def patch(
        self,
        kind: type[ObjectT] | str | Kind,
        name: str,
        namespace: str,
        patch: Patch,
        subresource: str = "",
        expected: str = "",
    ) -> ObjectT:
        """Apply a merge patch or a JSON patch; with `expected`, only to that resourceVersion."""
        return self.reach_to_write().patch(kind, name, namespace, patch, subresource, expected)

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object, if it is still the one with that uid."""
        return self.reach_to_write().patch_status(of, status)

    def apply(self, document: Document) -> Applied:
        """Create or update an object as `kubectl apply` does, by a three-way merge."""
        return apply(self, document)

    def bind(self, pod: Object, node: str) -> None:
        """Give a Pod its node, once; raises `Conflict`."""
        self.reach_to_write().bind(pod, node)

    def evict(self, pod: Object, grace_period: int | None = None) -> None:
        """Delete a Pod if its PodDisruptionBudgets allow it; raises `TooManyRequests`."""
        self.reach_to_write().evict(pod, grace_period)

    def delete(
        self,
        kind: AnyKind,
        name: str,
        namespace: str = "",
        propagation: str = BACKGROUND,
        grace_period: int | None = None,
        uid: str = "",
    ) -> None:
        """Delete an object; `grace_period` in s; with `uid`, only the object that has it."""
        self.reach_to_write().delete(kind, name, namespace, propagation, grace_period, uid)

    def renew_for_readers(
        self,
        kind: AnyKind,
        name: str,
        namespace: str,
        renew: Callable[[], None],
        each: Callable[[], None],
    ) -> Callable[[], None] | None:
        """None: requests may fail, so each renewal is written."""
        return None

    def is_renewed(
        self, kind: AnyKind, name: str, namespace: str, ended: Callable[[], object]
    ) -> bool:
        """False: the next renewal may fail."""
        return False

    def dry_run(self) -> Client:
        """A client whose writes are checked as real ones are, and stored nowhere."""
        return LocalClient(dry(self.reach()))


class LocalClient(ServerClient):
    """A client of one API server, which it always reaches."""

    def __init__(self, server: APIServer) -> None:
        super().__init__(server.sim)
        self.server = server

    @property
    def reachable(self) -> bool:
        """Whether the API server is up."""
        return self.server.up

    def reach(self) -> APIServer:
        """The API server."""
        return self.server

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""
        return self.server.kinds

    def watch(
        self,
        kind: AnyKind,
        listener: Listener,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
        initial: bool = False,
        renewals: bool = True,
    ) -> Subscription:
        """Call `listener` with each change from now on, once the write of it has returned."""
        if initial:
            for each in self.server.list(kind, namespace, selector, fields):
                listener(WatchEvent(ADDED, each, int(each.metadata.resource_version)))
        return self.server.watch(kind, listener, namespace, selector, fields, renewals=renewals)

    def _key(self, kind: AnyKind, name: str, namespace: str) -> str:
        return self.server.key(self.resource(kind), name, namespace)

    def renew_for_readers(
        self,
        kind: AnyKind,
        name: str,
        namespace: str,
        renew: Callable[[], None],
        each: Callable[[], None],
    ) -> Callable[[], None] | None:
        """Have `renew` called before somebody reads a Lease, instead of writing each renewal."""
        key, renewals = self._key(kind, name, namespace), self.server.store.renewals
        if self.sim.plain or not renewals.keep(key, renew, each):
            return None
        return partial(renewals.end, key)

    def is_renewed(
        self, kind: AnyKind, name: str, namespace: str, ended: Callable[[], object]
    ) -> bool:
        """Whether a Lease is renewed in time from now on, until `ended` is called."""
        return self.server.store.renewals.rely(self._key(kind, name, namespace), ended)
