"""`kubectl uncordon`: a node to which again new Pods come.

Source: kubectl `pkg/cmd/drain/drain.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.draining.nodes import cordon, nodes_of
from course_lib.kubectl.dry_run import dry_run_of
from course_lib.kubectl.invocation import Invocation


def run(call: Invocation) -> None:
    """Let new Pods come to nodes again."""
    nodes = nodes_of(call)
    cordon(call, nodes, False, dry_run_of(call))


COMMANDS = {"uncordon": Command(run, frozenset({"dry-run", "selector"}))}
