"""`kubectl scale`: another number of replicas, by the subresource `scale`.

Source: kubectl `pkg/cmd/scale/scale.go` and `pkg/scale/scale.go`.
"""

from __future__ import annotations

from typing import NamedTuple

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, RefusedRequest, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.record import CHANGE_CAUSE, RECORD_FLAG, recorded
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.server import MERGE_PATCH
from course_lib.kubectl.waiting import TIMED_OUT, poll
from course_lib.objects.manifests import Document

INTERVAL = 1.0  # s between two looks
PATIENCE = 300.0  # s in which a conflict is tried again


class Precondition(NamedTuple):
    """What must hold of an object before it is scaled; `size` -1 and `version` "" say nothing."""

    size: int
    version: str

    def check(self, scale: Document) -> None:
        """Raise `CommandError` where it does not hold of a `scale`."""
        size = scale["spec"].get("replicas", 0)
        if self.size not in (-1, size):
            raise CommandError(f"Expected replicas to be {self.size}, was {size}")
        version = scale["metadata"].get("resourceVersion", "")
        if self.version not in ("", version):
            raise CommandError(f"Expected resource version to be {self.version}, was {version}")


def run(call: Invocation) -> None:
    """Scale all objects that are named; raises `CommandError`."""
    flags = call.flags
    call.require("replicas")
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "scaled", dry_run)
    if flags.number("replicas") < 0:
        raise CommandError(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0"
        )
    if flags.number("current-replicas") < -1:
        raise CommandError("The --current-replicas must specify an integer of -1 or greater")
    found = call.select(call.wanted(call.args, latest=False))
    if flags.text("resource-version") and len(found.chosen) > 1:
        raise CommandError("cannot use --resource-version with multiple resources")
    if not found.chosen:
        raise_all(found.failures)
        raise CommandError("no objects passed to scale")
    scaler = _Scaler(call, dry_run)
    for each in found.chosen:
        printer.print(scaler.scaled(each))
    raise_all(found.failures)


class _Scaler:
    """Gives objects another number of replicas."""

    def __init__(self, call: Invocation, dry_run: DryRun) -> None:
        flags = call.flags
        self._call, self._dry_run = call, dry_run
        self._replicas = flags.number("replicas")
        size, version = flags.number("current-replicas"), flags.text("resource-version")
        self._condition = Precondition(size, version) if size != -1 or version else None

    def scaled(self, each: Chosen) -> Document:
        """Scale an object, and return it with the number of replicas that it now has."""
        if self._dry_run is DryRun.CLIENT:
            return _with_replicas(each, self._replicas)
        scale = self._sent(each)
        timeout = self._call.flags.seconds("timeout")
        if timeout and self._dry_run is DryRun.NONE:
            self._wait(each, timeout)
        self._record(each)
        return _with_replicas(each, scale["spec"].get("replicas", 0))

    def _sent(self, each: Chosen) -> Document:
        """Try until there is no conflict."""
        answers: list[Document] = []

        def accepted() -> bool:
            try:
                answers.append(self._once(each))
            except RefusedRequest as refusal:
                if refusal.reason != "Conflict":
                    raise
                return False
            return True

        if not poll(self._call, INTERVAL, PATIENCE, accepted):
            raise CommandError(TIMED_OUT)
        return answers[-1]

    def _once(self, each: Chosen) -> Document:
        server, query = self._call.server, self._dry_run.query
        path = each.resource.path(each.namespace, each.name, "scale")
        if self._condition is None:
            patch = {"spec": {"replicas": self._replicas}}
            return server.send("PATCH", path, query, patch, MERGE_PATCH)
        scale = server.get(path)
        self._condition.check(scale)
        scale["spec"] = (scale.get("spec") or {}) | {"replicas": self._replicas}
        return server.send("PUT", path, query, scale)

    def _wait(self, each: Chosen, timeout: float) -> None:
        path = each.resource.path(each.namespace, each.name, "scale")

        def ready() -> bool:
            scale = self._call.server.get(path)
            asked = scale["spec"].get("replicas", 0)
            there = (scale.get("status") or {}).get("replicas", 0)
            return bool(asked != self._replicas or asked == there)

        if not poll(self._call, INTERVAL, timeout, ready):
            raise CommandError(f'timed out waiting for "{each.name}" to be synced')

    def _record(self, each: Chosen) -> None:
        cause = (recorded(self._call, {}).get("metadata") or {}).get("annotations")
        if cause and self._dry_run is DryRun.NONE:
            patch = {"metadata": {"annotations": {CHANGE_CAUSE: cause[CHANGE_CAUSE]}}}
            self._call.server.send("PATCH", each.path, {}, patch, MERGE_PATCH)


def _with_replicas(each: Chosen, replicas: int) -> Document:
    if each.resource.group not in ("apps", ""):
        return each.document
    spec = (each.document.get("spec") or {}) | {"replicas": replicas}
    return each.document | {"spec": spec}


COMMANDS = {
    "scale": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | {
            "all", "current-replicas", "dry-run", "filename", "recursive", "replicas",
            "resource-version", "selector", "timeout",
        },
    )
}  # fmt: skip
