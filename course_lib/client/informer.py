"""Informers: a component's copy of the objects of a kind, kept up to date by list and watch.

A component reads from its informers, and sends only writes to the API. The API server puts each
change into the queue of each watch, and the component hears of it when the step that wrote it has
ended. Who reads a cache takes in what has arrived by then, so that a cache always shows the
component's own writes while its watch is established; handlers are called when the step of the
reader has ended. After a break, each watch resumes at its own time, and writes succeed before all
caches are up to date: a component that decides from caches waits for `synced` first.
Simplified: the components of a real cluster go on with a cache that lags behind; they guard
themselves with `expectations` (`pkg/controller/controller_utils.go`) and with live reads.
The scheduler and the kubelets do not wait: the API server refuses to bind a Pod that has a node
or is another one by now, and a kubelet counts the Pods that run on its node itself.
Source: client-go `tools/cache` (`shared_informer.go`), `informers` (the shared factory).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from sys import intern
from typing import Generic

import msgspec

from course_lib.apiserver.watch_events import DELETED, WatchEvent
from course_lib.client.cache import FeatureT, Indexer, IndexFunction
from course_lib.client.interface import Client
from course_lib.engine.simulation import Process
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds.node import Node
from course_lib.objects.meta import Object, ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector

Handler = Callable[[ObjectT | None, ObjectT | None], None]  # the object before, and after


class Informer(Generic[ObjectT]):
    """A cache of all objects of a kind, with handlers for its changes.

    With `fields` and `namespace`, only of those that match: a kubelet keeps its own Pods. Without
    `renewals`, a renewal of a Lease may arrive as late as somebody reads the Lease.

    `client` lists and watches the `kind`.
    """

    def __init__(
        self,
        client: Client,
        kind: type[ObjectT] | str | Kind,
        fields: FieldSelector | None = None,
        namespace: str = "",
        renewals: bool = True,
    ) -> None:
        self._sim = client.sim
        self.kind = client.resource(kind)
        self._cache = Indexer[ObjectT]()
        self._handlers: list[Handler[ObjectT]] = []
        self._reading = False  # whether a reader takes in what has arrived
        self._untold: deque[tuple[ObjectT | None, ObjectT | None]] = deque()
        self._heartbeats = self.kind.type is Node  # those of most nodes are of no interest
        renewals = renewals and not self._heartbeats
        self._watch = client.watch(
            self.kind, self._on_event, namespace, fields=fields, initial=True, renewals=renewals
        )

    def __len__(self) -> int:
        return len(self._received())

    def find(self, name: str, namespace: str = "") -> ObjectT | None:
        """The object of that name, or None."""
        objects = self._received().objects
        existing = objects.get(f"{namespace or 'default'}/{name}")
        return objects.get(name) if existing is None else existing

    def by_index(self, function: IndexFunction[ObjectT], value: str) -> list[ObjectT]:
        """The objects for which an index function returns a value, in the API's order."""
        return self._received().by_index(function, value)

    def count(self, function: IndexFunction[ObjectT], value: str) -> int:
        """How many objects an index function returns a value for."""
        return self._received().count(function, value)

    def tally(
        self, function: Callable[[ObjectT], Iterable[tuple[str, FeatureT]]], group: str
    ) -> Mapping[FeatureT, int]:
        """How many objects of a group have each feature, as a tally function says."""
        return self._received().tally(function, group)

    def _received(self) -> Indexer[ObjectT]:
        """The cache, with all that has arrived."""
        if self._watch.waiting:
            self._reading, before = True, self._reading
            self._watch.receive()
            self._reading = before
        return self._cache

    def add_handler(self, handler: Handler[ObjectT]) -> None:
        """Call `handler(before, after)` for each change, and now for each object that is there.

        `before` is None for an object that is added, `after` for one that is deleted.
        """
        self._received()
        self._tell()
        present = self._cache.list()
        self._handlers.append(handler)
        add = self._sim.guarded(partial(handler, None))
        for each in present:
            add(each)

    def stop(self) -> None:
        """End the watch; the cache stays as it is."""
        self._watch.stop()
        self._untold.clear()

    def _on_event(self, event: WatchEvent) -> None:
        meta = event.object.metadata  # its own namespace counts: a custom kind's scope may change
        key = intern(f"{meta.namespace}/{meta.name}") if meta.namespace else meta.name
        cached = self._cache.objects.get(key)
        if cached is not None and cached.metadata.uid != meta.uid:
            if event.type == DELETED:
                return  # of an earlier object of this name
            self._cache.remove(key)
            self._note(cached, None)  # its deletion did not arrive
        after: ObjectT | None = None if event.type == DELETED else event.object  # type: ignore[assignment]
        before = self._cache.remove(key) if after is None else self._cache.put(key, after)
        if before is not None or after is not None:
            self._note(before, after)

    def _note(self, before: ObjectT | None, after: ObjectT | None) -> None:
        """Tell the handlers of a change; after the step of who reads the cache just now."""
        if not self._handlers or (self._heartbeats and _is_ignored(before, after)):
            return
        self._untold.append((before, after))
        if not self._reading:
            self._tell()
        elif len(self._untold) == 1:
            self._sim.soon(self._tell)

    def _tell(self) -> None:
        """Call the handlers with the changes that they have not heard."""
        while self._untold:
            before, after = self._untold.popleft()
            for handler in list(self._handlers):
                try:
                    handler(before, after)
                except Exception as error:  # the other handlers still get the change
                    self._sim.failed(error)

    def list(self, namespace: str = "", selector: Selector = EVERYTHING) -> list[ObjectT]:
        """The objects of a namespace, or all, in the API's order."""
        return self._received().list(namespace, selector)


