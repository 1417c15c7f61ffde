"""The operations of every API client, in-process or over a network.

Admission, defaults, validation and the allocation of addresses belong to the API server: a client
sends a request, and gets an object or a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Protocol

from course_lib.apiserver.deletion import BACKGROUND
from course_lib.apiserver.patches import Patch
from course_lib.apiserver.server import AnyKind
from course_lib.apiserver.watch_events import WatchEvent
from course_lib.client.apply import Applied
from course_lib.client.limits import RateLimiter
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector

Listener = Callable[[WatchEvent], None]


class Recorder(Protocol):
    """Records Events about objects."""

    def normal(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Normal.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """

    def warning(
        self, component: str, about: Object, reason: str, message: str, field: str = ""
    ) -> None:
        """Record an Event of type Warning.

        `component` is who reports, `about` the object, `reason` one word, `message` a sentence,
        `field` the part of the object that it concerns; empty for the whole.
        """


class Subscription(Protocol):
    """A watch that a client holds."""

    @property
    def waiting(self) -> Sized:
        """What has arrived and was not delivered yet."""

    def receive(self) -> None:
        """Deliver what has arrived and was not delivered yet, without waiting for its turn."""

    def stop(self) -> None:
        """End the watch."""


class Client(Protocol):
    """The requests that a component sends to the API.

    A kind is a type (`client.get(Pod, "web")` returns a `Pod`) or a name that kubectl takes
    (`client.get("po", "web")`). Objects are frozen views; `document` returns the whole document.
    Every request may raise `Unreachable` or `StorageError`, both of them `Unavailable`.
    """

    @property
    def sim(self) -> Simulation:
        """The simulation, for as long as the client's process lives."""

    @property
    def events(self) -> Recorder:
        """Where this client records Events."""

    @property
    def limiter(self) -> RateLimiter:
        """Says when this client may send its requests."""

    @property
    def reachable(self) -> bool:
        """Whether an API server answers now."""

    @property
    def synced(self) -> bool:
        """Whether all watches of this client are established: after a break, once they resumed."""

    def wait_for_sync(self) -> Process:
        """Wait until all watches are established: `yield from client.wait_for_sync()`."""

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""

    def resource(self, name: AnyKind) -> Kind:
        """The kind of a type or name; raises `CourseError` for an unknown name."""

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`.

        `kind` is a type, a name or a `Kind`; `namespace` is empty for kinds without one.
        """

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""

    def list(
        self,
        kind: type[ObjectT] | str | Kind,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
    ) -> list[ObjectT]:
        """All objects of a kind, by namespace and name; an empty namespace means all of them.

        `selector` chooses by labels, `fields` by fields.
        """

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document of an object; raises `NotFound`."""

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
        """Call `listener` with each change from now on, once the write of it has returned.

        With `initial`, existing objects come first, each as ADDED (`sendInitialEvents`). Without
        `renewals`, a renewal of a Lease may arrive as late as somebody reads the Lease.

        `kind` is a type, a name or a `Kind`; `namespace` (empty: all), `selector` and `fields`
        choose objects as in `list`.
        """

    def create(self, document: Document) -> Object:
        """Create an object; raises `InvalidManifest`, `AlreadyExists` or `Forbidden`."""

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object, or its status; raises `NotFound` or `Conflict`."""

    def patch(
        self,
        kind: type[ObjectT] | str | Kind,
        name: str,
        namespace: str,
        patch: Patch,
        subresource: str = "",
        expected: str = "",
    ) -> ObjectT:
        """Apply a merge patch (RFC 7386), or the operations of a JSON patch (RFC 6902).

        With `expected`, only to that resourceVersion.

        `kind`, `name` and `namespace` say which object; `subresource` is empty or `status`.
        """

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object, if it is still the one with that uid."""

    def apply(self, document: Document) -> Applied:
        """Create or update an object as `kubectl apply` does, by a three-way merge."""

    def bind(self, pod: Object, node: str) -> None:
        """Give a Pod its node, once; raises `Conflict`."""

    def evict(self, pod: Object, grace_period: int | None = None) -> None:
        """Delete a Pod if its PodDisruptionBudgets allow it; raises `TooManyRequests`."""

    def delete(
        self,
        kind: AnyKind,
        name: str,
        namespace: str = "",
        propagation: str = BACKGROUND,
        grace_period: int | None = None,
        uid: str = "",
    ) -> None:
        """Delete an object; `grace_period` in s; with `uid`, only the object that has it.

        `kind`, `name` and `namespace` say which object; `propagation` is Background, Foreground or
        Orphan.
        """

    def renew_for_readers(
        self,
        kind: AnyKind,
        name: str,
        namespace: str,
        renew: Callable[[], None],
        each: Callable[[], None],
    ) -> Callable[[], None] | None:
        """Have `renew` called before somebody reads a Lease, instead of writing each renewal.

        `kind`, `name` and `namespace` say which Lease; `each` is called when each renewal has to be
        written again. Returns a function that ends this and writes the last renewal, or None where
        each renewal has to be written now.
        """

    def is_renewed(
        self, kind: AnyKind, name: str, namespace: str, ended: Callable[[], object]
    ) -> bool:
        """Whether a Lease is renewed in time from now on, until `ended` is called.

        `kind`, `name` and `namespace` say which Lease; False if that is not known.
        """

    def dry_run(self) -> Client:
        """A client whose writes are checked as real ones are, and stored nowhere."""
