"""The commands, and how their arguments are read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from course_lib.cli import cri, kubectl, serve
from course_lib.errors import CourseError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib", description="Parts of the course for other programs to use."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    cri.add_to(commands)
    kubectl.add_to(commands)
    serve.add_to(commands)
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] == ["kubectl"]:
            return kubectl.run(words[1:])
        arguments = parser.parse_args(words)
        return int(arguments.run(arguments))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
