"""`crictl exec` and `crictl logs`: what programs in containers say.

Source: cri-tools `exec.go`, `logs.go`; of Kubernetes `cri-client/pkg/logs/logs.go` and
`remote_runtime.go`.
"""

from __future__ import annotations

import re

from course_lib.command_line import Terminal, quoted
from course_lib.command_line.values import ValueProblem, duration
from course_lib.cri import messages as v1
from course_lib.cri.ctl.changes import EMPTY_ID
from course_lib.cri.ctl.lists import CONTAINER_FILTERS, containers
from course_lib.cri.ctl.node import HelpAsked, TypedCommand, labels, within
from course_lib.cri.ctl.options import Option
from course_lib.cri.ctl.screen import CrictlError, log
from course_lib.runtimes.errors import NOT_EXECUTED
from course_lib.runtimes.logs import stamp

FILTERS = ("name", "pod", "image", "label", "latest", "last", "state")
EXEC_OPTIONS = (
    Option("sync", "s", "bool", usage="By the call that waits for the end"),
    Option("timeout", "", "int", usage="Seconds until it is ended"),
    Option("tty", "t", "bool", usage="With a terminal, which is not simulated"),
    Option("interactive", "i", "bool", usage="With standard input, which is not simulated"),
    Option("transport", "r", "string", "spdy", usage="How streams travel: spdy or websocket"),
    Option("quiet", "q", "bool", usage="Without the IDs of several containers"),
    Option("ignore-errors", "e", "bool", usage="End with 0 in any case"),
    Option("parallel", "x", "bool", usage="In several containers at once"),
    Option("tls-sni", "tls-server-name", "string", "localhost", usage="The server's name"),
    Option("tls-ca", usage="Certificates of authorities"),
    Option("tls-cert", usage="The client's certificate"),
    Option("tls-key", usage="The client's key"),
    *(each for each in CONTAINER_FILTERS if each.name in FILTERS and each.name != "state"),
    Option("state", usage="Only this state"),
)
LOGS_OPTIONS = (
    Option("follow", "f", "bool", usage="Wait for more, which is not simulated"),
    Option("previous", "p", "bool", usage="Of the container before the last restart"),
    Option("reopen", "r", "bool", usage="Have the runtime open the file again"),
    Option("tail", "", "int", -1, usage="Only so many lines at the end"),
    Option("limit-bytes", "", "int", -1, usage="At most so many bytes"),
    Option("since", usage="Only from this time on (2026-01-02T03:04:05Z), or as long ago (42m)"),
    Option("timestamps", "t", "bool", usage="With the time of each line"),
    Option("stream", "s", usage="Only stdout or stderr"),
)

STARTING = "failed to start exec"


def exec_in(typed: TypedCommand) -> None:
    """Run a command in containers; raises `CrictlError`."""
    given, ids, command = typed.given, typed.args[:1], typed.args[1:]
    if not typed.args:
        raise HelpAsked
    for option in ("tty", "interactive"):
        if given.on(option):
            raise CrictlError(f"crictl exec --{option} is not simulated by the course")
    if given.on("ignore-errors") and not given.on("quiet"):
        said = "option has been set all errors returned by the command will be ignored."
        log(typed.terminal, "warning", f"The `--ignore-errors` {said}", typed.host.clock())
    several = bool(given.names & set(FILTERS))
    if several:
        command, found = typed.args, list[v1.Container]()
        wanted = labels(given)
        within("listing containers", lambda: found.extend(containers(typed, wanted)))
        ids = [container.id for container in found]
        if not ids:
            message = "No containers found per filter flags"
            log(typed.terminal, "error", message, typed.host.clock())
            raise HelpAsked
    elif len(typed.args) < 2:
        raise HelpAsked
    failed = []
    for id in ids:
        if several and not given.on("quiet") and not given.on("parallel"):
            typed.terminal.out(f"{id}:\n")
        try:
            _run(typed, id, command)
        except CrictlError as trouble:
            failed.append(str(trouble))
    if failed and not given.on("ignore-errors"):
        raise CrictlError("\n".join(failed))


def _as_stream(why: str) -> str:
    """How a stream says what the call says: without gRPC's code.

    A program that cannot be started ends the stream; the rest is refused before it.
    """
    sentence = re.sub(r"^rpc error: .*? desc = ", "", why)
    return f"{NOT_EXECUTED}: {sentence}" if STARTING in sentence else sentence


