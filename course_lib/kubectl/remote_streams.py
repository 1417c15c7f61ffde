"""Streams to Pods over HTTP: a WebSocket for each, and a thread that reads it.

Source: client-go `tools/remotecommand/websocket.go`; of ports
`k8s.io/cri-streaming/pkg/streaming/portforward/websocket.go`. The real `port-forward` asks for a
tunnel of SPDY in its WebSocket; API servers take both.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver import stream_channels as channels
from course_lib.apiserver.pod_streams import SUCCESS, failed
from course_lib.kubectl.websocket import WebSocket
from course_lib.objects.manifests import Document

QUIET = 0.3  # real s of silence after which a program seems to wait for input
LOST = "error reading from error stream: the connection was lost"
DATA, FAULT = 0, 1  # the channels of one port


class WebSocketStream:
    """The streams of a command over a `socket`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._said: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._status: Document | None = None
        self._over = False
        self._active = time.monotonic()
        thread = threading.Thread(target=self._read, name="kubectl stream", daemon=True)
        thread.start()

    @property
    def ended(self) -> bool:
        """Whether it is over, and nothing is left to take."""
        return self._over and self._said.empty()

    @property
    def status(self) -> Document:
        """How it ended, as a `Status`."""
        return self._status if self._status is not None else failed(LOST)

    @property
    def waits(self) -> bool:
        """Whether it has been silent for so long that its program seems to wait for input."""
        return not self._over and time.monotonic() - self._active > QUIET

    def take(self) -> list[tuple[str, bytes]]:
        """What was said since the last call."""
        found: list[tuple[str, bytes]] = []
        with suppress(queue.Empty):
            while True:
                found.append(self._said.get_nowait())
        return found

    def type(self, data: bytes) -> None:
        """Send something to its input."""
        self._active = time.monotonic()
        with suppress(OSError):  # it has ended
            self._socket.send(channels.message(channels.STDIN, data))

    def close(self) -> None:
        """End its input."""
        with suppress(OSError):
            self._socket.send(channels.message(channels.CLOSE, bytes([channels.STDIN])))

    def hang_up(self) -> None:
        """Leave."""
        self._socket.close()

    def _read(self) -> None:
        while (message := self._socket.receive()) is not None:
            if message:
                self._hear(message[0], message[1:])
        self._over = True

    def _hear(self, channel: int, data: bytes) -> None:
        self._active = time.monotonic()
        if channel in channels.NAMES and data:
            self._said.put((channels.NAMES[channel], data))
        elif channel == channels.ERROR:
            self._status = json.loads(data)


class WebSocketPort(WebSocketStream):
    """A connection to one port of a Pod over a `socket`."""

    def __init__(self, socket: WebSocket) -> None:
        self._numbered: set[int] = set()  # channels that have said which port they belong to
        super().__init__(socket)

    @property
    def status(self) -> Document:
        """A connection has no outcome of its own."""
        return SUCCESS

    def close(self) -> None:
        """There is no way to say so: the server ends it."""

    def _hear(self, channel: int, data: bytes) -> None:
        if channel not in self._numbered:
            self._numbered.add(channel)
            data = data[2:]
        if data and channel in (DATA, FAULT):
            self._said.put(("stdout" if channel == DATA else "stderr", data))


class RemotePorts:
    """The ports of a Pod; `connect` opens a WebSocket to one."""

    def __init__(self, connect: Callable[[int], WebSocket]) -> None:
        self._connect = connect

    def dial(self, port: int) -> WebSocketPort:
        """A connection to a port; raises `CommandError`."""
        return WebSocketPort(self._connect(port))
