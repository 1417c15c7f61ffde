"""Text in columns, as Go's `text/tabwriter` aligns it.

A cell ends with a tab; a column lasts as long as consecutive lines have a cell in it, and is as
wide as the widest of them. What follows the last tab of a line is in no column.
Source: Go's `text/tabwriter`; `github.com/liggitt/tabwriter` (widths that are remembered).
"""

from __future__ import annotations

from collections.abc import Callable


class TabWriter:
    """Lines that wait until they can be aligned: `write` them, then `flush`.

    `write` takes the aligned text. `least` is the width of a column at least, `padding` the blanks
    after its widest cell. With `remembers`, a column is at least as wide as before the last flush.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        least: int = 6,
        padding: int = 3,
        remembers: bool = True,
    ) -> None:
        self._emit, self._least, self._padding = write, least, padding
        self._remembers = remembers
        self._text: list[str] = []
        self._widest: list[int] = []

    def write(self, text: str) -> None:
        """Add text; it need not end with a line."""
        self._text.append(text)

    def forget(self) -> None:
        """Forget the widths of columns: another table follows."""
        self._widest = []

    def flush(self) -> None:
        """Align what was written, and write it out."""
        text, self._text = "".join(self._text), []
        if text:
            self._emit(self._aligned(text))

    def _aligned(self, text: str) -> str:
        rows = [line.split("\t") for line in text.split("\n")]
        widths: list[list[int]] = [[0] * (len(row) - 1) for row in rows]
        for column in range(max(map(len, widths))):
            self._measure(rows, widths, column)
        return "\n".join(
            "".join(cell.ljust(width) for cell, width in zip(row, each, strict=False)) + row[-1]
            for row, each in zip(rows, widths, strict=True)
        )

    def _measure(self, rows: list[list[str]], widths: list[list[int]], column: int) -> None:
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and len(widths[end]) > column:
                end += 1
            if end > start:
                widest = max(len(row[column]) for row in rows[start:end]) + self._padding
                widest = self._remembered(column, max(widest, self._least))
                for width in widths[start:end]:
                    width[column] = widest
            start = max(end, start + 1)

    def _remembered(self, column: int, width: int) -> int:
        if not self._remembers:
            return width
        self._widest += [0] * (column + 1 - len(self._widest))
        self._widest[column] = max(self._widest[column], width)
        return self._widest[column]


def tabbed(text: str) -> str:
    """Text with tabs as `kubectl describe` aligns it: two blanks between columns.

    >>> print(tabbed("Name:\\tweb\\nService Account:\\tdefault"))
    Name:             web
    Service Account:  default
    """
    written: list[str] = []
    writer = TabWriter(written.append, least=0, padding=2, remembers=False)
    writer.write(text)
    writer.flush()
    return "".join(written)
