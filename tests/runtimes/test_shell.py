"""The small shell, held against a real busybox where there is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from course_lib.images import Reference
from course_lib.images.contents import contents_of
from course_lib.images.layer import FOLDER, File
from course_lib.runtimes.launch import outcome, program, run_alone
from course_lib.runtimes.world import World
from tests.required import requires

BUSYBOX = Path("/bin/busybox")
SCRIPTS = [
    "echo hello world",
    "echo 'a  b'  \"c  d\" e\\ f",
    'echo "say \\"hi\\" \\$X"; X=5; echo "$X" \'$X\' ${X}y',
    "true && echo yes || echo no",
    "false && echo yes || echo no",
    "false; echo $?",
    "exit 300",
    "nosuchcommand",
    "echo one; echo two # and a comment",
    "echo out; cat /nosuch",
    "echo $(echo inner) \"$(echo 'in  quotes')\" $(true)end",
    'X=$(echo a; echo b); echo "$X"',
    "test -e /nosuch; echo $?; [ -n text ]; echo $?; [ -z text ]; echo $?",
    "[ a = b ] || echo differ; [ a != b ] && echo differ",
    "[ ! -e /nosuch ] && echo none",
    "printf '%s-%s\\n' a b",
    "echo -n no end; echo",
    "echo -e 'tab\\tline\\nend'",
    "cd /tmp; pwd; cd ..; pwd",
    "echo a\necho b\n\necho c",
    "echo long \\\nline",
    "true; false",
    "",
    "   ",
    "sh -c 'exit 4'; echo $?",
    "X=1; sh -c 'echo [$X]'; export X; sh -c 'echo [$X]'",
    "exec echo replaced",
    "echo a > /dev/null; echo b",
    "echo a && echo b && false && echo c; echo d",
    "until true; do echo never; done; echo once",
    "trap 'echo bye' TERM; echo still here",
    "sleep 0.01 && echo slept",
    "sleep x; echo $?",
    "false || false || echo third",
]


def ours(script: str) -> tuple[str, str, int]:
    said = {"stdout": b"", "stderr": b""}

    def write(stream: str, data: bytes) -> None:
        said[stream] += data

    files = dict(contents_of(Reference.parse("busybox:1.36")).files)
    world = World(files=files, write=write, env={"PATH": "/bin"}, known=True)
    _, code = run_alone(program(["sh", "-c", script], world.locate), world)
    return said["stdout"].decode(), said["stderr"].decode(), code


@requires("" if BUSYBOX.exists() else "no busybox (Debian: busybox-static)")
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_say_and_end_as_in_a_real_busybox(script):
    # A shell from another place than /bin/sh, so that only busybox' own programs are found.
    real = subprocess.run(
        [str(BUSYBOX), "sh", "-c", script], capture_output=True, text=True, env={"PATH": "/bin"}
    )
    stdout, stderr, code = ours(script)
    assert (stdout, code) == (real.stdout, real.returncode)
    assert bool(stderr) == bool(real.stderr), (stderr, real.stderr)


def test_what_is_more_than_it_understands_it_leaves_to_the_behaviour():
    for argv in (
        ["python", "app.py"],
        ["sh", "-c", "python app.py && echo done"],
        ["bash", "-c", "[[ a == b && c ]] && declare -A x"],
        ["bash", "-c", "for ((i = 0; i < 3; i++)); do echo $i; done"],
        ["sh", "/run.sh"],
        [],
    ):
        assert program(argv) is None, argv


def test_how_long_scripts_take():
    assert outcome(["sleep", "1m"]) == (60.0, 0)
    assert outcome(["sh", "-c", "while true; do sleep 1; done"]) == (None, 0)
    assert outcome(["sleep", "infinity"]) == (None, 0)
    assert outcome(["tail", "-f", "/dev/null"]) == (None, 0)


def test_files_that_a_script_writes_are_there_for_the_next():
    world = World(files={"tmp": FOLDER, "etc/motd": File(b"hi\n")})
    for script, code in (
        ("echo a > /tmp/x; echo b >> /tmp/x", 0),
        ("test -f /tmp/x", 0),
        ("mkdir /tmp/d && touch /tmp/d/f && rm -r /tmp/d", 0),
        ("ls /tmp/d", 1),
        ("rm /tmp", 1),
    ):
        assert run_alone(program(["sh", "-c", script]), world)[1] == code, script
    assert world.files["tmp/x"].data == b"a\nb\n"


def test_a_read_only_file_system_takes_nothing():
    world = World(files={"tmp": FOLDER}, read_only=True)
    assert run_alone(program(["touch", "/tmp/x"]), world)[1] == 1
    assert "tmp/x" not in world.files
