"""The Container Runtime Interface: how a kubelet speaks to any runtime (chapter 05).

`runtime_v1.proto` is the interface, `shim` the server's side in front of a simulated runtime,
`client` the kubelet's side; `grpc_server` and `grpc_client` carry the same calls over a unix
socket.
"""

from __future__ import annotations

from course_lib.cri.client import Call, CRIClient, InProcess
from course_lib.cri.shim import Shim
from course_lib.cri.simulated import simulated

__all__ = ["Call", "CRIClient", "InProcess", "Shim", "connect", "simulated"]


def connect(path: str) -> CRIClient:
    """A client of whatever runtime listens on a unix socket."""
    from course_lib.cri.grpc_client import Channel

    return CRIClient(Channel(path))
