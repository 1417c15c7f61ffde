"""The HTTP handlers of a served cluster: who is let in, and what is answered.

A web page that a learner visits can send requests to this machine too. It gets nothing: a request
must carry the token, name this machine as its host (a page may have its own name resolve to
127.0.0.1), and come from no other site.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from course_lib.apiserver import aggregated
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest, Forbidden, NotAllowed
from course_lib.apiserver.statuses import HTTPResponse, failure, refused, to_json
from course_lib.apiserver.targets import Target, target_of
from course_lib.apiserver.writes import used
from course_lib.cluster.log_stream import LogStream
from course_lib.cluster.session import ServedSession
from course_lib.cluster.watch_stream import WatchStream
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document

HERE = ("127.0.0.1", "localhost")
OPENAPI_V2 = "/openapi/v2"
REASONS = {400: "BadRequest", 404: "NotFound", 405: "MethodNotAllowed"}


class Guarded(RequestHandler):
    """What all handlers share: the guard, the request in the API's terms, and how to answer."""

    def initialize(self, served: ServedSession) -> None:
        """Called by tornado with the route's settings."""
        self.served = served

    def prepare(self) -> None:
        """Refuse clients without the token, and what is not a request of the API."""
        try:
            self._guard()
            self.asked = self._read()
        except CourseError as refusal:
            self.refuse(refusal)

    def _guard(self) -> None:
        headers = self.request.headers
        if headers.get("Host", "").partition(":")[0].lower() not in HERE:
            raise Forbidden(
                "the request is for another host",
                expected=" or ".join(HERE),
                found=repr(headers.get("Host", "")),
            )
        origin = headers.get("Origin")
        if origin is not None and origin != f"{self.request.protocol}://{headers['Host']}":
            raise Forbidden("the request comes from a web page", found=repr(origin))
        token = headers.get("Authorization", "")
        self._path = self.served.admit(self.request.path, token)

    def _read(self) -> Request:
        try:
            query = parse_qs(self.request.query, keep_blank_values=True, errors="strict")
        except ValueError:
            raise BadRequest(
                "the query cannot be read", expected="UTF-8, percent-encoded"
            ) from None
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        method = self.request.method or "GET"
        return Request(method, self._path, query, headers, self.request.body)

    def say(self, status: int, document: Document) -> None:
        """Answer with a document."""
        self.set_status(status)
        is_aggregated = document.get("kind") == aggregated.KIND
        media_type = aggregated.MEDIA_TYPE if is_aggregated else "application/json"
        self.set_header("Content-Type", media_type)
        self.finish(to_json(document) + "\n")

    def refuse(self, refusal: CourseError, target: Target | None = None) -> None:
        """Answer with a Status that says no."""
        self.reply(refused(refusal, target.details if target else {}))

    def reply(self, answer: HTTPResponse) -> None:
        """Answer with a document, or with text."""
        if answer.text is None:
            self.say(answer.status, answer.document)
            return
        self.set_status(answer.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(answer.text or None)  # HTTP 204 has no body

    def write_error(self, status_code: int, **told: Any) -> None:
        """Answer with a Status whatever went wrong; what is not the client's fault is logged."""
        reason = REASONS.get(status_code, "InternalError")
        problem = told.get("exc_info", (None, None))[1]
        said = problem.log_message if isinstance(problem, HTTPError) else None
        if status_code == 405:
            said = NotAllowed().what
        elif status_code >= 500:
            said = f"Internal error occurred: {problem}"
        self.say(status_code, failure(status_code, reason, said or reason))


def warning_header(text: str) -> str:
    """A warning as HTTP carries it (RFC 7234, 5.5); its text is UTF-8.

    >>> warning_header('the field "a"')
    '299 - "the field \\\\"a\\\\""'
    """
    shown = "".join(each if each.isprintable() else " " for each in text)
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'.encode().decode("latin-1")


class API(Guarded):
    """Everything but the streams of containers."""

    _events: WatchStream | LogStream  # what is sent bit by bit

    async def get(self) -> None:
        """Get, list, or watch."""
        if self.asked.flag("watch"):
            await self._watch()
        elif self.asked.flag("follow") and self.asked.path.endswith("/log"):
            await self._follow()
        elif self.asked.path == OPENAPI_V2:
            self.set_header("Content-Type", "application/x-protobuf")
            self.finish()  # an empty message: kubectl checks no fields by itself then
        else:
            self._answer()

    def _answer(self) -> None:
        with self.served.lock:
            answer = self.served.face.answer(self.asked)
        for warning in answer.warnings:
            self.add_header("Warning", warning_header(warning))
        self.reply(answer)

    post = put = patch = delete = _answer

    async def _watch(self) -> None:
        """One line of JSON for each event, until the client hangs up."""
        target = None
        try:
            target = target_of(self.asked.path, self.served.face.api.kinds)
            if target.name:
                self._answer()  # one object is not watched by its path, but by a field selector
                return
            with self.served.lock:
                self._events = events = WatchStream(self.served, target, self.asked, self._hang_up)
        except CourseError as refusal:
            self.refuse(refusal, target)
            return
        for warning in used(target.kind):
            self.add_header("Warning", warning_header(warning))
        self.set_header("Content-Type", "application/json")
        try:
            await self.flush()  # the client waits for the headers
            async for lines in events.lines():
                self.write(lines)
                await self.flush()
        except StreamClosedError:
            pass
        finally:
            events.stop()

    async def _follow(self) -> None:
        """What a container says, until it has ended or the client hangs up."""
        self._events = events = LogStream(self.served, self.asked)
        first = events.answer()
        if first.status != 200:
            self.reply(first)
            return
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        try:
            self.write(first.text or "")
            await self.flush()
            async for lines in events.lines():
                self.write(lines)
                await self.flush()
        except StreamClosedError:
            pass

    def _hang_up(self) -> None:
        connection: Any = self.request.connection
        connection.stream.close()

    def on_connection_close(self) -> None:
        """The client has gone."""
        if hasattr(self, "_events"):
            self._events.end()
