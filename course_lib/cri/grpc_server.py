"""A simulated runtime behind a unix socket, for any CRI client: crictl, critest, a kubelet.

The clients live in real time, so simulated time follows the clock. Each call is begun with the
simulation in hand, and waits outside until its process has ended.
"""

from __future__ import annotations

import os
import queue
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.client import InProcess
from course_lib.cri.messages import Message
from course_lib.cri.shim import Shim
from course_lib.engine.real_time import IDLE, RealTime
from course_lib.errors import CourseError, extra
from course_lib.runtimes import Runtime, RuntimeFault
from course_lib.runtimes.errors import CODES

with extra("cri"):
    import grpc

    from course_lib.cri.stream_server import StreamServer

LONGEST_PATH = 107  # bytes: sun_path of unix(7) holds 108, a zero at the end included
WORKERS = 64  # calls at once; a slow stop must not keep the others waiting
STATUS = {code.value[0]: code for code in grpc.StatusCode}


class Server:
    """A gRPC server of the CRI on a unix socket that only its owner may open.

    It serves `runtime` at `path`, at `speed` simulated seconds in each real one, from `start` to
    `stop`, or as a context manager. Raises `CourseError` for a path that cannot be a socket.
    """

    def __init__(self, runtime: Runtime, path: str | Path, speed: float = 1.0) -> None:
        self.path = Path(path)
        if len(os.fsencode(self.path)) > LONGEST_PATH:
            raise CourseError(
                "the socket's path is too long",
                where=str(self.path),
                expected=f"at most {LONGEST_PATH} bytes",
                found=f"{len(os.fsencode(self.path))}",
                do="put it in a folder with a short name, such as /tmp",
            )
        self.shim = Shim(runtime)
        self.time = RealTime(runtime.sim, speed)
        self._way = InProcess(self.shim)
        self._streams = StreamServer(self.shim.runtime_service.streams, runtime, self.time)
        self._waiting: set[threading.Event] = set()
        self._pool = ThreadPoolExecutor(WORKERS, "cri")
        self._server = grpc.server(self._pool, options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers(
            tuple(self._service(name) for name in ("RuntimeService", "ImageService"))
        )

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, in place of an unused socket; raises `CourseError` where the path is taken."""
        _make_room(self.path)
        mask = os.umask(0o177)  # from its first moment on, mode 0600
        try:
            self._server.add_insecure_port(f"unix:{self.path}")
            self._server.start()
            self._identity = _identity(self.path)
        except (RuntimeError, OSError) as problem:
            self._server.stop(None)
            raise CourseError(
                "cannot listen there",
                where=str(self.path),
                expected="a path in a folder that exists and that you may write to",
                found=str(problem),
            ) from problem
        finally:
            os.umask(mask)
        self._streams.start()
        self.time.start()

    def stop(self, grace: float = 1.0) -> None:
        """Answer what is under way as unavailable, and take the socket away."""
        self.time.end()
        with self.time.locked():
            for event in self._waiting:
                event.set()
        self._streams.stop()
        self._server.stop(grace).wait()
        self._pool.shutdown(wait=True)
        self.time.join()
        with suppress(OSError):  # it is gone, or somebody put something else there
            if self._identity == _identity(self.path):
                self.path.unlink()

    # Calls

    def _service(self, name: str) -> grpc.GenericRpcHandler:
        handlers = {}
        for method in v1.METHODS.values():
            if method.service == name:
                way = "unary_stream" if method.streams else "unary_unary"
                handlers[method.name] = getattr(grpc, f"{way}_rpc_method_handler")(
                    self._handler(method.name, method.streams),
                    request_deserializer=method.request.FromString,
                    response_serializer=method.response.SerializeToString,
                )
        return grpc.method_handlers_generic_handler(f"{v1.PACKAGE}.{name}", handlers)

    def _handler(self, method: str, streams: bool) -> Any:
        if method == "GetContainerEvents":
            return self._events

        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            response: Message = self._answer(method, request, context)
            return response

        def parts(request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
            yield from self._answer(method, request, context)

        return parts if streams else answer

    def _answer(self, method: str, request: Message, context: grpc.ServicerContext) -> Any:
        finished, results = threading.Event(), list[Any]()

        def done(result: Any) -> None:
            results.append(result)
            finished.set()

        with self.time.locked():
            if self.time.ended:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the server is stopping")
            self._way.begin(method, request, done)
            if not results:
                self._waiting.add(finished)
        while not finished.wait(IDLE) and context.is_active():
            pass  # the client is still there: so are we
        with self.time.locked():
            self._waiting.discard(finished)
            self.shim.runtime.calls.taken.clear()
        result = results[0] if results else RuntimeFault("Unavailable", "the server is stopping")
        if isinstance(result, RuntimeFault):
            context.abort(STATUS[CODES.get(result.code, 2)], result.what)
        return result

    def _events(self, request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        news: queue.Queue[Message] = queue.Queue()
        with self.time.locked():
            end = self.shim.runtime_service.events(news.put)
        try:
            while context.is_active() and not self.time.ended:
                try:
                    yield news.get(timeout=IDLE)
                except queue.Empty:
                    continue
        finally:
            with self.time.locked():
                end()


def _identity(path: Path) -> tuple[int, int]:
    """Which file this is: its device and its inode."""
    found = path.lstat()
    return found.st_dev, found.st_ino


def _make_room(path: Path) -> None:
    """Remove a socket on which nobody listens any more; raises `CourseError` for all else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as problem:
        raise CourseError("no such path", where=str(path), found=str(problem)) from None
    if not stat.S_ISSOCK(mode):
        raise CourseError(
            "something else than a socket is there",
            where=str(path),
            expected="a path where nothing is, or a socket that nobody uses",
            do="choose another path, or remove what is there",
        )
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError:
            pass  # it may be in use: it accepts no more, or other connections than these
    raise CourseError("somebody listens there already", where=str(path), do="choose another path")
