"""A running shell: it does what a script says, one command after the other.

Each external program, each part of a pipeline and each `( )` is a process of its own. A signal that
the script traps is handled when the command in hand is done, and ends a `wait` at once.
Source: POSIX.1-2017, Shell Command Language, 2.8 to 2.12; the texts of errors are those of ash
(BusyBox 1.36), dash 0.5.12 and bash 5.2.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import msgspec

from course_lib.runtimes.kernel import Running, RunningTask
from course_lib.runtimes.process import Process
from course_lib.runtimes.shell import syntax
from course_lib.runtimes.shell.builtins import BUILTINS
from course_lib.runtimes.shell.compound import choose, match, repeat
from course_lib.runtimes.shell.errors import beginning, syntax_error
from course_lib.runtimes.shell.expansion import Expansion
from course_lib.runtimes.shell.grammar import read
from course_lib.runtimes.shell.pipelines import side_by_side
from course_lib.runtimes.shell.programs import ShellPrograms, ended
from course_lib.runtimes.shell.redirection import redirected
from course_lib.runtimes.shell.state import (
    ExitShell,
    ReturnFromFunction,
    ShellFault,
    ShellState,
)
from course_lib.runtimes.shell.syntax import NotUnderstood, ShellScript, SyntaxFault
from course_lib.runtimes.world import World


class Shell:
    """One shell in `world`, with its `state`; `me` is its process.

    `final`: it becomes its last command, as ash does with `sh -c`.
    """

    def __init__(self, world: World, state: ShellState, me: Process, final: bool = False) -> None:
        self.world, self.state, self.me = world, state, me
        self._final = final
        self.expand = Expansion(world, state, self._output)
        self.programs = ShellPrograms(self)

    # From end to end

    def run(self, script: ShellScript) -> Running:
        """A whole script: its exit code."""
        try:
            code = yield from self.script(script, self.world, final=self._final)
        except ExitShell as end:
            code = end.code
        except ReturnFromFunction as end:
            code = end.code
        except ShellFault as fault:
            code = self.complain(fault.said, fault.code)
        return (yield from self.leave(code))

    def leave(self, code: int) -> Running:
        """What `trap ... EXIT` says is done at the end."""
        self.state.code, script, self.state.on_exit = code, self.state.on_exit, ""
        if script:
            try:
                yield from self.script(read(script), self.world)
            except ExitShell as end:
                return end.code
        return code

    def evaluate(self, text: str, world: World) -> Running:
        """A text as a script, in this shell; a text that is no script fails with code 2."""
        try:
            script = read(text)
        except SyntaxFault as fault:
            return self.complain(syntax_error(str(fault), self.world.busybox), 2)
        except NotUnderstood as problem:
            return self.complain(f"this shell does not understand: {problem}", 2)
        return (yield from self.script(script, world))

    def script(
        self, script: ShellScript, world: World, final: bool = False, tested: bool = False
    ) -> Running:
        """The pipelines of a `script`; `tested`: a failure does not end a shell with `set -e`."""
        code = 0
        for number, parts in enumerate(groups := _lists(script), 1):
            if parts[-1].background:
                self._in_background(parts, world)
                code = self.state.code = 0
                continue
            last = final and number == len(groups)
            code = yield from self._list(parts, world, last, tested)
        return code

    def _list(
        self, parts: list[syntax.ListPart], world: World, final: bool, tested: bool
    ) -> Running:
        code = self.state.code
        for number, part in enumerate(parts, 1):
            if (part.joint == "&&" and code) or (part.joint == "||" and not code):
                continue
            more = number < len(parts)
            self.state.line = part.line
            code = yield from self._pipeline(part.pipeline, world, final and not more,
                                             tested or more)  # fmt: skip
            self.state.code = code
            yield from self._trapped()
            if code and self.state.options["e"] and not (tested or more or part.pipeline.negated):
                raise ExitShell(code)
        return code

    def _pipeline(
        self, pipeline: syntax.Pipeline, world: World, final: bool, tested: bool
    ) -> Running:
        if len(pipeline.commands) == 1:
            replaced = final and not pipeline.negated and not self.me.traps
            replaced = replaced and not self.state.on_exit
            tested = tested or pipeline.negated
            code = yield from self.command(pipeline.commands[0], world, replaced, tested)
        else:
            codes = yield from side_by_side(self, pipeline, world)
            code = codes[-1]
            if self.state.pipefail:
                code = next((each for each in reversed(codes) if each), 0)
        return int(not code) if pipeline.negated else code

    # Other shells

    def child(
        self,
        command: syntax.Command | ShellScript,
        world: World,
        left: Callable[[], None] = lambda: None,
    ) -> RunningTask:
        """Run a command in a shell of its own, beside this one; `left` is called at its end."""
        me = self.world.processes.add(
            Process(self.me.name, self.me.command, world.uid, parent=self.me.pid)
        )
        inside = msgspec.structs.replace(world, cwd=self.world.cwd)
        shell = Shell(inside, self.state.copy(), me)
        only = syntax.Pipeline((command,)) if not isinstance(command, ShellScript) else None
        script = ShellScript((syntax.ListPart(";", only),)) if only else command
        assert isinstance(script, ShellScript)
        shell._final = True

        def over(code: int) -> None:
            self.world.processes.remove(me)
            left()

        return world.kernel.spawn(me, shell.run(script), over)

    def _in_background(self, parts: list[syntax.ListPart], world: World) -> None:
        last = msgspec.structs.replace(parts[-1], background=False)
        script = ShellScript((*parts[:-1], last))
        task = self.child(script, msgspec.structs.replace(world, stdin=None))
        self.state.jobs.append(task)
        self.state.last = task

    def _output(self, script: ShellScript) -> Generator[float, None, str]:
        """What a `$(...)` says, without the last ends of line."""
        said: list[bytes] = []

        def write(stream: str, data: bytes) -> None:
            if stream == "stdout":
                said.append(data)
            else:
                self.world.write(stream, data)

        task = self.child(script, msgspec.structs.replace(self.world, write=write))
        yield from ended(task)
        self.state.code = task.code or 0
        return b"".join(said).decode(errors="replace").rstrip("\n")

    # One command

    def command(
        self, command: syntax.Command, world: World, final: bool = False, tested: bool = False
    ) -> Running:
        """One command; with `final` it takes the shell's place, `tested` as in `script`."""
        match command:
            case syntax.Simple():
                return (yield from self._simple(command, world, final))
            case syntax.Redirected(inner, redirects):
                inside = yield from redirected(self, world, redirects)
                if isinstance(inside, int):
                    return inside
                return (yield from self.command(inner, inside, tested=tested))
            case syntax.GroupCommand(body, own):
                if not own:
                    return (yield from self.script(body, world, tested=tested))
                task = self.child(body, world)
                yield from ended(task)
                return task.code or 0
            case syntax.IfCommand():
                return (yield from choose(self, command, world, tested))
            case syntax.Loop() | syntax.For():
                return (yield from repeat(self, command, world, tested))
            case syntax.Case():
                return (yield from match(self, command, world, tested))
            case syntax.Function(name, _):
                self.state.functions[name] = command.body
                return 0

    def _simple(self, command: syntax.Simple, world: World, final: bool) -> Running:
        words = yield from self.expand.fields(command.words)
        if not words:
            return (yield from self._assignments(command, world))
        given = {}
        for name, word in command.assignments:
            given[name] = yield from self.expand.text(word)
        if self.state.options["x"]:
            world.write("stderr", f"+ {' '.join(words)}\n".encode())
        inside = yield from redirected(self, world, command.redirects)
        if isinstance(inside, int):
            if words[0] in ("exec", ":", ".") and not self.world.busybox:
                raise ExitShell(inside)
            return inside
        if words[0] == "exec" and len(words) > 1:
            return (yield from self.programs.replace(words[1:], inside, given))
        if words[0] == "exec":
            world.write, world.stdin = inside.write, inside.stdin
            self.world.write, self.world.stdin = inside.write, inside.stdin
            return 0
        return (yield from self.call(words, inside, given, final))

    def _assignments(self, command: syntax.Simple, world: World) -> Running:
        """Assignments without a command; the code is that of their last substitution."""
        self.state.code = 0
        for name, word in command.assignments:
            self.assign(name, (yield from self.expand.text(word)))
        inside = yield from redirected(self, world, command.redirects)
        return inside if isinstance(inside, int) else self.state.code

    def assign(self, name: str, value: str) -> None:
        """Set a variable; raises `ShellFault` for one that is read-only."""
        if name in self.state.readonly:
            raise ShellFault(f"{name}: is read only", 2)
        self.state.variables[name] = value
        if self.state.options["a"]:
            self.state.exported[name] = None

    def call(
        self, words: list[str], world: World, given: dict[str, str], final: bool = False
    ) -> Running:
        """Run a function, a builtin or a program by its `words`, with more variables `given`."""
        name = words[0]
        if name in self.state.functions:
            return (yield from self._function(words, world))
        if name in BUILTINS:
            with_them = {n: self.state.variables.get(n) for n in given}
            self.state.variables.update(given)
            try:
                done = BUILTINS[name](self, words[1:], world)
                return done if isinstance(done, int) else (yield from done)
            finally:
                for variable, value in with_them.items():
                    if value is None:
                        self.state.variables.pop(variable, None)
                    else:
                        self.state.variables[variable] = value
        if final:
            return (yield from self.programs.replace(words, world, given, quiet=True))
        return (yield from self.programs.run(words, world, given))

    def _function(self, words: list[str], world: World) -> Running:
        before, self.state.arguments = self.state.arguments, words[1:]
        saved = self.state.locals
        self.state.locals = {}
        try:
            return (yield from self.command(self.state.functions[words[0]], world))
        except ReturnFromFunction as end:
            return end.code
        finally:
            for name, value in self.state.locals.items():
                if value is None:
                    self.state.variables.pop(name, None)
                else:
                    self.state.variables[name] = value
            self.state.arguments, self.state.locals = before, saved

    def _trapped(self) -> Running:
        """Do what the traps say for a signal that has come."""
        me = self.me
        while me.signalled in me.traps:
            action, me.signalled = me.traps[me.signalled], 0
            code = self.state.code
            yield from self.evaluate(action, self.world)
            self.state.code = code
        return 0

    def complain(self, said: str, code: int, world: World | None = None) -> int:
        """Print an error as this shell words it."""
        return (world or self.world).complain(f"{self.who}: {said}", code)

    @property
    def who(self) -> str:
        """How this shell begins its errors."""
        return beginning(self.state, self.world.busybox)


def _lists(script: ShellScript) -> list[list[syntax.ListPart]]:
    """The parts in groups that `&&` and `||` join."""
    groups: list[list[syntax.ListPart]] = []
    for part in script.parts:
        if part.joint == ";":
            groups.append([part])
        else:
            groups[-1].append(part)
    return groups
