"""The Tab key on a line of `%kubectl`: IPython asks here before it offers names of Python.

Source: IPython's matchers of version 2, `IPython.core.completer`.
"""

from __future__ import annotations

import re
from typing import Protocol

from course_lib.cluster.contexts import CONTEXTS
from course_lib.kubectl.completion import Completion

IDENTIFIER = "course_lib.kubectl"
_MAGIC = re.compile(r"\s*(?:\w+\s*=\s*)?(?P<signs>%{0,2})(?P<word>\w+)\s(?P<rest>.*)", re.DOTALL)


class Typing(Protocol):
    """What IPython tells of a cell that is being typed."""

    text_until_cursor: str  # of the line with the cursor


class _Completer(Protocol):
    custom_matchers: list[object]


class _Magics(Protocol):
    magics: dict[str, dict[str, object]]  # by form (line, cell) and name


class InteractiveSession(Protocol):
    """What is used of IPython."""

    Completer: _Completer
    magics_manager: _Magics
    user_ns: dict[str, object]


def install(shell: InteractiveSession) -> None:
    """Let the Tab key of a `shell` complete lines of kubectl."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    def match(context: Typing) -> dict[str, object]:
        start, found = completed(shell, context.text_until_cursor)
        return {
            "completions": [SimpleCompletion(text=each, type="kubectl") for each in found],
            "matched_fragment": start,
            "ordered": True,
            "suppress": True,
        }

    shell.Completer.custom_matchers.append(context_matcher(identifier=IDENTIFIER)(match))


def completed(shell: InteractiveSession, typed: str) -> tuple[str, list[str]]:
    """The word that is being typed on a line of a `shell`, and what it may become.

    Both are empty on a line without kubectl. A word that nothing continues stays as it is, so that
    no name of Python is offered in its place.
    """
    found = _MAGIC.fullmatch(typed)
    if found is None or not _is_kubectl(shell, found["signs"], found["word"]):
        return "", []
    words, rest = found["rest"].split(), found["rest"]
    start = words.pop() if words and not rest[-1].isspace() else ""
    return start, Completion(CONTEXTS.kubectl).of(words, start) or [start][: bool(start)]


def _is_kubectl(shell: InteractiveSession, signs: str, word: str) -> bool:
    """Whether a word at the beginning of a line calls kubectl, by its name or an alias."""
    if not signs and word in shell.user_ns:
        return False
    magic = shell.magics_manager.magics["line"].get(word)
    return "kubectl" in (word if magic is not None else "", getattr(magic, "magic_name", ""))
