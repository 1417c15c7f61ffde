"""Redirections: where a command's output goes, and what it reads.

Source: POSIX.1-2017, Shell Command Language, 2.7 Redirection.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

import msgspec

from course_lib.runtimes.kernel import Pipe
from course_lib.runtimes.shell.expansion import Expansion
from course_lib.runtimes.shell.syntax import Redirect
from course_lib.runtimes.world import World, Write

STREAMS = {1: "stdout", 2: "stderr"}


class Redirecting(Protocol):
    """The shell, as far as redirections are concerned."""

    expand: Expansion
    world: World

    def complain(self, said: str, code: int, world: World | None = None) -> int:
        """Print an error."""


def redirected(
    shell: Redirecting, world: World, redirects: tuple[Redirect, ...]
) -> Generator[float, None, World | int]:
    """What a command sees whose streams are redirected; or the exit code of a failure.

    `shell` expands the targets of the `redirects`; `world` is what it would see without them.
    """
    if not redirects:
        return world
    inside = msgspec.structs.replace(world, cwd=shell.world.cwd)
    failed = 1 if world.busybox else 2
    cannot = "can't" if world.busybox else "cannot"
    for redirect in redirects:
        target = yield from shell.expand.text(redirect.target)
        match redirect.op:
            case "<<":
                inside.stdin = _given(target.encode(), world)
            case "<":
                file = inside.find(target)
                if target in ("/dev/stdin", "/proc/self/fd/0"):
                    continue
                if file is None and target != "/dev/null":
                    why = "no such file" if world.busybox else "No such file"
                    return shell.complain(f"{cannot} open {target}: {why}", failed, inside)
                inside.stdin = _given(file.data if file else b"", world)
            case ">&" | "<&":
                if target in ("1", "2"):
                    inside.write = _same(inside.write, STREAMS[redirect.fd], STREAMS[int(target)])
                elif target == "-":
                    inside.write = _split(inside.write, STREAMS.get(redirect.fd, ""), bool)
            case op:
                sink = inside.sink(target, append=op == ">>")
                if isinstance(sink, str):
                    said = f"{cannot} create {target}"
                    return shell.complain(f"{said}: {_why(sink, world)}", failed, inside)
                inside.write = _split(inside.write, STREAMS[redirect.fd], sink)
    return inside


def _why(refusal: str, world: World) -> str:
    """The shells' own words for a folder that is missing."""
    if refusal != "No such file or directory":
        return refusal
    return "nonexistent directory" if world.busybox else "Directory nonexistent"


def _given(data: bytes, world: World) -> Pipe:
    pipe = Pipe()
    pipe.feed(data)
    pipe.close()
    return pipe


def _split(before: Write, stream: str, sink: Callable[[bytes], object]) -> Write:
    """One stream goes elsewhere."""

    def write(name: str, data: bytes) -> None:
        if name == stream:
            sink(data)
        else:
            before(name, data)

    return write


def _same(before: Write, stream: str, other: str) -> Write:
    """One stream goes where another goes now."""
    return _split(before, stream, lambda data: before(other, data))
