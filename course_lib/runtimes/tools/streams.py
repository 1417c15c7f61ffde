"""What passes a pipe: tee, xargs, base64, and digests.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU's own forms.
"""

from __future__ import annotations

import base64
import hashlib

from course_lib.runtimes.kernel import WAIT, Running
from course_lib.runtimes.tools.text import inputs
from course_lib.runtimes.tools.tool import Options, Tool
from course_lib.runtimes.world import World


def _tee(world: World, arguments: list[str]) -> Running:
    options, code = Options(arguments, "ai", long={"append": "a"}), 0
    sinks = []
    for name in options.operands:
        sink = world.sink(name, "a" in options)
        if isinstance(sink, str):
            code = world.complain(f"tee: {name}: {sink}")
        else:
            sinks.append(sink)
    while data := (yield from world.chunk()):
        world.write("stdout", data)
        for sink in sinks:
            sink(data)
    return code


def _base64(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "d", "w", {"decode": "d", "wrap": "w"})
    failed: list[int] = []
    for _, text in (yield from inputs(world, "base64", options.operands, failed)):
        try:
            data = base64.b64decode(text) if "d" in options else base64.b64encode(text.encode())
        except ValueError:
            return world.complain(f"base64: {'truncated' if world.busybox else 'invalid'} input")
        if "d" in options:
            world.write("stdout", data)
            continue
        width = options.number("w", 76) or len(data)
        lines = [data[n : n + width] for n in range(0, len(data), width)] or [b""]
        world.write("stdout", b"\n".join(lines) + (b"\n" if options.number("w", 76) else b""))
    return 1 if failed else 0


def _digest(name: str) -> Tool:
    def run(world: World, arguments: list[str]) -> Running:
        failed: list[int] = []
        for file, text in (yield from inputs(world, f"{name}sum", arguments, failed)):
            found = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()
            world.say(f"{found}  {file}\n")
        return 1 if failed else 0

    return run


def _xargs(world: World, arguments: list[str]) -> Running:
    options = Options(arguments, "0tr", "nIL", mixed=False)
    text = (yield from world.all_input()).decode(errors="replace")
    words = text.splitlines() if "I" in options else text.split("\0" if "0" in options else None)
    words = [word for word in words if word]
    command = options.operands or ["echo"]
    size = options.number("n", len(words) or 1)
    groups = [words[n : n + size] for n in range(0, len(words), size)] or [[]]
    if "I" in options:
        groups = [[word] for word in words]
    if "r" in options and not words:
        return 0
    code = 0
    for group in groups:
        mark = options.value("I")
        argv = [a.replace(mark, group[0]) for a in command] if mark else [*command, *group]
        if world.known and not world.where(argv[0]):
            return world.complain(f"xargs: {argv[0]}: No such file or directory", 127)
        task = world.start(argv)
        if task is None:
            return world.complain(f"xargs: {argv[0]}: the course does not simulate it", 126)
        while task.code is None:
            yield WAIT
        code = 123 if task.code else code
    return code


STREAM_TOOLS: dict[str, Tool] = {
    "tee": _tee,
    "base64": _base64,
    "md5sum": _digest("md5"),
    "sha1sum": _digest("sha1"),
    "sha256sum": _digest("sha256"),
    "sha512sum": _digest("sha512"),
    "xargs": _xargs,
}
