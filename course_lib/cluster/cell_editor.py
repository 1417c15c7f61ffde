"""`%kubectl edit` in a notebook: the object opens in the next cell, and running that saves it."""

from __future__ import annotations

from typing import Any

from course_lib.kubectl.editor import Postponed
from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document

OPENED = "The object is in the next cell. Edit it there, and run the cell to save it."
AGAIN = "The next cell has the text again, with the reasons in its first lines."


class CellEditor:
    """Edits a text in cells of a notebook: `shell` is its IPython.

    `line` is the command, `cell` what was edited: empty where it is only now to be opened. The
    objects as they were opened are kept in `opened`, by the line.
    """

    def __init__(self, shell: Any, line: str, cell: str, opened: dict[str, list[Document]]) -> None:
        self._shell, self._line, self._cell, self._opened = shell, line, cell, opened

    def begin(self, documents: list[Document]) -> list[Document]:
        """The documents as they were when the editor opened; raises `CommandError`."""
        if self._line.split()[:1] == ["create"]:
            raise CommandError("the cell is the manifest: edit it there, and leave out --edit")
        if not self._cell:
            self._opened[self._line] = documents
        return self._opened.get(self._line, documents)

    def edit(self, text: str, ending: str) -> tuple[str, str]:
        """The text as the cell has it; without one, it opens in the next cell (`Postponed`)."""
        cell, self._cell = self._cell, ""
        if cell:
            return cell, ""
        again = "was not valid" in text or "syntax error" in text
        self._shell.set_next_input(f"%%kubectl {self._line}\n{text}", replace=False)
        raise Postponed(AGAIN if again else OPENED)

    def discard(self, file: str) -> None:
        """Forget what was opened."""
        self._opened.pop(self._line, None)
