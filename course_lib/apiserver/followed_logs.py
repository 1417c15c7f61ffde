"""A container's log that is followed: it is read again and again, and what is new is taken.

The real kubelet sends a stream, which ends when the container has ended.
Source: `ReadLogs` of Kubernetes `pkg/kubelet/kuberuntime/logs/logs.go`.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.objects.manifests import Document

STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")


class FollowedLog:
    """The log of one container; `query` has the parameters of the first reading.

    Each reading has timestamps, by which the lines are told apart; they stay on the lines that are
    taken if the `query` asks for them.
    """

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query, self._last = dict(query), ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the next reading: a limit on lines counts for the first one alone."""
        kept = {key: text for key, text in self._query.items() if key != "follow"}
        if self._last:
            kept.pop("tailLines", None)
        return kept | {"timestamps": "true"}

    def new(self, text: str) -> str:
        """The lines of a reading that were not in the one before."""
        lines = text.splitlines(keepends=True)
        new = lines[lines.index(self._last) + 1 :] if self._last in lines else lines
        if new:
            self._last = new[-1]
        if self._query.get("timestamps") != "true":
            new = [line.partition(" ")[2] for line in new]
        return "".join(new)


def runs(pod: Document, container: str) -> bool:
    """Whether a container of a `pod` runs, as the status of the Pod says."""
    status = pod.get("status") or {}
    every = [each for group in STATUSES for each in status.get(group) or ()]
    return any(
        "running" in (each.get("state") or {}) for each in every if each["name"] == container
    )
