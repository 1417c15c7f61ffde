"""The commands of kubectl and their flags, from its own module.

python -m tests.peers.kubectl_commands_peer      writes the table of the package again
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.peers import golang

TABLE = golang.HERE.parents[1] / "course_lib" / "kubectl" / "data" / "commands.txt"
HOME = "$HOME"


def table() -> str:
    """What the table should be."""
    golang.build("kubectl-commands", "./kubectlcommands")
    program = golang.BUILT / "kubectl-commands"
    env = os.environ | {"HOME": HOME, "KUBECTL_KUBERC": "false"}
    done = subprocess.run([str(program)], check=True, capture_output=True, text=True, env=env)
    return done.stdout


def write(path: Path = TABLE) -> None:
    """Write it."""
    path.write_text(table())


if __name__ == "__main__":
    write()
