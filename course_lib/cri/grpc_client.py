"""The CRI over gRPC: a channel to the server on a unix socket.

Calls block and take real time. Source: grpc.io, Python; `unix:` names of gRPC's naming document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.client import Done
from course_lib.cri.messages import Message
from course_lib.errors import extra
from course_lib.runtimes import RuntimeFault, TimedStep
from course_lib.runtimes.session import StreamSession

with extra("cri"):
    import grpc

PATIENCE = 120.0  # s, as the kubelet's runtime-request-timeout, which is two minutes


def code_name(code: grpc.StatusCode) -> str:
    """gRPC's code in Go's words: NOT_FOUND is NotFound."""
    return "".join(part.capitalize() for part in code.name.split("_"))


class Channel:
    """A way to a shim over a unix socket; any CRI runtime may be at its other end."""

    def __init__(self, path: str, patience: float = PATIENCE) -> None:
        self.path, self.patience = path, patience
        self._channel = grpc.insecure_channel(f"unix:{path}")
        self._stubs: dict[str, Any] = {}

    def _stub(self, method: str) -> Any:
        if method not in self._stubs:
            about = v1.METHODS[method]
            make = self._channel.unary_stream if about.streams else self._channel.unary_unary
            self._stubs[method] = make(
                about.path,
                request_serializer=about.request.SerializeToString,
                response_deserializer=about.response.FromString,
            )
        return self._stubs[method]

    def begin(self, method: str, request: Message, done: Done) -> None:
        """Call, wait, and tell; a stream's parts come as a list."""
        try:
            result = self._stub(method)(request, timeout=self.patience)
            done(list(result) if v1.METHODS[method].streams else result)
        except grpc.RpcError as error:
            done(RuntimeFault(code_name(error.code()), error.details() or ""))

    def wait(self, finished: Callable[[], bool]) -> None:
        """A call has finished when it returns."""

    def hops(self) -> tuple[TimedStep, ...]:
        """None: the steps behind a socket are not known."""
        return ()

    def on_change(self, changed: Callable[[], None]) -> bool:
        """False: a server does not announce most changes."""
        return False

    def stays_below(self, limit: float) -> bool:
        """False: the memory that real programs will use is not known."""
        return False

    def watch(self, changed: Callable[[str], None]) -> bool:
        """Changes are found by asking."""
        return False

    def events(self) -> Iterator[Message]:
        """The container events as they come; ends when the channel is closed."""
        try:
            yield from self._stub("GetContainerEvents")(v1.GetEventsRequest())
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise RuntimeFault(code_name(error.code()), error.details() or "") from error

    def open(self, url: str) -> StreamSession:
        """Refuse: the streams behind a socket travel in WebSockets, which any client can open."""
        raise RuntimeFault("Unimplemented", f"open the streams with a WebSocket client: {url}")

    def close(self) -> None:
        """Hang up."""
        self._channel.close()
