"""Small shell commands that a learner writes in manifests: how long they run, how they end."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_DURATION = re.compile(r"([0-9]*\.?[0-9]+)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
INSTANT = 0.1  # s, for a command that does next to nothing
NOT_FOUND = 127  # the exit code of a shell that cannot find a command


def outcome(argv: Sequence[str]) -> tuple[float | None, int] | None:
    """Seconds to run (None: for ever) and exit code; None if the command is not understood.

    >>> outcome(["sh", "-c", "echo hello; sleep 5; exit 3"])
    (5.1, 3)
    >>> outcome(["nginx", "-g", "daemon off;"]) is None
    True
    """
    words = list(argv)
    if (
        len(words) >= 3
        and words[0].rpartition("/")[2] in ("sh", "bash", "ash")
        and words[1] == "-c"
    ):
        return _script(words[2])
    return _simple(words)


def _script(text: str) -> tuple[float | None, int] | None:
    if re.search(r"\bwhile (true|:|\[ 1 \])|\btail -f\b|\bsleep inf", text):
        return None, 0
    seconds, code = 0.0, 0
    for part, joint in re.findall(r"([^;&\n]+)(&&|;|\n|$)?", text):
        try:
            words = shlex.split(part)
        except ValueError:
            return None
        if not words:
            continue
        if words[0] == "exit":
            number = words[1] if len(words) > 1 else str(code)
            return (round(seconds, 3), int(number) % 256) if number.isdecimal() else None
        step = _simple(words)
        if step is None:
            return None
        if step[0] is None:
            return None, 0
        seconds, code = seconds + step[0], step[1]
        if code and joint == "&&":
            break
    return round(seconds, 3), code


def _simple(words: Sequence[str]) -> tuple[float | None, int] | None:
    if not words:
        return None
    name = words[0].rpartition("/")[2]
    if name == "sleep" and len(words) > 1:
        if words[1] in ("infinity", "inf"):
            return None, 0
        match = _DURATION.fullmatch(words[1])
        return (float(match[1]) * _UNITS[match[2]], 0) if match else (INSTANT, 1)
    if name == "false":
        return INSTANT, 1
    if name in (
        "true",
        "echo",
        "printf",
        "date",
        "ls",
        "cat",
        "pwd",
        "env",
        "touch",
        "mkdir",
        "uname",
    ):
        return INSTANT, 0
    return None
