"""Informers: a component's copy of the objects of a kind, kept up to date by list and watch.

A component reads from its informers, and sends only writes to the API. Between a write and the
moment when its own cache shows it, a component of a real cluster must not decide again; client-go
keeps `expectations` for that (`pkg/controller/controller_utils.go`). Here the API server calls a
watcher during the write, so a cache lacks a write only while the connection is broken, and then
the next write fails: there are no expectations.
Source: client-go `tools/cache` (`shared_informer.go`), `informers` (the shared factory).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

from course_lib.apiserver.server import DELETED, WatchEvent
from course_lib.client.cache import Indexer, IndexFunction
from course_lib.client.interface import Client
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.meta import ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector

Handler = Callable[[ObjectT | None, ObjectT | None], None]  # the object before, and after


class Informer(Generic[ObjectT]):
    """A cache of all objects of a kind, and whoever is told when it changes.

    With `fields` and `namespace`, only of those that match: a kubelet keeps its own Pods.

    `client` lists and watches the `kind`.
    """

    def __init__(
        self,
        client: Client,
        kind: type[ObjectT] | str | Kind,
        fields: FieldSelector | None = None,
        namespace: str = "",
    ) -> None:
        self._sim = client.sim
        self.kind = client.resource(kind)
        self._cache = Indexer[ObjectT]()
        self._handlers: list[Handler[ObjectT]] = []
        self._instant = -1.0  # of the last event, and the revision of each object that it changed
        self._revisions: dict[str, int] = {}
        self._watch = client.watch(
            self.kind, self._on_event, namespace, fields=fields, initial=True
        )

    def __len__(self) -> int:
        return len(self._cache)

    def find(self, name: str, namespace: str = "") -> ObjectT | None:
        """The object of that name, or None."""
        return self._cache.get(self._key(name, namespace))

    def by_index(self, function: IndexFunction[ObjectT], value: str) -> list[ObjectT]:
        """The objects for which an index function returns a value, in the API's order."""
        return self._cache.by_index(function, value)

    def add_handler(self, handler: Handler[ObjectT]) -> None:
        """Call `handler(before, after)` for each change, and now for each object that is there.

        `before` is None for an object that is added, `after` for one that is deleted.
        """

        def on_change(change: tuple[ObjectT | None, ObjectT | None]) -> None:
            handler(*change)

        guarded = self._sim.guarded(on_change)
        self._handlers.append(lambda before, after: guarded((before, after)))
        for each in self._cache.list():
            self._handlers[-1](None, each)

    def stop(self) -> None:
        """End the watch; the cache stays as it is."""
        self._watch.stop()

    def _key(self, name: str, namespace: str) -> str:
        return f"{namespace or 'default'}/{name}" if self.kind.namespaced else name

    def _on_event(self, event: WatchEvent) -> None:
        key = self._key(event.object.name, event.object.namespace)
        if self._overtaken(key, event.revision):
            return
        after: ObjectT | None = None if event.type == DELETED else event.object  # type: ignore[assignment]
        before = self._cache.remove(key) if after is None else self._cache.put(key, after)
        if before is None and after is None:
            return
        for handler in list(self._handlers):
            handler(before, after)

    def _overtaken(self, key: str, revision: int) -> bool:
        """Whether a newer change of an object came first.

        That happens within one instant, when a watcher that is told of a change before this
        informer writes to the object.
        """
        if self._instant != self._sim.now:
            self._instant = self._sim.now
            self._revisions.clear()
        if self._revisions.get(key, revision) > revision:
            return True
        self._revisions[key] = revision
        return False

    def list(self, namespace: str = "", selector: Selector = EVERYTHING) -> list[ObjectT]:
        """The objects of a namespace, or all, in the API's order."""
        return self._cache.list(namespace, selector)


class InformerFactory:
    """The informers of one process: each kind is listed and watched once, whoever reads it.

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

    def __init__(self, client: Client) -> None:
        self.client = client
        self._informers: dict[str, Informer] = {}  # by the title of the kind

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""
        return self.client.kinds

    def informer(self, kind: type[ObjectT] | str | Kind) -> Informer[ObjectT]:
        """The informer of a kind; it is started when it is asked for first."""
        named = self.client.resource(kind)
        if named.title not in self._informers:
            self._informers[named.title] = Informer(self.client, named)
        return self._informers[named.title]

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name in the cache, or None."""
        return self.informer(kind).find(name, namespace)

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
