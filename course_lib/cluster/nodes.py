"""What an operator does to nodes: cordon, uncordon, drain."""

from __future__ import annotations

from course_lib.apiserver.errors import NotFound, TooManyRequests
from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.kinds.pod import Pod

EVICTION_RETRY = 5.0  # s, as `kubectl drain` waits


@checked
class NodeOperations:
    """The operator's commands for Node objects."""

    def __init__(self, sim: Simulation, api: Client) -> None:
        self._sim, self._api = sim, api

    def cordon(self, node: str) -> None:
        """Mark a node as unschedulable; what runs there stays.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.cordon("node-1")
        >>> cluster.get("nodes").STATUS[0]
        'Ready,SchedulingDisabled'
        """
        self._api.patch("Node", node, "", {"spec": {"unschedulable": True}})

    def uncordon(self, node: str) -> None:
        """Make a node schedulable again."""
        self._api.patch("Node", node, "", {"spec": {"unschedulable": None}})

    def drain(self, node: str) -> None:
        """Cordon a node and evict its Pods, as their disruption budgets allow, while time runs.

        Pods of DaemonSets stay; an eviction that a budget refuses is tried again every 5 s.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=2)
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.drain("node-1")
        >>> cluster.run(seconds=60)
        >>> len(cluster.get("pods", field_selector="spec.nodeName=node-1"))
        0
        """
        self.cordon(node)
        self._sim.record("kubectl", f"Node/{node}", "Drain", f"draining node {node}")
        self._sim.start(self._drain(node))

    def _drain(self, node: str) -> Process:
        waiting = self._drainable(node)
        while waiting:
            for pod in waiting:
                try:
                    self._api.evict(pod)
                except TooManyRequests as refusal:
                    message = f"error when evicting pod: {refusal.what}"
                    self._sim.record("kubectl", f"Pod/{pod.name}", "EvictionRefused", message)
                except NotFound:
                    pass
            yield self._sim.sleep(EVICTION_RETRY)
            current = self._api.find("Node", node)
            if current is None or not current.spec.unschedulable:
                return  # it was made schedulable meanwhile
            waiting = self._drainable(node)

    def _drainable(self, node: str) -> list[Pod]:
        return [
            pod
            for pod in self._api.list(Pod)
            if pod.spec.node_name == node
            and not pod.terminating
            and not (pod.metadata.controller and pod.metadata.controller.kind == "DaemonSet")
        ]
