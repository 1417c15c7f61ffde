"""Who edits a text for `kubectl edit`: a program, or the reader of a notebook, in a cell.

Source: kubectl `pkg/cmd/util/editor/editor.go`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

from course_lib.kubectl.failures import CommandError, Plain
from course_lib.objects.manifests import Document

VARIABLES = ("KUBE_EDITOR", "EDITOR")


class Editor(Protocol):
    """Edits texts."""

    def begin(self, documents: list[Document]) -> list[Document]:
        """The documents as they were when the editor opened; raises `CommandError`."""

    def edit(self, text: str, ending: str) -> tuple[str, str]:
        """The text as it is edited, and the file that has it.

        `ending` is that of the file's name. Raises `CommandError`.
        """

    def discard(self, file: str) -> None:
        """Forget a file."""


class Postponed(Plain):
    """The text waits for its reader: the command goes on when it comes back."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 0)


class ProgramEditor:
    """The program that `KUBE_EDITOR` or `EDITOR` names."""

    def begin(self, documents: list[Document]) -> list[Document]:
        """The documents themselves: the editor opens now."""
        return documents

    def edit(self, text: str, ending: str) -> tuple[str, str]:
        """The text as the program leaves it, and the file that has it."""
        named = next(filter(None, map(os.environ.get, VARIABLES)), "")
        if not named and not sys.stdin.isatty():
            raise CommandError(
                "there is no editor: set KUBE_EDITOR, or use %kubectl edit in a notebook"
            )
        handle, file = tempfile.mkstemp(ending, "kubectl-edit-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        command = [*_words(named or "vi"), file]
        if any(mark in named for mark in "\"'\\"):  # a shell reads it
            command = [os.environ.get("SHELL") or "/bin/bash", "-c", f"{named} {shlex.quote(file)}"]
        try:
            done = subprocess.run(command, check=False)
        except OSError:
            raise CommandError(f'unable to launch the editor "{named or "vi"}"') from None
        if done.returncode:
            raise CommandError(f'there was a problem with the editor "{" ".join(command[:-1])}"')
        return Path(file).read_text(encoding="utf-8"), file

    def discard(self, file: str) -> None:
        """Remove a file."""
        Path(file).unlink(missing_ok=True)


def _words(command: str) -> list[str]:
    return command.split(" ")
