"""A node that is drained while time runs: for widgets and experiments, whose time is their own.

`kubectl drain` waits until all Pods are gone; here they leave one by one, as time passes.
"""

from __future__ import annotations

from course_lib.apiserver.errors import NotFound, TooManyRequests
from course_lib.client import Client
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.objects.kinds.pod import Pod

EVICTION_RETRY = 5.0  # s, as `kubectl drain` waits


def start_draining(sim: Simulation, api: Client, node: str) -> None:
    """Cordon a `node`, and evict its Pods as their disruption budgets allow, in the time of `sim`.

    `api` is how the API server is asked. Pods of DaemonSets stay; an eviction that a budget refuses
    is tried again every 5 s.

    >>> from course_lib import Cluster
    >>> cluster = Cluster(nodes=2)
    >>> _ = cluster.apply("data/web.yaml")
    >>> cluster.run(seconds=30)
    >>> start_draining(cluster.sim, cluster.api, "node-1")
    >>> cluster.run(seconds=60)
    >>> len(cluster.get("pods", field_selector="spec.nodeName=node-1"))
    0
    """
    api.patch("Node", node, "", {"spec": {"unschedulable": True}})
    sim.record("kubectl", f"Node/{node}", "Drain", f"draining node {node}")
    sim.start(_drain(sim, api, node))


def _drain(sim: Simulation, api: Client, node: str) -> Process:
    waiting = _drainable(api, node)
    while waiting:
        for pod in waiting:
            try:
                api.evict(pod)
            except TooManyRequests as refusal:
                message = f"error when evicting pod: {refusal.what}"
                sim.record("kubectl", f"Pod/{pod.name}", "EvictionRefused", message)
            except NotFound:
                pass
        yield sim.sleep(EVICTION_RETRY)
        current = api.find("Node", node)
        if current is None or not current.spec.unschedulable:
            return  # it was made schedulable meanwhile
        waiting = _drainable(api, node)


def _drainable(api: Client, node: str) -> list[Pod]:
    return [
        pod
        for pod in api.list(Pod)
        if pod.spec.node_name == node
        and not pod.terminating
        and not (pod.metadata.controller and pod.metadata.controller.kind == "DaemonSet")
    ]
