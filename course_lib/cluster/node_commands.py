"""What an operator does to nodes: add, cordon, drain, and what fate does: kill and restore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import NotFound, TooManyRequests
from course_lib.client import Client
from course_lib.cluster.arguments import amount, count
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.describe import Text
from course_lib.cri import CRIClient, InProcess, Shim
from course_lib.cri.simulated import runtime_named
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import Network
from course_lib.network.addresses import NODE_CIDR, POD_CIDR
from course_lib.node import Kubelet, KubeProxy
from course_lib.node.machine import MachineInfo
from course_lib.node.policy_agent import PolicyAgent
from course_lib.objects.kinds.pod import Pod
from course_lib.runtimes import Behaviours, Runtime
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.processes import drawn

MOST_NODES = NODE_CIDR.num_addresses - 3  # the network, the router, and the broadcast address
ZONE = "topology.kubernetes.io/zone"
CONTROL_PLANE_TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
EVICTION_RETRY = 5.0  # s, as `kubectl drain` waits


class NodeCommands:
    """The part of a cluster that looks after its nodes."""

    sim: Simulation
    api: Client
    registry: Registry
    behaviours: Behaviours
    network: Network
    kubelets: dict[str, Kubelet]
    runtimes: dict[str, Runtime]
    plane: ControlPlane | None
    runtime: str  # what new nodes run, unless told otherwise
    proxies: dict[str, KubeProxy]
    proxy_mode: str
    policies: bool

    def add_node(
        self,
        name: str = "",
        cpu: str | float = "4",
        memory: str | float = "8Gi",
        zone: str = "",
        labels: dict[str, str] | None = None,
        taints: Iterable[dict[str, str]] = (),
        pods: int = 110,
        runtime: str = "",
    ) -> str:
        """Add a machine; returns the node's name (`node-1`, `node-2`, ... unless given).

        `runtime` is its container runtime: containerd, docker, rkt or lxd.

        `zone`, `labels` and `taints` are put on the node, `pods` is how many it takes. Raises
        `CourseError` for a node that cannot be.

        >>> from course_lib import Cluster
        >>> Cluster(nodes=2).add_node(cpu="16", memory="64Gi", labels={"disk": "ssd"})
        'node-3'
        """
        number = count(len(self.kubelets) + 1, "nodes", most=MOST_NODES)
        name = name or f"node-{number}"
        self._check_node(name, dict(labels or {}), taints)
        count(pods, "pods")
        if name in self.kubelets:
            raise CourseError(f"there is a node {name} already", do="choose another name")
        machine = MachineInfo(
            name,
            str(NODE_CIDR[number + 1]),
            amount(cpu, "cpu"),
            amount(memory, "memory"),
            pods,
            labels=(labels or {}) | ({ZONE: zone} if zone else {}),
            taints=tuple(taints),
        )
        host = self.network.add_machine(name, machine.address, zone)
        made = self._install(machine, runtime or self.runtime, FileSystem())
        cri = CRIClient(InProcess(Shim(made)))
        self.kubelets[name] = Kubelet(self._way(name), machine, cri, self.network, made.disk)
        self.proxies[name] = KubeProxy(
            self._way(name), host, machine.address, self.proxy_mode, str(POD_CIDR), zone
        )
        if self.policies:
            PolicyAgent(self._way(name), host)
        return name

    def _check_node(
        self, name: str, labels: dict[str, str], taints: Iterable[dict[str, str]]
    ) -> None:
        """Raise `CourseError` for a name, labels or taints that no Node object can have."""
        if isinstance(taints, str | Mapping) or not isinstance(taints, Iterable):
            raise CourseError("taints are a list of dicts", where="taints", found=repr(taints)[:60])
        meta = {"name": name, "labels": labels}
        spec = {"taints": list(taints)}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec}
        APIServer(Simulation()).check(node)

    def _way(self, node: str) -> Client:
        """How a node's agents come to the API."""
        return self.plane.connection(node, remembers=True) if self.plane else self.api

    def _install(self, machine: MachineInfo, runtime: str, disk: FileSystem) -> Runtime:
        """Put a container runtime on a machine."""
        made = Runtime(
            runtime_named(runtime),
            self.sim,
            machine.name,
            self.registry,
            self.behaviours,
            self.network,
            cores=float(machine.cpu),
            disk=disk,
        )
        self.network.attach(machine.address, made.host)
        self.runtimes[machine.name] = made
        if self.plane is not None:
            self.plane.follow(machine.name, made)
        return made

    def swap_runtime(self, node: str, runtime: str) -> None:
        """Put another container runtime on a node, under its running kubelet.

        The old one is stopped with all that it runs; the Pods stay bound, and start again.

        Raises `CourseError` for a node or a runtime that there is not.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.swap_runtime("node-1", "rkt")
        >>> cluster.get("nodes", wide=True)["CONTAINER-RUNTIME"][0]
        'rkt://1.30.0'
        """
        kubelet = self._kubelet(node)
        if not kubelet.powered:
            raise CourseError(
                "a machine without power cannot be changed",
                where=f"Node {node}",
                do=f'give it power first: cluster.restore_node("{node}")',
            )
        old = self.runtimes[node]
        made = self._install(kubelet.machine, runtime, old.disk)
        made.pool = old.pool  # which addresses are given out stands on the node's disk
        self.sim.record("operator", f"Node/{node}", "RuntimeSwapped", f"{old.name} to {made.name}")
        old.power_off()
        if self.plane is not None:
            self.plane.stop_all(node)
        kubelet.swap_runtime(CRIClient(InProcess(Shim(made))))

    def processes(self, node: str) -> Text:
        """The process tree of a node, as far as containers are concerned (`ps --forest`).

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).processes("node-1"))
           PID COMMAND
             1 systemd
           700   containerd
        """
        self._kubelet(node)
        return Text(drawn(self.runtimes[node].processes()))

    def cordon(self, node: str) -> None:
        """Mark a node as unschedulable; what runs there stays.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.cordon("node-1")
        >>> cluster.get("nodes").STATUS[0]
        'Ready,SchedulingDisabled'
        """
        self.api.patch("Node", node, "", {"spec": {"unschedulable": True}})

    def uncordon(self, node: str) -> None:
        """Make a node schedulable again."""
        self.api.patch("Node", node, "", {"spec": {"unschedulable": None}})

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
        self.sim.record("kubectl", f"Node/{node}", "Drain", f"draining node {node}")
        self.sim.start(self._drain(node))

    def _drain(self, node: str) -> Process:
        waiting = self._drainable(node)
        while waiting:
            for pod in waiting:
                try:
                    self.api.evict(pod)
                except TooManyRequests as refusal:
                    message = f"error when evicting pod: {refusal.what}"
                    self.sim.record("kubectl", f"Pod/{pod.name}", "EvictionRefused", message)
                except NotFound:
                    pass
            yield self.sim.sleep(EVICTION_RETRY)
            current = self.api.find("Node", node)
            if current is None or not current.spec.unschedulable:
                return  # somebody thought better of it
            waiting = self._drainable(node)

    def _drainable(self, node: str) -> list[Pod]:
        return [
            pod
            for pod in self.api.list("Pod")
            if pod.spec.node_name == node
            and not pod.terminating
            and not (pod.metadata.controller and pod.metadata.controller.kind == "DaemonSet")
        ]

    def kill_node(self, node: str) -> None:
        """Cut a machine's power: its containers are gone, and nobody is told.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=2)
        >>> cluster.kill_node("node-2")
        >>> cluster.run(seconds=70)
        >>> list(cluster.get("nodes").STATUS)
        ['Ready', 'NotReady']
        """
        if node in self.kubelets and not self.kubelets[node].powered:
            self.sim.record(
                "power", f"Node/{node}", "PowerOff", f"node {node} has no power already"
            )
            return
        if self.plane is not None and node in self.plane.layout.machines:
            self.plane.power_off(node)
        else:
            self._kubelet(node)
        self.sim.record("power", f"Node/{node}", "PowerOff", f"node {node} loses power")
        if node in self.kubelets:
            self.kubelets[node].power_off()
            self.runtimes[node].power_off()
            self.network.power_off(node)

    def restore_node(self, node: str) -> None:
        """Give a node its power back."""
        if node in self.kubelets and self.kubelets[node].powered:
            self.sim.record("power", f"Node/{node}", "PowerOn", f"node {node} has power already")
            return
        if self.plane is not None and node in self.plane.layout.machines:
            self.plane.power_on(node)
        else:
            self._kubelet(node)
        self.sim.record("power", f"Node/{node}", "PowerOn", f"node {node} has power again")
        if node in self.kubelets:
            self.network.power_on(node)
            self.kubelets[node].power_on()

    def _kubelet(self, node: str) -> Kubelet:
        if not isinstance(node, str) or node not in self.kubelets:
            names = ", ".join(self.kubelets)
            raise CourseError("no such node", expected=f"one of {names}", found=repr(node))
        return self.kubelets[node]
