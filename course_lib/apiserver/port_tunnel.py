"""`kubectl port-forward`: connections to the ports of a Pod, all in one connection of SPDY.

For each connection the client opens two streams with the same request ID: one has the data, in the
other the server says what goes wrong. The client tunnels SPDY through a WebSocket.

Source: client-go `tools/portforward/portforward.go`; `k8s.io/cri-streaming`
`pkg/streaming/portforward/httpstream.go`; Kubernetes enhancement 4006, "Transition from SPDY to
WebSockets".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from course_lib.apiserver.pod_streams import PodStream, PortsOfPod
from course_lib.apiserver.spdy import (
    GOAWAY,
    MOST,
    PING,
    RST_STREAM,
    SYN_REPLY,
    SYN_STREAM,
    Frame,
    SPDYConnection,
)

PROTOCOL = "SPDY/3.1+portforward.k8s.io"  # the subprotocol of the WebSocket
DATA, ERROR = "data", "error"  # the types of streams


class PortStreams(msgspec.Struct):
    """The two streams of one connection, by their type, and the connection once both are there."""

    numbers: dict[str, int] = {}
    pod: PodStream | None = None


class PortTunnel:
    """The server's side: `ports` are those of the Pod, `send` sends bytes to the client."""

    def __init__(self, ports: PortsOfPod, send: Callable[[bytes], None]) -> None:
        self._ports, self._send = ports, send
        self._spdy = SPDYConnection()
        self._requests: dict[str, PortStreams] = {}
        self.gone = False  # whether the client has said that it leaves

    def hear(self, data: bytes) -> None:
        """Take bytes from the client; raises `SPDYError` for what is not SPDY."""
        for frame in self._spdy.read(data):
            if frame.type == SYN_STREAM:
                self._open(frame)
            elif frame.type == PING:
                self._write(Frame(frame.stream, PING))
            elif frame.type == GOAWAY:
                self.gone = True
            elif frame.type == RST_STREAM:
                self._forget(frame.stream)
            elif frame.type == 0:
                self._carry(frame)

    def close(self) -> None:
        """The client has gone: its connections end."""
        for each in self._requests.values():
            if each.pod is not None:
                each.pod.hang_up()
        self._requests.clear()

    def _open(self, frame: Frame) -> None:
        """Accept a stream; with the second of a request, connect to the port."""
        port, type = frame.headers.get("port", ""), frame.headers.get("streamtype", "")
        if not (port.isdecimal() and 0 < int(port) < 65536) or type not in (DATA, ERROR):
            self._write(Frame(frame.stream, RST_STREAM))
            return
        self._write(Frame(frame.stream, SYN_REPLY))
        request = self._requests.setdefault(frame.headers.get("requestid", ""), PortStreams())
        request.numbers[type] = frame.stream
        if len(request.numbers) == 2:
            request.pod = self._ports.dial(int(port))
            self._pass_on(request)

    def _carry(self, frame: Frame) -> None:
        """Bytes for a port; what it answers goes back at once."""
        for request in self._with_stream(frame.stream):
            if request.pod is None or frame.stream != request.numbers[DATA]:
                continue  # nothing is said to the server in the stream of errors
            if frame.data:
                request.pod.type(frame.data)
            if frame.last:
                request.pod.close()
            self._pass_on(request)

    def _pass_on(self, request: PortStreams) -> None:
        pod = request.pod
        if pod is None:
            return
        failed = False
        for name, data in pod.take():
            failed |= name == "stderr"
            stream = request.numbers[ERROR if name == "stderr" else DATA]
            for start in range(0, len(data), MOST):
                self._write(Frame(stream, data=data[start : start + MOST]))
        if pod.ended:
            for type in (DATA, ERROR):
                stream = request.numbers[type]
                self._write(Frame(stream, RST_STREAM) if failed else Frame(stream, last=True))
            self._requests = {k: v for k, v in self._requests.items() if v is not request}

    def _forget(self, stream: int) -> None:
        """The client wants nothing more of a stream: a connection without data ends."""
        for request in list(self._with_stream(stream)):
            if stream == request.numbers.get(DATA) and request.pod is not None:
                request.pod.hang_up()
                self._pass_on(request)

    def _with_stream(self, stream: int) -> Iterator[PortStreams]:
        return (each for each in self._requests.values() if stream in each.numbers.values())

    def _write(self, frame: Frame) -> None:
        self._send(self._spdy.write(frame))
