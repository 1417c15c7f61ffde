"""The machines of a cluster: each with a kubelet, a container runtime and kube-proxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from course_lib.apiserver import documents
from course_lib.cluster.arguments import amount, checked, count
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.node_usage import NodeUsage
from course_lib.command_line import Text
from course_lib.controllers import MetricsServer
from course_lib.cri import CRIClient, InProcess, Shim
from course_lib.cri.simulated import runtime_named
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import Network
from course_lib.network.host import NodeHost
from course_lib.node import Kubelet, KubeProxy
from course_lib.node.machine import MachineInfo
from course_lib.node.policy_agent import PolicyAgent
from course_lib.node.proxy.change_tracker import ChangeTrackers
from course_lib.objects.kinds import kind_named
from course_lib.objects.kinds.node import ZONE
from course_lib.runtimes import Behaviours, Runtime
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.processes import drawn


class NodeSettings(NamedTuple):
    """What runs on new nodes: runtime, kube-proxy's mode, and an agent for NetworkPolicies."""

    runtime: str
    proxy: str
    policies: bool


@checked
class Machines:
    """The nodes, by name: `kubelets`, `runtimes`, `proxies`.

    They pull images from `registry`, and run programs as `behaviours` says. `sim` has the time; the
    nodes are joined by `network`, and reach the API by `plane`; `settings` are the same for all;
    `metrics` reads what their Pods use.
    """

    def __init__(
        self,
        sim: Simulation,
        network: Network,
        plane: ControlPlane[object],
        registry: Registry,
        behaviours: Behaviours,
        settings: NodeSettings,
        metrics: MetricsServer,
    ) -> None:
        self._sim, self._network, self._plane = sim, network, plane
        self._registry, self._behaviours, self._settings = registry, behaviours, settings
        self.kubelets: dict[str, Kubelet] = {}
        self.runtimes: dict[str, Runtime] = {}
        self.proxies: dict[str, KubeProxy] = {}
        self._trackers = ChangeTrackers()
        self.metrics = metrics
        self._usage: dict[str, NodeUsage] = {}

    def add(
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

        `runtime` is its container runtime: containerd, docker, rkt or lxd. `zone`, `labels` and
        `taints` are put on the node, `pods` is how many it takes. Raises `CourseError` for a
        machine that cannot be.

        >>> from course_lib import Cluster
        >>> Cluster(nodes=2).add_node(cpu="16", memory="64Gi", labels={"disk": "ssd"})
        'node-3'
        """
        name = name or f"node-{len(self.kubelets) + 1}"
        _check(name, dict(labels or {}), taints, runtime)
        count(pods, "pods")
        if name in self.kubelets:
            raise CourseError(f"there is a node {name} already", do="choose another name")
        size = amount(cpu, "cpu"), amount(memory, "memory")
        host = self._network.add_machine(name, zone=zone)
        labels = (labels or {}) | ({ZONE: zone} if zone else {})
        machine = MachineInfo(name, host.address, *size, pods, labels=labels, taints=tuple(taints))
        self._start(machine, host, zone, runtime or self._settings.runtime)
        return name

    def _start(self, machine: MachineInfo, host: NodeHost, zone: str, runtime: str) -> None:
        """Start a machine's runtime, kubelet, kube-proxy and agents."""
        name, plane = machine.name, self._plane
        made = self._install(machine, runtime, FileSystem())
        cri = CRIClient(InProcess(Shim(made)))
        kubelet = Kubelet(
            plane.connection(name, remembers=True), machine, cri, self._network, made.disk
        )
        self.kubelets[name] = kubelet
        usage = NodeUsage(kubelet, made, self.metrics.scrapes)
        self._usage[name] = self.metrics.targets[name] = usage
        self.proxies[name] = KubeProxy(
            plane.connection(name),
            host,
            machine.address,
            self._settings.proxy,
            str(self._network.cluster_cidr.network),
            zone,
            self._trackers,
        )
        if self._settings.policies:
            PolicyAgent(plane.connection(name), host)
        plane.add_node(kubelet)

    def _install(self, machine: MachineInfo, runtime: str, disk: FileSystem) -> Runtime:
        """Put a container runtime on a machine."""
        made = Runtime(
            runtime_named(runtime),
            self._sim,
            machine.name,
            self._registry,
            self._behaviours,
            self._network,
            cores=float(machine.cpu),
            disk=disk,
        )
        self._network.attach(machine.address, made.host)
        self.runtimes[machine.name] = made
        self._plane.follow(machine.name, made)
        return made

    def swap_runtime(self, node: str, runtime: str) -> None:
        """Put another container runtime on a node, under its running kubelet.

        The old one is stopped with all that it runs; the Pods stay bound, and start again. Raises
        `CourseError` for an unknown node or runtime, and for a node without power.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.swap_runtime("node-1", "rkt")
        >>> cluster.get("nodes", wide=True)["CONTAINER-RUNTIME"][0]
        'rkt://1.30.0'
        """
        kubelet = self.kubelet(node)
        if not kubelet.powered:
            raise CourseError(
                "a machine without power cannot be changed",
                where=f"Node {node}",
                do=f'give it power first: cluster.restore_node("{node}")',
            )
        old = self.runtimes[node]
        self.before_change(node)
        made = self._install(kubelet.machine, runtime, old.disk)
        self._usage[node].follow(made)
        made.pool = old.pool  # which addresses are given out stands on the node's disk
        self._sim.record("operator", f"Node/{node}", "RuntimeSwapped", f"{old.name} to {made.name}")
        old.power_off()
        self._plane.stop_all(node)
        kubelet.swap_runtime(CRIClient(InProcess(Shim(made))))

    def processes(self, node: str) -> Text:
        """The process tree of a node, as far as containers are concerned (`ps --forest`).

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).processes("node-1"))
           PID COMMAND
             1 systemd
           700   containerd
        """
        self.kubelet(node)
        return Text(drawn(self.runtimes[node].processes()))

    def rules(self, node: str, contains: str = "") -> Text:
        """What kube-proxy wrote on a node, in its mode's own words; or the lines with a text.

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).rules("node-1", contains="KUBE-MARK-MASQ -j"))
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        """
        self.kubelet(node)
        lines = self.proxies[node].rules.splitlines()
        return Text("\n".join(line for line in lines if contains in line))

    def kubelet(self, node: str) -> Kubelet:
        """The kubelet of a node; raises `CourseError`."""
        if not isinstance(node, str) or node not in self.kubelets:
            names = ", ".join(self.kubelets)
            raise CourseError("no such node", expected=f"one of {names}", found=repr(node))
        return self.kubelets[node]

    def zone(self, node: str) -> str:
        """The zone of a node's machine; empty where it has none."""
        return self.kubelet(node).machine.labels.get(ZONE, "")

    def before_change(self, node: str) -> None:
        """Measure a node's Pods, as far as that is late: its power or its runtime changes now."""
        self._usage[node].before_change()


def _check(
    name: str, labels: dict[str, str], taints: Iterable[dict[str, str]], runtime: str
) -> None:
    """Raise `CourseError` for what no Node object can have, and for an unknown runtime."""
    if runtime:
        runtime_named(runtime)
    if isinstance(taints, str | Mapping) or not isinstance(taints, Iterable):
        raise CourseError("taints are a list of dicts", where="taints", found=repr(taints)[:60])
    meta = {"name": name, "labels": labels}
    spec = {"taints": list(taints)}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec}
    documents.new(node, kind_named("Node"))
