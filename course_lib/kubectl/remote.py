"""kubectl over HTTP: any API server, a real one too, and real time."""

from __future__ import annotations

import http.client
import json
import math
import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from course_lib.apiserver import stream_channels as channels
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.statuses import HTTPResponse, failure
from course_lib.client.transport import QUIET, TIMEOUT, Address
from course_lib.engine.timestamps import EPOCH
from course_lib.kubectl.failures import Plain, RefusedRequest, not_upgraded
from course_lib.kubectl.remote_streams import RemotePorts, WebSocketStream
from course_lib.kubectl.server import url_of
from course_lib.kubectl.websocket import SWITCHED, WebSocket, handshake
from course_lib.objects.manifests import Document

POLL = 0.02  # real s between two looks at a condition


class HTTPConnection:
    """The way to the API server at an address."""

    def __init__(self, address: Address) -> None:
        self.address, self._to = address.url, address
        self._prefix = urlsplit(address.url).path.rstrip("/")

    def answer(self, request: Request) -> HTTPResponse:
        """The answer of the server; raises `CommandError` where none answers."""
        connection = self._to.connect(TIMEOUT)
        try:
            answer = self._ask(connection, request)
            return _response(answer, answer.read())
        except (OSError, http.client.HTTPException) as problem:
            raise self._unreachable(problem) from problem
        finally:
            connection.close()

    def watch(self, request: Request) -> HTTPEvents:
        """A watch of that server; raises `RefusedRequest`."""
        connection = self._to.connect(QUIET)
        try:
            answer = self._ask(connection, request)
            if answer.status != 200:
                raise RefusedRequest(_response(answer, answer.read()).document)
        except (OSError, http.client.HTTPException) as problem:
            raise self._unreachable(problem) from problem
        return HTTPEvents(connection, answer)

    def stream(self, request: Request) -> WebSocketStream:
        """Streams to a container; raises `CommandError` for those that the server refuses."""
        return WebSocketStream(self._socket(request, channels.COMMANDS))

    def ports(self, request: Request) -> RemotePorts:
        """The ports of a Pod; raises `CommandError` for one whose ports cannot be reached."""

        def connect(port: int) -> WebSocket:
            with_port = Request("GET", request.path, {"ports": [str(port)]}, request.headers)
            return self._socket(with_port, channels.PORTS)

        return RemotePorts(connect)

    def _socket(self, request: Request, protocol: str) -> WebSocket:
        connection = self._to.connect(TIMEOUT)
        target = self._prefix + url_of(request)
        try:
            answer = handshake(connection, target, self._headers(request), protocol)
            if answer.status != SWITCHED:
                raise not_upgraded(_response(answer, answer.read()))
        except (OSError, http.client.HTTPException) as problem:
            raise self._unreachable(problem) from problem
        return WebSocket(connection, answer)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = dict(request.headers)
        if self._to.token:
            headers["authorization"] = f"Bearer {self._to.token}"
        return headers

    def _ask(
        self, connection: http.client.HTTPConnection, request: Request
    ) -> http.client.HTTPResponse:
        target, headers = self._prefix + url_of(request), self._headers(request)
        connection.request(request.method, target, request.body or None, headers)
        return connection.getresponse()

    def _unreachable(self, problem: Exception) -> Plain:
        if isinstance(problem, ConnectionRefusedError):
            host = urlsplit(self.address).netloc
            return Plain(
                f"The connection to the server {host} was refused - "
                "did you specify the right host or port?"
            )
        return Plain(f"Unable to connect to the server: {problem}")


class HTTPEvents:
    """A watch over HTTP: a thread reads it, line by line."""

    def __init__(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        self._connection, self._answer = connection, answer
        self._news: queue.SimpleQueue[Document] = queue.SimpleQueue()
        self.ended = False
        self._thread = threading.Thread(target=self._read, name="kubectl watch", daemon=True)
        self._thread.start()

    def take(self) -> list[Document]:
        """The changes that have arrived since the last call."""
        taken = []
        with suppress(queue.Empty):
            while True:
                taken.append(self._news.get_nowait())
        return taken

    def stop(self) -> None:
        """End the watch, and its thread."""
        with suppress(OSError):  # it has ended
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()

    def _read(self) -> None:
        try:
            while line := self._answer.readline():
                self._news.put(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the connection broke: the watch is over
        self.ended = True


class WallTime:
    """Time on the wall's clock."""

    waited = 0.0
    endless = math.inf

    def now(self) -> float:
        """Seconds since `EPOCH`."""
        return time.time() - EPOCH.timestamp()

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until `done()` holds, at most so many seconds."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= end:
                return False
            time.sleep(POLL)
        return True


def _response(answer: http.client.HTTPResponse, content: bytes) -> HTTPResponse:
    """An answer as our own API server would give it."""
    document: Document = {}
    text: str | None = content.decode(errors="replace")
    if "json" in (answer.getheader("Content-Type") or ""):
        document, text = json.loads(content), None
    elif answer.status >= 400:
        document = failure(answer.status, "", content.decode(errors="replace").strip())
    warnings = [_warning(each) for each in answer.headers.get_all("Warning") or ()]
    return HTTPResponse(answer.status, document, warnings, text)


def _warning(header: str) -> str:
    """The text of a warning header: `299 - "text"`."""
    text = header.partition('"')[2].rpartition('"')[0]
    return text.encode("latin-1").decode().replace('\\"', '"').replace("\\\\", "\\")
