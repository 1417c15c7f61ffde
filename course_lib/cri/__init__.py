"""The Container Runtime Interface: how a kubelet speaks to any runtime (chapter 05).

`runtime_v1.proto` is the interface, `shim` the server's side in front of a simulated runtime,
`client` the kubelet's side; `grpc_server` and `grpc_client` carry the same calls over a unix
socket, `local_server` where there are no sockets.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from course_lib.cri.client import Call, CRIClient, InProcess
from course_lib.cri.shim import Shim
from course_lib.cri.simulated import simulated
from course_lib.engine.browser import IN_BROWSER
from course_lib.runtimes import Runtime

__all__ = ["Call", "CRIClient", "InProcess", "Shim", "connect", "serve", "simulated"]


def serve(runtime: Runtime, path: str, speed: float = 1.0) -> AbstractContextManager[object]:
    """Serve `runtime` on a unix socket at `path` while the context is open.

    `speed` is how many simulated seconds pass in a real one. In a browser there is no socket and no
    clock: the server is found by its path, and simulated time passes while a client waits. Raises
    `CourseError` for a path that cannot be a socket.
    """
    if IN_BROWSER:
        from course_lib.cri.local_server import LocalServer

        return LocalServer(runtime, path)
    from course_lib.cri.grpc_server import Server

    return Server(runtime, path, speed)


def connect(path: str) -> CRIClient:
    """A client of whatever runtime listens on a unix socket."""
    if IN_BROWSER:
        from course_lib.cri.local_server import connect as find

        return find(path)
    from course_lib.cri.grpc_client import Channel

    return CRIClient(Channel(path))
