"""What a shell script consists of, as the grammar reads it and the shell runs it.

Source: POSIX.1-2017, Shell Command Language, 2.9 Shell Commands.
"""

from __future__ import annotations

import msgspec


class NotUnderstood(Exception):
    """A script with more in it than this grammar: what a real shell may well understand."""


class SyntaxFault(Exception):
    """A script that no shell understands; the text says what was found where."""


class LiteralText(msgspec.Struct, frozen=True):
    """Characters that stand for themselves; quoted ones are no patterns, and are not split."""

    text: str
    quoted: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """`$NAME` or `${NAME OP WORD}`; `op` is `-`, `:-`, `=`, `:=`, `?`, `:?`, `+`, `:+`, `%`, `%%`,
    `#`, `##`, or `length`.
    """

    name: str
    op: str = ""
    word: Word | None = None
    quoted: bool = False


class Substitution(msgspec.Struct, frozen=True):
    """`$(script)`: what the script prints."""

    script: ShellScript
    quoted: bool = False


class Arithmetic(msgspec.Struct, frozen=True):
    """`$((expression))`."""

    expression: Word
    quoted: bool = False


Piece = LiteralText | Parameter | Substitution | Arithmetic


class Word(msgspec.Struct, frozen=True):
    """A word in pieces."""

    pieces: tuple[Piece, ...]

    @property
    def plain(self) -> str | None:
        """The word as it stands, if nothing in it is to be expanded."""
        texts = [piece.text for piece in self.pieces if isinstance(piece, LiteralText)]
        return "".join(texts) if len(texts) == len(self.pieces) else None

    @property
    def bare(self) -> str:
        """The word as it stands, if nothing in it is quoted or expanded; else nothing."""
        match self.pieces:
            case (LiteralText(text=text, quoted=False),):
                return text
        return ""


class Redirect(msgspec.Struct, frozen=True):
    """`FD OP TARGET`; `op` is `<`, `>`, `>>`, `>&`, `<&` or `<<` (the target is then the text)."""

    fd: int
    op: str
    target: Word


class Simple(msgspec.Struct, frozen=True):
    """One command: assignments, words, redirections."""

    assignments: tuple[tuple[str, Word], ...] = ()
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()


class GroupCommand(msgspec.Struct, frozen=True):
    """`{ ...; }`, or `( ... )` in a shell of its own."""

    body: ShellScript
    own: bool = False


class IfCommand(msgspec.Struct, frozen=True):
    """`if`: conditions with what is done then, and what is done else."""

    branches: tuple[tuple[ShellScript, ShellScript], ...]
    otherwise: ShellScript | None = None


class Loop(msgspec.Struct, frozen=True):
    """`while CONDITION; do BODY; done` (or until)."""

    until: bool
    condition: ShellScript
    body: ShellScript


class For(msgspec.Struct, frozen=True):
    """`for NAME in WORDS; do BODY; done`; without words: over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: ShellScript


class Case(msgspec.Struct, frozen=True):
    """`case WORD in PATTERN|PATTERN) ... ;; esac`."""

    word: Word
    branches: tuple[tuple[tuple[Word, ...], ShellScript], ...]


class Function(msgspec.Struct, frozen=True):
    """`NAME() { ...; }`."""

    name: str
    body: Command


class Redirected(msgspec.Struct, frozen=True):
    """A compound command with redirections."""

    command: Command
    redirects: tuple[Redirect, ...]


Command = Simple | GroupCommand | IfCommand | Loop | For | Case | Function | Redirected


class Pipeline(msgspec.Struct, frozen=True):
    """Commands whose outputs are the inputs of the next; `negated` by `!`."""

    commands: tuple[Command, ...]
    negated: bool = False
    text: str = ""  # as it is written, for the list of processes


class ListPart(msgspec.Struct, frozen=True):
    """A pipeline, what joins it to the one before (`;`, `&&`, `||`), and the place of its line."""

    joint: str
    pipeline: Pipeline
    background: bool = False
    line: int = 1


class ShellScript(msgspec.Struct, frozen=True):
    """Pipelines, in order."""

    parts: tuple[ListPart, ...]
