"""`kubectl cp`: files and folders to a container and from one, by the `tar` that is in it.

Source: kubectl `pkg/cmd/cp/cp.go`.
"""

from __future__ import annotations

import io
import json
import os
import posixpath
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path as LocalPath

from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.exec import check_running
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.paths import FileSpec, is_below, joined, without_shortcuts, without_slash
from course_lib.kubectl.pods import chosen_container, silent
from course_lib.kubectl.remote_command import Streams, decoded, run_remotely
from course_lib.kubectl.server import Path

END_OF_ARCHIVE = bytes(2 * tarfile.BLOCKSIZE)
CORRUPTED = "tar contents corrupted"
SYMLINK = "warning: skipping symlink: {} -> {}"
INSTEAD = ' (consider using "kubectl exec -n {} {} -- tar cf - {} | tar xf -")'


def run(call: Invocation) -> None:
    """Copy; raises `CommandError`."""
    if len(call.args) != 2:
        raise CommandError("source and destination are required")
    source, target = (FileSpec.read(arg) for arg in call.args)
    if source.pod and target.pod:
        raise CommandError("one of src or dest must be a local file specification")
    if not source.path or not target.path:
        raise CommandError("filepath can not be empty")
    if source.pod:
        _from_pod(call, source, target.path)
    elif target.pod:
        _to_pod(call, source.path, target)
    else:
        raise CommandError("one of src or dest must be a remote file specification")


# To a Pod


def _to_pod(call: Invocation, source: str, target: FileSpec) -> None:
    if not os.path.exists(source):
        raise CommandError(f"{source} doesn't exist in local filesystem")
    path = target.path
    if _is_folder(call, target):
        path = joined(path, posixpath.basename(posixpath.normpath(source)))
    command = ["tar", "-xmf", "-"]
    if call.flags.on("no-preserve"):
        command[1:1] = ["--no-same-permissions", "--no-same-owner"]
    command += ["-C", posixpath.dirname(path) or "."]
    packed = _packed(posixpath.normpath(source), posixpath.basename(posixpath.normpath(path)))
    _execute(call, target, command, Streams(packed, decoded(call.out), decoded(call.error)))


def _is_folder(call: Invocation, target: FileSpec) -> bool:
    """Whether the target is a folder of its container; what fails is told by the copying."""
    try:
        streams = Streams(None, _nowhere, _nowhere)
        _execute(call, target, ["test", "-d", target.path], streams, silent)
    except CommandError:
        return False
    return True


def _packed(source: str, name: str) -> bytes:
    """A tar file with what is at a path here, under a name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, inside in _entries(source, name):
            tar.add(path, inside, recursive=False)
    return out.getvalue()


def _entries(source: str, name: str) -> Iterator[tuple[str, str]]:
    """Files below a path with their names in the tar file; of folders only empty ones."""
    if not os.path.isdir(source) or os.path.islink(source):
        yield source, name
        return
    below = sorted(os.listdir(source))
    if not below:
        yield source, name
    for each in below:
        yield from _entries(joined(source, each), joined(name, each))


# From a Pod


def _from_pod(call: Invocation, source: FileSpec, target: str) -> None:
    command = ["tar", "cf", "-", source.path]
    if call.flags.number("retries"):
        quoted = source.path.replace("'", "'\\''")
        command = ["sh", "-c", f"tar cf - '{quoted}' | tail -c+0"]
    received = io.BytesIO()
    streams = Streams(None, lambda data: _keep(received, data), decoded(call.out))
    try:
        _execute(call, source, command, streams, call.out)
    except Plain:  # kubectl is done when the tar file is, and does not wait for its exit code
        if not received.getvalue().endswith(END_OF_ARCHIVE):
            raise
    _Unpacking(call, source, target).unpack(received.getvalue())


def _keep(into: io.BytesIO, data: bytes) -> None:
    into.write(data)


class _Unpacking:
    """Writes what a tar file from a container has to a path of this machine."""

    def __init__(self, call: Invocation, source: FileSpec, target: str) -> None:
        self._call, self._source, self._target = call, source, target
        cleaned = posixpath.normpath(source.path.lstrip("/")) if source.path.strip("/") else "."
        self._prefix = without_shortcuts(cleaned)
        self._warned = False

    def unpack(self, data: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isreg() else None
                self._write(entry, content.read() if content is not None else b"")

    def _write(self, entry: tarfile.TarInfo, content: bytes) -> None:
        if not entry.name.startswith(self._prefix):
            raise CommandError(CORRUPTED)
        below = without_slash(entry.name[len(self._prefix) :].replace("\\", "/"))
        path = joined(self._target, below)
        if not is_below(self._target, path):
            said = f"warning: file {_quoted(path)} is outside target destination, skipping\n"
            self._call.error(said)
            return
        try:
            LocalPath(path).parent.mkdir(0o755, parents=True, exist_ok=True)
            if entry.isdir():
                LocalPath(path).mkdir(0o755, parents=True, exist_ok=True)
            elif entry.issym():
                self._skip(path, entry.linkname)
            else:
                LocalPath(path).write_bytes(content)
        except OSError as problem:
            raise CommandError(_go_words(path, problem)) from None

    def _skip(self, path: str, linked: str) -> None:
        said = SYMLINK.format(_quoted(path), _quoted(linked))
        if not self._warned:
            source = self._source
            said += INSTEAD.format(*map(_quoted, (source.namespace, source.pod, source.path)))
            self._warned = True
        self._call.error(said + "\n")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _go_words(path: str, problem: OSError) -> str:
    """An error of the file system as Go tells it: `open x: is a directory`."""
    doing = "mkdir" if isinstance(problem, FileExistsError | NotADirectoryError) else "open"
    return f"{doing} {problem.filename or path}: {(problem.strerror or '').lower()}"


# Both


def _execute(
    call: Invocation,
    where: FileSpec,
    command: list[str],
    streams: Streams,
    warn: Callable[[str], None] | None = None,
) -> None:
    """Run a command where a path is; `warn` is told which container was chosen."""
    path = Path("v1", "pods", where.namespace or call.namespace, where.pod)
    pod = call.server.get(path)
    check_running(pod)
    container = chosen_container(pod, call.flags.text("container"), warn or call.error)
    run_remotely(call, container, "exec", streams, command)


def _nowhere(data: bytes) -> None:
    """Drop what is said."""


COMMANDS = {"cp": Command(run, frozenset({"container", "no-preserve", "retries"}))}
