"""Where the URLs of Exec and Attach lead: streams in a WebSocket.

Each message begins with the number of its channel: 0 stdin, 1 stdout, 2 stderr, 3 how it ended,
4 the terminal's size, 255 a channel that closes. The older way, SPDY, is not spoken here, and
nothing is behind PortForward: a simulated container has no real sockets.
Source: Kubernetes enhancement 4006, "Transition from SPDY to WebSockets" (`v5.channel.k8s.io`);
`k8s.io/apimachinery/pkg/util/remotecommand/constants.go`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping

from course_lib.apiserver.stream_channels import CHANNELS, CLOSE, ERROR, PROTOCOLS, STDIN
from course_lib.cri import messages as v1
from course_lib.cri.stream_calls import StreamCalls
from course_lib.engine.real_time import RealTime
from course_lib.errors import extra
from course_lib.runtimes import Runtime, RuntimeContainer, RuntimeFault
from course_lib.runtimes.errors import NOT_EXECUTED
from course_lib.runtimes.session import StreamSession

with extra("serve"):
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler

SUCCESS: Mapping[str, object] = {"metadata": {}, "status": "Success"}


def failure(message: str, code: int | None = None) -> Mapping[str, object]:
    """How a stream ended badly, as a `Status` of the API."""
    status: dict[str, object] = {"metadata": {}, "status": "Failure", "message": message}
    if code is not None:
        causes = [{"reason": "ExitCode", "message": str(code)}]
        status |= {"reason": "NonZeroExitCode", "details": {"causes": causes}}
    return status


class StreamServer:
    """A WebSocket server on a free port of this machine alone, in a thread of its own.

    `calls` know the tokens, `runtime` runs the commands, `time` holds the simulation's lock.
    """

    def __init__(self, calls: StreamCalls, runtime: Runtime, time: RealTime) -> None:
        self.calls, self.runtime, self.time = calls, runtime, time
        self._thread = threading.Thread(target=self._serve, name="streams", daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        """Listen, and have the shim hand out this address."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Hang up on everybody."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        routes = [(r"/(exec|attach|portforward)/(\w+)", Stream, {"streams": self})]
        http = HTTPServer(Application(routes))
        sockets = bind_sockets(0, "127.0.0.1")
        http.add_sockets(sockets)
        port = sockets[0].getsockname()[1]
        self.calls.address = f"http://127.0.0.1:{port}"
        self._ready.set()
        await self._end.wait()
        http.stop()
        await http.close_all_connections()


class Stream(WebSocketHandler):
    """One client, at the streams of one command or of one container."""

    def initialize(self, streams: StreamServer) -> None:
        """Called by tornado with the route's settings."""
        self.streams, self.calls = streams, streams.calls
        self.runtime, self.time = streams.runtime, streams.time
        self.session: StreamSession | None = None
        self.attached: RuntimeContainer | None = None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The newest that both sides speak."""
        return next((p for p in PROTOCOLS if p in subprotocols), None)

    def post(self, *_: str) -> None:
        """A client that asks for SPDY."""
        self.set_status(400)
        self.finish("streams travel in WebSockets here: crictl exec --transport websocket")

    def open(self, *arguments: str, **_: str) -> None:
        """A client has come with its token; raises `RuntimeFault` for one that is not known."""
        kind, token = arguments
        try:
            with self.time.locked():
                wanted = self.calls.redeem(token)
            if wanted.kind != kind or kind == "portforward":
                why = f"no streams for {kind} of a simulated container"
                raise RuntimeFault("Unimplemented", why)
            with self.time.locked():
                if isinstance(wanted.request, v1.ExecRequest):
                    self._run_command(wanted.request)
                elif isinstance(wanted.request, v1.AttachRequest):
                    self._attach_to(wanted.request)
        except RuntimeFault as fault:
            self._end_with(failure(fault.what))

    def _run_command(self, request: v1.ExecRequest) -> None:
        commands, argv = self.runtime.commands, list(request.cmd)
        session = commands.open(request.container_id, argv, request.stdin, request.tty)
        self._follow(session, self._ended)

    def _attach_to(self, request: v1.AttachRequest) -> None:
        self.attached = self.runtime.containers.by_id(request.container_id)
        commands = self.runtime.commands
        session = commands.attach(request.container_id, request.stdin, request.tty)
        self._follow(session, lambda: SUCCESS)

    def _follow(self, session: StreamSession, outcome: Callable[[], Mapping[str, object]]) -> None:
        self.session = session
        session.on_output(self._say)

        def over() -> None:
            self.streams.loop.call_soon_threadsafe(self._end_with, outcome())

        session.on_end(over)

    def _ended(self) -> Mapping[str, object]:
        """How a command ended."""
        assert self.session is not None
        if self.session.fault is not None:
            return failure(f"{NOT_EXECUTED}: {self.session.fault.what}")
        if code := self.session.code:
            return failure(f"command terminated with non-zero exit code: exit status {code}", code)
        return SUCCESS

    def _say(self, stream: str, data: bytes) -> None:
        """From the simulation's side: something was said."""
        message = bytes([CHANNELS[stream]]) + data
        self.streams.loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: bytes) -> None:
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            self.write_message(message, binary=True)

    def _end_with(self, status: Mapping[str, object]) -> None:
        self._send(bytes([ERROR]) + json.dumps(status).encode())
        self.close(1000)

    def on_message(self, message: str | bytes) -> None:
        """Something was typed, or the client has no more to type."""
        data = message.encode() if isinstance(message, str) else message
        if not data or self.session is None or self.session.stdin is None:
            return
        with self.time.locked():
            if data[0] == STDIN:
                self.session.type(data[1:])
            elif data[:2] == bytes([CLOSE, STDIN]):
                self._no_more()

    def _no_more(self) -> None:
        """Of a container's own input, only one that is meant for once ends with its client."""
        assert self.session is not None
        if self.attached is None or self.attached.spec.stdin_once:
            self.session.close()
        else:
            self._end_with(SUCCESS)

    def on_close(self) -> None:
        """The client has gone: a command hears the end of its input, a container goes on."""
        with self.time.locked():
            if self.session is not None:
                self.session.hang_up()
