"""A cluster's API for `urllib` in the same process: in a browser there are no ports.

A request meets the same token, and the same face of the API server, as one that comes over a port.
Source: Python's documentation, `urllib.request`, "BaseHandler Objects".
"""

from __future__ import annotations

import io
from email.message import Message
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from urllib.request import BaseHandler, build_opener, install_opener
from urllib.request import Request as Asked
from urllib.response import addinfourl

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest
from course_lib.apiserver.statuses import HTTPResponse, refused, to_json
from course_lib.cluster.session import ServedCluster, ServedSession
from course_lib.errors import CourseError

NO_PORT = "No ports in a browser: a function call takes the same requests to the API server."
FIRST_PORT = 8001  # of the names that are given out, as `kubectl proxy` begins


class ServedHere(ServedSession):
    """A cluster that `urllib.request.urlopen` reaches at `url` while the context is open.

    `port` is a part of the name alone; 0 takes a free one. A watch is refused. Raises `CourseError`
    for a port that another served cluster has.

    >>> from course_lib import Cluster
    >>> with ServedHere(Cluster(nodes=1)) as served:
    ...     import json, urllib.request
    ...     answer = json.load(urllib.request.urlopen(f"{served.server}/api/v1/nodes"))
    No ports in a browser: a function call takes the same requests to the API server.
    >>> answer["kind"]
    'NodeList'
    """

    def __init__(self, cluster: ServedCluster, port: int = 0) -> None:
        super().__init__(cluster)
        taken = HERE.sessions
        self.port = port or next(n for n in range(FIRST_PORT, 65536) if n not in taken)
        if self.port in taken:
            raise CourseError("cannot listen there", where=f"127.0.0.1:{port}", do="choose port 0")
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ServedHere:
        HERE.sessions[self.port] = self
        install_opener(build_opener(HERE))
        print(NO_PORT)
        return self

    def __exit__(self, *problem: object) -> None:
        del HERE.sessions[self.port]
        self.remove_files()

    def answer(self, asked: Asked) -> HTTPResponse:
        """What the API server answers, or a Status that says no."""
        headers = {name.lower(): value for name, value in asked.header_items()}
        parts = urlsplit(asked.full_url)
        try:
            path = self.admit(parts.path, headers.get("authorization", ""))
            query = parse_qs(parts.query, keep_blank_values=True)
            body = asked.data if isinstance(asked.data, bytes) else b""
            request = Request(asked.get_method(), path, query, headers, body)
            if request.flag("watch"):
                return refused(BadRequest("a watch needs a connection; a browser has none"))
            with self.lock:
                return self.face.answer(request)
        except CourseError as refusal:
            return refused(refusal)


class HereHandler(BaseHandler):
    """The handler of `urllib` for clusters that are served in this process, by their ports."""

    handler_order = 100  # before the one that opens a connection

    def __init__(self) -> None:
        self.sessions: dict[int, ServedHere] = {}

    def http_open(self, asked: Asked) -> addinfourl | None:
        """Answer a request for a served cluster; None for all other requests.

        `asked` is the request.
        """
        place = urlsplit(asked.full_url)
        session = self.sessions.get(place.port or 80)
        if session is None or place.hostname not in ("127.0.0.1", "localhost"):
            return None
        said = session.answer(asked)
        headers = Message()
        headers["Content-Type"] = "application/json" if said.text is None else "text/plain"
        text = to_json(said.document) + "\n" if said.text is None else said.text
        made = addinfourl(io.BytesIO(text.encode()), headers, asked.full_url, said.status)
        made.msg = HTTPStatus(said.status).phrase  # type: ignore[attr-defined]
        return made


HERE = HereHandler()
