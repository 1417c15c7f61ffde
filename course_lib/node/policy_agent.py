"""The agent that turns NetworkPolicies into rules on its node.

Kubernetes has no such component. The network plugin enforces policies; some plugins do not.
Calico and Weave do. Flannel and plain routes do not: the API server stores a policy, and it has
no effect. Source: kubernetes.io "Network Policies": prerequisites.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.client.informer import Informer
from course_lib.network.plugins import NodeHost
from course_lib.network.policies import JUMPS, PolicyInputs, namespace_labels, policy_rules
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.network_policy import NetworkPolicy
from course_lib.objects.kinds.pod import Pod

RETRY = 5.0  # s, after rules that could not be written
DELAY = 0.1  # s from a change to new rules


class PolicyAgent:
    """The policies' rules on one node, a moment behind the API server."""

    def __init__(self, client: Client, host: NodeHost) -> None:
        self.host, self.sim = host, client.sim
        self._chains: list[str] = []
        self._scheduled = False
        host.iptables.restore("*filter\n:POLICY - [0:0]\nCOMMIT")
        host.iptables.restore(JUMPS)
        self._policies = Informer(client, NetworkPolicy)
        self._pods = Informer(client, Pod)
        self._namespaces = Informer(client, Namespace)
        for informer in (self._policies, self._pods, self._namespaces):
            informer.add_handler(lambda before, after: self._write_soon())
        self._write_soon()

    def _write_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self.sim.at(self.sim.now + DELAY, self._write)

    def _write(self) -> None:
        self._scheduled = False
        try:
            self._write_all()
        except Exception as error:
            self.sim.failed(error, f"policy-agent/{self.host.name}")
            self.sim.at(self.sim.now + RETRY, self._write_soon)

    def _write_all(self) -> None:
        policies = self._policies.list()
        if not policies and not self._chains:
            return
        world = PolicyInputs(self._pods.list(), namespace_labels(self._namespaces.list()))
        made = policy_rules(policies, world, self.host.name)
        sets = self.host.iptables.sets
        for name in [name for name in sets.types if name.startswith("POL-")]:
            if name not in made.sets.types:
                del sets.types[name], sets.members[name]
        for name, kind in made.sets.types.items():
            sets.create(name, kind, made.sets.members[name])
        self.host.iptables.restore(made.text)
        stale = [chain for chain in self._chains if chain not in made.chains]
        self.host.iptables.restore("\n".join(["*filter", *(f"-X {c}" for c in stale)]))
        self._chains = made.chains
