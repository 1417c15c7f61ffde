"""Whether the course can run a script step by step: whether it knows every command in it.

A script that calls a program which is there, and which the course does not simulate, is left to
the container's `Behaviour` as a whole.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.images.layer import File
from course_lib.runtimes.shell import syntax
from course_lib.runtimes.shell.builtins import BUILTINS
from course_lib.runtimes.shell.syntax import ShellScript
from course_lib.runtimes.world import EXECUTABLE

Locate = Callable[[str], File | None]
# Whether a command line is simulated, as far as its words and the files say.
Simulated = Callable[[list[str], Locate | None], bool]


def understood(script: ShellScript, locate: Locate | None, simulated: Simulated) -> bool:
    """Whether every command of a `script` is one that is `simulated`, or that the image lacks.

    `locate` finds the image's programs; None: they are not known.
    """
    return _Understanding(locate, simulated).of(script)


class _Understanding:
    def __init__(self, locate: Locate | None, simulated: Simulated) -> None:
        self._locate, self._simulated = locate, simulated
        self._functions: set[str] = set()

    def of(self, script: ShellScript) -> bool:
        return all(
            self._command(command) for part in script.parts for command in part.pipeline.commands
        )

    def _command(self, command: syntax.Command) -> bool:
        match command:
            case syntax.Simple(words=words, assignments=assignments):
                inner = [*words, *(word for _, word in assignments)]
                scripts = [script for word in inner for script in _scripts(word)]
                return all(map(self.of, scripts)) and self._words(words)
            case syntax.Redirected(inside, _):
                return self._command(inside)
            case syntax.GroupCommand(body, _) | syntax.For(_, _, body):
                return self.of(body)
            case syntax.Loop(_, condition, body):
                return self.of(condition) and self.of(body)
            case syntax.IfCommand(branches, otherwise):
                parts = [part for branch in branches for part in branch]
                return all(map(self.of, [*parts, *filter(None, [otherwise])]))
            case syntax.Case(_, branches):
                return all(self.of(body) for _, body in branches)
            case syntax.Function(name, body):
                self._functions.add(name)
                return self._command(body)
        raise AssertionError(command)

    def _words(self, words: tuple[syntax.Word, ...]) -> bool:
        """Whether a command is known by its name; one that the image lacks fails as it must."""
        argv = [word.plain if word.plain is not None else "$" for word in words]
        argv = argv[1:] if argv[:1] == ["exec"] else argv
        if not argv or argv[0] == "$" or argv[0] in BUILTINS or argv[0] in self._functions:
            return True
        if self._simulated(argv, self._locate):
            return True
        file = self._locate(argv[0]) if self._locate is not None else None
        missing = file is None or file.kind != "file" or not file.mode & EXECUTABLE
        return self._locate is not None and missing


def _scripts(word: syntax.Word) -> list[ShellScript]:
    return [piece.script for piece in word.pieces if isinstance(piece, syntax.Substitution)]
