"""Dockerfiles: the recipe of an image, line by line.

The subset: FROM, COPY, RUN, ENV, CMD, ENTRYPOINT, WORKDIR, USER, EXPOSE, LABEL.
Source: docs.docker.com "Dockerfile reference".
"""

from __future__ import annotations

import json
import re
import shlex

import msgspec

from course_lib.errors import CourseError

KNOWN = (
    "FROM", "COPY", "RUN", "ENV", "CMD", "ENTRYPOINT", "WORKDIR", "USER", "EXPOSE", "LABEL",
)  # fmt: skip
_EXEC_FORM = ("CMD", "ENTRYPOINT", "RUN")


class Instruction(msgspec.Struct, frozen=True):
    """One line of a Dockerfile: the instruction, its arguments, and the line's number."""

    name: str
    text: str  # the arguments as written
    line: int

    def __str__(self) -> str:
        return f"{self.name} {self.text}"

    @property
    def argv(self) -> list[str]:
        """Of CMD, ENTRYPOINT and RUN: the command line; the shell form is run by `/bin/sh -c`."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return ["/bin/sh", "-c", self.text]

    @property
    def words(self) -> list[str]:
        """Of the others: the arguments, quotes removed."""
        return shlex.split(self.text)

    @property
    def pairs(self) -> dict[str, str]:
        """Of ENV and LABEL: `KEY=value` pairs, or the old form `KEY value`."""
        words = self.words
        if words and "=" not in words[0]:
            return {words[0]: " ".join(words[1:])}
        return dict(word.split("=", 1) for word in words)


def parse(text: str) -> list[Instruction]:
    r"""Read a Dockerfile; raises `CourseError` with the line's number.

    >>> [str(step) for step in parse("FROM scratch\nCOPY app /app\nCMD [\"/app\"]")]
    ['FROM scratch', 'COPY app /app', 'CMD ["/app"]']
    """
    found: list[Instruction] = []
    lines = enumerate(text.splitlines(), start=1)
    for number, line in lines:
        while line.rstrip().endswith("\\"):
            line = line.rstrip()[:-1] + " " + next(lines, (0, ""))[1].strip()
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        step = Instruction(name.upper(), rest.strip(), number)
        _check(step, first=not found)
        found.append(step)
    if not found:
        raise CourseError("the Dockerfile is empty", expected="FROM and more", found="nothing")
    return found


def _check(step: Instruction, first: bool) -> None:
    def refuse(expected: str) -> CourseError:
        return CourseError(
            "cannot read the Dockerfile",
            where=f"line {step.line}",
            expected=expected,
            found=str(step),
        )

    if step.name not in KNOWN:
        raise refuse(f"one of {', '.join(KNOWN)}")
    if first != (step.name == "FROM"):
        raise refuse("FROM on the first line, and only there (one stage)")
    if not step.text:
        raise refuse(f"something after {step.name}")
    try:
        words = step.argv if step.name in _EXEC_FORM else step.words
        wrong = {
            "COPY": len(words) < 2 or any(word.startswith("--") for word in words),
            "FROM": len(words) != 1,
            "ENV": words[0].startswith("=") or (len(words) < 2 and "=" not in words[0]),
            "LABEL": words[0].startswith("=") or (len(words) < 2 and "=" not in words[0]),
            "EXPOSE": not all(re.fullmatch(r"[0-9]+(/(tcp|udp|sctp))?", w) for w in words),
        }.get(step.name, False)
        if step.name in ("ENV", "LABEL"):
            words = list(step.pairs)
    except ValueError as problem:
        raise refuse(f"words in matching quotes, or a JSON list ({problem})") from problem
    if wrong:
        raise refuse(
            {
                "COPY": "COPY source... destination (no options)",
                "FROM": "FROM image",
                "EXPOSE": "port numbers, such as 80 or 53/udp",
            }.get(step.name, f"{step.name} KEY=value ...")
        )
