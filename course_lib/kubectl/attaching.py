"""Attaching to the program of a container: `kubectl attach`, and what `run` and `debug` do of it.

Source: `AttachOptions.Run` and `reattachMessage` of kubectl `pkg/cmd/attach/attach.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import PodContainer
from course_lib.kubectl.remote_command import run_remotely, terminal_streams
from course_lib.objects.manifests import Document

RECORDED = (
    "All commands and output from this session will be recorded in container logs, including "
    "credentials and sensitive information passed through the command prompt.\n"
    "If you don't see a command prompt, try pressing enter.\n"
)
NO_TERMINAL = "error: Unable to use a TTY - container {} did not allocate one\n"


class AttachOptions(msgspec.Struct, frozen=True):
    """How a command attaches: with an input, a terminal, and without a word of its own.

    `to_the_end` says that the program has an end, for which the command waits.
    """

    stdin: bool
    tty: bool
    quiet: bool
    to_the_end: bool = False


def attach_options(call: Invocation, to_the_end: bool = False) -> AttachOptions:
    """How a `call` attaches, by its flags; `to_the_end` as in `AttachOptions`."""
    flags = call.flags
    return AttachOptions(flags.on("stdin"), flags.on("tty"), flags.on("quiet"), to_the_end)


def attach(call: Invocation, container: PodContainer, wanted: AttachOptions) -> None:
    """Attach to a `container` as `wanted`, until it ends.

    Raises `CommandError` where the `call` cannot.
    """
    tty = wanted.tty
    if tty != _has_terminal(container):
        if tty and not wanted.quiet:
            call.error(NO_TERMINAL.format(container.name))
        tty = not tty
    streams = terminal_streams(call, wanted.stdin, tty, wanted.quiet)
    if not wanted.quiet:
        call.error(RECORDED)
    run_remotely(call, container, "attach", streams, to_the_end=wanted.to_the_end)
    if not wanted.quiet and wanted.stdin and streams.tty:
        call.out(_again(container))


def _has_terminal(container: PodContainer) -> bool:
    every = container.pod["spec"].get(container.field) or ()
    found: Document = next(each for each in every if each["name"] == container.name)
    return bool(found.get("tty"))


def _again(container: PodContainer) -> str:
    """How to attach again."""
    meta = container.pod["metadata"]
    how = f"{meta['name']} -c {container.name} -n {meta['namespace']} -i -t"
    if container.field == "ephemeralContainers":
        return (
            "Session ended, the ephemeral container will not be restarted but may be reattached "
            f"using 'kubectl attach {how}' if it is still running\n"
        )
    return f"Session ended, resume using 'kubectl attach {how}' command\n"
