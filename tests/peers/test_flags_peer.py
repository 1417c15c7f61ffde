"""Flags beside pflag itself: the same lines are right, and wrong ones have the same sentence."""

from __future__ import annotations

import subprocess

from course_lib.command_line import UsageError, parse
from tests.command_line.test_flags import FLAGS, RIGHT, WRONG
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())
MORE = [
    "-n 0x", "-n _1", "-n 1__0", "-n 0_7", "-n 00", "-n +5", "-n +", "--ratio 0.5.5", "--ratio Inf",
    "--timeout 1e3s", "--timeout 9999999999h", "--timeout 1.s", "--timeout .s", "--timeout +5m",
    "--timeout -0", '-s a,"b', '-s "a""b"', '-s "a"",b', '-s a,b"c,d', "-s ,", '-e "a=1"',
    '-e a=1,"b=2,3"', "-e =1", "-a=", "-vx", "-v=", "--verbose=x", "--array=", "--env=",
]  # fmt: skip


def ours(line: str) -> str:
    """What is said of a line here."""
    try:
        parse(line.split(" "), FLAGS)
    except UsageError as error:
        return str(error)
    return "ok"


def test_each_line_is_read_as_pflag_reads_it():
    lines = [*(line for line, *_ in RIGHT), *(line for line, _ in WRONG), *MORE]
    program = golang.build("flags-peer", "./flags")
    done = subprocess.run(
        [str(program)], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    said = dict(zip(lines, done.stdout.splitlines(), strict=True))
    assert {line: ours(line) for line in lines} == said
