"""One HTTP request: the URL, the name, the connection, the answer."""

from __future__ import annotations

import re
from collections.abc import Generator

import msgspec

from course_lib.runtimes.container_network import (
    ANSWERED,
    SILENT,
    TIMED_OUT,
    Contact,
    HTTPQuestion,
    HTTPReply,
)
from course_lib.runtimes.kernel import WAIT
from course_lib.runtimes.tools.resolving import QUERY, Resolved, resolve_within
from course_lib.runtimes.tools.tool import ToolFault
from course_lib.runtimes.world import World

SYN_TIMEOUT = 134.0  # s until Linux gives up a connection (tcp_syn_retries=6: 127, and more)
_URL = re.compile(r"(?:(https?)://)?(\[[^\]]+\]|[^/:?#]*)(?::(\d+))?(/[^?#]*)?(\?[^#]*)?")


class URLParts(msgspec.Struct, frozen=True):
    """The parts of a URL."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> URLParts:
        """Read a URL; raises `ToolFault`."""
        match = _URL.fullmatch(url)
        if match is None or not match[2]:
            raise ToolFault("not an http or ftp url: " + url)
        port = int(match[3] or (443 if match[1] == "https" else 80))
        return cls(
            match[1] or "http", match[2].strip("[]"), port, (match[4] or "/") + (match[5] or "")
        )

    @property
    def usual_port(self) -> bool:
        """Whether the port need not be said."""
        return self.port == (443 if self.scheme == "https" else 80)


class Exchange(msgspec.Struct):
    """One request: the name's address, the connection, and the answer."""

    name: Resolved
    contact: Contact | None = None
    reply: HTTPReply | None = None
    seconds: float = 0.0
    over_time: bool = False  # its limit was reached first


def exchange(
    world: World,
    to: URLParts,
    question: HTTPQuestion,
    limit: float = 0.0,
    looking_up: bool = False,
) -> Generator[float, None, Exchange]:
    """Look a name up, connect, ask, and wait for the answer; at most `limit` seconds (0: no limit).

    `question` is sent from a `world` to the server at `to`. With `looking_up`, the limit is for the
    name, too.
    """
    began = world.kernel.now
    name = yield from resolve_within(world, to.host, limit if looking_up else 0.0)
    found = Exchange(name or Resolved("", to.host), over_time=name is None)
    if looking_up and limit:
        limit = max(limit - (world.kernel.now - began), QUERY)
    if name is not None and name.address:
        contact = world.network.contact(name.address, to.port)
        found.contact = contact
        until = {TIMED_OUT: SYN_TIMEOUT, SILENT: WAIT}.get(contact.outcome, contact.seconds)
        if limit and until > limit:
            found.over_time, until = True, limit
        if until:
            yield until
        if contact.outcome == ANSWERED and not found.over_time and contact.peer is not None:
            seen = msgspec.structs.replace(question, client=contact.seen)
            found.reply = contact.peer.respond(to.port, seen)
    found.seconds = world.kernel.now - began
    return found


def head_of(reply: HTTPReply) -> str:
    """The lines before the body of an answer."""
    lines = [f"HTTP/{reply.version} {reply.status} {reply.reason}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "".join(f"{line}\r\n" for line in [*lines, ""])