def _run(typed: TypedCommand, id: str, command: list[str]) -> None:
    sync = typed.given.on("sync")
    before = f"execing command in container {id}{' synchronously' if sync else ''}: "
    fields = {"container_id": id, "cmd": command, "timeout": typed.given.number("timeout")}
    try:
        answer = typed.rpc("ExecSync", "", **fields)
    except CrictlError as trouble:
        why = str(trouble) if sync else _as_stream(str(trouble))
        raise CrictlError(f"{before}{why}") from None
    out, err = (str(part, errors="replace") for part in (answer.stdout, answer.stderr))
    code = answer.exit_code
    if not sync:
        typed.terminal.out(out)
        typed.terminal.error(err)
        if code:
            raise CrictlError(f"{before}command terminated with exit code {code}")
    elif code:
        raise CrictlError(f"{before}command '{' '.join(command)}' exited with {code}: {err}")
    else:
        typed.terminal.out(f"{out}\n{err}\n")


def logs(typed: TypedCommand) -> None:
    """Show what a container has said; raises `CrictlError`."""
    given = typed.given
    if not typed.args or not typed.args[0]:
        raise CrictlError(EMPTY_ID)
    if len(typed.args) > 1:
        raise HelpAsked
    id, stream = typed.args[0], given.text("stream")
    if given.on("reopen"):
        typed.rpc("ReopenContainerLog", "reopen container logs: ", container_id=id)
        log(typed.terminal, "info", "Container logs reopened", typed.host.clock())
    since = _since(typed, given.text("since"))
    if stream not in ("", "stdout", "stderr"):
        raise CrictlError(f'invalid stream {quoted(stream)}, must be "stdout" or "stderr"')
    if {"tail", "stream"} <= given.names:
        raise CrictlError("--tail and --stream are mutually exclusive")
    if given.on("follow"):
        raise CrictlError("crictl logs --follow is not simulated by the course")
    status = typed.rpc("ContainerStatus", container_id=id).status
    if not status.log_path:
        raise CrictlError("the container has not set log path")
    path = status.log_path
    if given.on("previous"):
        path = _previous(path, status)
    text = typed.host.disk.read(path)
    if not typed.host.disk.has(path) and not text:
        why = f"lstat {path}: no such file or directory"
        raise CrictlError(f'failed to try resolving symlinks in path "{path}": {why}')
    _show(typed, text, since)


def _previous(path: str, status: v1.ContainerStatus) -> str:
    if not status.metadata.attempt:
        raise CrictlError(f"previous terminated container {status.metadata.name} not found")
    folder, _, name = path.rpartition("/")
    _, dot, ending = name.rpartition(".")
    return f"{folder}/{status.metadata.attempt - 1}{dot}{ending if dot else ''}"


def _show(typed: TypedCommand, text: bytes, since: str) -> None:
    """Write the entries of a log to the streams from which they came."""
    given, entries = typed.given, text.splitlines()
    if given.number("tail") >= 0:
        entries = entries[len(entries) - min(len(entries), given.number("tail")) :]
    left = given.number("limit-bytes") if given.number("limit-bytes") >= 0 else None
    for entry in entries:
        time, source, tag, line = entry.split(b" ", 3)
        if time.decode() < since or (given.text("stream") not in ("", source.decode())):
            continue
        shown = (time + b" " if given.on("timestamps") else b"") + line
        shown += b"\n" if tag == b"F" else b""
        if left is not None:
            shown, left = shown[:left], left - len(shown[:left])
        _write(typed.terminal, source.decode(), str(shown, errors="replace"))


def _write(terminal: Terminal, stream: str, text: str) -> None:
    if stream == "stdout":
        terminal.out(text)
    else:
        terminal.error(text)


def _since(typed: TypedCommand, text: str) -> str:
    """The time that `--since` means, as logs write it; empty: from the beginning."""
    if not text:
        return ""
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", text):
        return text if text.endswith("Z") else f"{text}Z"

    try:
        return stamp(typed.host.clock() - round(duration(text) * 10**9))
    except ValueProblem:
        raise CrictlError(f'failed to parse value as time or duration: "{text}"') from None
