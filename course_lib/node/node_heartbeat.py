"""The times of the heartbeats that a node's conditions have.

A kubelet that has nothing new to say of its node still says so every five minutes. Where the API
server always answers, this is written when somebody reads the node. Readers find the same
(`Client.renew_for_readers`).
Source: kubernetes.io "Node heartbeats"; `pkg/kubelet/kubelet_node_status.go`
(`nodeStatusReportFrequency`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver.errors import APIError
from course_lib.client import Client
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.engine.timestamps import timestamp
from course_lib.objects.kinds.node import Node
from course_lib.objects.manifests import Document

REPORT_PERIOD = 300.0  # s
ALIKE = 1e-6  # s, within which two instants are one


class NodeHeartbeat:
    """The heartbeats in the conditions of the node of that `name`, written with a `client`.

    `changed` is called when each heartbeat has to be written from now on.
    """

    def __init__(self, client: Client, name: str, changed: Callable[[], None]) -> None:
        self._client, self._name, self._changed = client, name, changed
        self.reported = float("-inf")  # s, when a report was last written
        self._quiet = float("-inf")  # s, before which there is no other heartbeat
        self._ticker: Ticker | None = None
        self._end: Callable[[], None] | None = None  # the time in which only readers count

    def follow(self, ticker: Ticker) -> None:
        """Name the `ticker` at whose ticks the kubelet reports."""
        self._ticker = ticker

    @property
    def due(self) -> bool:
        """Whether a report is to be written though nothing has changed."""
        if self._ticker is None:
            return self._client.sim.now - self.reported >= REPORT_PERIOD
        now = self._client.sim.now
        reported = self.reported if self._end is None else self._reached(now - ALIKE)
        return self._next(reported) <= now + ALIKE

    @property
    def until(self) -> float:
        """The time (simulated s) of the next report, if nothing changes."""
        if self._end is not None:
            return FOR_EVER
        if self._ticker is None or self.reported < 0:
            return SOON
        return self._next(self.reported)

    def _next(self, reported: float) -> float:
        assert self._ticker is not None
        return self._ticker.first_from(max(reported, 0.0) + REPORT_PERIOD)

    def _reached(self, time: float) -> float:
        """When the last report until a `time` (s) was, also if no reader has needed it yet."""
        reported = self.reported
        while (following := self._next(reported)) <= time:
            reported = following
        return reported

    def keep(self) -> None:
        """Have heartbeats written when somebody reads the node, where that is possible."""
        if self._end is None and self._ticker is not None:
            name, each = self._name, self._each
            self._end = self._client.renew_for_readers(Node, name, "", self._catch_up, each)

    def stop(self) -> None:
        """The kubelet reports no more: the last heartbeat is written."""
        if self._end is not None:
            self._end()
            self._end = None

    def _each(self) -> None:
        """Write each heartbeat from now on: somebody watches them, or the node is gone."""
        self._end = None
        self._changed()

    def _catch_up(self) -> None:
        """Write the last heartbeat, if it is not written yet."""
        if self._client.sim.now < self._quiet or self._ticker is None:
            return
        last = self._ticker.last
        reported = self.reported if last is None else self._reached(last)
        self._quiet = self._next(reported)
        if reported > self.reported:
            self.reported = reported
            self._write(timestamp(reported))

    def _write(self, stamp: str) -> None:
        with suppress(APIError):  # the node may be gone
            status = self._client.document(Node, self._name).get("status", {})
            stated: list[Document] = status.get("conditions") or []
            told = [each | {"lastHeartbeatTime": stamp} for each in stated]
            patch = {"status": {"conditions": told}}
            self._client.patch(Node, self._name, "", patch, subresource="status")
