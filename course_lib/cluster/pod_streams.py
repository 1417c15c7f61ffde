"""Streams to a Pod of a served cluster, by WebSocket: `kubectl exec`, `attach`, `port-forward`.

A request is refused before the connection becomes a WebSocket, as a real API server and kubelet do.
In a cluster whose time stands still, time passes while a command runs, until it ends or waits for
input.
`course_lib.apiserver.stream_channels` tells of the channels.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from tornado.websocket import WebSocketHandler

from course_lib.apiserver import stream_channels as channels
from course_lib.apiserver.errors import BadRequest
from course_lib.apiserver.pod_streams import Opening, PortsOfPod, ServedStream, failed
from course_lib.apiserver.port_tunnel import PROTOCOL as TUNNEL
from course_lib.apiserver.port_tunnel import PortTunnel
from course_lib.apiserver.spdy import SPDYError
from course_lib.cluster.handlers import Guarded
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document

STEP = 0.05  # simulated s between two looks at a command
MOST = 600.0  # simulated s for which a command goes on
ANSWERED = 5.0  # simulated s in which the program of a container answers what is typed
NO_SPDY = "streams travel in WebSockets here, not in SPDY"
PROTOCOL_ERROR = 1002  # why a WebSocket is closed (RFC 6455, 7.4.1)


class StreamHandler(Guarded, WebSocketHandler):
    """What all streams share: how they are refused, and how they are written."""

    async def get(self, *arguments: str, **named: str) -> None:
        """Become a WebSocket, unless the request is refused."""
        if self._accepted():
            await super().get(*arguments, **named)

    def post(self, *_: str) -> None:
        """A client that asks for SPDY."""
        if self._accepted():
            self.refuse(BadRequest(NO_SPDY))

    def _accepted(self) -> bool:
        try:
            with self.served.lock:
                self.accept()
        except CourseError as refusal:
            self.refuse(refusal)
            return False
        return True

    def accept(self) -> None:
        """Ask the API server's face; raises `CourseError` for a request that is refused."""
        raise NotImplementedError

    def send(self, channel: int, data: bytes) -> None:
        """Send data on a channel, unless the client has gone."""
        self.send_bytes(channels.message(channel, data))

    def send_bytes(self, data: bytes) -> None:
        """Send a message, unless the client has gone."""
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            self.write_message(data, binary=True)

    def soon(self, act: Callable[[], None]) -> None:
        """Act in the server's own thread: simulated time may pass in another."""
        with suppress(RuntimeError):  # nothing is served any more
            self.served.loop.call_soon_threadsafe(act)


