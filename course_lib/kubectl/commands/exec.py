"""`kubectl exec`: a command in a container.

Source: kubectl `pkg/cmd/exec/exec.go`, `pkg/polymorphichelpers/attachablepodforobject.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import chosen_container, executable_pod, silent
from course_lib.kubectl.remote_command import run_remotely, terminal_streams
from course_lib.kubectl.selection import Wanted
from course_lib.objects.manifests import Document

OLD_FORM = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"
COMPLETED = "cannot exec into a container in a completed pod; current phase is {}"


def run(call: Invocation) -> None:
    """Run the command, and end as it does; raises `CommandError`."""
    name, command = _words(call)
    if call.flags.seconds("pod-running-timeout") <= 0:
        raise call.usage_error("--pod-running-timeout must be higher than zero")
    if not name and not call.flags.texts("filename"):
        raise CommandError("pod, type/name or --filename must be specified")
    if not command:
        raise CommandError("you must specify at least one command for the container")
    pod = _pod(call, name)
    check_running(pod)
    flags, quiet = call.flags, call.flags.on("quiet")
    container = chosen_container(pod, flags.text("container"), silent if quiet else call.error)
    streams = terminal_streams(call, flags.on("stdin"), flags.on("tty"), quiet)
    run_remotely(call, container, "exec", streams, command)


def check_running(pod: Document) -> None:
    """Raise `CommandError` for a `pod` that has ended."""
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Succeeded", "Failed"):
        raise CommandError(COMPLETED.format(phase))


def _words(call: Invocation) -> tuple[str, list[str]]:
    """The Pod and the command; raises `CommandError` for a command without `--` before it."""
    args, dash = call.args, call.flags.dash
    name = args[0] if args and dash != 0 else ""
    if dash in (0, 1):
        return name, args[dash:]
    if len(args) > 1 or (args and call.flags.texts("filename")):
        raise call.usage_error(OLD_FORM)
    return name, []


def _pod(call: Invocation, name: str) -> Document:
    words = [] if not name else [name] if "/" in name else ["pods", name]
    paths = call.flags.texts("filename")
    found = call.select(Wanted(words=words, paths=paths, latest=False)).all()
    if len(found) != 1:
        raise CommandError("cannot exec into multiple objects at a time")
    document = found[0].document
    meta = document.get("metadata") or {}
    document = document | {"metadata": meta | {"namespace": found[0].namespace}}
    return executable_pod(call, document)


FLAGS = frozenset({"container", "filename", "pod-running-timeout", "quiet", "stdin", "tty"})
COMMANDS = {"exec": Command(run, FLAGS)}
