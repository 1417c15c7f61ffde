"""A shell that does what is typed, line by line, until its input ends."""

from __future__ import annotations

import posixpath

import msgspec

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.shell.grammar import read
from course_lib.runtimes.shell.interpreter import Shell
from course_lib.runtimes.shell.state import ExitShell, LeaveLoop, ReturnFromFunction, ShellFault
from course_lib.runtimes.shell.syntax import NotUnderstood, SyntaxFault
from course_lib.runtimes.signals import SIGINT
from course_lib.runtimes.world import World


def prompt(world: World, name: str) -> str:
    """What a shell says before it reads a line: bash and ash name the folder, dash does not."""
    sign = "#" if world.uid == 0 else "$"
    if world.busybox:
        return f"{world.cwd} {sign} "
    if "bash" in posixpath.basename(name):
        home = world.env.get("HOME", "/root")
        cwd = f"~{world.cwd.removeprefix(home)}" if world.cwd.startswith(home) else world.cwd
        user = world.user if not world.user.isdecimal() else "I have no name!"
        return f"{user}@{world.hostname}:{cwd}{sign} "
    return f"{sign} "


def interactive(shell: Shell) -> Running:
    """Read a command, do it, and so on; an error ends the command only."""
    world, state = shell.world, shell.state
    code = 0
    if world.tty:
        shell.me.traps[SIGINT] = ""  # Ctrl-C is for the program in hand
    while True:
        if world.tty:
            world.write("stderr", prompt(world, state.name).encode())
        text = (yield from world.line()).decode(errors="replace")
        if not text:
            break
        while _unfinished(text):
            if world.tty:
                world.write("stderr", b"> ")
            more = (yield from world.line()).decode(errors="replace")
            if not more:
                break
            text += more
        try:
            code = yield from shell.evaluate(text, msgspec.structs.replace(world))
        except (ExitShell, ReturnFromFunction) as end:
            code = end.code
            break
        except ShellFault as fault:
            code = shell.complain(fault.said, fault.code)
        except LeaveLoop:
            code = 0
        state.code = code
    return (yield from shell.leave(code))


def _unfinished(text: str) -> bool:
    """Whether a command goes on in the next line."""
    if text.endswith("\\\n"):
        return True
    try:
        read(text)
    except SyntaxFault as fault:
        return "end of file" in str(fault) or "unterminated" in str(fault)
    except NotUnderstood:
        return False
    return False
