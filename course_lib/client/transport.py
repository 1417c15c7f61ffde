"""HTTP to an API server: requests with one answer, and streams of events.

Only here the package waits for another program. Source: kubernetes.io "Kubernetes API Concepts".
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import msgspec

from course_lib.apiserver.errors import Unreachable
from course_lib.apiserver.statuses import failure, refusal_of
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document

# `ssl` is missing in a browser tab, which has no sockets either.
with suppress(ImportError):
    import ssl

JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TIMEOUT = 30.0  # real s for one answer; the real API server ends a request after 60 s
QUIET = 120.0  # real s without any event; bookmarks come every minute


class Address(msgspec.Struct, frozen=True):
    """Where an API server listens, and who asks: a bearer token, or a certificate.

    `ca`, `certificate` and `key` are paths: of the certificates to trust, of one's own, and of its
    key; without `verify` every server is trusted. They matter for https only.
    """

    url: str
    token: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    verify: bool = True

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection, not yet open; `timeout` in real seconds.

        Raises `CourseError` for an URL without a host.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CourseError("not the URL of an API server", found=repr(self.url))
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.ca or None)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key or None)
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout, context=context
        )


class HTTPTransport:
    """One connection to an API server; it is opened again when it broke.

    A connection is used by one thread at a time.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._prefix = urlsplit(address.url).path.rstrip("/")
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None  # of the stream

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Document | list[Document] | None = None,
        media: str = JSON,
    ) -> Document:
        """Send a request and return the document of the answer.

        `method`, `path` and `query` are those of HTTP; `body` is written as JSON, `media` is its
        media type.

        Raises the refusal of the API server, and `Unreachable` where it gives no answer.
        """
        data = b"" if body is None else msgspec.json.encode(body)
        with_query = self._prefix + path + (f"?{urlencode(query)}" if query else "")
        headers = self._headers() | ({"Content-Type": media} if body is not None else {})
        answer = self._answer(method, with_query, data, headers)
        try:
            content = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise _unreachable(problem) from problem
        return _document(answer.status, content)

    def stream(self, path: str, query: Mapping[str, str]) -> Iterator[Document]:
        """Send a watch and yield its events as they arrive; first an empty one, once it is open.

        Raises the refusal of the API server, and `Unreachable` when the connection breaks.
        """
        connection = self.address.connect(QUIET)
        try:
            connection.connect()
            self._socket = connection.sock
            target = f"{self._prefix}{path}?{urlencode(query)}"
            connection.request("GET", target, headers=self._headers())
            with connection.getresponse() as answer:
                if answer.status != 200:
                    _document(answer.status, answer.read())
                yield {}
                while line := answer.readline():
                    yield msgspec.json.decode(line)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            raise _unreachable(problem) from problem
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connection for requests."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """End the stream that another thread reads."""
        if self._socket is not None:
            with suppress(OSError):  # it has ended
                self._socket.shutdown(socket.SHUT_RDWR)

    def _answer(
        self, method: str, target: str, data: bytes, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        """Send a request; once again where the server had closed an idle connection."""
        idle = self._connection is not None
        try:
            if self._connection is None:
                self._connection = self.address.connect(TIMEOUT)
            self._connection.request(method, target, data, headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            closed = isinstance(problem, ConnectionError | http.client.BadStatusLine)
            if idle and closed:
                return self._answer(method, target, data, headers)
            raise _unreachable(problem) from problem

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": JSON}
        if self.address.token:
            headers["Authorization"] = f"Bearer {self.address.token}"
        return headers


def _document(code: int, content: bytes) -> Document:
    """The document of an answer; raises what it refuses."""
    document: Document
    try:
        document = msgspec.json.decode(content, type=dict)
    except msgspec.DecodeError:
        document = failure(code, "", content.decode(errors="replace").strip())
    if code >= 400:
        raise refusal_of(document)
    return document


def _unreachable(problem: Exception) -> Unreachable:
    return Unreachable(f"the API server does not answer: {problem}")
