"""What stands above a text in the editor: how to edit it, and why it opens again.

Source: `editHeader` of kubectl `pkg/cmd/util/editor/editoptions.go`; `ManualStrip` of
`pkg/cmd/util/helpers.go`.
"""

from __future__ import annotations

from typing import NamedTuple

OBJECT = """\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""
ANNOTATION = """\
# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
"""


class Reason(NamedTuple):
    """Why a text opens again: what is wrong, and the causes of it."""

    head: str
    causes: tuple[str, ...] = ()


def header(reasons: list[Reason], of_annotations: bool) -> str:
    """The comment above a text, with `reasons` why it opens again; of an object or annotations."""
    lines = [ANNOTATION if of_annotations else OBJECT]
    for reason in reasons:
        lines.append(f"# {_commented(reason.head)}{':' if reason.causes else ''}\n")
        lines += [f"# * {_commented(cause)}\n" for cause in reason.causes]
        lines.append("#\n")
    return "".join(lines)


def without_comments(text: str) -> str:
    """A text without lines that are comments."""
    lines = [line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#")]
    return "".join(lines)


def _commented(text: str) -> str:
    """Text of which each line is a comment."""
    return text.rstrip("\n").replace("\n", "\n# ")
