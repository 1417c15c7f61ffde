"""The API server: every read and write of a cluster's objects goes through here (chapter 03).

The way of a write: read and defaulted, mutated by admission, decoded and validated, judged by
admission, stored under a new revision, and sent to its watchers. ("Kubernetes API Concepts")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from random import Random
from sys import intern
from typing import TypeVar, cast

import msgspec

from course_lib.apiserver import admission, deletion, documents, evictions
from course_lib.apiserver.binding import Binder
from course_lib.apiserver.documents import MOST_GENERATED, Incoming, Manage, copied
from course_lib.apiserver.entries import Change, StoredObject, note_view, served, view_of
from course_lib.apiserver.errors import AlreadyExists, BadRequest, Conflict, NotFound, StaleRead
from course_lib.apiserver.extensions import Extensions
from course_lib.apiserver.json_patches import patched
from course_lib.apiserver.patches import Patch, check_subresource, check_types
from course_lib.apiserver.store import Store
from course_lib.apiserver.watch_events import Choice, WatchEvent, event_of
from course_lib.apiserver.watches import Watch
from course_lib.engine import Simulation
from course_lib.objects.decode import revised
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.resource_quota import RESOURCE_QUOTA
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document, plain
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.openapi.definitions import CustomResourceDefinition
from course_lib.objects.selectors import EVERYTHING, FieldSelector, FieldValue, Selector

AnyKind = str | type[Object] | Kind  # any name that kubectl takes, a view's type, or a kind
T = TypeVar("T")
INDEXED = "spec.nodeName"  # each kubelet lists and watches the Pods of its node
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: no words (apimachinery `util/rand`)


class APIServer:
    """The in-process face of the API; kinds are named as in manifests: `api.get("Pod", "web")`.

    Objects come back as frozen views; `document` gives the whole document, as a copy.

    `sim` has the time, `store` keeps the objects (in memory, unless given), `kinds` are those that
    it serves.
    """

    kinds: Kinds  # that are served

    def __init__(
        self, sim: Simulation, store: Store | None = None, kinds: Kinds | None = None
    ) -> None:
        self.sim = sim
        self.kinds = Kinds(BUILT_IN) if kinds is None else kinds
        self.store = store or Store()
        self.up = True
        self.clients: list[Callable[[], None]] = []  # who hears when it stops
        self._random = sim.random("apiserver")
        # The Pods of one template have equal specs: they are one object in memory.
        tokens = sim.random("kube-api-access")
        suffix = partial(_letters, tokens)
        self._judged = lru_cache(maxsize=1024)(partial(documents.judged, suffix=suffix))
        self._binder = Binder()
        self._extensions = Extensions(self) if kinds is None else None  # a dry run shares kinds

    def stop(self) -> None:
        """The process ends, and its clients notice."""
        self.up = False
        clients, self.clients = self.clients, []
        for lost in clients:
            lost()

    def resource(self, name: AnyKind) -> Kind:
        """The kind of any name that kubectl takes, or of a view's type."""
        if isinstance(name, Kind):
            return self.kinds.newest(name)
        return self.kinds.named(name) if isinstance(name, str) else self.kinds.of_type(name)

    # Reading

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`."""
        found = self.find(kind, name, namespace)
        if found is None:
            raise not_found(self.resource(kind), name)
        return found

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""
        named = self.resource(kind)
        entry = self.store.get(self.key(named, name, namespace))
        return cast(ObjectT, view_of(entry, named)) if entry else None

    def list(
        self,
        kind: type[ObjectT] | str | Kind,
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
    ) -> list[ObjectT]:
        """All objects of a kind, by namespace and name; an empty namespace means all of them."""
        named = self.resource(kind)
        found = []
        fields = fields if fields and fields.terms else None  # a document is not read for nothing
        for entry in self._entries(named, namespace, fields):
            if fields is None or fields.matches(served(named, entry).document):
                view = view_of(entry, named)
                if selector is EVERYTHING or selector.matches(view.metadata.labels):
                    found.append(view)
        return cast(list[ObjectT], found)

    def _entries(
        self, kind: Kind, namespace: str, fields: FieldSelector | None
    ) -> Iterable[StoredObject]:
        """What a list looks at: all objects of a kind in a namespace, or the one that it names."""
        path, value = (fields.required if fields else None) or ("", "")
        if path == "metadata.name" and (namespace or not kind.namespaced):
            named = self.store.get(self.key(kind, value, namespace))
            return () if named is None else (named,)
        if path == INDEXED and kind.serve is None and not namespace:
            field = FieldValue(path, value)
            return (entry for _, entry in self.store.range(self.prefix(kind), field))
        entries = (entry for _, entry in self.store.range(self.prefix(kind, namespace)))
        if path.startswith("involvedObject."):  # these fields are text, whatever an Event is about
            return (entry for entry in entries if entry.may_have(value))
        return entries

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document, with all that was written in it."""
        named = self.resource(kind)
        entry = self.store.get(self.key(named, name, namespace))
        if entry is None:
            raise not_found(named, name)
        return copied(served(named, entry).document)

    def watch(
        self,
        kind: AnyKind,
        listener: Callable[[WatchEvent], None],
        namespace: str = "",
        selector: Selector = EVERYTHING,
        fields: FieldSelector | None = None,
        since: int | None = None,
        queued: bool = True,
        renewals: bool = True,
    ) -> Watch:
        """Tell `listener` of each change after revision `since` (default: now).

        It hears of a change at the same instant, after the write has returned; unless `queued`,
        during the write. An object that comes to match the selectors is ADDED, one that ceases to
        is DELETED. Raises `Compacted` when changes after `since` are forgotten.

        `kind` is a type, a name or a `Kind`; `namespace` (empty: all), `selector` and `fields`
        choose objects. Without `renewals`, the watch gets a renewal of a Lease when the Lease is
        read, not each time.
        """

        listener, named = self.sim.guarded(listener), self.resource(kind)
        choice = Choice(named, selector, fields)

        def deliver(change: Change) -> None:
            if type := choice.type_of(change):
                of = self.kinds.newest(named) if named.custom else named
                listener(event_of(change, type, of))

        soon = self.sim.soon if queued else None
        field = None if self.sim.plain else choice.required
        prefix = self.prefix(named, namespace)
        return self.store.watch(prefix, deliver, since, soon, field, renewals)

    # Writing

    def create(self, document: Document, manage: Manage | None = None) -> Object:
        """Store a new object; raises `InvalidManifest`, `AlreadyExists` or `Forbidden`.

        `manage` says of the document, with its defaults, who manages which of its fields.
        """
        document, kind = documents.as_stored(document, self.kinds, first=True)
        if kind.type is Service:  # its addresses and ports are held against those of others
            self.store.confirm()
        dry = self.store.dry
        made = documents.new(document, kind, self, self._judged, self._identity, dry, manage)
        if made.kind.namespaced and self.store.range(
            self.prefix(RESOURCE_QUOTA, made.view.namespace)
        ):
            self.store.confirm()
        if kind.first_status is not None:
            made = made.changed({"status": kind.first_status(made.view)})
        view = made.view
        admission.validate_create(self, kind, view, made.document)
        key = self.key(kind, view.name, view.namespace)
        if self.store.get(key):
            raise AlreadyExists(f'{kind.title} "{view.name}" already exists')
        try:
            return self._write(key, made, expected=0)
        except StaleRead:  # another API server was faster
            self.store.confirm()
            raise AlreadyExists(f'{kind.title} "{view.name}" already exists') from None

    def check(self, document: Document) -> tuple[Document, Kind]:
        """A document defaulted, decoded and validated: all that can be said of it by itself."""
        checked = documents.new(document, self.kinds.of_document(document))
        given = document.get("metadata") or {}
        for field in {"name", *documents.SERVERS_OWN, "generation"} - given.keys():
            checked.document["metadata"].pop(field, None)
        return checked.document, checked.kind

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object; raises `Conflict` if the document carries a stale resourceVersion.

        The main face leaves the status as it is; `subresource="status"` changes nothing else, and
        `finalize` the finalizers of a Namespace.
        """
        check_subresource(subresource)
        document, kind = documents.as_stored(document, self.kinds)
        desired: Document = plain(document, nulls=not kind.custom)
        meta = documents.metadata(desired, kind)
        key = self.key(kind, meta["name"], meta.get("namespace", ""))
        entry = self.store.get(key)
        if entry is None:
            raise not_found(kind, meta["name"])
        return self._replace(key, served(kind, entry), desired, kind, subresource)

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

        Raises `Conflict` where the patch names another resourceVersion or uid than the object has.
        """
        check_subresource(subresource)
        check_types(patch)
        named = self.resource(kind)
        key = self.key(named, name, namespace)

        def once() -> Object:
            entry = self.store.get(key)
            if entry is None:
                raise not_found(named, name)
            entry = served(named, entry)
            desired = patched(entry.document, patch)
            desired |= {field: entry.document[field] for field in ("apiVersion", "kind")}
            meta = documents.metadata(desired, named)
            if meta["name"] != name:
                raise BadRequest(
                    "the name of the object does not match the name on the request",
                    expected=name,
                    found=meta["name"],
                )
            if expected:
                desired["metadata"] = meta | {"resourceVersion": expected}
            return self._replace(key, entry, desired, named, subresource)

        return cast(ObjectT, once() if expected else self._on_the_newest(once))

    def patch_status(self, of: ObjectT, status: Document) -> ObjectT:
        """Merge into the status of an object; the same object, not one that took its name."""
        kind = self.kinds.of(of.api_version, of.kind)
        key = self.key(kind, of.name, of.namespace)

        def once() -> Object:
            entry = self.store.get(key)
            if entry is None or entry.document["metadata"]["uid"] != of.uid:
                raise not_found(kind, of.name)
            entry = served(kind, entry)
            patch = {"status": status}
            return self._replace(key, entry, patched(entry.document, patch), kind, "status")

        return cast(ObjectT, self._on_the_newest(once))

    def bind(self, pod: Object, node: str) -> None:
        """Give a Pod its node, once (the `binding` subresource); raises `Conflict`."""
        kind, current = self.resource(Pod), self.get(Pod, pod.name, pod.namespace)
        entry = self.store.get(key := self.key(kind, pod.name, pod.namespace))
        assert entry is not None
        unbound = Incoming(entry.document, kind, current)
        bound = self._binder.bound(unbound, pod.uid, node, self.sim.timestamp)
        self._write(key, bound, entry.revision)

    def delete(
        self,
        kind: AnyKind,
        name: str,
        namespace: str = "",
        propagation: str = deletion.BACKGROUND,
        grace_period: int | None = None,
        uid: str = "",
    ) -> None:
        """Begin an object's deletion, or end it if nothing stands in the way.

        `propagation` says what becomes of what it owns: Background, Foreground or Orphan;
        `grace_period` (s) shortens a Pod's own. With `uid`, only that very object.
        """
        named = self.resource(kind)
        admission.validate_delete(named, name)
        key = self.key(named, name, namespace)
        self._on_the_newest(lambda: self._delete(named, key, name, propagation, grace_period, uid))

    def _delete(
        self, named: Kind, key: str, name: str, propagation: str, grace: int | None, uid: str
    ) -> None:
        entry = self.store.get(key)
        if entry is None:
            raise not_found(named, name)
        if uid and uid != entry.document["metadata"]["uid"]:
            raise Conflict(f'{named.title} "{name}" is another object of the same name')
        marked = deletion.mark(entry.document, named, propagation, grace, self.sim.now)
        if marked is None:
            self.store.delete(key, entry.revision)
        elif marked != entry.document:
            view = revised(view_of(entry, named), entry.document, marked, named)
            self._write(key, Incoming(marked, named, view), entry.revision)

    def evict(self, pod: Object, grace_period: int | None = None) -> None:
        """Delete a Pod if its PodDisruptionBudgets allow it; raises `TooManyRequests`."""
        if isinstance(pod, Pod):
            evictions.spend_disruption(self, pod, self.sim.timestamp)
            evictions.mark_evicted(self, pod, self.sim.timestamp)
        self.delete("Pod", pod.name, pod.namespace, grace_period=grace_period, uid=pod.uid)

    # The inside

    def _on_the_newest(self, act: Callable[[], T]) -> T:
        """Do something to an object as it is; again, when another API server was faster.

        Source: `GuaranteedUpdate` in `storage/etcd3/store.go`.
        """
        for _ in range(5):
            try:
                return act()
            except StaleRead:
                self.store.confirm()
        return act()

    def _replace(
        self, key: str, entry: StoredObject, desired: Document, kind: Kind, subresource: str
    ) -> Object:
        documents.check_preconditions(desired, entry, kind)
        before, existing = entry.document, view_of(entry, kind)
        status_alone = kind.writes_status(subresource)
        if status_alone:
            now = self.sim.timestamp
            made = documents.update_of_status(desired, before, existing, kind, subresource, now)
        else:
            made = documents.update(
                desired, before, existing, kind, self, subresource, self.store.dry
            )
        counted = kind.generations and not status_alone
        if counted and not _alike(kind.content(made.document), kind.content(before)):
            generation = before["metadata"].get("generation", 0) + 1
            made = made.changed({"metadata": {"generation": generation}})
        if made.view.terminating and deletion.finished(made.document, kind):
            self.store.delete(key, entry.revision)
            return made.view
        if _alike(made.document, before):
            return existing
        return self._write(key, made, entry.revision)

    def _write(self, key: str, made: Incoming, expected: int) -> Object:
        meta = made.document["metadata"]
        meta = {field: value for field, value in meta.items() if field != "resourceVersion"}
        self.store.put(key, made.document | {"metadata": meta}, expected)
        entry = self.store.get(key)
        view = made.view
        if entry is not None:  # it is None where another API server has deleted it
            view = note_view(entry, made.kind, made.document, view)
        if self._extensions is not None and made.kind.type is CustomResourceDefinition:
            self._extensions.on_write()
        return view

    def prefix(self, kind: Kind, namespace: str = "") -> str:
        """The key below which a kind's objects lie, in one namespace or in all."""
        group = f"{kind.group}/" if kind.custom else ""
        return f"/registry/{group}{kind.plural}/" + (f"{namespace}/" if namespace else "")

    def key(self, kind: Kind, name: str, namespace: str) -> str:
        """Where an object is stored; namespaced kinds without one lie in `default`.

        `kind`, `name` and `namespace` say which object.
        """
        return self.prefix(kind, (namespace or "default") if kind.namespaced else "") + name

    def _uid(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return intern(f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}")

    def _identity(self, kind: Kind, metadata: Document) -> Document:
        """The uid and the time of a new object; a name where it brings its beginning alone."""
        stamps: Document = {"uid": self._uid(), "creationTimestamp": self.sim.timestamp}
        while metadata.get("generateName") and not metadata.get("name"):
            prefix = str(metadata["generateName"])[:MOST_GENERATED]
            name = intern(prefix + _letters(self._random))
            if not self.store.get(self.key(kind, name, str(metadata.get("namespace", "")))):
                return stamps | {"name": name}
        return stamps


def _letters(random: Random) -> str:
    """The end of a name, at random (apiserver `storage/names/generate.go`)."""
    return "".join(random.choices(ALPHABET, k=5))


def _alike(one: object, other: object) -> bool:
    """Whether two parts are written alike: True equals 1 in Python, and is written otherwise."""
    if one != other:
        return False
    written, known = (msgspec.msgpack.encode(each, order="sorted") for each in (one, other))
    return written == known


def not_found(kind: Kind, name: str) -> NotFound:
    """The refusal for an object that does not exist."""
    return NotFound(f'{kind.title} "{name}" not found')
