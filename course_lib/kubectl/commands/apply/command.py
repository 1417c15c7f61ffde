"""`kubectl apply` itself: its flags, the objects that it is about, and what it says of them.

Source: kubectl `pkg/cmd/apply/apply.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.commands.apply.client_side import ClientSide
from course_lib.kubectl.commands.apply.migration import KEEPER
from course_lib.kubectl.commands.apply.pruning import Pruner, check_prune
from course_lib.kubectl.commands.apply.server_side import SERVER_SIDE, ServerSide
from course_lib.kubectl.creation import validation
from course_lib.kubectl.deletion import propagation_of
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import manifests, no_words, require_manifests
from course_lib.kubectl.record import recorded
from course_lib.kubectl.typed import StructDocument
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document, sorted_keys

CLIENT_SIDE = "kubectl-client-side-apply"  # who manages the fields
DELETING = "Warning: Detected changes to resource {} which is currently being deleted.\n"


class Done(msgspec.Struct):
    """One object that was applied: what was done to it, and as the server has it now."""

    chosen: Chosen
    operation: str


def run(call: Invocation) -> None:
    """Apply manifests, and prune what is no longer in them; raises `CommandError`."""
    no_words(call)
    dry_run = dry_run_of(call)
    propagation_of(call)
    require_manifests(call)
    validation(call)
    if not call.flags.on("overwrite"):
        raise CommandError("--overwrite=false of kubectl apply is not simulated in this course")
    check_prune(call)
    _check(call, dry_run)
    _Application(call, dry_run).run()


def manager_of(call: Invocation) -> str:
    """The name under which fields are managed (`GetApplyFieldManagerFlag`)."""
    if "field-manager" in call.flags.given:
        return call.flags.text("field-manager")
    return SERVER_SIDE if call.flags.on("server-side") else CLIENT_SIDE


def _check(call: Invocation, dry_run: DryRun) -> None:
    """Raise `CommandError` for flags that contradict each other (`Validate`)."""
    flags = call.flags
    server_side, force = flags.on("server-side"), flags.on("force")
    for wrong, said in (
        (
            flags.on("force-conflicts") and not server_side,
            "--force-conflicts only works with --server-side",
        ),
        (
            dry_run is DryRun.CLIENT and server_side,
            "--dry-run=client doesn't work with --server-side "
            "(did you mean --dry-run=server instead?)",
        ),
        (server_side and force, "--force cannot be used with --server-side"),
        (
            dry_run is DryRun.SERVER and force,
            "--dry-run=server cannot be used with --force",
        ),
        (
            flags.on("all") and flags.text("selector"),
            "cannot set --all and --selector at the same time",
        ),
    ):
        if wrong:
            raise CommandError(said)
    if flags.text("subresource") and not server_side:
        raise CommandError("--subresource can only be specified for --server-side")


class _Application:
    def __init__(self, call: Invocation, dry_run: DryRun) -> None:
        self._call, self._dry_run = call, dry_run
        writer = ObjectWriter(call.server, dry_run, manager_of(call), validation(call))
        keeper = ObjectWriter(call.server, dry_run, KEEPER, validation(call))
        self._way = (
            ServerSide(call, writer, keeper, manager_of(call))
            if call.flags.on("server-side")
            else ClientSide(call, writer, dry_run)
        )
        self._whole = call.flags.text("output") not in ("", "name")

    def run(self) -> None:
        """Apply all; print each at once, or all at the end; then prune."""
        selection = self._call.select(manifests(self._call))
        failures, done = list(selection.failures), list[Chosen]()
        if not selection.found:
            raise CommandError("no objects passed to apply")
        for each in selection.chosen:
            try:
                done.append(self._apply(each))
            except CommandError as failure:
                failures.append(failure)
        raise_all(failures)
        if self._whole and done:
            self._printer("").print(_together(done))
        if self._call.flags.on("prune"):
            Pruner(self._call, self._dry_run, self._printer("pruned")).prune(done)

    def _apply(self, chosen: Chosen) -> Chosen:
        chosen.document = recorded(self._call, chosen.document)
        meta = chosen.document.get("metadata") or {}
        if not chosen.name and meta.get("generateName"):
            raise CommandError(f"from {meta['generateName']}: cannot use generate name with apply")
        operation, document = self._way.apply(chosen)
        made = chosen.refreshed(document)
        if operation != "created" and (document.get("metadata") or {}).get("deletionTimestamp"):
            self._call.error(DELETING.format(made.name))
        if not self._whole:
            self._printer(operation).print(document)
        return made

    def _printer(self, operation: str) -> ChangePrinter:
        return ChangePrinter(self._call, operation, self._dry_run)


def _together(done: list[Chosen]) -> Document:
    """One object by itself, more as a list (`printObjects`)."""
    if len(done) == 1:
        return done[0].document
    items = [sorted_keys(each.document) for each in done]
    head = {"kind": "List", "apiVersion": "v1", "metadata": Document()}
    return StructDocument(head | {"items": items})
