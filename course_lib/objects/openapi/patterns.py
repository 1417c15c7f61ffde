"""Regular expressions as the API server reads them, in Python's terms.

Source: https://github.com/google/re2/wiki/Syntax. Both syntaxes agree on most of what a schema
says; here is what differs.
"""

from __future__ import annotations

import re
from functools import cache

_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z",
    "space": r"\t\n\v\f\r ", "blank": r"\t ", "xdigit": "0-9A-Fa-f", "word": "0-9A-Za-z_",
    "punct": r"!-/:-@\[-`{-~", "cntrl": r"\x00-\x1f\x7f", "graph": "!-~", "print": " -~",
}  # fmt: skip
_PART = re.compile(r"\\.|\[:\^?[a-z]+:\]|\$|\[|\]|\(\?[=!<]=?|.", re.DOTALL)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of RE2, compiled; raises `re.error` for one that is none.

    >>> bool(compiled("^[[:digit:]]+$").search("12\\n"))
    False
    """
    inside = False
    parts: list[str] = []
    for part in _PART.findall(pattern):
        if part == "[":
            part, inside = (r"\[" if inside else part), True
        elif part == "]":
            inside = False
        elif part.startswith("[:") and part.strip("[:^]") in _POSIX and inside:
            part = _POSIX[part.strip("[:^]")]
        elif part == "$" and not inside:
            part = r"\Z"  # at the very end, not before a last line break
        elif part == r"\z":
            part = r"\Z"
        elif part in ("(?=", "(?!", "(?<=", "(?<!") or re.fullmatch(r"\\[1-9]", part):
            raise re.error(f"invalid or unsupported Perl syntax: `{part}`")
        parts.append(part)
    return re.compile("".join(parts), re.ASCII)
