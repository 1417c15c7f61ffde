"""The CRI shim: the server that stands in front of a runtime and answers the kubelet.

It consists of two services, each with a table of handlers by the names in `runtime_v1.proto`. A
handler that takes time returns a process (a generator); one that only looks returns at once.
Failures are `RuntimeFault`s, whose codes are gRPC's. What a simulated runtime cannot do
(checkpoints, metrics) is refused as Unimplemented, as real runtimes do.
Source: `runtime_v1.proto`; containerd 2.3, `internal/cri/server`.
"""

from __future__ import annotations

from course_lib.cri import messages as v1
from course_lib.cri.handlers import Answer, Handlers
from course_lib.cri.image_service import ImageService
from course_lib.cri.runtime_service import RuntimeService
from course_lib.runtimes import Runtime, RuntimeFault


class Shim:
    """RuntimeService and ImageService in front of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.runtime_service = RuntimeService(runtime)
        self.image_service = ImageService(runtime.images, runtime.machine)
        self._handlers: Handlers = {**self.runtime_service.handlers, **self.image_service.handlers}

    def call(self, method: str, request: v1.Message) -> Answer:
        """Answer a call by its name: a response, its parts, or a process that returns it.

        Raises `RuntimeFault` for an unknown method.
        """
        handler = self._handlers.get(method)
        if handler is None:
            raise RuntimeFault("Unimplemented", f"method {method} not implemented")
        self.runtime.calls.check()
        return handler(request)
