"""The grammar of small shell scripts: words, quotes, lists, loops, redirections.

A simulated container has no shell, but a learner writes `sh -c "..."`. This module reads what such
lines say; `shell` does it. What it cannot read it says so, and the container then does what its
`Behaviour` says.
Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting, 2.9 Shell Commands (a small part).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec


class NotUnderstood(Exception):
    """A script with more in it than this grammar."""


class Word(msgspec.Struct, frozen=True):
    """A word in pieces: the text, and whether variables in it are replaced."""

    pieces: tuple[tuple[str, bool], ...]

    def expand(self, value: Callable[[str], str], output: Callable[[str], str]) -> str:
        """The word with its variables and its `$(commands)` replaced by what they say."""

        def swap(match: re.Match[str]) -> str:
            return output(match[1]) if match[1] is not None else value(match[2] or match[3])

        return "".join(_LIVE.sub(swap, text) if live else text for text, live in self.pieces)

    @property
    def commands(self) -> list[str]:
        """The `$(commands)` in it."""
        return [m[1] for text, live in self.pieces if live for m in _LIVE.finditer(text) if m[1]]

    @property
    def text(self) -> str:
        """The word as it stands."""
        return "".join(text for text, _ in self.pieces)


class Simple(msgspec.Struct, frozen=True):
    """One command: its words, and where its output goes (`>` or `>>`, a path)."""

    words: tuple[Word, ...]
    redirect: tuple[str, Word] | None = None


class Loop(msgspec.Struct, frozen=True):
    """`while CONDITION; do BODY; done` (or until)."""

    until: bool
    condition: ShellScript
    body: ShellScript


class ShellScript(msgspec.Struct, frozen=True):
    """Commands, each with what joins it to the one before: `;`, `&&` or `||`."""

    parts: tuple[tuple[str, Simple | Loop], ...]


_COMMAND = r"\$\((?!\()((?:[^()]|\([^()]*\))*)\)"  # with one level of brackets inside
_LIVE = re.compile(_COMMAND + r"|\$\{(\w+)\}|\$(\w+|\?)")
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r]+|\\\n|\#[^\n]*(?=\n|$))
      |(?P<operator>&&|\|\||>>|2>&1|>|;|\n|&|\||<|`)
      |(?P<single>'[^']*')
      |(?P<double>"(?:{_COMMAND}|[^"\\]|\\.)*")
      |(?P<escaped>\\.)
      |(?P<bare>(?:{_COMMAND}|[^\s'"\\;&|<>()`])+)""",
    re.X,
)


def read(text: str) -> ShellScript:
    """Read a script; raises `NotUnderstood`.

    >>> [joint for joint, _ in read("sleep 5 && echo 'a b'; exit 3").parts]
    [';', '&&', ';']
    """
    tokens = _tokens(text)
    script = _script(tokens, ())
    if tokens:
        raise NotUnderstood(tokens[0])
    return script


def _tokens(text: str) -> list[str | Word]:
    """Operators as text, words as words; a comment needs a space before it."""
    tokens: list[str | Word] = []
    pieces: list[tuple[str, bool]] = []
    place = 0

    def close() -> None:
        if pieces:
            tokens.append(Word(tuple(pieces)))
            pieces.clear()

    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or "$((" in match[0]:
            raise NotUnderstood(text[place : place + 20])
        place, kind, found = match.end(), match.lastgroup, match[0]
        if kind == "space" and not (found.startswith("#") and pieces):
            close()
        elif kind == "operator":
            close()
            tokens.append(found)
        elif kind == "single":
            pieces.append((found[1:-1], False))
        elif kind == "double":
            if "`" in found:
                raise NotUnderstood(found)
            # A backslash in double quotes makes a plain sign of the four that are special there.
            for part in re.split(r'(\\["\\$`])', found[1:-1]):
                escaped = re.fullmatch(r'\\["\\$`]', part)
                pieces.append((part[1:], False) if escaped else (part, True))
        elif kind == "escaped":
            pieces.append((found[1:], False))
        else:
            pieces.append((found, True))
    close()
    return tokens


def _script(tokens: list[str | Word], ends: tuple[str, ...]) -> ShellScript:
    """Commands up to one of the closing words."""
    parts: list[tuple[str, Simple | Loop]] = []
    joint = ";"
    while tokens and _name(tokens[0]) not in ends:
        token = tokens[0]
        if token in (";", "\n"):
            tokens.pop(0)
            joint = ";"
            continue
        if token in ("&&", "||"):
            joint = str(tokens.pop(0))
            while tokens and tokens[0] == "\n":
                tokens.pop(0)
            continue
        parts.append((joint, _command(tokens)))
        joint = ";"
        if tokens and isinstance(tokens[0], str) and tokens[0] not in (";", "\n", "&&", "||"):
            raise NotUnderstood(tokens[0])
    return ShellScript(tuple(parts))


def _name(token: str | Word) -> str:
    return token.text if isinstance(token, Word) else ""


def _command(tokens: list[str | Word]) -> Simple | Loop:
    first = _name(tokens[0])
    if first in ("while", "until"):
        tokens.pop(0)
        condition = _script(tokens, ("do",))
        _expect(tokens, "do")
        body = _script(tokens, ("done",))
        _expect(tokens, "done")
        return Loop(first == "until", condition, body)
    if first in ("if", "for", "case", "function", "{", "("):
        raise NotUnderstood(first)
    words: list[Word] = []
    redirect = None
    while tokens and (isinstance(tokens[0], Word) or tokens[0] in (">", ">>", "2>&1")):
        token = tokens.pop(0)
        if isinstance(token, Word):
            words.append(token)
        elif token != "2>&1":
            if not tokens or not isinstance(tokens[0], Word):
                raise NotUnderstood(str(token))
            target = tokens.pop(0)
            assert isinstance(target, Word)
            redirect = (str(token), target)
    if not words:
        raise NotUnderstood(str(tokens[0]) if tokens else "nothing")
    return Simple(tuple(words), redirect)


def _expect(tokens: list[str | Word], name: str) -> None:
    if not tokens or _name(tokens.pop(0)) != name:
        raise NotUnderstood(f"{name} is missing")
