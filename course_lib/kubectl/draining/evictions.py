"""How Pods leave a node: each is evicted, again and again while a budget forbids it, and awaited.

The real kubectl has a thread for each Pod; here each has a moment at which it goes on.

Source: kubectl `pkg/drain/drain.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.draining.filters import is_long_gone
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.kubectl.waiting import FOREVER, duration_text
from course_lib.objects.manifests import Document

RETRY = 5.0  # s until a refused eviction is tried again
INTERVAL = 1.0  # s between two looks at a Pod that ends
DEADLINE = "context deadline exceeded"


class Leaving(msgspec.Struct):
    """One Pod on its way: `due` is when it goes on; `evicted`, that the server agreed."""

    pod: Document
    due: float
    evicted: bool = False
    done: bool = False
    failure: CommandError | None = None

    @property
    def path(self) -> Path:
        """Where the Pod is on the server."""
        meta = self.pod["metadata"]
        return Path("v1", "pods", meta["namespace"], meta["name"])


class PodMover:
    """Makes Pods leave for a `call`; `dry_run` says how far."""

    def __init__(self, call: Invocation, dry_run: DryRun) -> None:
        self._call, self._dry_run = call, dry_run
        self._timeout = call.flags.seconds("timeout")
        self._end = call.time.now() + (self._timeout or FOREVER)

    def evict(self, pods: Sequence[Document]) -> list[CommandError]:
        """Evict Pods and wait until they are gone; returns what went wrong."""
        return self._run(pods, self._evict)

    def delete(self, pods: Sequence[Document]) -> list[CommandError]:
        """Delete Pods, whatever a budget says, and wait until they are gone."""
        for pod in pods:
            path = Leaving(pod, 0.0).path
            try:
                self._call.server.send("DELETE", path, body=self._options(path))
            except RefusedRequest as refusal:
                if refusal.reason != "NotFound":
                    return [refusal]
        if self._dry_run is DryRun.SERVER:
            return []
        failures = self._run(pods, self._await)
        return failures[:1]

    def _run(
        self, pods: Sequence[Document], start: Callable[[Leaving], None]
    ) -> list[CommandError]:
        time = self._call.time
        leaving = [Leaving(pod, time.now()) for pod in pods]
        while left := [each for each in leaving if not each.done]:
            for each in left:
                if each.due <= time.now():
                    self._await(each) if each.evicted else start(each)
            due = min((each.due for each in left if not each.done), default=0.0)
            if due > time.now():
                time.wait(lambda: False, due - time.now())
        return [each.failure for each in leaving if each.failure is not None]

    def _evict(self, each: Leaving) -> None:
        """Ask for an eviction, and see what the server says."""
        call, path = self._call, each.path
        dry = self._dry_run.value if self._dry_run is DryRun.SERVER else ""
        call.out(f"evicting pod {path.namespace}/{path.name}{dry}\n")
        title = f'pods/"{path.name}" -n "{path.namespace}"'
        if call.time.now() >= self._end:
            limit = duration_text(self._timeout)
            said = f"error when evicting {title}: global timeout reached: {limit}"
            self._fail(each, CommandError(said))
            return
        try:
            call.server.send("POST", self._eviction(path), body=self._options(path, eviction=True))
        except RefusedRequest as refusal:
            self._refused(each, title, refusal)
            return
        each.evicted, each.done = True, self._dry_run is DryRun.SERVER

    def _refused(self, each: Leaving, title: str, refusal: RefusedRequest) -> None:
        if refusal.reason == "NotFound":
            each.done = True
            return
        ending = refusal.reason == "Forbidden" and _is_ending(refusal)
        if ending and each.pod["metadata"].get("deletionTimestamp"):
            each.evicted = True
            return
        if refusal.reason != "TooManyRequests" and not ending:
            said = f"error when evicting {title}: {refusal.message}"
            self._fail(each, CommandError(said))
            return
        head, path = f"error when evicting {title}", each.path
        if ending:
            space = f'terminating namespace "{path.namespace}"'
            head = f'error when evicting pod "{path.name}" from {space}'
        self._call.error(f"{head} (will retry after {RETRY:.0f}s): {refusal.message}\n")
        each.due += RETRY

    def _await(self, each: Leaving) -> None:
        """Look whether a Pod is gone."""
        call, path = self._call, each.path
        each.evicted = True
        try:
            found = call.server.get(path)
        except RefusedRequest as refusal:
            if refusal.reason != "NotFound":
                self._tell(each, failed=True)
                self._fail(each, self._waited(each, refusal.message))
                return
            found = None
        if found is None or found["metadata"]["uid"] != each.pod["metadata"]["uid"]:
            self._tell(each)
            each.done = True
            return
        after = call.flags.number("skip-wait-for-delete-timeout")
        if is_long_gone(found, after, call.time.now()):
            older = f"has DeletionTimestamp older than {after} seconds, skipping"
            call.out(f'pod "{path.name}" {older}\n')
            each.done = True
        elif call.time.now() >= self._end:
            self._fail(each, self._waited(each, DEADLINE))
        else:
            each.due = min(each.due + INTERVAL, self._end)

    def _waited(self, each: Leaving, why: str) -> CommandError:
        if self._call.flags.on("disable-eviction"):
            return CommandError(why)
        path = each.path
        where = f'pod "{path.name}" in namespace "{path.namespace}"'
        return CommandError(f"error when waiting for {where} to terminate: {why}")

    def _tell(self, each: Leaving, failed: bool = False) -> None:
        deletes = self._call.flags.on("disable-eviction")
        operation = "deleted" if deletes else "evicted"
        if failed:
            operation = "deletion failed" if deletes else "eviction failed"
        ChangePrinter(self._call, operation, self._dry_run).print(each.pod)

    @staticmethod
    def _fail(each: Leaving, failure: CommandError) -> None:
        each.failure, each.done = failure, True

    @staticmethod
    def _eviction(path: Path) -> Path:
        return Path(path.version, path.plural, path.namespace, path.name, "eviction")

    def _options(self, path: Path, eviction: bool = False) -> Document:
        """How a Pod is deleted, by itself or in an eviction."""
        grace = self._call.flags.number("grace-period")
        options: Document = {} if grace < 0 else {"gracePeriodSeconds": grace}
        if self._dry_run is DryRun.SERVER:
            options["dryRun"] = ["All"]
        if not eviction:
            return {"apiVersion": "v1", "kind": "DeleteOptions"} | options
        meta = {"name": path.name, "namespace": path.namespace}
        head = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        return head | {"deleteOptions": options}


def _is_ending(refusal: RefusedRequest) -> bool:
    causes = (refusal.status.get("details") or {}).get("causes") or []
    return any(each.get("reason") == "NamespaceTerminating" for each in causes)
