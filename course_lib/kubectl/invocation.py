"""What a command has at hand: its flags and arguments, the server, where it writes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TextIO

from course_lib.command_line import Parsed, Terminal, ValueProblem
from course_lib.command_line.values import duration
from course_lib.engine.ages import since
from course_lib.engine.timestamps import EPOCH
from course_lib.kubectl.catalogue import Described
from course_lib.kubectl.editor import Editor, ProgramEditor
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.keyboard import Keyboard
from course_lib.kubectl.kubeconfig import DEFAULT_NAMESPACE, Kubeconfig
from course_lib.kubectl.resources import ResourceMapper
from course_lib.kubectl.selection import ResourceSelector, Selection, Wanted
from course_lib.kubectl.server import APIConnection, ServerAPI, Time

_PROCESS = 1  # the number of the process in its logs


class Environment:
    """What kubectl runs in: `terminal` shows what it writes, `stdin` is what it can read.

    `kubeconfig` names the clusters, `context` is the one in use. `connect` opens the way to it when
    a command first needs it, and says how time passes there. `keyboard` is there where somebody
    sits at a terminal. `editor` opens what is edited: a program, if none is given.
    """

    def __init__(
        self,
        terminal: Terminal,
        stdin: TextIO | None,
        kubeconfig: Kubeconfig,
        context: str,
        connect: Callable[[], tuple[APIConnection, Time]],
        keyboard: Keyboard | None = None,
        editor: Editor | None = None,
    ) -> None:
        self.terminal, self.stdin = terminal, stdin or io.StringIO()
        self.keyboard = keyboard
        self.kubeconfig, self.context = kubeconfig, context
        self._connect, self.editor = connect, editor or ProgramEditor()

    @cached_property
    def way(self) -> tuple[APIConnection, Time]:
        """The way to the cluster, and the time that passes there; raises `CommandError`."""
        return self._connect()

    @property
    def waited(self) -> float:
        """How much simulated time has passed (s)."""
        return self.way[1].waited if "way" in self.__dict__ else 0.0


class Invocation:
    """One call of kubectl.

    `described` is the command, `parsed` its flags and arguments, `around` what kubectl runs in.
    """

    def __init__(self, described: Described, parsed: Parsed, around: Environment) -> None:
        self.described, self.flags, self.args = described, parsed, list(parsed.args)
        self.around, self.terminal = around, around.terminal
        self.stdin: TextIO = around.stdin
        self.keyboard = around.keyboard
        self.out, self.error = around.terminal.out, around.terminal.error

    @cached_property
    def server(self) -> ServerAPI:
        """The API server."""
        return ServerAPI(self.around.way[0], self._warn)

    @property
    def time(self) -> Time:
        """The time that passes while a command waits."""
        return self.around.way[1]

    @cached_property
    def resources(self) -> ResourceMapper:
        """What the server has."""
        return ResourceMapper(self.server.groups())

    @property
    def explicit_namespace(self) -> bool:
        """Whether `--namespace` is given."""
        return bool(self.flags.text("namespace"))

    @property
    def namespace(self) -> str:
        """The namespace of `--namespace`, else of the context."""
        return self.flags.text("namespace") or self._of_context() or DEFAULT_NAMESPACE

    def _of_context(self) -> str:
        if not self.around.context:
            return ""
        entry = self.around.kubeconfig.entry("context", self.around.context)
        return str(entry.get("namespace") or "")

    def select(self, wanted: Wanted) -> Selection:
        """The objects that the command is about."""
        return ResourceSelector(self, wanted).select()

    @property
    def patience(self) -> float:
        """For how long a command follows what has no end, such as `logs -f` (s).

        The real kubectl goes on until somebody presses Ctrl-C; in simulated time it ends after
        `--request-timeout`, or without it after a minute (`Time.endless`).

        Raises `CommandError` for a timeout that is none.
        """
        text = self.flags.text("request-timeout")
        try:
            given = float(text) if text.isdecimal() else duration(text)
        except ValueProblem as problem:
            raise CommandError(f"Invalid timeout value. {problem}") from None
        return given or self.time.endless

    def wanted(
        self, words: Sequence[str], everything: bool | None = None, latest: bool = True
    ) -> Wanted:
        """The objects that `words` and the usual flags name: files, labels, fields, namespaces.

        `everything` says whether a kind alone means all its objects; None: `--all` says it.
        `latest` says whether what files name is read from the server.
        """
        flags, there = self.flags, self.flags.values
        return Wanted(
            words=words,
            paths=flags.texts("filename") if "filename" in there else (),
            kustomization=flags.text("kustomize") if "kustomize" in there else "",
            recursive="recursive" in there and flags.on("recursive"),
            labels=flags.text("selector") or None if "selector" in there else None,
            fields=flags.text("field-selector") or None if "field-selector" in there else None,
            everything=flags.on("all") if everything is None else everything,
            all_namespaces="all-namespaces" in there and flags.on("all-namespaces"),
            local="local" in there and flags.on("local"),
            latest=latest,
        )

    def age(self, stamp: str | None) -> str:
        """How long ago a timestamp of the API was: `3m5s`."""
        return since(stamp, self.time.now())

    def usage_error(self, message: str) -> CommandError:
        """A failure that points to the command's help (`UsageErrorf`)."""
        path = self.described.path
        return CommandError(f"{message}\nSee 'kubectl {path} -h' for help and examples")

    def require(self, *names: str) -> None:
        """Raise `CommandError` if flags of these `names` are not given (`MarkFlagRequired`)."""
        missing = [f'"{name}"' for name in names if name not in self.flags.given]
        if missing:
            raise CommandError(f"required flag(s) {', '.join(missing)} not set")

    def log(self, place: str, text: str) -> None:
        """Write a warning as klog does; `place` is the line of kubectl that logs it."""
        stamp = (EPOCH + timedelta(seconds=self.time.now())).strftime("%m%d %H:%M:%S.%f")
        self.error(f"W{stamp} {_PROCESS:>7} {place}] {text}\n")

    def note(self, text: str) -> None:
        """Write a line to standard error."""
        self.error(text + "\n")

    def _warn(self, text: str) -> None:
        self.error(f"Warning: {text}\n")
