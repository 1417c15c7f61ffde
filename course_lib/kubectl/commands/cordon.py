"""`kubectl cordon`: a node to which no new Pods come.

Source: kubectl `pkg/cmd/drain/drain.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.draining.nodes import cordon, nodes_of
from course_lib.kubectl.dry_run import dry_run_of
from course_lib.kubectl.invocation import Invocation


def run(call: Invocation) -> None:
    """Keep new Pods away from nodes."""
    nodes = nodes_of(call)
    cordon(call, nodes, True, dry_run_of(call))


COMMANDS = {"cordon": Command(run, frozenset({"dry-run", "selector"}))}
