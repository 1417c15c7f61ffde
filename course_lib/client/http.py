"""A client over HTTP: our components against any API server, a real one too.

Time is real here: a request takes as long as the API server takes, and other programs write at
their own time. Two runs differ, and the simulation has to follow the clock
(`course_lib.engine.real_time`). Between two events of the simulation the client delivers what has
arrived on its watches.

As with the clients in process, a component's caches show its own writes: a write ends when the
client's own watches have received it. Simplified: real components do not wait, and live with
caches that lag behind (`expectations` in `pkg/controller/controller_utils.go`). Patches are merge
patches: unlike a strategic one, a patch of a list replaces all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import cast

from course_lib.apiserver.deletion import BACKGROUND
from course_lib.apiserver.errors import Conflict, NotFound, Unreachable
from course_lib.apiserver.patches import Patch
from course_lib.apiserver.server import AnyKind, not_found
from course_lib.apiserver.targets import Target, path_of
from course_lib.client.apply import Applied, apply
from course_lib.client.events import EventRecorder
from course_lib.client.http_kinds import ServedKinds
from course_lib.client.http_watch import Scope
from course_lib.client.http_watches import POLL, HTTPWatches, view_of
from course_lib.client.interface import Client, Listener, Subscription
from course_lib.client.limits import UNLIMITED, RateLimiter
from course_lib.client.transport import JSON, JSON_PATCH, MERGE_PATCH, HTTPTransport
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector


class HTTPClient:
    """A client of the API server that `transport` reaches; `close` ends its watches.

    With `dry`, writes are checked and not stored. `sim` has the time.
    """

    limiter: RateLimiter = UNLIMITED

    def __init__(self, sim: Simulation, transport: HTTPTransport, dry: bool = False) -> None:
        self.sim, self._transport = sim, transport
        self._query = {"dryRun": "All"} if dry else {}
        self._answers = True  # whether the last request got an answer
        self._served = ServedKinds(lambda path: self._send("GET", path))
        self._watches = HTTPWatches(sim, self._served)

    def close(self) -> None:
        """End all watches, and the connection."""
        self._watches.stop()
        self._transport.close()

    @cached_property
    def events(self) -> EventRecorder:
        """The recorder of what this client's component says about objects."""
        return EventRecorder(self)

    @property
    def reachable(self) -> bool:
        """Whether the API server answers; it is asked when a request failed or a watch broke."""
        if not (self._answers and self.synced):
            try:
                self._send("GET", "/version")
            except CourseError:
                return self._answers
        return True

    @property
    def synced(self) -> bool:
        """Whether all watches are established."""
        return self._watches.established

    def wait_for_sync(self) -> Process:
        """Wait until all watches are established."""
        while not self.synced:
            yield self.sim.sleep(POLL)

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves and the course knows; asked for once.

        Kinds of CustomResourceDefinitions come and go while a component watches the definitions.
        """
        return self._served.kinds

    def resource(self, name: AnyKind) -> Kind:
        """The kind of a type or name; raises `CourseError` for an unknown name."""
        if isinstance(name, Kind):
            return name
        return self.kinds.named(name) if isinstance(name, str) else self.kinds.of_type(name)

    # Reading

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`."""
        named = self.resource(kind)
        return cast(ObjectT, view_of(self.document(named, name, namespace), named))

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""
        try:
            return self.get(kind, name, namespace)
        except NotFound:
            return None

    def list(
        self,
        kind: type[ObjectT] | str | Kind,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
    ) -> list[ObjectT]:
        """All objects of a kind, by namespace and name."""
        named = self.resource(kind)
        scope = Scope(Target(named, namespace), selector, fields)
        answer = self._send("GET", path_of(scope.target), scope.query)
        head = {"apiVersion": named.api_version, "kind": named.kind}
        return [cast(ObjectT, view_of(head | each, named)) for each in answer["items"]]

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document of an object; raises `NotFound`."""
        return self._send("GET", path_of(_target(self.resource(kind), name, namespace)))

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
        """Call `listener` with each change from now on, over all breaks of the connection."""
        named = self.resource(kind)
        scope = Scope(Target(named, namespace), selector, fields)
        return self._watches.start(scope, HTTPTransport(self._transport.address), listener, initial)

    def renew_for_readers(
        self,
        kind: AnyKind,
        name: str,
        namespace: str,
        renew: Callable[[], None],
        each: Callable[[], None],
    ) -> Callable[[], None] | None:
        """None: the server is another process."""
        return None

    def is_renewed(
        self, kind: AnyKind, name: str, namespace: str, ended: Callable[[], object]
    ) -> bool:
        """False: the server is another process."""
        return False

    # Writing

    def create(self, document: Document) -> Object:
        """Create an object; raises `InvalidManifest`, `AlreadyExists` or `Forbidden`."""
        kind = self.kinds.of_document(document)
        namespace = _place(document, kind)[1]
        return self._write("POST", _target(kind, "", namespace), document)

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object, or its status; raises `NotFound` or `Conflict`."""
        kind = self.kinds.of_document(document)
        target = _target(kind, *_place(document, kind), subresource)
        return self._write("PUT", target, document)

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
        target = _target(self.resource(kind), name, namespace, subresource)
        if isinstance(patch, list):
            path = "/metadata/resourceVersion"
            first = [{"op": "add", "path": path, "value": expected}] if expected else []
            return cast(ObjectT, self._write("PATCH", target, [*first, *patch], JSON_PATCH))
        if expected:
            meta = patch.get("metadata", {}) | {"resourceVersion": expected}
            patch = patch | {"metadata": meta}
        return cast(ObjectT, self._write("PATCH", target, patch, MERGE_PATCH))

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object, if it is still the one with that uid."""
        kind = self.kinds.of(of.api_version, of.kind)
        patch = {"metadata": {"uid": of.uid}, "status": status}
        try:
            return cast(ObjectT, self.patch(kind, of.name, of.namespace, patch, "status"))
        except (Conflict, InvalidManifest) as refusal:
            current = self.find(kind, of.name, of.namespace)
            if current is None or current.uid != of.uid:
                raise not_found(kind, of.name) from refusal
            raise

    def apply(self, document: Document) -> Applied:
        """Create or update an object as `kubectl apply` does, by a three-way merge."""
        return apply(self, document)

    def bind(self, pod: Object, node: str) -> None:
        """Give a Pod its node, once; raises `Conflict`."""
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        self._part_of(pod, "binding", "v1", "Binding", {"target": target}, {"uid": pod.uid})

    def evict(self, pod: Object, grace_period: int | None = None) -> None:
        """Delete a Pod if its PodDisruptionBudgets allow it; raises `TooManyRequests`."""
        options = _options("", grace_period, pod.uid)
        self._part_of(pod, "eviction", "policy/v1", "Eviction", {"deleteOptions": options}, {})

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
        named = self.resource(kind)
        body = _options(propagation, grace_period, uid)
        answer = self._send("DELETE", path_of(_target(named, name, namespace)), self._query, body)
        meta: Document = answer.get("metadata") or {}
        stays = meta.get("deletionTimestamp") and (
            meta.get("finalizers") or meta.get("deletionGracePeriodSeconds")
        )
        if stays:
            self._watches.settle(named, answer)
        else:
            details: Document = answer.get("details") or {}
            self._watches.settle_deleted(named, meta.get("uid") or details.get("uid", ""))

    def dry_run(self) -> Client:
        """A client whose writes are checked as real ones are, and stored nowhere."""
        return HTTPClient(self.sim, self._transport, dry=True)

    # The inside

    def _send(
        self,
        method: str,
        path: str,
        query: Document | None = None,
        body: Patch | None = None,
        media: str = JSON,
    ) -> Document:
        try:
            answer = self._transport.send(method, path, query, body, media)
        except Unreachable:
            self._answers = False
            raise
        self._answers = True
        return answer

    def _write(self, method: str, target: Target, body: Patch, media: str = JSON) -> Object:
        """Send a write; its own watches have received it when this ends."""
        if media == JSON and isinstance(
            body, dict
        ):  # another version with the same fields has a path of its own
            meta = (body.get("metadata") or {}) | {"namespace": target.namespace or None}
            body = body | {"apiVersion": target.kind.api_version, "metadata": meta}
        answer = self._send(method, path_of(target), self._query, body, media)
        if not self._query:
            self._watches.settle(target.kind, answer)
        return view_of(answer, target.kind)

    def _part_of(
        self, pod: Object, part: str, version: str, kind: str, content: Document, meta: Document
    ) -> None:
        """Post to a part of a Pod."""
        target = _target(self.resource("Pod"), pod.name, pod.namespace, part)
        named = {"name": pod.name, "namespace": pod.namespace} | meta
        body = {"apiVersion": version, "kind": kind, "metadata": named} | content
        self._send("POST", path_of(target), self._query, body)


def _target(kind: Kind, name: str, namespace: str, part: str = "") -> Target:
    """The target of a request for one object, or for a new one."""
    return Target(kind, (namespace or "default") if kind.namespaced else "", name, part)


def _place(document: Document, kind: Kind) -> tuple[str, str]:
    """Name and namespace of a document.

    Raises `InvalidManifest` where a field has the wrong type: a typed client cannot write that.
    """
    meta = view_of(document, kind).metadata
    return meta.name, meta.namespace


def _options(propagation: str, grace_period: int | None, uid: str) -> Document:
    """DeleteOptions with what is given."""
    options: Document = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if propagation:
        options["propagationPolicy"] = propagation
    if grace_period is not None:
        options["gracePeriodSeconds"] = grace_period
    if uid:
        options["preconditions"] = {"uid": uid}
    return options
