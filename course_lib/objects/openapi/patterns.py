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


_GO = (
    ("unterminated character set", "missing closing ]: `{rest}`"),
    ("missing ), unterminated subpattern", "missing closing ): `{pattern}`"),
    ("unbalanced parenthesis", "unexpected ): `{pattern}`"),
    ("nothing to repeat", "missing argument to repetition operator: `{mark}`"),
    ("multiple repeat", "invalid nested repetition operator: `{pair}`"),
    ("bad escape", "invalid escape sequence: `{pair}`"),
    ("bad character range", "invalid character class range: `{triple}`"),
)


def problem(pattern: str) -> str:
    """Why a pattern is none, in the words of Go's `regexp/syntax`; empty where it is one."""
    try:
        compiled(pattern)
    except re.error as wrong:
        at = wrong.pos or 0
        for said, words in _GO:
            if wrong.msg.startswith(said):
                shown = words.format(
                    rest=pattern[at:],
                    pattern=pattern,
                    mark=pattern[at : at + 1],
                    pair=pattern[max(at - 1, 0) :][:2] if "nested" in words else pattern[at:][:2],
                    triple=pattern[at : at + 3],
                )
                return f"error parsing regexp: {shown}"
        return f"error parsing regexp: {wrong.msg}"
    return ""
