"""Streams to a Pod of a served cluster: `kubectl exec` and `kubectl attach`, by WebSocket.

A command without an input runs to its end at once. One with an input is a session: what is typed
goes to it, and simulated time passes until it has nothing more to say.
`course_lib.cri.stream_server` tells of the channels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tornado.websocket import WebSocketHandler

from course_lib.apiserver.errors import BadRequest
from course_lib.cluster.handlers import Guarded
from course_lib.cri import stream_server as streams
from course_lib.errors import CourseError
from course_lib.runtimes.session import StreamSession

STEP, QUIET, MOST = 0.05, 0.25, 5.0  # simulated s: one look, silence, and how long to look at most


class PodStream(Guarded, WebSocketHandler):
    """What exec and attach share: channels, and how they end."""

    session: StreamSession | None = None

    def post(self, *_: str) -> None:
        """A client that asks for SPDY."""
        self.refuse(BadRequest("streams travel in WebSockets here, not in SPDY"))

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The newest that both sides speak."""
        return next((each for each in streams.PROTOCOLS if each in subprotocols), None)

    def follow(self, session: StreamSession) -> None:
        """Connect the client to a session."""
        self.session = session
        session.on_output(self._say)
        self._go_on()

    def _say(self, stream: str, data: bytes) -> None:
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            self.write_message(bytes([streams.CHANNELS[stream]]) + data, binary=True)

    def _go_on(self) -> None:
        """Let time pass until the session says nothing more, or has ended."""
        session = self.session
        assert session is not None
        with self.served.lock:
            spoken, passed = session.spoken, 0.0
            silent = 0.0
            while not session.ended and silent < QUIET and passed < MOST:
                self.served.run(STEP)
                passed += STEP
                silent = silent + STEP if session.spoken == spoken else 0.0
                spoken = session.spoken
        if session.ended:
            self.end(self.outcome(session))

    def outcome(self, session: StreamSession) -> object:
        """How a session ended, as a `Status`."""
        if session.fault is not None:
            return streams.failure(f"{streams.EXECUTING}: {session.fault.what}")
        if session.code:
            text = f"command terminated with exit code {session.code}"
            return streams.failure(text, session.code)
        return streams.SUCCESS

    def end(self, status: object) -> None:
        """Say how it ended, and hang up."""
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            message = bytes([streams.ERROR]) + json.dumps(status).encode()
            self.write_message(message, binary=True)
            self.close(1000)

    def on_message(self, message: str | bytes) -> None:
        """Something was typed, or the client has no more to type."""
        data = message.encode() if isinstance(message, str) else message
        if not data or self.session is None:
            return
        with self.served.lock:
            if data[0] == streams.STDIN:
                self.session.type(data[1:])
            elif data[:2] == bytes([streams.CLOSE, streams.STDIN]):
                self.session.close()
        self._go_on()

    def on_close(self) -> None:
        """The client has gone."""
        if self.session is not None:
            with self.served.lock:
                self.session.hang_up()


class Exec(PodStream):
    """`kubectl exec`."""

    def open(self, *arguments: str, **_: str) -> None:
        """Run the command; raises `BadRequest` for a request without one."""
        namespace, pod = arguments
        try:
            if "dryRun" in self.asked.query:
                raise BadRequest("a command cannot be run dry")
            command = self.asked.query.get("command", ())
            if not command:
                raise BadRequest("you must specify at least one command for the container")
            container = self.asked.text("container")
            if self.asked.flag("stdin"):
                tty = bool(self.asked.flag("tty"))
                with self.served.lock:
                    made = self.served.cluster.containers.session(
                        pod, command, container, namespace, tty
                    )
                self.follow(made)
            else:
                self._run(pod, command, container, namespace)
        except CourseError as refusal:
            self.end(streams.failure(refusal.what))

    def _run(self, pod: str, command: Sequence[str], container: str, namespace: str) -> None:
        """Run a command without an input to its end."""
        with self.served.lock:
            done = self.served.cluster.containers.exec_sync(pod, command, container, namespace)
        self._say("stdout", done.stdout)
        self._say("stderr", done.stderr)
        status: object = streams.SUCCESS
        if done.exit_code:
            text = f"command terminated with exit code {done.exit_code}"
            status = streams.failure(text, done.exit_code)
        self.end(status)


class Attach(PodStream):
    """`kubectl attach`."""

    def outcome(self, session: StreamSession) -> object:
        """The container's exit code is told by its status, not by the stream."""
        return streams.SUCCESS

    def open(self, *arguments: str, **_: str) -> None:
        """Join the streams of the container's own program."""
        namespace, pod = arguments
        try:
            with self.served.lock:
                made = self.served.cluster.containers.attach(
                    pod, self.asked.text("container"), namespace, bool(self.asked.flag("tty"))
                )
            self.follow(made)
        except CourseError as refusal:
            self.end(streams.failure(refusal.what))
