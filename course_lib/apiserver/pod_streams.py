"""The parts `exec`, `attach` and `portforward` of a Pod: streams to a container, or to a port.

The API server checks the request and sends it on to the Pod's kubelet, which opens the streams.
Source: `pkg/registry/core/pod/rest/subresources.go`, `pkg/registry/core/pod/strategy.go`
(`streamLocation`, `PortForwardLocation`) of Kubernetes; `k8s.io/cri-streaming`
`pkg/streaming/remotecommand` (`exec.go`, `attach.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document

STREAMED = ("attach", "exec", "portforward")
INTERNAL = "Internal error occurred"
SUCCESS: Document = {"metadata": {}, "status": "Success"}


class StreamOptions(msgspec.Struct, frozen=True):
    """Which streams are asked for: of a `command`, or of the container's own program."""

    command: tuple[str, ...] = ()
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False


class PodStream(Protocol):
    """The client's end of streams to a container, or of one connection to a port of a Pod."""

    @property
    def ended(self) -> bool:
        """Whether it is over, and nothing is left to take."""

    @property
    def status(self) -> Document:
        """How it ended, as a `Status`."""

    @property
    def waits(self) -> bool:
        """Whether nothing more is said until something is typed."""

    def take(self) -> list[tuple[str, bytes]]:
        """What was said since the last call: `stdout` or `stderr`, with the bytes."""

    def type(self, data: bytes) -> None:
        """Send something to its input."""

    def close(self) -> None:
        """End its input."""

    def hang_up(self) -> None:
        """Leave: a command hears the end of its input, a container goes on."""


class ServedStream(PodStream, Protocol):
    """The same, as the API server has it from the kubelet."""

    def on_change(self, changed: Callable[[], None]) -> None:
        """Have `changed` called when there may be something to take, and at the end."""


Opening = Callable[[], ServedStream]


class PortsOfPod(Protocol):
    """The ports of one Pod that runs."""

    def dial(self, port: int) -> PodStream:
        """A connection to a port; what the Pod sends is its `stdout`, a failure its `stderr`."""


def stream_options(request: Request) -> StreamOptions:
    """Which streams a request asks for (`PodExecOptions`, `PodAttachOptions`)."""
    names = ("stdin", "stdout", "stderr", "tty")
    wanted: Mapping[str, bool] = {name: bool(request.flag(name)) for name in names}
    command = tuple(request.query.get("command", ()))
    return StreamOptions(command=command, **wanted)


def check_streams(pod: Pod, part: str, options: StreamOptions) -> None:
    """Raise `BadRequest` for streams to a `pod` that nobody can open.

    `part` is what of the Pod is asked for, with its `options`.
    """
    if not pod.spec.node_name:
        raise BadRequest(f"pod {pod.name} does not have a host assigned")
    if part == "portforward":
        return
    if part == "exec" and not options.command:
        raise BadRequest("you must specify at least one command for the container")
    if not (options.stdin or options.stdout or options.stderr):
        raise BadRequest("you must specify at least 1 of stdin, stdout, stderr")


def failed(message: str, code: int | None = None) -> Document:
    """How streams ended badly: with a `message`, and the exit `code` of a command that has one."""
    status: Document = {"metadata": {}, "status": "Failure", "message": message}
    if code is None:
        return status | {"reason": "InternalError", "code": 500}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return status | {"reason": "NonZeroExitCode", "details": {"causes": causes}}
