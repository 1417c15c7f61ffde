"""The agent that turns NetworkPolicies into rules on its node.

Kubernetes has no such component of its own: whoever makes the network does it, or nobody.
Flannel and plain routes do not, and then a policy is accepted, stored, and means nothing; Calico
and Weave do. Source: kubernetes.io "Network Policies": prerequisites.
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.errors import Unreachable
from course_lib.client import Client
from course_lib.network.plugins import NodeHost
from course_lib.network.policies import JUMPS, PolicyInputs, namespace_labels, policy_rules

RETRY = 5.0  # s, after rules that could not be written
DELAY = 0.1  # s from a change to new rules


class PolicyAgent:
    """The policies' rules on one node, a moment behind the API server."""

    def __init__(self, api: Client, host: NodeHost) -> None:
        self.api, self.host, self.sim = api, host, api.sim
        self._chains: list[str] = []
        self._scheduled = False
        host.iptables.restore("*filter\n:POLICY - [0:0]\nCOMMIT")
        host.iptables.restore(JUMPS)
        for kind in ("NetworkPolicy", "Pod", "Namespace"):
            api.watch(kind, self._changed)
        self._write_soon()

    def _changed(self, event: WatchEvent) -> None:
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
        with suppress(Unreachable):  # the rules stay as they are
            policies = self.api.list("NetworkPolicy")
            if not policies and not self._chains:
                return
            world = PolicyInputs(self.api.list("Pod"), namespace_labels(self.api.list("Namespace")))
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
