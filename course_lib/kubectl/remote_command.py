"""A command in a container, or a container's own program, with its streams at the terminal.

Source: `StreamOptions.SetupTTY` of kubectl `pkg/cmd/exec/exec.go`; client-go `tools/remotecommand`
(`v5.go`, `v4.go`).
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence

from course_lib.apiserver.pod_streams import PodStream
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.keyboard import Keyboard
from course_lib.kubectl.pods import PodContainer
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file\n"
SILENT = 600.0  # s for which a command is followed that says nothing
INTERRUPTED = 130  # the exit code after Ctrl-C
END_OF_INPUT, NEW_LINE = b"\x04", b"\r"
Write = Callable[[bytes], None]


class Streams:
    """Where a command's streams lead.

    `stdin` are bytes, the lines of a keyboard, or nothing; `out` and `error` write what the command
    says. With `tty`, it has a terminal, and one output.
    """

    def __init__(
        self,
        stdin: bytes | Keyboard | None,
        out: Write,
        error: Write,
        tty: bool = False,
    ) -> None:
        self.stdin, self.tty = stdin, tty
        self.write = {"stdout": out, "stderr": out if tty else error}


def terminal_streams(call: Invocation, stdin: bool, tty: bool, quiet: bool) -> Streams:
    """The streams of a `call` that asks for an input (`stdin`) and a terminal (`tty`).

    With `quiet`, nothing is said where there is no terminal. Source: `SetupTTY`.
    """
    if stdin and tty and call.keyboard is None and not quiet:
        call.error(NO_TERMINAL)
    raw = stdin and tty and call.keyboard is not None
    source: bytes | Keyboard | None = None
    if stdin:
        source = call.keyboard or call.stdin.read().encode()
    out = _shown(call.out) if raw else call.out
    return Streams(source, decoded(out), decoded(call.error), raw)


def run_remotely(
    call: Invocation,
    container: PodContainer,
    part: str,
    streams: Streams,
    command: Sequence[str] = (),
    to_the_end: bool = True,
) -> None:
    """Run a `command` in a `container`, or attach to it, until the end.

    `part` says which of the two; `streams` connect it with what the `call` has. Without
    `to_the_end` it is only looked at for a while. Raises `CommandError`, with the command's exit
    code where it has one.
    """
    meta = container.pod["metadata"]
    path = Path("v1", "pods", meta["namespace"], meta["name"], part)
    stream = call.server.stream(path, _options(container.name, streams, command))
    if not _Followed(call, stream, streams, to_the_end).ends():
        return
    failure = failure_of(stream.status)
    if failure is not None:
        raise failure


def failure_of(status: Document) -> CommandError | None:
    """What the end of a stream means for kubectl (`errorDecoderV4`)."""
    if status.get("status") == "Success":
        return None
    if status.get("reason") != "NonZeroExitCode":
        return CommandError(str(status.get("message", "")))
    causes = (status.get("details") or {}).get("causes") or ()
    code = next((int(c["message"]) for c in causes if c.get("reason") == "ExitCode"), 1)
    return Plain(f"command terminated with exit code {code}", code)


def _options(
    container: str, streams: Streams, command: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    options: dict[str, Sequence[str]] = {"container": [container], "stdout": ["true"]}
    if command:
        options["command"] = list(command)
    if streams.stdin is not None:
        options["stdin"] = ["true"]
    options["tty" if streams.tty else "stderr"] = ["true"]
    return options


def _shown(write: Callable[[str], None]) -> Callable[[str], None]:
    """A function that writes what comes from a terminal as a terminal shows it."""
    return lambda text: write(text.replace("\r\n", "\n"))


def decoded(write: Callable[[str], None]) -> Write:
    """A function that writes bytes as text, by one that can `write` text.

    A letter may come in two parts.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    return lambda data: write(decoder.decode(data))


class _Followed:
    """A stream that is followed while time passes.

    In simulated time, a command that has said something and goes on is left after the call's
    patience, a silent one after ten minutes if it is followed `to_the_end`. The real kubectl waits
    for Ctrl-C.
    """

    def __init__(
        self, call: Invocation, stream: PodStream, streams: Streams, to_the_end: bool
    ) -> None:
        self._call, self._stream, self._streams = call, stream, streams
        self._most = max(SILENT, call.patience) if to_the_end else call.patience
        self._to_the_end = to_the_end
        self._began, self._patience = call.time.now(), call.patience
        self._spoke = False
        self._echo = b""  # of what was typed, where it is seen already
        stdin = streams.stdin
        self._keyboard = None if stdin is None or isinstance(stdin, bytes) else stdin
        if isinstance(stdin, bytes):
            stream.type(stdin)
            stream.close()

    def ends(self) -> bool:
        """Follow it; False for one that was left. Raises `Plain` where that is an interruption."""
        while True:
            self._call.time.wait(self._pauses, self._most)
            if self._stream.ended:
                return True
            if self._keyboard is None or not self._stream.waits:
                self._stream.hang_up()
                if self._to_the_end:
                    raise Plain("", INTERRUPTED)
                return False
            self._type(self._keyboard)

    def _pauses(self) -> bool:
        """Pass on what was said; whether it is over, or somebody has to do something."""
        for name, data in self._stream.take():
            self._spoke = True
            self._streams.write[name](self._without_echo(data))
        if self._stream.ended or (self._keyboard is not None and self._stream.waits):
            return True
        return self._spoke and self._call.time.now() - self._began >= self._patience

    def _type(self, keyboard: Keyboard) -> None:
        line = keyboard.line()
        if line is None:
            self._keyboard = None
            self._stream.type(END_OF_INPUT) if self._streams.tty else self._stream.close()
            return
        end = NEW_LINE if self._streams.tty else b"\n"
        if self._streams.tty and keyboard.shows:
            self._echo = line.encode() + b"\r\n"
        self._stream.type(line.encode() + end)
        self._began = self._call.time.now()

    def _without_echo(self, data: bytes) -> bytes:
        if self._echo and data.startswith(self._echo):
            data = data.removeprefix(self._echo)
        self._echo = b""
        return data
