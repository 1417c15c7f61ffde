"""A command in a container with its streams open, as `kubectl exec -it` has it.

Its life: open, while the program runs and what is typed reaches it; ended, with an exit code, or
with the fault for which it never began. Time passes elsewhere: what was typed is answered once the
simulation has gone on.
On a terminal both outputs are one, what is typed is shown, lines end with `\\r\\n`; Ctrl-C
interrupts the program in hand, Ctrl-D ends the input.
Source: termios(4), `ICANON` and `ECHO`; "Transition from SPDY to WebSockets" (KEP-4006).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.kernel import BrokenPipe, Pipe
from course_lib.runtimes.world import Write

INTERRUPT, END_OF_INPUT = b"\x03", b"\x04"


class StreamSession:
    """The streams of one command; `stdin` says whether it has an input, `tty` whether a terminal.

    `fault` is why it never began, or why nobody knows its end.
    """

    def __init__(self, stdin: bool, tty: bool) -> None:
        self.stdin = Pipe() if stdin else None
        self.tty = tty
        self.code: int | None = None
        self.fault: RuntimeFault | None = None
        self.interrupt: Callable[[], None] = lambda: None  # what Ctrl-C does
        # What happens when a client goes that has attached itself to a container.
        self.leave: Callable[[], None] | None = None
        self.spoken = 0  # bytes so far
        self._heard: list[tuple[str, bytes]] = []
        self._listeners: list[Write] = []
        self._told: list[Callable[[], None]] = []

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.code is not None or self.fault is not None

    @property
    def waits(self) -> bool:
        """Whether a program looks at its input, and finds nothing there."""
        return self.stdin is not None and self.stdin.waited_for

    def on_output(self, hear: Write) -> None:
        """Have `hear` called with a stream and bytes, instead of keeping what is said."""
        self._listeners.append(hear)

    def on_end(self, tell: Callable[[], None]) -> None:
        """Have `tell` called at the end."""
        self._told.append(tell)

    # The client's side

    def type(self, data: bytes) -> None:
        """Type something; on a terminal it is shown."""
        if self.stdin is None or self.stdin.closed:
            return
        if self.tty:
            data = data.replace(b"\r", b"\n")
            before, ended, _ = data.partition(END_OF_INPUT)
            data = before
            if INTERRUPT in data:
                _, _, data = data.rpartition(INTERRUPT)
                self.say("stdout", b"^C\n")
                self.interrupt()
            if data:
                self.say("stdout", data)
            self._feed(data)
            if ended:
                self.stdin.close()
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        try:
            if data and self.stdin is not None:
                self.stdin.feed(data)
        except BrokenPipe:
            pass  # nobody reads it any more

    def close(self) -> None:
        """No more is typed."""
        if self.stdin is not None:
            self.stdin.close()

    def hang_up(self) -> None:
        """The client goes: a command hears the end of its input, a container goes on."""
        if self.leave is None:
            self.close()
        else:
            self.leave()

    def read(self, stream: str = "") -> bytes:
        """What was said since the last look, in the order in which it was said; or one stream's."""
        found = [data for name, data in self._heard if stream in ("", name)]
        self._heard = [each for each in self._heard if stream and each[0] != stream]
        return b"".join(found)

    # The container's side

    def say(self, stream: str, data: bytes) -> None:
        """The program says something."""
        if self.tty:
            stream, data = "stdout", data.replace(b"\n", b"\r\n")
        self.spoken += len(data)
        if not self._listeners:
            self._heard.append((stream, data))
        for hear in self._listeners:
            hear(stream, data)

    def finish(self, code: int | None, fault: RuntimeFault | None = None) -> None:
        """It is over: with an exit code, or with a fault."""
        if self.ended:
            return
        self.code, self.fault = code, fault
        for tell in self._told:
            tell()