class PodStreamHandler(StreamHandler):
    """`kubectl exec` and `kubectl attach`."""

    stream: ServedStream | None = None
    _opening: Opening
    _passing = False

    def accept(self) -> None:
        """Ask for the streams; raises `CourseError`."""
        self._opening = self.served.face.stream(self.asked)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The newest that both sides speak."""
        return next((each for each in channels.PROTOCOLS if each in subprotocols), None)

    def open(self, *_: str, **named: str) -> None:
        """Open the streams."""
        try:
            with self.served.lock:
                self.stream = self._opening()
                self.stream.on_change(lambda: self.soon(self._pass_on))
        except CourseError as refusal:
            self._end(failed(refusal.what))
            return
        self._go_on()

    def on_message(self, message: str | bytes) -> None:
        """Something was typed, or the client has no more to type."""
        data = message.encode() if isinstance(message, str) else message
        if not data or self.stream is None:
            return
        with self.served.lock:
            if data[0] == channels.STDIN:
                self.stream.type(data[1:])
            elif data[:2] == bytes([channels.CLOSE, channels.STDIN]):
                self.stream.close()
        self._go_on()

    def on_close(self) -> None:
        """The client has gone."""
        if self.stream is not None:
            with self.served.lock:
                self.stream.hang_up()
            self.stream = None

    def _pass_on(self) -> None:
        """Send what was said, and at the end how it ended."""
        if self.stream is None:
            return
        with self.served.lock:
            said, ended, status = self.stream.take(), self.stream.ended, self.stream.status
        for name, data in said:
            self.send(channels.CHANNELS[name], data)
        if ended:
            self.stream = None
            self._end(status)

    def _end(self, status: Document) -> None:
        self.send(channels.ERROR, json.dumps(status).encode())
        self.close(1000)

    def _go_on(self) -> None:
        """Have time pass, where it does not by itself, until the stream waits or has ended."""
        if not self._passing and not self.served.paced:
            self._passing = True
            self._task = asyncio.ensure_future(self._pass_time())

    async def _pass_time(self) -> None:
        passed, most = 0.0, self._most()
        while passed < most and (stream := self.stream) is not None and not stream.ended:
            if stream.waits:
                break
            self.served.run(STEP)
            passed += STEP
            await asyncio.sleep(0)
        self._passing = False

    def _most(self) -> float:
        """How long time passes for what was asked (simulated s)."""
        if self.asked.path.endswith("/exec"):
            return MOST
        return ANSWERED if self.asked.flag("stdin") else 0.0


class PortForwardHandler(StreamHandler):
    """`kubectl port-forward`: SPDY in a WebSocket, or a channel for each port of the request."""

    _ports: PortsOfPod
    _carrier: PortTunnel | PortChannels | None = None

    def accept(self) -> None:
        """Ask for the Pod's ports; raises `CourseError`."""
        asked = self.asked.headers.get("sec-websocket-protocol", "")
        self._numbers: list[int] = []
        if TUNNEL not in asked:
            if channels.PORTS not in asked:
                raise BadRequest(NO_SPDY)
            self._numbers = _numbers(self.asked.query.get("ports", ()))
        self._ports = self.served.face.ports(self.asked)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The first that is spoken here."""
        return next((each for each in (TUNNEL, channels.PORTS) if each in subprotocols), None)

    def open(self, *_: str, **named: str) -> None:
        """Begin; connect to each port that the request names."""
        with self.served.lock:
            if self.selected_subprotocol == TUNNEL:
                self._carrier = PortTunnel(self._ports, self.send_bytes)
            else:
                self._carrier = PortChannels(self._ports, self._numbers, self.send)

    def on_message(self, message: str | bytes) -> None:
        """Bytes for a port; what it answers goes back at once."""
        data = message.encode() if isinstance(message, str) else message
        if self._carrier is None or not data:
            return
        try:
            with self.served.lock:
                self._carrier.hear(data)
        except SPDYError:
            self.close(PROTOCOL_ERROR)
            return
        if self._carrier.gone:
            self.close(1000)

    def on_close(self) -> None:
        """The client has gone."""
        if self._carrier is not None:
            with self.served.lock:
                self._carrier.close()


class PortChannels:
    """Connections to the ports with these `numbers`, of `ports`; `send` sends on a channel."""

    def __init__(
        self, ports: PortsOfPod, numbers: Sequence[int], send: Callable[[int, bytes], None]
    ) -> None:
        self._send, self.gone = send, False
        self._streams = [ports.dial(number) for number in numbers]
        for place, number in enumerate(numbers):
            for channel in (2 * place, 2 * place + 1):
                send(channel, number.to_bytes(2, "little"))

    def hear(self, message: bytes) -> None:
        """Bytes for a port: behind the number of its channel."""
        place = message[0] // 2
        if place >= len(self._streams):
            return
        stream = self._streams[place]
        stream.type(message[1:])
        for name, part in stream.take():
            self._send(2 * place + (name == "stderr"), part)
        self.gone = stream.ended

    def close(self) -> None:
        """The client has gone."""
        for stream in self._streams:
            stream.hang_up()


def _numbers(texts: Sequence[str]) -> list[int]:
    """The ports of a request; raises `BadRequest`."""
    found = [int(each) for text in texts for each in text.split(",") if each.isdecimal()]
    if not found or not all(0 < number < 65536 for number in found):
        raise BadRequest('query parameter "port" is required')
    return found
