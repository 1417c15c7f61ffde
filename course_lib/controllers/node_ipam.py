"""The blocks of Pod addresses that nodes get.

Source: `pkg/controller/nodeipam/ipam/range_allocator.go`.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.errors import CourseError
from course_lib.network.addresses import POD_CIDR, ClusterCIDR
from course_lib.objects.kinds.node import Node


class NodeIPAMController(Controller):
    """Gives each node its block of the cluster's Pod addresses (`--cluster-cidr`).

    `api` and `informers` are those of all controllers, `cidr` has the addresses. A node for which
    no block is left stays without one; each try is reported. The next one comes with the next
    change of the node, which is its kubelet's heartbeat at the latest (every five minutes).
    """

    name = "node-ipam-controller"
    kind = "Node"

    def __init__(
        self, api: Client, informers: InformerFactory, cidr: ClusterCIDR | None = None
    ) -> None:
        shared = cidr or ClusterCIDR(str(POD_CIDR))
        self._cidr = ClusterCIDR(str(shared.network), shared.mask)  # what this process has seen
        super().__init__(api, informers)

    def watches(self) -> None:
        """The nodes: their blocks are taken, and free again when they are deleted."""
        self.informers.informer(Node).add_handler(self._on_node)

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        if after is None and before is not None and before.spec.pod_cidr:
            self._cidr.release(before.spec.pod_cidr)
        elif after is not None and after.spec.pod_cidr:
            self._cidr.occupy(after.spec.pod_cidr)

    def reconcile(self, node: Node) -> None:
        """The next free block; raises `CourseError` when all are given."""
        if node.spec.pod_cidr:
            return
        if self._cidr.full:
            message = f"Node {node.name} status is now: CIDRNotAvailable"
            self.api.events.normal("cidrAllocator", node, "CIDRNotAvailable", message)
        free = self._cidr.take()
        try:
            self.api.patch(Node, node.name, "", {"spec": {"podCIDR": free, "podCIDRs": [free]}})
        except CourseError:
            self._cidr.release(free)
            raise
