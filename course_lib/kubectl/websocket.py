"""A client of WebSockets, as far as streams to Pods need one: binary messages, pings, the end.

Source: RFC 6455 (4.1 the client's handshake, 5.2 frames, 5.3 masks, 5.5 control frames).
"""

from __future__ import annotations

import base64
import http.client
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from io import BufferedReader

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FINAL, MASKED = 0x80, 0x80
_SHORT, _LONG = 126, 127  # lengths that say that the length follows, in two or in eight bytes
SWITCHED = 101  # the HTTP status of a connection that has become a WebSocket


def handshake(
    connection: http.client.HTTPConnection, target: str, headers: Mapping[str, str], protocol: str
) -> http.client.HTTPResponse:
    """Ask a server to make a `connection` a WebSocket; returns its answer, status 101 for yes.

    `target` is the path with its query, `headers` are those of the request, `protocol` says what
    the messages are. Raises `OSError` where no server answers.
    """
    connection.connect()
    assert connection.sock is not None
    asked = {
        "Host": f"{connection.host}:{connection.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": protocol,
        **headers,
    }
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items())]
    connection.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    answer = http.client.HTTPResponse(connection.sock, method="GET")
    answer.begin()
    return answer


class WebSocket:
    """A `connection` that has become a WebSocket; `answer` is the server's to the handshake.

    One thread receives; several may send.
    """

    def __init__(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        assert connection.sock is not None
        self._connection, self._socket = connection, connection.sock
        self._answer = answer  # which closes what it reads from when nobody holds it
        self._reader: BufferedReader = answer.fp
        self._sending = threading.Lock()
        self._socket.settimeout(None)

    def send(self, data: bytes) -> None:
        """Send a message; raises `OSError` once the server has gone."""
        self._frame(BINARY, data)

    def receive(self) -> bytes | None:
        """The next message, which is waited for; None at the end."""
        parts = b""
        while True:
            try:
                final, kind, data = self._read()
            except (OSError, ValueError, EOFError):
                return None
            if kind == CLOSE:
                with suppress(OSError):
                    self._frame(CLOSE, data[:2])
                return None
            if kind == PING:
                with suppress(OSError):
                    self._frame(PONG, data)
            elif kind in (CONTINUED, TEXT, BINARY):
                parts += data
                if final:
                    return parts

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._frame(CLOSE, (1000).to_bytes(2, "big"))
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _frame(self, kind: int, data: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        with self._sending:
            self._socket.sendall(frame_head(kind, len(data)) + mask + masked)

    def _read(self) -> tuple[bool, int, bytes]:
        """One frame: whether it ends its message, of which kind it is, and its bytes."""
        first, second = self._exactly(2)
        length = second & ~MASKED
        if length in (_SHORT, _LONG):
            length = int.from_bytes(self._exactly(2 if length == _SHORT else 8), "big")
        mask = self._exactly(4) if second & MASKED else b""
        data = self._exactly(length)
        if mask:
            data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        return bool(first & FINAL), first & 0x0F, data

    def _exactly(self, count: int) -> bytes:
        data = self._reader.read(count)
        if len(data) < count:
            raise EOFError
        return data


def frame_head(kind: int, length: int) -> bytes:
    """The begin of a whole message of a `kind`, masked, with so many bytes.

    >>> frame_head(BINARY, 5), frame_head(BINARY, 300)
    (b'\\x82\\x85', b'\\x82\\xfe\\x01,')
    """
    first = bytes([FINAL | kind])
    if length < _SHORT:
        return first + bytes([MASKED | length])
    if length < 1 << 16:
        return first + bytes([MASKED | _SHORT]) + length.to_bytes(2, "big")
    return first + bytes([MASKED | _LONG]) + length.to_bytes(8, "big")
