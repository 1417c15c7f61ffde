"""What kubectl needs of its surroundings: an API server that answers, and time that passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import quote, urlencode

import msgspec

from course_lib.apiserver import aggregated
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.pod_streams import PodStream, PortsOfPod
from course_lib.apiserver.statuses import HTTPResponse, to_json
from course_lib.kubectl.failures import RefusedRequest
from course_lib.objects.manifests import Document

JSON = "application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
NO_RESOURCE = "the server could not find the requested resource"
Query = Mapping[str, str]


class Events(Protocol):
    """A watch: what has changed, each change a document with its `type` and its `object`."""

    def take(self) -> list[Document]:
        """The changes that have arrived since the last call."""

    @property
    def ended(self) -> bool:
        """Whether no more changes come."""

    def stop(self) -> None:
        """End the watch."""


class APIConnection(Protocol):
    """The way of requests to an API server."""

    @property
    def address(self) -> str:
        """The URL of the API server."""

    def answer(self, request: Request) -> HTTPResponse:
        """The answer to a request; raises `CommandError` where no server answers."""

    def watch(self, request: Request) -> Events:
        """A watch; raises `RefusedRequest` for one that the server does not accept."""

    def stream(self, request: Request) -> PodStream:
        """Streams to a container; raises `CommandError` for those that the server refuses."""

    def ports(self, request: Request) -> PortsOfPod:
        """The ports of a Pod; raises `CommandError` where the server refuses."""


class Time(Protocol):
    """Time that passes while a command waits: simulated time, or real time over a network."""

    waited: float  # how much has passed while commands waited (s); of real time 0
    endless: float  # how long a command goes on that has no end (s)

    def now(self) -> float:
        """Seconds since `EPOCH`."""

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until `done()` holds, at most so many seconds; returns whether it does."""


class Path(msgspec.Struct, frozen=True):
    """Where a resource is on the server: its version, its plural name, and what of it.

    >>> Path("apps/v1", "deployments", "shop", "web", "scale").text
    '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    """

    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    part: str = ""

    @property
    def text(self) -> str:
        """The path of the URL."""
        root = "apis" if "/" in self.version else "api"
        space = f"namespaces/{quote(self.namespace)}" if self.namespace else ""
        steps = (root, self.version, space, self.plural, quote(self.name), self.part)
        return "/" + "/".join(filter(None, steps))


class ServerAPI:
    """The API server as a command uses it: documents in and out, refusals raised.

    `warn` is called with each warning of the server, once for the same text.
    """

    def __init__(self, connection: APIConnection, warn: Callable[[str], None]) -> None:
        self.connection, self._warn = connection, warn
        self._warned: set[str] = set()

    def send(
        self,
        method: str,
        path: Path | str,
        query: Query | None = None,
        body: Document | Sequence[Document] | None = None,
        media: str = JSON,
        accept: str = JSON,
    ) -> Document:
        """Send a request and return the document of the answer.

        `method`, `path` and `query` are those of HTTP; `body` is written as JSON, `media` is its
        media type, `accept` that of the answer. Raises `RefusedRequest` for a refusal.
        """
        answer = self._answered(method, path, query, body, media, accept)
        return answer.document

    def text(self, path: Path | str, query: Query | None = None) -> str:
        """Get what is text, such as a log; raises `RefusedRequest`."""
        answer = self._answered("GET", path, query, None, JSON, "*/*")
        return to_json(answer.document) + "\n" if answer.text is None else answer.text

    def get(self, path: Path | str, query: Query | None = None, accept: str = JSON) -> Document:
        """Get the document at a `path`; raises `RefusedRequest`.

        `query` and `accept` are as for `send`.
        """
        return self.send("GET", path, query, accept=accept)

    def items(self, path: Path | str, query: Query | None = None) -> list[Document]:
        """The objects of a list, each with its kind and version; raises `RefusedRequest`.

        With a `limit` in the query the list comes in parts (`FollowContinue`).
        """
        found: list[Document] = []
        asked = dict(query or {})
        while True:
            listed = self.get(path, asked)
            kind = str(listed.get("kind", "")).removesuffix("List")
            head = {"apiVersion": listed.get("apiVersion", ""), "kind": kind}
            found += [head | each for each in listed.get("items") or []]
            asked["continue"] = str((listed.get("metadata") or {}).get("continue") or "")
            if not asked["continue"]:
                return found

    def watch(self, path: Path | str, query: Query, accept: str = JSON) -> Events:
        """Watch the collection at a `path`; raises `RefusedRequest`.

        `query` and `accept` are as for `send`.
        """
        return self.connection.watch(_request("GET", path, {**query, "watch": "true"}, accept))

    def stream(self, path: Path, options: Mapping[str, Sequence[str]]) -> PodStream:
        """Streams to a container, as `options` of the request at a `path` say.

        Raises `CommandError` for those that the server refuses.
        """
        headers = {"user-agent": "kubectl"}
        return self.connection.stream(Request("GET", path.text, options, headers))

    def ports(self, path: Path) -> PortsOfPod:
        """The ports of the Pod at a `path`; raises `CommandError` where the server refuses."""
        return self.connection.ports(Request("GET", path.text, {}, {"user-agent": "kubectl"}))

    def groups(self) -> list[Document]:
        """All groups with their versions and resources, the core group first."""
        found: list[Document] = []
        for root in ("/api", "/apis"):
            accept = f"{aggregated.MEDIA_TYPE},{JSON}"
            found += self.get(root, accept=accept).get("items") or []
        return found

    def _answered(
        self,
        method: str,
        path: Path | str,
        query: Query | None,
        body: object,
        media: str,
        accept: str,
    ) -> HTTPResponse:
        request = _request(method, path, query or {}, accept)
        if body is not None:
            request.headers = {**request.headers, "content-type": media}
            request.body = msgspec.json.encode(body)
        answer = self.connection.answer(request)
        for warning in answer.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._warn(warning)
        if answer.status == 404 and answer.text:  # no Status: `NewGenericServerResponse`
            raise RefusedRequest({"reason": "NotFound", "message": NO_RESOURCE})
        if answer.status >= 400:
            raise RefusedRequest(answer.document)
        return answer


def _request(method: str, path: Path | str, query: Query, accept: str) -> Request:
    target = path.text if isinstance(path, Path) else path
    values = {name: [value] for name, value in query.items()}
    return Request(method, target, values, {"accept": accept, "user-agent": "kubectl"})


def url_of(request: Request) -> str:
    """The path and the query of a request as one text."""
    query = urlencode(request.query, doseq=True)
    return f"{request.path}?{query}" if query else request.path