def _is_ignored(before: Object | None, after: Object | None) -> bool:
    """Whether a change is the heartbeat of a node that has its block of addresses.

    A node without a block tries to get one with its heartbeat.
    """
    return isinstance(after, Node) and bool(after.spec.pod_cidr) and is_heartbeat(before, after)


def is_heartbeat(before: Object | None, after: Object | None) -> bool:
    """Whether a change says no more of a node than that its kubelet lives."""
    if not isinstance(before, Node) or not isinstance(after, Node):
        return False
    version = after.metadata.resource_version
    known = msgspec.structs.replace(before.metadata, resource_version=version)
    return (before.spec, before.status, known) == (after.spec, after.status, after.metadata)


class InformerFactory:
    """The informers of one process: each kind is listed and watched once for all readers.

    >>> from course_lib import Cluster
    >>> from course_lib.objects.kinds.pod import Pod
    >>> cluster = Cluster(nodes=2)
    >>> pods = InformerFactory(cluster.api).informer(Pod)
    >>> _ = cluster.apply("data/web.yaml")
    >>> cluster.run(seconds=30)
    >>> def by_node(pod): return [pod.spec.node_name]
    >>> len(pods), len(pods.by_index(by_node, "node-1"))
    (3, 1)
    """

    def __init__(self, client: Client, renewals: bool = True) -> None:
        self.client, self._renewals = client, renewals
        self._informers: dict[str, Informer] = {}  # by the title of the kind
        self._of_types: dict[object, Informer] = {}  # by the type of a kind's views

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""
        return self.client.kinds

    @property
    def synced(self) -> bool:
        """Whether all caches are up to date: no watch of the process is broken."""
        return self.client.synced

    def wait_for_sync(self) -> Process:
        """Wait until all caches are up to date: `yield from informers.wait_for_sync()`."""
        return self.client.wait_for_sync()

    def informer(self, kind: type[ObjectT] | str | Kind) -> Informer[ObjectT]:
        """The informer of a kind; it is started when it is asked for first."""
        if kind in self._of_types:
            return self._of_types[kind]
        named = self.client.resource(kind)
        if named.title not in self._informers:
            self._informers[named.title] = Informer(self.client, named, renewals=self._renewals)
        if isinstance(kind, type):  # its kind is built in; what a name stands for may change
            self._of_types[kind] = self._informers[named.title]
        return self._informers[named.title]

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name in the cache, or None."""
        return self.informer(kind).find(name, namespace)

    def by_index(
        self, kind: type[ObjectT], function: IndexFunction[ObjectT], value: str
    ) -> list[ObjectT]:
        """The objects of a `kind` for which an index function returns a value."""
        return self.informer(kind).by_index(function, value)

    def list(
        self,
        kind: type[ObjectT] | str | Kind,
        namespace: str = "",
        selector: Selector = EVERYTHING,
    ) -> list[ObjectT]:
        """The objects of a kind in the cache, by namespace and name.

        `selector` chooses by labels.
        """
        return self.informer(kind).list(namespace, selector)
