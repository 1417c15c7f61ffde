"""The builtins of the shell: commands that change the shell itself, or that it has on its own.

Source: POSIX.1-2017, Shell Command Language, 2.14 Special Built-In Utilities, and Utilities.
"""

from __future__ import annotations

from course_lib.runtimes import signals
from course_lib.runtimes.kernel import WAIT, Running, RunningTask
from course_lib.runtimes.shell.builtin import AS_PROGRAMS, Builtin, BuiltinShell, number_of, where
from course_lib.runtimes.shell.state import (
    ExitShell,
    LeaveLoop,
    ReturnFromFunction,
    ShellFault,
)
from course_lib.runtimes.shell.variables import VARIABLE_BUILTINS
from course_lib.runtimes.world import World

INSTANT = 0.01  # s, for a command that does next to nothing


def _as_program(name: str) -> Builtin:
    def run(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
        child = shell.programs.inside(world, {})
        child.me, child.shell = shell.me, shell.who
        running = child.launch([name, *arguments], child)
        assert running is not None
        return (yield from running)

    return run


def _exit(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    raise ExitShell(number_of(shell, "exit", arguments[0]) if arguments else shell.state.code)


def _return(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    code = number_of(shell, "return", arguments[0]) if arguments else shell.state.code
    raise ReturnFromFunction(code)


def _leave(again: bool) -> Builtin:
    def run(shell: BuiltinShell, arguments: list[str], world: World) -> int:
        raise LeaveLoop(int(arguments[0]) if arguments else 1, again)

    return run


def _cd(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    variables = shell.state.variables
    arguments = [a for a in arguments if a not in ("-L", "-P", "--")]
    name = arguments[0] if arguments else variables.get("HOME", "/")
    name = variables.get("OLDPWD", "/") if name == "-" else name
    here = shell.world
    found = here.find(name)
    if found is None or found.kind != "folder":
        missing = "No such file or directory" if found is None else "Not a directory"
        why = f": {missing}" if here.busybox else ""
        return shell.complain(f"{where(shell, 'cd')}: can't cd to {name}{why}", 2, world)
    variables["OLDPWD"], here.cwd = here.cwd, here.path(name)
    variables["PWD"] = world.cwd = here.cwd
    return world.say(f"{here.cwd}\n") if arguments == ["-"] else 0


def _trap(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    traps, state = shell.me.traps, shell.state
    if not arguments:
        names = {number: name for name, number in signals.NUMBERS.items()}
        listed = [(state.on_exit, "EXIT")] if state.on_exit else []
        listed += [(action, names.get(number, str(number))) for number, action in traps.items()]
        return world.say("".join(f"trap -- '{action}' {name}\n" for action, name in listed))
    action, *names_ = arguments if len(arguments) > 1 else ["-", *arguments]
    for name in names_:
        number = signals.number(name)
        if name in ("EXIT", "0"):
            state.on_exit = "" if action == "-" else action
        elif number is None:
            why = f"{name}: invalid signal specification" if world.busybox else f"{name}: bad trap"
            return shell.complain(f"{where(shell, 'trap')}: {why}", 1, world)
        elif action == "-":
            traps.pop(number, None)
        else:
            traps[number] = action
    return 0


def _eval(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    return (yield from shell.evaluate(" ".join(arguments), world))


def _source(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    if not arguments:
        return 0
    file = shell.world.find(arguments[0])
    if file is None or file.kind != "file":
        verb, why = ("can't open", f"'{arguments[0]}': No such file or directory")
        if not shell.world.busybox:
            verb, why = "cannot open", f"{arguments[0]}: No such file"
        raise ShellFault(f"{where(shell, '.')}: {verb} {why}", 2)
    try:
        return (yield from shell.evaluate(file.data.decode(errors="replace"), world))
    except ReturnFromFunction as end:
        return end.code


def _wait(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    """Wait for children; a signal that is trapped ends it at once (2.11)."""
    state, code = shell.state, 0
    tasks: list[RunningTask | None] = list(state.jobs)
    if arguments:
        by_number = {str(task.process.pid): task for task in state.jobs}
        by_number |= {f"%{n}": task for n, task in enumerate(state.jobs, 1)}
        tasks = [by_number.get(argument) for argument in arguments]
    for task in tasks:
        while task is not None and task.code is None:
            if shell.me.signalled in shell.me.traps:
                return 128 + shell.me.signalled
            yield WAIT
        code = shell.programs.told(task, world) if task is not None else 127
    if not arguments:
        state.jobs.clear()
        return 0
    return code


def _jobs(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    for number, task in enumerate(shell.state.jobs, 1):
        how = "Running" if task.code is None else f"Done({task.code})" if task.code else "Done"
        world.say(f"[{number}]{'+' if task is shell.state.last else ' '}  {how:<26} \n")
    return 0


def _type(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    code = 0
    for name in arguments:
        child = shell.programs.inside(world, {})
        if name in shell.state.functions:
            world.say(f"{name} is a function\n")
        elif name in BUILTINS:
            world.say(f"{name} is a shell builtin\n")
        elif path := child.where(name):
            world.say(f"{name} is {path}\n")
        else:
            world.say(f"{name}: not found\n")
            code = 127
    return code


def _command(shell: BuiltinShell, arguments: list[str], world: World) -> Running:
    """`command NAME`: no function; `command -v NAME`: where it is."""
    if arguments[:1] in (["-v"], ["-V"]):
        code = 0
        for name in arguments[1:]:
            path = shell.programs.inside(world, {}).where(name)
            own = name in BUILTINS or name in shell.state.functions
            if own or path:
                world.say(f"{name if own else path}\n")
            code = code if own or path else 127
        return code
    if not arguments:
        return 0
    if arguments[0] in BUILTINS:
        return (yield from shell.call(arguments, world, {}))
    return (yield from shell.programs.run(arguments, world, {}))


def _umask(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    return 0 if arguments else world.say("0022\n")


def _ulimit(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    if arguments == ["-n"]:
        return world.say("1048576\n")
    return world.say("unlimited\n") if len(arguments) < 2 else 0


def _nothing(shell: BuiltinShell, arguments: list[str], world: World) -> int:
    return 0


BUILTINS: dict[str, Builtin] = {name: _as_program(name) for name in AS_PROGRAMS} | {
    **VARIABLE_BUILTINS,
    ":": _nothing,
    ".": _source,
    "source": _source,
    "exit": _exit,
    "return": _return,
    "break": _leave(again=False),
    "continue": _leave(again=True),
    "cd": _cd,
    "trap": _trap,
    "eval": _eval,
    "wait": _wait,
    "jobs": _jobs,
    "type": _type,
    "command": _command,
    "umask": _umask,
    "ulimit": _ulimit,
    "hash": _nothing,
    "alias": _nothing,
    "unalias": _nothing,
    "bg": _nothing,
    "fg": _wait,
}
