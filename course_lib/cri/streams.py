"""Exec, Attach and PortForward: calls that answer with a URL.

A stream does not travel through the kubelet's gRPC connection: the shim remembers what was asked
under a token and hands out an address with it, and the client connects there. A token is good
once, and for a minute. A runtime behind a socket answers there (`stream_server`); one in the same
process only hands out the address.
Source: `k8s.io/kubelet/pkg/cri/streaming` (`request_cache.go`, `server.go`).
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from course_lib.cri import messages as v1
from course_lib.cri.translate import invalid
from course_lib.runtimes import Runtime, RuntimeFault

Message = Any
LIFE = 60.0  # s that a token is good
MOST = 1000  # tokens at once


class Wanted(msgspec.Struct, frozen=True):
    """What a token stands for, and until when (simulated s)."""

    kind: str
    request: Any
    until: float


class StreamCalls:
    """The calls that lead to a stream."""

    runtime: Runtime
    streams: dict[str, Wanted]
    stream_address = "http://127.0.0.1:10010"

    def Exec(self, request: Message) -> Message:  # noqa: N802
        """A URL for a command with streams."""
        self._must_run(request.container_id)
        if not request.cmd:
            raise invalid("a command must be given")
        return v1.ExecResponse(url=self._url("exec", _streams(request)))

    def Attach(self, request: Message) -> Message:  # noqa: N802
        """A URL for the streams of the container's own program."""
        self._must_run(request.container_id)
        return v1.AttachResponse(url=self._url("attach", _streams(request)))

    def PortForward(self, request: Message) -> Message:  # noqa: N802
        """A URL for connections to ports of a sandbox."""
        sandbox = self.runtime.sandboxes.by_id(
            request.pod_sandbox_id, 'failed to find sandbox "{id}"'
        )
        if not sandbox.ready:
            raise RuntimeFault("Unknown", f'sandbox container "{sandbox.id}" is not running')
        return v1.PortForwardResponse(url=self._url("portforward", request))

    def redeem(self, token: str) -> Wanted:
        """What a token stands for; it is used up by this."""
        wanted = self.streams.pop(token, None)
        if wanted is None or wanted.until < self.runtime.sim.now:
            raise RuntimeFault("NotFound", f"no request for token {token!r}: used, or too old")
        return wanted

    def _must_run(self, id: str) -> None:
        if not self.runtime.containers.by_id(id).running:
            raise RuntimeFault("Unknown", f"container {id} is not running")

    def _url(self, kind: str, request: Message) -> str:
        now = self.runtime.sim.now
        self.streams = {t: w for t, w in self.streams.items() if w.until >= now}
        if len(self.streams) >= MOST:
            raise RuntimeFault("ResourceExhausted", "maximum number of in-flight requests exceeded")
        token = secrets.token_hex(16)  # nobody can guess it, and the simulation never sees it
        self.streams[token] = Wanted(kind, request, now + LIFE)
        return f"{self.stream_address}/{kind}/{token}"


def _streams(request: Message) -> Message:
    """A terminal has one output; and some stream there must be."""
    if request.tty and request.stderr:
        raise invalid("tty and stderr cannot both be true")
    if not (request.stdin or request.stdout or request.stderr):
        raise invalid("one of stdin, stdout, or stderr must be set")
    return request
