"""Scripts and small programs, held against what a real busybox and a real dash answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course_lib.images import Reference
from course_lib.images.contents import contents_of
from course_lib.images.layer import FOLDER, File
from course_lib.runtimes.launch import program, run_alone
from course_lib.runtimes.world import World
from tests.runtimes.scripts import FILES, SCRIPTS

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
IMAGES = {"busybox": "busybox:1.36", "dash": "debian:12"}


def ours(shell: str, script: str) -> list[str | int]:
    """Standard output, errors and exit code, as `shell_peer.ask` gives the real ones."""
    said = {"stdout": b"", "stderr": b""}

    def write(stream: str, data: bytes) -> None:
        said[stream] += data

    files = dict(contents_of(Reference.parse(IMAGES[shell])).files)
    files |= {"w": FOLDER, "w/sub": FOLDER, "root": FOLDER, "tmp": FOLDER}
    files |= {f"w/{name}": File(text.encode()) for name, text in FILES.items()}
    env = {"PATH": "/usr/bin:/bin", "HOME": "/root"}
    world = World(
        files=files, write=write, env=env, known=True, cwd="/w", busybox=shell == "busybox"
    )
    _, code = run_alone(program(["sh", "-c", script], world.locate, every=True), world)
    return [said["stdout"].decode(), said["stderr"].decode(), code]


@pytest.mark.parametrize("shell", ANSWERS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_says_and_ends_as_in_the_real_shell(shell, script):
    assert ours(shell, script) == ANSWERS[shell][script]
