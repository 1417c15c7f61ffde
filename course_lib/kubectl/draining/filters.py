"""Which Pods of a node are evicted, which stay, and which keep it from being drained.

Source: kubectl `pkg/drain/filters.go`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from course_lib.engine.timestamps import seconds_at
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

WARNING, ERROR = "Warning", "Error"
MIRROR = "kubernetes.io/config.mirror"
_DAEMON_SETS = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"
_LOCAL_STORAGE = "Pods with local storage (use --delete-emptydir-data to override)"
_UNMANAGED = "Pods that declare no controller (use --force to override)"


class PodVerdict(NamedTuple):
    """Whether a Pod goes; a `message` is a warning or an error, as `level` says."""

    goes: bool = True
    level: str = ""
    message: str = ""


class DrainOptions(msgspec.Struct):
    """The flags of `drain` that say which Pods go."""

    force: bool
    ignore_daemon_sets: bool
    delete_local_data: bool
    skip_after: int  # s since a Pod was deleted; 0: none is skipped


class PodsOfNode(msgspec.Struct):
    """The Pods of a node, each with what becomes of it."""

    judged: list[tuple[Document, PodVerdict]]

    @property
    def going(self) -> list[Document]:
        """Those that are evicted."""
        return [pod for pod, verdict in self.judged if verdict.goes]

    @property
    def warnings(self) -> str:
        """What there is to warn of; empty where there is nothing."""
        return "; ".join(f"{message}: {pods}" for message, pods in self._grouped(WARNING))

    @property
    def errors(self) -> list[CommandError]:
        """Why the node cannot be drained."""
        return [
            CommandError(f"cannot delete {message}: {pods}")
            for message, pods in self._grouped(ERROR)
        ]

    def _grouped(self, level: str) -> Sequence[tuple[str, str]]:
        names: dict[str, list[str]] = {}
        for pod, verdict in self.judged:
            if verdict.level == level:
                meta = pod["metadata"]
                names.setdefault(verdict.message, []).append(f"{meta['namespace']}/{meta['name']}")
        return [(message, ", ".join(pods)) for message, pods in names.items()]


def pods_of(call: Invocation, node: str, options: DrainOptions) -> PodsOfNode:
    """The Pods of a `node` that a `call` drains, judged by `options`; raises `RefusedRequest`."""
    query = {"fieldSelector": f"spec.nodeName={node}"}
    if limit := call.flags.number("chunk-size"):
        query["limit"] = str(limit)
    if selector := call.flags.text("pod-selector"):
        query["labelSelector"] = selector
    judge = _Judge(call, options)
    pods = call.server.items(Path("v1", "pods"), query)
    return PodsOfNode([(pod, judge.verdict(pod)) for pod in pods])


def is_long_gone(pod: Document, after: int, now: float) -> bool:
    """Whether a `pod` was deleted more than `after` seconds before `now`; never if `after` is 0."""
    deleted = pod["metadata"].get("deletionTimestamp")
    return bool(after > 0 and deleted and int(now - seconds_at(deleted)) > after)


class _Judge:
    """Asks one filter after the other; the first that lets a Pod stay ends it."""

    def __init__(self, call: Invocation, options: DrainOptions) -> None:
        self._call, self._options = call, options

    def verdict(self, pod: Document) -> PodVerdict:
        """What becomes of a Pod."""
        filters = (self._deleted, self._daemon_set, self._mirror, self._local, self._unmanaged)
        verdict = PodVerdict()
        for judge in filters:
            verdict = judge(pod)
            if not verdict.goes:
                break
        return verdict

    def _deleted(self, pod: Document) -> PodVerdict:
        return PodVerdict(not is_long_gone(pod, self._options.skip_after, self._call.time.now()))

    def _daemon_set(self, pod: Document) -> PodVerdict:
        owner = _controller(pod)
        of_set = owner and owner["kind"] == "DaemonSet" and owner["apiVersion"] == "apps/v1"
        if not owner or not of_set or _is_done(pod):
            return PodVerdict()
        path = Path("apps/v1", "daemonsets", pod["metadata"]["namespace"], owner["name"])
        try:
            self._call.server.get(path)
        except RefusedRequest as refusal:
            if refusal.reason == "NotFound" and self._options.force:
                return PodVerdict(True, WARNING, refusal.message)
            return PodVerdict(False, ERROR, refusal.message)
        if self._options.ignore_daemon_sets:
            return PodVerdict(False, WARNING, "ignoring DaemonSet-managed Pods")
        return PodVerdict(False, ERROR, _DAEMON_SETS)

    def _mirror(self, pod: Document) -> PodVerdict:
        return PodVerdict(MIRROR not in (pod["metadata"].get("annotations") or {}))

    def _local(self, pod: Document) -> PodVerdict:
        volumes = pod["spec"].get("volumes") or []
        if not any("emptyDir" in volume for volume in volumes) or _is_done(pod):
            return PodVerdict()
        if self._options.delete_local_data:
            return PodVerdict(True, WARNING, "deleting Pods with local storage")
        return PodVerdict(False, ERROR, _LOCAL_STORAGE)

    def _unmanaged(self, pod: Document) -> PodVerdict:
        if _is_done(pod) or _controller(pod):
            return PodVerdict()
        if self._options.force:
            return PodVerdict(True, WARNING, "deleting Pods that declare no controller")
        return PodVerdict(False, ERROR, _UNMANAGED)


def _controller(pod: Document) -> Document | None:
    owners = pod["metadata"].get("ownerReferences") or []
    return next((each for each in owners if each.get("controller")), None)


def _is_done(pod: Document) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
