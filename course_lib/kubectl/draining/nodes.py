"""The nodes that `cordon`, `uncordon` and `drain` are about, and whether Pods may come to them.

Source: kubectl `pkg/cmd/drain/drain.go` and `pkg/drain/cordon.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen, Wanted
from course_lib.kubectl.server import STRATEGIC_PATCH


def nodes_of(call: Invocation) -> list[Chosen]:
    """The nodes that a `call` names; raises `CommandError` for the first that is not there."""
    labels, names = call.flags.text("selector"), call.args
    if not names and "selector" not in call.flags.given:
        usage = call.described.usage.removeprefix("kubectl ")
        raise call.usage_error(f"USAGE: {usage} [flags]")
    if names and labels:
        said = "error: cannot specify both a node name and a --selector option"
        raise call.usage_error(said)
    if labels:
        return call.select(Wanted(words=["nodes"], labels=labels, everything=True)).all()
    found: list[Chosen] = []
    for name in names:
        found += _one(call, name)
    return found


def _one(call: Invocation, name: str) -> list[Chosen]:
    chosen = call.select(Wanted(words=[name if "/" in name else f"nodes/{name}"])).all()
    for each in chosen:
        if each.resource.full_name != "nodes":
            shown = (
                f"{each.resource.group}/{each.resource.version}, Resource={each.resource.plural}"
            )
            raise CommandError(f'error: expected resource of type node, got "{shown}"')
    return chosen


def cordon(call: Invocation, nodes: list[Chosen], desired: bool, dry_run: DryRun) -> None:
    """Keep new Pods away from `nodes`, or with `desired` False let them come again.

    `call` tells of each; `dry_run` says how far it goes.
    """
    word = "cordoned" if desired else "uncordoned"
    for each in nodes:
        operation = word
        if bool(each.document["spec"].get("unschedulable")) is desired:
            operation = f"already {word}"
        elif dry_run is not DryRun.CLIENT:
            patch = {"spec": {"unschedulable": True if desired else None}}
            try:
                call.server.send("PATCH", each.path, dry_run.query, patch, STRATEGIC_PATCH)
            except RefusedRequest as refusal:
                verb = "cordon" if desired else "uncordon"
                said = f'error: unable to {verb} node "{each.name}": {refusal.message}\n'
                call.error(said)
                continue
        ChangePrinter(call, operation, dry_run).print(each.document)
