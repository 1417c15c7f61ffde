"""The kubelet's side of the CRI: one client, and two ways for its calls to travel.

In-process, a call takes simulated time and ends with a function; over a unix socket it is real
gRPC, and the server there may be a simulated runtime or a real one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from course_lib.cri import messages as v1
from course_lib.cri.messages import Message
from course_lib.cri.shim import Shim
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.runtimes import RuntimeFault, TimedStep
from course_lib.runtimes.calls import Operation
from course_lib.runtimes.session import StreamSession

if TYPE_CHECKING:
    from course_lib.engine.table import Table

Done = Callable[[Any], None]  # gets the response, or a RuntimeFault
# Calls that a client remembers: those that changed something, and those that only looked. Of
# these an answer is kept up to so many bytes: a list of all containers is long.
KEPT, LOOKS, LONGEST = 50, 20, 1024


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call as it happened (simulated s), with the steps that the runtime took for it.

    `sent` and `received` are the bytes of its messages, a quarter of the messages' memory.
    """

    start: float
    end: float
    method: str
    sent: bytes
    received: tuple[bytes, ...] | None  # of a stream several; None when it failed, or was too long
    error: RuntimeFault | None
    hops: tuple[TimedStep, ...] = ()

    @property
    def request(self) -> Message:
        """What was asked."""
        return v1.METHODS[self.method].request.FromString(self.sent)

    @property
    def response(self) -> Any:
        """The message that came back, or the list of a stream; None where none was kept."""
        if self.received is None:
            return None
        method = v1.METHODS[self.method]
        parts = [method.response.FromString(part) for part in self.received]
        return parts if method.streams else parts[0]

    @property
    def looks(self) -> bool:
        """Whether it only looks, and changes nothing."""
        return looks(self.method)


@cache
def looks(method: str) -> bool:
    """Whether a method only looks, and changes nothing."""
    return method.startswith(("List", "Version")) or method.endswith(
        ("Status", "Stats", "FsInfo", "RuntimeConfig")
    )


class Transport(Protocol):
    """A way to a shim."""

    def begin(self, method: str, request: Message, done: Done) -> None:
        """Call a `method`; `done` gets the answer to `request` or a `RuntimeFault`."""

    def wait(self, finished: Callable[[], bool]) -> None:
        """Let time pass until a call has finished."""

    def hops(self) -> tuple[TimedStep, ...]:
        """The steps of the call that is just ending, where one can know them."""

    def watch(self, changed: Callable[[str], None]) -> bool:
        """Have `changed` called with the sandbox's ID when a container changes, and with none when
        the runtime has started again; False where one must ask instead.
        """

    def on_change(self, changed: Callable[[], None]) -> bool:
        """Have `changed` called when a call may be answered otherwise; False where one must ask."""

    def stays_below(self, limit: float) -> bool:
        """Whether the containers use less memory (bytes) until one starts; False: one must ask."""

    def events(self) -> Iterator[Message]:
        """The container events, as they come."""

    def open(self, url: str) -> StreamSession:
        """The streams at a URL that Exec or Attach gave; raises `RuntimeFault`."""

    def close(self) -> None:
        """Hang up."""


def operate(operation: Operation[object], done: Done) -> Process:
    """A process that runs an operation; `done` gets its result, or a `RuntimeFault`."""
    try:
        result = yield from operation
    except RuntimeFault as fault:
        done(fault)
    else:
        done(result)


class InProcess:
    """Straight to a shim in the same simulation: calls take simulated time."""

    def __init__(self, shim: Shim) -> None:
        self.shim = shim
        self.sim: Simulation = shim.runtime.sim
        self._news: list[Message] | None = None  # events that nobody has looked at yet

    def begin(self, method: str, request: Message, done: Done) -> None:
        """Call the shim's method; one that takes time runs as a process."""
        try:
            answer = self.shim.call(method, request)
        except RuntimeFault as fault:
            done(fault)
            return
        if v1.METHODS[method].streams and isinstance(answer, Iterator):
            done(list(answer))
        elif isinstance(answer, Generator):
            self.sim.start(operate(answer, done))
        else:
            done(answer)

    def wait(self, finished: Callable[[], bool]) -> None:
        """Let simulated time pass."""
        self.sim.run_until(finished, timeout=1e6)

    def hops(self) -> tuple[TimedStep, ...]:
        """The steps of the call that is just ending."""
        return self.shim.runtime.calls.steps_of_this_process()

    def watch(self, changed: Callable[[str], None]) -> bool:
        """Have `changed` called at each change."""
        self.shim.runtime.listeners.append(lambda kind, container: changed(container.sandbox.id))
        self.shim.runtime.restarted.append(lambda: changed(""))
        return True

    def on_change(self, changed: Callable[[], None]) -> bool:
        """Have `changed` called at each change."""
        self.shim.runtime.calls.on_change(changed)
        return True

    def stays_below(self, limit: float) -> bool:
        """Whether all that the running containers will ever use is less than a limit (bytes)."""
        return self.shim.runtime.containers.most_memory() < limit

    def events(self) -> Iterator[Message]:
        """The events since the last look (the first one begins it); ends when there are no more."""
        if self._news is None:
            self._news = []
            self.shim.runtime_service.events(self._news.append)
        while self._news:
            yield self._news.pop(0)

    def open(self, url: str) -> StreamSession:
        """The streams at a URL, in this process."""
        return self.shim.runtime_service.streams.open(url)

    def close(self) -> None:
        """Nothing holds the two together."""


