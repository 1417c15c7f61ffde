"""`kubectl attach`: what the program of a container says from now on, and an input for it.

Source: kubectl `pkg/cmd/attach/attach.go`.
"""

from __future__ import annotations

from course_lib.kubectl.attaching import attach, attach_options
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import chosen_container, executable_pod, silent
from course_lib.kubectl.selection import Wanted

COMPLETED = "cannot attach a container in a completed pod; current phase is {}"


def run(call: Invocation) -> None:
    """Attach to the container; raises `CommandError`."""
    args, flags = call.args, call.flags
    if not args:
        raise CommandError("at least 1 argument is required for attach")
    if len(args) > 2:
        raise CommandError(
            "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw "
            f"{len(args)}: [{' '.join(args)}]"
        )
    if flags.seconds("pod-running-timeout") <= 0:
        raise call.usage_error("--pod-running-timeout must be higher than zero")
    words = args if len(args) == 2 or "/" in args[0] else ["pods", args[0]]
    pod = executable_pod(call, call.select(Wanted(words=words)).all()[0].document)
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Succeeded", "Failed"):
        raise CommandError(COMPLETED.format(phase))
    warn = silent if flags.on("quiet") else call.error
    try:
        container = chosen_container(pod, flags.text("container"), warn)
    except CommandError as problem:
        raise CommandError(f"cannot attach to the container: {problem.message}") from None
    attach(call, container, attach_options(call))


FLAGS = frozenset({"container", "pod-running-timeout", "quiet", "stdin", "tty"})
COMMANDS = {"attach": Command(run, FLAGS)}
