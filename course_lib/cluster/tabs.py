"""Columns of text, aligned as Go's `text/tabwriter` aligns them for kubectl."""

from __future__ import annotations

PADDING = 2


def tabbed(lines: list[str]) -> str:
    """Align the cells that end with a tab; a column lasts as long as consecutive lines have it.

    >>> print(tabbed(["Name:\\tweb", "Service Account:\\tdefault"]))
    Name:             web
    Service Account:  default
    """
    rows = [line.split("\t") for line in lines]
    widths: list[list[int]] = [[0] * (len(row) - 1) for row in rows]
    for column in range(max((len(width) for width in widths), default=0)):
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and len(widths[end]) > column:
                end += 1
            if end > start:
                widest = max(len(row[column]) for row in rows[start:end]) + PADDING
                for width in widths[start:end]:
                    width[column] = widest
            start = max(end, start + 1)
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(row, each, strict=False)) + row[-1]
        for row, each in zip(rows, widths, strict=True)
    )
