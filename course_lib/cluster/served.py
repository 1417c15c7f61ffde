"""A cluster for kubectl: its API on a port of this machine, with logs and exec (chapter 11).

Simulated time stands still but for `run`, unless a speed is given: then it follows the clock.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from course_lib.apiserver.rest import Face, Request, refused, target_of
from course_lib.apiserver.server import ADDED, WatchEvent
from course_lib.cluster.tables import printed
from course_lib.cri import stream_server as streams
from course_lib.errors import CourseError
from course_lib.objects.decode import encode
from course_lib.objects.kinds import Kind
from course_lib.objects.selectors import parse_field_selector, parse_selector

if TYPE_CHECKING:
    from course_lib.cluster.cluster import Cluster

TICK = 0.05  # s between two looks at the clock
LONGEST_WATCH = 3600.0  # s
KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: course, cluster: {{server: "{url}"}}}}]
contexts: [{{name: course, context: {{cluster: course, user: learner}}}}]
users: [{{name: learner, user: {{}}}}]
current-context: course
"""


class Served:
    """A cluster's API over HTTP, for this machine only; a context manager.

    >>> from course_lib import Cluster
    >>> with Served(Cluster(nodes=2)) as served:
    ...     import urllib.request
    ...     answer = urllib.request.urlopen(served.url + "/api/v1/nodes").read()
    >>> [node["metadata"]["name"] for node in json.loads(answer)["items"]]
    ['node-1', 'node-2']
    """

    def __init__(self, cluster: Cluster, port: int = 0, speed: float = 0.0) -> None:
        self.cluster, self.speed = cluster, speed
        self.face = Face(cluster.api, lambda kind, found: printed(kind, found, cluster.now))
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._serve, name="kubectl", daemon=True)
        self._ready = threading.Event()
        try:
            self._sockets = bind_sockets(port, "127.0.0.1")
        except OSError as problem:
            raise CourseError(
                "cannot listen there",
                where=f"127.0.0.1:{port}",
                found=str(problem),
                do="choose another port; 0 takes a free one",
            ) from problem
        self.url = f"http://127.0.0.1:{self._sockets[0].getsockname()[1]}"

    def __enter__(self) -> Served:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *problem: object) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The cluster for oneself, while clients wait."""
        with self._lock:
            yield

    def run(self, seconds: float) -> None:
        """Let simulated time pass; whoever watches hears of it."""
        with self._lock:
            self.cluster.run(seconds)

    def kubeconfig(self, path: str | Path) -> str:
        """Write the file that `kubectl --kubeconfig` and `$KUBECONFIG` take; returns its path."""
        Path(path).write_text(KUBECONFIG.format(url=self.url))
        return str(path)

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        own = {"served": self}
        pods = r"/api/v1/namespaces/([^/]+)/pods/([^/]+)"
        routes = [(pods + "/log", Log, own), (pods + "/exec", Exec, own), (".*", API, own)]
        http = HTTPServer(Application(routes, log_function=lambda handler: None))
        http.add_sockets(self._sockets)
        pacing = asyncio.ensure_future(self._pace())
        self._ready.set()
        await self._end.wait()
        pacing.cancel()
        http.stop()
        await http.close_all_connections()

    async def _pace(self) -> None:
        began, ran = time.monotonic(), 0.0
        while self.speed:
            await asyncio.sleep(TICK)
            due = (time.monotonic() - began) * self.speed
            with self._lock:
                self.cluster.run(due - ran)
            ran = due


class _Handler(RequestHandler):
    """What all handlers share."""

    def initialize(self, served: Served) -> None:
        """Called by tornado with the route's settings."""
        self.served = served

    @property
    def asked(self) -> Request:
        """The request in the API's terms."""
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        method, path = self.request.method or "GET", self.request.path
        return Request(method, path, query, headers, self.request.body)

    def say(self, status: int, document: dict[str, Any]) -> None:
        """Answer with a document."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document))

    def refuse(self, refusal: CourseError) -> None:
        """Answer with a Status that says no."""
        answer = refused(refusal)
        self.say(answer.status, answer.document)


class API(_Handler):
    """Everything but logs and exec."""

    async def get(self) -> None:
        """Get, list, or watch."""
        asked = self.asked
        if asked.query.get("watch") in ("true", "1"):
            await self._watch(asked)
        else:
            self._answer()

    def _answer(self) -> None:
        with self.served.locked():
            answer = self.served.face.answer(self.asked)
        for warning in answer.warnings:
            self.add_header("Warning", f"299 - {json.dumps(warning, ensure_ascii=True)}")
        self.say(answer.status, answer.document)

    post = put = patch = delete = _answer

    async def _watch(self, asked: Request) -> None:
        """One line of JSON for each event, until the client hangs up."""
        news: asyncio.Queue[WatchEvent | None] = asyncio.Queue()
        self._news = news
        loop = self.served.loop

        def heard(event: WatchEvent) -> None:
            loop.call_soon_threadsafe(news.put_nowait, event)

        try:
            target = target_of(asked.path)
            labels = parse_selector(asked.query.get("labelSelector", ""))
            fields = parse_field_selector(asked.query.get("fieldSelector", ""))
            since = asked.query.get("resourceVersion", "")
            api, kind = self.served.cluster.api, target.kind
            with self.served.locked():
                if since in ("", "0"):
                    for each in api.list(kind.kind, target.namespace, labels, fields):
                        revision = int(each.metadata.resource_version or 0)
                        document = api.document(each.kind, each.name, each.namespace)
                        news.put_nowait(WatchEvent(ADDED, each, revision, document))
                start = _revision(since) if since not in ("", "0") else None
                watch = api.watch(kind.kind, heard, target.namespace, labels, fields, start)
        except CourseError as refusal:
            self.refuse(refusal)
            return
        self.set_header("Content-Type", "application/json")
        seconds = float(asked.query.get("timeoutSeconds", LONGEST_WATCH))
        loop.call_later(seconds, news.put_nowait, None)
        try:
            await self.flush()  # the client waits for the headers
            while (event := await news.get()) is not None:
                self.write(json.dumps(self._told(asked, kind, event)) + "\n")
                await self.flush()
        finally:
            with self.served.locked():
                watch.stop()

    def _told(self, asked: Request, kind: Kind, event: WatchEvent) -> dict[str, Any]:
        document = event.document or encode(event.object)
        if asked.as_table:
            with self.served.locked():
                document = self.served.face.table(kind, [event.object], str(event.revision))
        return {"type": event.type, "object": document}

    def on_connection_close(self) -> None:
        """The client has gone."""
        if hasattr(self, "_news"):
            self._news.put_nowait(None)


def _revision(text: str) -> int:
    if not text.isdecimal():
        raise CourseError("not a resourceVersion", expected="a number", found=repr(text))
    return int(text)


class Log(_Handler):
    """`kubectl logs`, up to now; a log is not followed."""

    def get(self, namespace: str, pod: str) -> None:
        """Answer as text."""
        query = self.asked.query
        try:
            with self.served.locked():
                said = self.served.cluster.logs(
                    pod,
                    query.get("container", ""),
                    namespace,
                    previous=query.get("previous") == "true",
                    timestamps=query.get("timestamps") == "true",
                )
        except CourseError as refusal:
            self.refuse(refusal)
            return
        self.set_header("Content-Type", "text/plain")
        lines = said.splitlines(keepends=True)
        last = int(query.get("tailLines", len(lines)))
        self.finish("".join(lines[max(0, len(lines) - last) :]))


class Exec(WebSocketHandler):
    """`kubectl exec`, without standard input; `course_lib.cri.stream_server` tells of channels."""

    def initialize(self, served: Served) -> None:
        """Called by tornado with the route's settings."""
        self.served = served

    def post(self, *_: str) -> None:
        """A client that asks for SPDY."""
        self.set_status(400)
        self.finish("streams travel in WebSockets here")

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The newest that both sides speak."""
        return next((each for each in streams.PROTOCOLS if each in subprotocols), None)

    def open(self, *arguments: str, **_: str) -> None:
        """Run the command at once, and say how it ended."""
        namespace, pod = arguments
        command = self.get_query_arguments("command")
        status = streams.SUCCESS
        try:
            with self.served.locked():
                container = self.get_query_argument("container", "")
                done = self.served.cluster.exec_sync(pod, command, container, namespace)
            self.write_message(bytes([streams.STDOUT]) + done.stdout, binary=True)
            self.write_message(bytes([streams.STDERR]) + done.stderr, binary=True)
            if done.exit_code:
                text = f"command terminated with exit code {done.exit_code}"
                status = streams.failure(text, done.exit_code)
        except CourseError as refusal:
            status = streams.failure(refusal.what)
        self.write_message(bytes([streams.ERROR]) + json.dumps(status).encode(), binary=True)
        self.close(1000)

    def on_message(self, message: str | bytes) -> None:
        """What is typed goes nowhere."""
