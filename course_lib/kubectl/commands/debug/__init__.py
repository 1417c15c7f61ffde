"""`kubectl debug`: a container with tools in a Pod, a copy of a Pod, a Pod on a node."""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.debug.command import run

FLAGS = frozenset(
    {
        "arguments-only", "attach", "container", "copy-to", "custom", "env", "filename", "image",
        "image-pull-policy", "keep-annotations", "keep-init-containers", "keep-labels",
        "keep-liveness", "keep-readiness", "keep-startup", "profile", "quiet", "replace",
        "same-node", "set-image", "share-processes", "stdin", "target", "tty",
    }
)  # fmt: skip
COMMANDS = {"debug": Command(run, FLAGS)}
