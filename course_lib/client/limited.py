"""A client with a limit of its own, on the connection that it shares with others."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.apiserver.server import AnyKind, APIServer
from course_lib.client.events import EventRecorder
from course_lib.client.interface import Listener, Subscription
from course_lib.client.limits import Rate, RateLimiter, limiter_of
from course_lib.client.local import ServerClient
from course_lib.engine.simulation import Process
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.meta import ObjectT
from course_lib.objects.selectors import EVERYTHING, FieldSelector, Selector


class LimitedClient(ServerClient):
    """Counts the writes of one part of a process; reads come from its caches, and count nothing.

    `shared` is the connection. Simplified: Events take no token. In a real controller they do, but
    client-go drops most Events about one object: it lets 25 pass, and then one in five minutes
    (`tools/record/events_cache.go`).
    """

    def __init__(self, shared: ServerClient, limiter: RateLimiter) -> None:
        super().__init__(shared.sim)
        self._shared, self.limiter = shared, limiter

    @property
    def events(self) -> EventRecorder:
        """The recorder of the connection."""
        return self._shared.events

    @property
    def kinds(self) -> Kinds:
        """The kinds that the API server serves."""
        return self._shared.kinds

    @property
    def reachable(self) -> bool:
        """Whether an API server answers now."""
        return self._shared.reachable

    @property
    def synced(self) -> bool:
        """Whether all watches of the connection are established."""
        return self._shared.synced

    def wait_for_sync(self) -> Process:
        """Wait until all watches are established."""
        return self._shared.wait_for_sync()

    def reach(self) -> APIServer:
        """The API server for one request; raises `Unreachable` or `StorageError`."""
        return self._shared.reach()

    def reach_to_write(self) -> APIServer:
        """The API server for one request, which takes a token."""
        server = self._shared.reach()
        self.limiter.reserve()
        return server

    def get(self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = "") -> ObjectT:
        """The object of that name; raises `NotFound`."""
        return self._shared.get(kind, name, namespace)

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""
        return self._shared.find(kind, name, namespace)

    def is_renewed(
        self, kind: AnyKind, name: str, namespace: str, ended: Callable[[], object]
    ) -> bool:
        """Whether a Lease is renewed in time from now on, until `ended` is called."""
        return self._shared.is_renewed(kind, name, namespace, ended)

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
        return self._shared.watch(kind, listener, namespace, selector, fields, initial, renewals)


def one_for_each(shared: ServerClient, rate: Rate | None) -> Callable[[], ServerClient]:
    """A function that makes clients with the same `rate`, each with its own bucket.

    `shared` is the connection.
    """
    return lambda: LimitedClient(shared, limiter_of(rate, shared.sim)) if rate else shared
