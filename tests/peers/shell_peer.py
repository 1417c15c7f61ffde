"""What a real busybox and a real dash answer to our scripts.

`python -m tests.peers.shell_peer` writes `tests/runtimes/answers.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tests.runtimes.scripts import FILES, SCRIPTS

ANSWERS = Path(__file__).parent.parent / "runtimes" / "answers.json"
BUSYBOX, DASH = Path("/bin/busybox"), Path("/bin/dash")
SHELLS = {"busybox": [str(BUSYBOX), "sh"], "dash": [str(DASH)]}


def ask(shell: str, script: str) -> list[str | int]:
    """Standard output, errors and exit code of a script, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        # `sh` is the shell that is asked: dash's folder of programs begins with it.
        tools = Path(folder + ".bin")
        tools.mkdir()
        if shell == "dash":
            (tools / "sh").symlink_to(DASH)
        env = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}
        argv = [*SHELLS[shell], "-c", script]
        if shell == "dash":
            argv[0] = str(tools / "sh")
            argv = ["sh", "-c", script]
        done = subprocess.run(
            argv, cwd=folder, env=env, capture_output=True, text=True, timeout=20,
            executable=SHELLS[shell][0], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for each in tools.iterdir():
            each.unlink()
        tools.rmdir()
        return [done.stdout.replace(folder, "/w"), done.stderr.replace(folder, "/w"),
                done.returncode if done.returncode >= 0 else 128 - done.returncode]  # fmt: skip


def main() -> None:
    """Ask both, and write the answers."""
    answers = {shell: {script: ask(shell, script) for script in SCRIPTS} for shell in SHELLS}
    ANSWERS.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + os.linesep)


if __name__ == "__main__":
    main()
