"""Pipelines: commands side by side, each with the output of the one before as its input.

Source: POSIX.1-2017, Shell Command Language, 2.9.2 Pipelines.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

import msgspec

from course_lib.runtimes.kernel import Pipe, RunningTask
from course_lib.runtimes.shell import syntax
from course_lib.runtimes.shell.programs import ended
from course_lib.runtimes.world import World


class Forking(Protocol):
    """The shell, as far as its pipelines are concerned."""

    def child(self, command: syntax.Command, world: World, left: Callable[[], None]) -> RunningTask:
        """Run a `command` in a shell of its own in `world`; `left` is called at its end."""


def side_by_side(
    shell: Forking, pipeline: syntax.Pipeline, world: World
) -> Generator[float, None, list[int]]:
    """Run the commands of a `pipeline`, each in a child of the `shell`: their exit codes.

    The first reads what `world` has as its input, the last writes where `world` writes.
    """
    tasks, source = [], world.stdin
    for number, command in enumerate(pipeline.commands):
        sink = Pipe(world.kernel.ring) if number + 1 < len(pipeline.commands) else None
        inside = msgspec.structs.replace(world, stdin=source)
        if sink is not None:
            inside.write = _into(sink, world)
        close = _closer(source if number else None, sink)
        tasks.append(shell.child(command, inside, close))
        source = sink
    for task in tasks:
        yield from ended(task)
    return [task.code or 0 for task in tasks]


def _into(sink: Pipe, world: World) -> Callable[[str, bytes], None]:
    """Output goes into a pipe, errors where they went before."""
    errors = world.write

    def write(stream: str, data: bytes) -> None:
        if stream == "stdout":
            sink.feed(data)
        else:
            errors(stream, data)

    return write


def _closer(source: Pipe | None, sink: Pipe | None) -> Callable[[], None]:
    """What happens to the pipes when a command between them ends."""

    def close() -> None:
        if sink is not None:
            sink.close()
        if source is not None:
            source.abandon()

    return close
