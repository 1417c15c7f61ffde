"""kubectl on an API server in this process: no socket, and simulated time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import StorageError, Unreachable
from course_lib.apiserver.kubelets import Kubelets
from course_lib.apiserver.pod_streams import PodStream, PortsOfPod
from course_lib.apiserver.rest import Face
from course_lib.apiserver.statuses import HTTPResponse, refused
from course_lib.apiserver.targets import target_of
from course_lib.apiserver.watch_events import WatchEvent
from course_lib.apiserver.watching import WatchResponse
from course_lib.client.local import ServerClient
from course_lib.engine import Simulation
from course_lib.errors import CourseError, SimulationTimeout
from course_lib.kubectl.failures import Plain, RefusedRequest, not_upgraded
from course_lib.objects.manifests import Document

T = TypeVar("T")


class LocalConnection:
    """The way to the API server that a client in this process reaches.

    `address` is the URL that is shown for it, `kubelets` its way to the nodes; `sent` gets each
    request before it is answered.
    """

    def __init__(
        self,
        client: ServerClient,
        address: str,
        kubelets: Kubelets | None = None,
        sent: Callable[[Request], None] = lambda request: None,
    ) -> None:
        self.address = address
        self._client, self._sent = client, sent
        self._face = Face(client.reach, kubelets)

    def answer(self, request: Request) -> HTTPResponse:
        """The answer of the API server's HTTP face."""
        self._sent(request)
        try:
            self._reach()
        except StorageError as refusal:
            return refused(refusal)
        return self._face.answer(request)

    def watch(self, request: Request) -> LocalEvents:
        """A watch of that API server; raises `RefusedRequest`."""
        try:
            self._reach()
            return LocalEvents(self._face, request)
        except CourseError as refusal:
            raise RefusedRequest(refused(refusal).document) from None

    def stream(self, request: Request) -> PodStream:
        """Streams to a container in this process; raises `CommandError`."""
        return self._upgraded(lambda: self._face.stream(request)())

    def ports(self, request: Request) -> PortsOfPod:
        """The ports of a Pod in this process; raises `CommandError`."""
        return self._upgraded(lambda: self._face.ports(request))

    def _upgraded(self, open_it: Callable[[], T]) -> T:
        try:
            self._reach()
            return open_it()
        except CourseError as refusal:
            raise not_upgraded(refused(refusal)) from None

    def _reach(self) -> None:
        try:
            self._client.reach()
        except Unreachable as problem:
            raise Plain(problem.what) from None
        except StorageError:
            return  # the face reaches for it again, and answers with the refusal


class LocalEvents:
    """A watch in this process: changes wait here until they are taken."""

    def __init__(self, face: Face, request: Request) -> None:
        target = target_of(request.path, face.api.kinds)
        self._news: deque[WatchEvent] = deque()
        self._watch = WatchResponse(face, target, request, self._news.append)
        self._first = self._watch.first()
        self.ended = self._watch.failed
        self._watch.server.clients.append(self._end)

    def take(self) -> list[Document]:
        """The changes since the last call."""
        first, self._first = self._first, []
        changes = [self._watch.document(event) for event in self._news]
        self._news.clear()
        return first + changes

    def stop(self) -> None:
        """End the watch."""
        self._watch.stop()
        if self._end in self._watch.server.clients:
            self._watch.server.clients.remove(self._end)
        self.ended = True

    def _end(self) -> None:
        self.ended = True


ENDLESS = 60.0  # simulated s for which a command goes on that has no end


class SimulatedTime:
    """Time of a simulation, which passes only while a command waits; `waited` says how much (s)."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self.waited = 0.0
        self.endless = ENDLESS

    def now(self) -> float:
        """Simulated seconds since `EPOCH`."""
        return self._sim.now

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Let simulated time pass until `done()` holds, at most so many seconds."""
        began = self._sim.now
        try:
            self._sim.run_until(done, seconds)
        except SimulationTimeout:
            return False
        finally:
            self.waited += self._sim.now - began
        return True
