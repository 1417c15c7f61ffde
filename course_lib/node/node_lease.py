"""The Lease by which the control plane knows that a node's kubelet lives.

The kubelet renews it every ten seconds. Where the API server always answers, a renewal is written
when somebody reads the Lease. Readers find the same (`Client.renew_for_readers`).
Source: kubernetes.io "Leases", "Node heartbeats"; `pkg/kubelet/kubelet.go` (`nodeLeaseController`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.engine.timestamps import micro_timestamp
from course_lib.objects.kinds.lease import NODE_LEASES, Lease
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

LEASE_DURATION = 40  # s


class NodeLease:
    """The Lease of the node of that `name`, as its kubelet writes it with a `client`.

    `changed` is called when each renewal has to be written from now on.
    """

    def __init__(self, client: Client, name: str, changed: Callable[[], None]) -> None:
        self._client, self._name, self._changed = client, name, changed
        self._renewed = float("-inf")  # s, as it was last written
        self._last: Callable[[], float | None] = lambda: None
        self._end: Callable[[], None] | None = None  # the time in which only readers count

    @property
    def kept(self) -> bool:
        """Whether renewals are written only for readers."""
        return self._end is not None

    def follow(self, last: Callable[[], float | None]) -> None:
        """Name a function that returns when the last heartbeat was (simulated s)."""
        self._last = last

    def renew(self, owner: Object | None) -> None:
        """Renew it now, or have that done when somebody reads it.

        A new one is owned by the node: `owner`, as it was seen last.
        """
        if self.kept:
            return
        self._write(self._client.sim.now, owner)
        self._end = self._client.renew_for_readers(
            Lease, self._name, NODE_LEASES, self._catch_up, self._each
        )

    def stop(self) -> None:
        """The kubelet renews it no more: the last renewal is written."""
        if self._end is not None:
            self._end()
            self._end = None

    def _catch_up(self) -> None:
        """Write the last renewal, if it is not written yet."""
        last = self._last()
        if last is not None and last > self._renewed:
            self._write(last, None)

    def _each(self) -> None:
        """Write each renewal from now on: somebody watches them, or the Lease is gone."""
        self._end = None
        self._changed()

    def _write(self, time: float, owner: Object | None) -> None:
        self._renewed, renewed = time, micro_timestamp(time)
        try:
            patch: Document = {"spec": {"renewTime": renewed}}
            self._client.patch(Lease, self._name, NODE_LEASES, patch)
        except NotFound:
            self._client.create(self._document(renewed, owner))

    def _document(self, renewed: str, owner: Object | None) -> Document:
        metadata: Document = {"name": self._name, "namespace": NODE_LEASES}
        if owner is not None:
            named = {"kind": owner.kind, "name": owner.name, "uid": owner.uid}
            metadata["ownerReferences"] = [{"apiVersion": owner.api_version} | named]
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": LEASE_DURATION}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": spec | {"renewTime": renewed},
        }
