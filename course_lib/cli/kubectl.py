"""`python -m course_lib kubectl`: kubectl in Python, for any API server that a kubeconfig names."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from course_lib.command_line import Terminal
from course_lib.kubectl import Kubectl
from course_lib.kubectl.addresses import address_of
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.merged_kubeconfig import MergedKubeconfig
from course_lib.kubectl.remote import HTTPConnection, WallTime
from course_lib.kubectl.server import APIConnection, Time

INTERRUPTED = 130  # the exit code of a program that SIGINT ends


class StandardStreams(Terminal):
    """What is written appears at once on the streams of this process."""

    def out(self, text: str) -> None:
        """Write to stdout."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def error(self, text: str) -> None:
        """Write to stderr."""
        sys.stderr.write(text)
        sys.stderr.flush()


def add_to(commands: Any) -> None:
    """Describe the command; its words are not argparse's to read."""
    commands.add_parser(
        "kubectl",
        help="kubectl in Python, for any API server: kubectl --kubeconfig PATH get pods",
        add_help=False,
    )


def run(words: Sequence[str]) -> int:
    """Run one command of kubectl and return its exit code."""
    kubeconfig = _kubeconfig(words)
    with tempfile.TemporaryDirectory(prefix="kubectl-") as folder:

        def connect(context: str, **overrides: str) -> tuple[APIConnection, Time]:
            address = address_of(kubeconfig, context, Path(folder), overrides)
            return HTTPConnection(address), WallTime()

        try:
            kubectl = Kubectl(kubeconfig, connect)
            return kubectl(words, sys.stdin, terminal=StandardStreams()).code
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:  # the reader has gone
            with suppress(OSError):
                sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            return 1


def _kubeconfig(words: Sequence[str]) -> Kubeconfig:
    """The kubeconfig of `--kubeconfig`, of the files in $KUBECONFIG, or of the home folder."""
    if named := _flag(words, "--kubeconfig"):
        return Kubeconfig.read(named)
    places = os.environ.get("KUBECONFIG", "").split(os.pathsep)
    paths = [Path(each) for each in places if each] or [Path.home() / ".kube" / "config"]
    return MergedKubeconfig(paths)


def _flag(words: Sequence[str], name: str) -> str:
    for n, word in enumerate(words):
        if word == "--":
            break
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and n + 1 < len(words):
            return words[n + 1]
    return ""