class CRIClient:
    """Calls of the CRI by name, with the request's fields as arguments.

    >>> from course_lib.cri import simulated
    >>> client = simulated("containerd")
    >>> client.call("Version").runtime_name
    'containerd'
    >>> client.call("PullImage", image={"image": "busybox:1.36"}).image_ref[:7]
    'sha256:'
    """

    def __init__(self, transport: Transport, clock: Callable[[], float] | None = None) -> None:
        self.transport = transport
        self._changes: deque[tuple[int, Call]] = deque(maxlen=KEPT)  # with their numbers
        self._looks: deque[tuple[int, Call]] = deque(maxlen=LOOKS)
        self._count = 0
        sim = getattr(transport, "sim", None)
        self._clock: Callable[[], float] = clock or partial(getattr, sim, "now", 0.0)

    @property
    def calls(self) -> list[Call]:
        """The last calls, in the order of their ends."""
        return [call for _, call in sorted([*self._changes, *self._looks], key=itemgetter(0))]

    def begin(self, method: str, done: Done, **fields: object) -> None:
        """Start a call; `done` gets the response or a `RuntimeFault`."""
        request, start = self.request(method, fields), self._clock()

        def ended(result: Any) -> None:
            self._keep(method, start, request, result)
            done(result)

        self.transport.begin(method, request, ended)

    def _keep(self, method: str, start: float, request: Message, result: Any) -> None:
        """Remember a call that has ended."""
        error = result if isinstance(result, RuntimeFault) else None
        received: tuple[bytes, ...] | None = None
        if isinstance(result, list):
            received = tuple(part.SerializeToString() for part in result)
        elif error is None:
            received = (result.SerializeToString(),)
        kept = self._changes
        if looks(method):
            kept = self._looks
            if received is not None and sum(map(len, received)) > LONGEST:
                received = None
        sent, hops, end = request.SerializeToString(), self.transport.hops(), self._clock()
        self._count += 1
        kept.append((self._count, Call(start, end, method, sent, received, error, hops)))

    def call(self, method: str, **fields: object) -> Any:
        """Make a call and wait for its response; raises `RuntimeFault` with gRPC's code.

        >>> from course_lib.cri import simulated
        >>> client = simulated("containerd")
        >>> _ = client.call("PullImage", image={"image": "nginx:1.27"})
        >>> [image.repo_tags[0] for image in client.call("ListImages").images][-1]
        'docker.io/library/nginx:1.27'
        """
        results: list[Any] = []
        self.begin(method, results.append, **fields)
        if not results:
            self.transport.wait(lambda: bool(results))
        if isinstance(results[0], RuntimeFault):
            raise results[0]
        return results[0]

    def session(self, method: str, **fields: object) -> StreamSession:
        """Call Exec or Attach, and connect to the streams; raises `RuntimeFault`.

        >>> from course_lib.cri import simulated
        >>> simulated("containerd").session("Exec", container_id="none", cmd=["sh"], stdout=True)
        Traceback (most recent call last):
        ...
        course_lib.runtimes.errors.RuntimeFault: rpc error: code = NotFound desc = an error occurred
        when try to find container "none": not found
        """
        return self.transport.open(str(self.call(method, **fields).url))

    def request(self, method: str, fields: dict[str, object]) -> Message:
        """The request message of a method; raises `CourseError` for a field that it has not."""
        if method not in v1.METHODS:
            known = ", ".join(v1.METHODS)
            raise CourseError("no such call", expected=f"one of {known}", found=method)
        kind = v1.METHODS[method].request
        try:
            return kind(**fields)
        except (ValueError, TypeError) as problem:
            names = ", ".join(field.name for field in kind.DESCRIPTOR.fields) or "no fields"
            raise CourseError(
                "not a request of this call",
                where=method,
                expected=names,
                found=f"{', '.join(fields)}: {problem}",
            ) from problem

    def table(self, changes_only: bool = True) -> Table:
        """The calls so far: TIME and SECONDS (simulated), SERVICE, METHOD, ABOUT, RESULT.

        Those that only look are left out, unless `changes_only` is false.

        >>> from course_lib.cri import simulated
        >>> client = simulated("containerd")
        >>> _ = client.call("PullImage", image={"image": "busybox:1.36"})
        >>> client.table()[["SERVICE", "METHOD", "ABOUT", "RESULT"]]
                SERVICE     METHOD         ABOUT RESULT
        0  ImageService  PullImage  busybox:1.36     OK
        """
        from course_lib.engine.table import Table

        rows = [
            (
                round(call.start, 3),
                round(call.end - call.start, 3),
                v1.METHODS[call.method].service,
                call.method,
                about(call.request),
                call.error.code if call.error else "OK",
            )
            for call in self.calls
            if not (changes_only and call.looks)
        ]
        return Table(rows, columns=["TIME", "SECONDS", "SERVICE", "METHOD", "ABOUT", "RESULT"])

    def close(self) -> None:
        """Hang up."""
        self.transport.close()


def about(request: Message) -> str:
    """What a request is about, in a word: a name, an image, or the beginning of an ID."""
    fields = {field.name: value for field, value in request.ListFields()}
    if "config" in fields:
        return str(fields["config"].metadata.name)
    if "image" in fields:
        name = str(fields["image"].image)
        return name[:19] if name.startswith("sha256:") else name
    return str(fields.get("container_id") or fields.get("pod_sandbox_id") or "")[:12]
