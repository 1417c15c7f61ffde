"""Signs of a shell on a line of kubectl: where no shell reads the line, they are refused by name.

Without this, `get pods | grep web` would look for a Pod with the name `|`.
Source: POSIX.1-2024, Shell Command Language, 2.2 Quoting, 2.3 Token Recognition.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.failures import CommandError

_ONE = "write each command on a line of its own"
_VALUE = (
    'take the value in Python, name = cluster.kubectl("...").stdout, and write {name} on the line'
)
_FILE = "name the file with -f FILE, or give the text in the cell: %%kubectl apply -f -"
INSTEAD = {
    "|": "choose what is printed with -l, --field-selector or -o jsonpath, or filter "
    'cluster.kubectl("...").stdout in Python',
    "||": _ONE,
    "&&": _ONE,
    "&": _ONE,
    ";": _ONE,
    "<": _FILE,
    "<<": _FILE,
    ">": "at the end of a line of %kubectl it stands before one file; in Python use the stdout of "
    'cluster.kubectl("...")',
    "$(": _VALUE,
    "`": _VALUE,
}


def uncommented(line: str) -> str:
    """A line without its comment, as a shell reads it.

    >>> uncommented("get pods -l a=b#c # the web servers")
    'get pods -l a=b#c '
    """
    for at, sign in _unquoted(line):
        if sign == "#" and (at == 0 or line[at - 1].isspace()):
            return line[:at]
    return line


def first_sign(line: str) -> tuple[int, str] | None:
    """The first sign of a shell that stands outside quotation marks, and its place.

    >>> first_sign("get pods -o name | grep web")
    (17, '|')
    >>> first_sign("exec web -- sh -c 'ls | wc -l'") is None
    True
    """
    for at, _ in _unquoted(line):
        for length in (2, 1):
            if line[at : at + length] in INSTEAD and len(line[at : at + length]) == length:
                return at, line[at : at + length]
    return None


def refuse(line: str) -> None:
    """Raise `CommandError` for a line with a sign that only a shell understands."""
    found = first_sign(line)
    if found:
        sign = found[1]
        raise CommandError(f"no shell reads this line, so {sign} has no meaning: {INSTEAD[sign]}")


def redirected(line: str) -> tuple[str, str, bool]:
    """A line without its `> FILE` or `>> FILE`, the file, and whether it is added to.

    The file is empty where nothing is redirected.

    >>> redirected("get deploy web -o yaml > web.yaml")
    ('get deploy web -o yaml ', 'web.yaml', False)
    """
    found = first_sign(line)
    if found is None or found[1] != ">":
        return line, "", False
    at = found[0]
    adds = line[at : at + 2] == ">>"
    file = line[at + 1 + adds :].strip()
    before = line[:at]
    if not file or len(file.split()) > 1 or first_sign(file) or before[-1:].isdigit():
        return line, "", False
    return before, file.strip("'\""), adds


def _unquoted(line: str) -> Iterator[tuple[int, str]]:
    """The characters outside quotation marks with their places."""
    quote, escaped = "", False
    for at, sign in enumerate(line):
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            yield at, sign
