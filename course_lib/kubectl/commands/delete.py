"""`kubectl delete`: objects end, and the command waits until they are gone.

Source: kubectl `pkg/cmd/delete/delete.go`.
"""

from __future__ import annotations

from msgspec.structs import replace

from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.command import Command
from course_lib.kubectl.deletion import (
    DELETION_FLAGS,
    WEEK,
    delete_options,
    propagation_of,
    wait_until_gone,
)
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, sourced
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.manifest_flags import MANIFEST_FLAGS
from course_lib.kubectl.writing import ObjectWriter

IMMEDIATE = (
    "Immediate deletion does not wait for confirmation that the running resource has been "
    "terminated. The resource may continue to run on the cluster indefinitely."
)
OF_CLUSTER = "deleting cluster-scoped resources, not scoped to the provided namespace"


def run(call: Invocation) -> None:
    """Delete what the arguments, files and selectors name; raises `CommandError`."""
    flags = call.flags
    propagation, dry_run, grace = propagation_of(call), dry_run_of(call), grace_of(call)
    everything = flags.on("all")
    if everything and (flags.text("selector") or flags.text("field-selector")):
        raise CommandError("setting 'all' parameter but found a non empty selector. ")
    selected = everything or flags.text("selector") or flags.text("field-selector")
    missing_ok = flags.on("ignore-not-found")
    if selected and "ignore-not-found" not in flags.given:
        missing_ok = True
    wanted = call.wanted(call.args, latest=False)
    selection = call.select(replace(wanted, read=False, missing_ok=missing_ok))
    _check(call, grace)
    deletion = Deletion(call, propagation, grace, dry_run, missing_ok)
    if flags.on("interactive"):
        if not selection.chosen:
            call.out("No resources found\n")
            return
        if not _confirmed(call, selection.chosen):
            call.out("deletion is cancelled\n")
            return
    selection.visit(deletion.delete)
    if not deletion.found:
        call.out("No resources found\n")
    elif flags.on("wait") and dry_run is DryRun.NONE:
        deletion.wait(flags.seconds("timeout") or WEEK)


def grace_of(call: Invocation) -> int:
    """The grace period of the flags (s), -1 for that of the objects; raises `CommandError`."""
    flags = call.flags
    grace, force = flags.number("grace-period"), flags.on("force")
    if flags.on("now"):
        if grace != -1:
            raise CommandError("--now and --grace-period cannot be specified together")
        grace = 1
    if grace == 0 and not force:
        return 1  # without --force nothing is deleted without a trace
    return 0 if force and grace < 0 else grace


def _check(call: Invocation, grace: int) -> None:
    """Raise `CommandError` for flags that contradict each other; warn of a forced deletion."""
    flags = call.flags
    output = flags.text("output")
    if output not in ("", "name"):
        raise CommandError(f"unexpected -o output mode: {output}. We only support '-o name'")
    if flags.on("force") and grace > 0:
        raise CommandError("--force and --grace-period greater than 0 cannot be specified together")
    if flags.on("force"):
        call.error(f"Warning: {IMMEDIATE}\n")


def _confirmed(call: Invocation, chosen: list[Chosen]) -> bool:
    """Whether the one who deletes interactively says yes."""
    call.out(f"You are about to delete the following {len(chosen)} resource(s):\n")
    for each in chosen:
        call.out(f"{each.resource.group_kind}/{each.name}\n")
    call.out("Do you want to continue? (y/N): ")
    typed = call.stdin.readline() if call.keyboard is None else call.keyboard.line()
    return (typed or "").strip().lower() == "y"


class Deletion:
    """Deletes objects for a `call`, and waits for them.

    `propagation` says what becomes of what they own, `grace` is the period (s; -1: their own).
    `dry_run` says how far it goes; with `missing_ok`, what is not there is no failure.
    """

    def __init__(
        self,
        call: Invocation,
        propagation: str,
        grace: int,
        dry_run: DryRun = DryRun.NONE,
        missing_ok: bool = False,
    ) -> None:
        self._call, self._grace, self._dry_run = call, grace, dry_run
        self._options = delete_options(propagation, grace)
        self._writer = ObjectWriter(call.server, dry_run)
        self._missing_ok = missing_ok
        self._deleted: list[tuple[Chosen, str]] = []
        self._warns = call.explicit_namespace
        self.found = 0

    def delete(self, chosen: Chosen) -> None:
        """Delete one object, and say so."""
        self.found += 1
        all_namespaces = self._call.flags.values.get("all-namespaces") is True
        if self._warns and not chosen.resource.namespaced and not all_namespaces:
            self._call.error(f"Warning: {OF_CLUSTER}\n")
            self._warns = False
        if self._dry_run is not DryRun.CLIENT:
            try:
                answer = self._writer.delete(chosen, self._options)
            except CommandError as failure:
                if self._missing_ok and getattr(failure, "reason", "") == "NotFound":
                    return
                raise sourced(failure, "deleting", chosen.source) from None
            uid = (answer.get("details") or answer.get("metadata") or {}).get("uid", "")
            self._deleted.append((chosen, str(uid)))
        self._say(chosen)

    def wait(self, timeout: float) -> None:
        """Let time pass until all deleted objects are gone, at most `timeout` (s)."""
        end = self._call.time.now() + timeout
        for chosen, uid in self._deleted:
            left = max(0.0, end - self._call.time.now())
            wait_until_gone(self._call, chosen, uid, left)

    def _say(self, chosen: Chosen) -> None:
        kind = chosen.resource.group_kind
        if self._call.flags.text("output") == "name":
            self._call.out(f"{kind}/{chosen.name}\n")
            return
        done = "force deleted" if self._grace == 0 else "deleted"
        place = f" from {chosen.namespace} namespace" if chosen.resource.namespaced else ""
        self._call.out(f'{kind} "{chosen.name}" {done}{place}{self._dry_run.value}\n')


COMMANDS = {
    "delete": Command(
        run,
        MANIFEST_FLAGS
        | DELETION_FLAGS
        | {
            "all", "all-namespaces", "dry-run", "field-selector", "ignore-not-found", "interactive",
            "now", "output", "selector",
        },
    )
}  # fmt: skip
