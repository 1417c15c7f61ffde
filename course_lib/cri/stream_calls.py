"""The RuntimeService's calls that answer with a URL: Exec, Attach and PortForward.

A stream does not travel through the kubelet's gRPC connection: the shim remembers what was asked
under a token and hands out an address with it, and the client connects there. A token is good
once, and for a minute. A runtime behind a socket answers there (`stream_server`); one in the same
process only hands out the address.
Source: `k8s.io/kubelet/pkg/cri/streaming` (`request_cache.go`, `server.go`).
"""

from __future__ import annotations

import secrets

import msgspec

from course_lib.cri import messages as v1
from course_lib.cri.handlers import Handlers
from course_lib.cri.translate import invalid
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.commands import Commands
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.forwarding import ForwardedPort
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.sandboxes import Sandboxes
from course_lib.runtimes.session import StreamSession

LIFE = 60.0  # s that a token is good
MOST = 1000  # tokens at once


class StreamRequest(msgspec.Struct, frozen=True):
    """What a token stands for, and until when (simulated s)."""

    kind: str
    request: v1.ExecRequest | v1.AttachRequest | v1.PortForwardRequest
    until: float


class StreamCalls:
    """URLs at a server's `address` for streams to `containers` and `sandboxes` of a `machine`.

    `commands` run what the streams belong to.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        containers: Containers,
        machine: RuntimeMachine,
        commands: Commands,
    ) -> None:
        self._commands, self._machine = commands, machine
        self._sandboxes, self._containers, self._sim = sandboxes, containers, machine.sim
        self._by_token: dict[str, StreamRequest] = {}
        self.address = "http://127.0.0.1:10010"
        self.handlers: Handlers = {
            "Exec": self.exec,
            "Attach": self.attach,
            "PortForward": self.port_forward,
        }

    def exec(self, request: v1.ExecRequest) -> v1.ExecResponse:
        """A URL for a command with streams."""
        self._must_run(request.container_id)
        if not request.cmd:
            raise invalid("a command must be given")
        _check(request)
        return v1.ExecResponse(url=self._url("exec", request))

    def attach(self, request: v1.AttachRequest) -> v1.AttachResponse:
        """A URL for the streams of the container's own program."""
        self._must_run(request.container_id)
        _check(request)
        return v1.AttachResponse(url=self._url("attach", request))

    def port_forward(self, request: v1.PortForwardRequest) -> v1.PortForwardResponse:
        """A URL for connections to a sandbox; raises `RuntimeFault` for one that is not ready."""
        id, said = request.pod_sandbox_id, 'failed to find sandbox "{id}"'
        sandbox = self._sandboxes.by_id(id, said)
        if not sandbox.ready:
            raise RuntimeFault("Unknown", f'sandbox container "{sandbox.id}" is not running')
        return v1.PortForwardResponse(url=self._url("portforward", request))

    def open(self, url: str) -> StreamSession:
        """The session behind a URL, for a client in the same process; raises `RuntimeFault`."""
        wanted = self.redeem(url.rpartition("/")[2]).request
        if isinstance(wanted, v1.ExecRequest):
            argv = list(wanted.cmd)
            return self._commands.open(wanted.container_id, argv, wanted.stdin, wanted.tty)
        if isinstance(wanted, v1.AttachRequest):
            return self._commands.attach(wanted.container_id, wanted.stdin, wanted.tty)
        sandbox = self._sandboxes.by_id(wanted.pod_sandbox_id)
        return ForwardedPort(self._machine.network_of(sandbox), sandbox.id, wanted.port[0])

    def redeem(self, token: str) -> StreamRequest:
        """What a token stands for; it is used up by this. Raises `RuntimeFault`."""
        found = self._by_token.pop(token, None)
        if found is None or found.until < self._sim.now:
            raise RuntimeFault("NotFound", f"no request for token {token!r}: used, or too old")
        return found

    def _must_run(self, id: str) -> None:
        if not self._containers.by_id(id).running:
            raise RuntimeFault("Unknown", f"container {id} is not running")

    def _url(
        self, kind: str, request: v1.ExecRequest | v1.AttachRequest | v1.PortForwardRequest
    ) -> str:
        now = self._sim.now
        self._by_token = {t: r for t, r in self._by_token.items() if r.until >= now}
        if len(self._by_token) >= MOST:
            raise RuntimeFault("ResourceExhausted", "maximum number of in-flight requests exceeded")
        token = secrets.token_hex(16)  # nobody can guess it, and the simulation never sees it
        self._by_token[token] = StreamRequest(kind, request, now + LIFE)
        return f"{self.address}/{kind}/{token}"


def _check(request: v1.ExecRequest | v1.AttachRequest) -> None:
    """A terminal has one output; and some stream there must be."""
    if request.tty and request.stderr:
        raise invalid("tty and stderr cannot both be true")
    if not (request.stdin or request.stdout or request.stderr):
        raise invalid("one of stdin, stdout, or stderr must be set")
