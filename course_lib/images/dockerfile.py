"""Dockerfiles: the recipe of an image, line by line.

The subset: FROM, COPY, ADD (of files in the context), RUN, ENV, CMD, ENTRYPOINT, WORKDIR, USER,
EXPOSE, LABEL; of COPY and ADD the JSON form, and the options `--chown`, `--chmod` and `--link`.
Source: docs.docker.com "Dockerfile reference".
"""

from __future__ import annotations

import json
import re
import shlex

import msgspec

from course_lib.errors import CourseError

KNOWN = (
    "FROM", "COPY", "ADD", "RUN", "ENV", "CMD", "ENTRYPOINT", "WORKDIR", "USER", "EXPOSE", "LABEL",
)  # fmt: skip
COPIES = ("COPY", "ADD")
_EXEC_FORM = ("CMD", "ENTRYPOINT", "RUN")
_OPTION = re.compile(r"--([a-z-]+)(?:=(\S+))?(?:\s+|$)")
_OPTIONS = {"chown": r"\d+(:\d+)?", "chmod": r"[0-7]{3,4}", "link": r"|true|false"}
_ARCHIVE = re.compile(r"\.(tar|tgz|tbz2|txz|tar\.\w+)$")


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
        """Of the others: the arguments, quotes removed; of COPY and ADD the paths."""
        text = self.text
        if self.name in COPIES:
            while option := _OPTION.match(text):
                text = text[option.end() :]
            if text.startswith("["):
                return [str(word) for word in json.loads(text)]
        return shlex.split(text)

    @property
    def options(self) -> dict[str, str]:
        """Of COPY and ADD: `--chown=1000:1000` and its like, by name."""
        found, text = {}, self.text
        while self.name in COPIES and (option := _OPTION.match(text)):
            found[option[1]], text = option[2] or "", text[option.end() :]
        return found

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
            "COPY": len(words) < 2 or not _known_options(step),
            "ADD": len(words) < 2 or not _known_options(step) or _fetches(words[:-1]),
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
                "COPY": "COPY source... destination; options: --chown=UID:GID, --chmod=755, --link",
                "ADD": "ADD source... destination, of files in the context (no URL, no archive)",
                "FROM": "FROM image",
                "EXPOSE": "port numbers, such as 80 or 53/udp",
            }.get(step.name, f"{step.name} KEY=value ...")
        )


def _known_options(step: Instruction) -> bool:
    """Whether each option is one of the subset; users are numbers, for there is no /etc/passwd."""
    return all(
        name in _OPTIONS and re.fullmatch(_OPTIONS[name], value)
        for name, value in step.options.items()
    )


def _fetches(sources: list[str]) -> bool:
    """Whether ADD would do more than COPY: fetch from afar, or unpack an archive."""
    return any("://" in each or "@" in each or _ARCHIVE.search(each) for each in sources)
