"""How each shell words its errors.

Source: ash of BusyBox 1.36, dash 0.5.12, bash 5.2, asked by `tests.peers.shell_peer`.
"""

from __future__ import annotations

import posixpath
import re

from course_lib.runtimes.shell.state import ShellState

_UNEXPECTED = re.compile(r'^(".*?"|word|newline|end of file) unexpected(?: \("\S*"\))?')


def beginning(state: ShellState, busybox: bool) -> str:
    """How a shell begins its errors: dash and bash name the line; ash that of a file.

    `state` is the shell's, `busybox` says that it is ash.
    """
    name, line = state.name, state.line
    if "bash" in posixpath.basename(name):
        return name if state.interactive else f"{name}: line {line}"
    if not busybox:
        return f"{name}: {line}"
    return f"{name}: line {line}" if state.from_file else name


def syntax_error(fault: str, busybox: bool) -> str:
    """How a shell tells what is wrong with a script; `fault` is in dash's words.

    >>> syntax_error('"fi" unexpected', busybox=True)
    'syntax error: unexpected "fi"'
    """
    if busybox:
        return "syntax error: " + _UNEXPECTED.sub(r"unexpected \1", fault)
    sentence = fault.startswith(("unterminated", "bad"))
    return f"Syntax error: {fault[0].upper()}{fault[1:]}" if sentence else f"Syntax error: {fault}"
