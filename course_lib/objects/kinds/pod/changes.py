"""What an update changed in a Pod, line by line, as messages show it."""

from __future__ import annotations

import json
from difflib import unified_diff

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.manifests import Document


def difference(old: Document, new: Document, struct: str) -> str:
    """The lines in which two values of a `struct` differ (`diff.Diff` of apimachinery).

    `old` and `new` are the value before and after the update.
    """
    before, after = (_lines(in_memory(struct, value)) for value in (old, new))
    return "".join(list(unified_diff(before, after, n=3))[2:])


def _lines(value: Document) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for mark in "<>&":  # as Go's encoder does, for texts inside of web pages
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return [f"{line}\n" for line in text.split("\n")]
