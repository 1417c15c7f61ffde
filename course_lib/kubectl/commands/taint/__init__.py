"""`kubectl taint`: taints of nodes.

Source: kubectl `pkg/cmd/taint/taint.go`.
"""

from __future__ import annotations

from course_lib.client.strategic_diff import two_way
from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.taint.words import TaintWords, parse, reorganized, split
from course_lib.kubectl.creation import validation
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen, Selection, Wanted
from course_lib.kubectl.server import STRATEGIC_PATCH
from course_lib.kubectl.typed import typed
from course_lib.objects.manifests import Document


def run(call: Invocation) -> None:
    """Add and remove taints; raises `CommandError`."""
    dry_run, query = dry_run_of(call), validation(call)
    resources, words = split(call.args)
    if not resources:
        raise CommandError("one or more resources must be specified as <resource> <name>")
    if not words:
        raise CommandError("at least one taint update is required")
    try:
        taints = parse(words)
    except CommandError as problem:
        raise call.usage_error(problem.message) from None
    _check(call, resources, taints)
    query |= {"fieldManager": call.flags.text("field-manager")} | dry_run.query

    def one(each: Chosen) -> None:
        operation, after = _tainted(call, each.document, taints)
        printer = ChangePrinter(call, operation)  # as in the real one, without a word of dry runs
        if dry_run is not DryRun.CLIENT:
            patch = two_way(each.document, after)
            after = typed(call.server.send("PATCH", each.path, query, patch, STRATEGIC_PATCH))
        printer.print(after)

    _nodes(call, resources).visit(one)


def _check(call: Invocation, resources: list[str], taints: TaintWords) -> None:
    word = resources[0].lower()
    try:
        kind = call.resources.named(word).kind
    except CommandError as missing:
        raise Plain(missing.message) from None
    if kind != "Node":
        raise CommandError(f"invalid resource type {word}, only node types are supported")
    if conflicts := taints.conflicts():
        said = "can not both modify and remove the following taint(s) in the same command"
        raise CommandError(f"{said}: {', '.join(conflicts)}")
    every, selector = call.flags.on("all"), call.flags.text("selector")
    if every and selector:
        raise CommandError("setting 'all' parameter with a non empty selector is prohibited")
    if not every and not selector and len(resources) < 2:
        said = "at least one resource name must be specified since 'all' parameter is not set"
        raise CommandError(said)


def _nodes(call: Invocation, resources: list[str]) -> Selection:
    labels = call.flags.text("selector")
    if call.flags.on("all") or labels:
        return call.select(Wanted(words=["node"], labels=labels or None, everything=True))
    return call.select(Wanted(words=["node", *resources[1:]]))


def _tainted(call: Invocation, node: Document, taints: TaintWords) -> tuple[str, Document]:
    """What is done to a `node`, in a word, and the node with its new taints."""
    overwrite = call.flags.on("overwrite")
    existing = node["spec"].get("taints") or []
    if not overwrite and (there := taints.known_in(existing)):
        raise CommandError(
            f"node {node['metadata']['name']} already has {there} taint(s) with same effect(s) "
            "and --overwrite is false"
        )
    operation, new = reorganized(existing, taints, overwrite)
    spec = {key: value for key, value in node["spec"].items() if key != "taints"}
    return operation, node | {"spec": spec | ({"taints": new} if new else {})}


COMMANDS = {
    "taint": Command(
        run,
        OUTPUT_FLAGS | {"all", "dry-run", "field-manager", "overwrite", "selector", "validate"},
    )
}
