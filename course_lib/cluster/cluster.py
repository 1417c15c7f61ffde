"""A cluster in a notebook: make it, apply manifests, let time pass, look, break it, look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.apiserver import APIServer
from course_lib.apiserver.deletion import BACKGROUND
from course_lib.apiserver.errors import APIError
from course_lib.client import LocalClient
from course_lib.client.local import ServerClient
from course_lib.cluster.apply import apply_manifests
from course_lib.cluster.arguments import check_settings, checked, count
from course_lib.cluster.bootstrap import furnish
from course_lib.cluster.cloud import Cloud
from course_lib.cluster.configurations import Configurations
from course_lib.cluster.container_commands import ContainerCommands
from course_lib.cluster.control_plane import YEAR, ControlPlane
from course_lib.cluster.describe import Text, describe
from course_lib.cluster.history import History
from course_lib.cluster.layout import Layout
from course_lib.cluster.load import Load
from course_lib.cluster.network_commands import NetworkCommands, make_network
from course_lib.cluster.node_commands import CONTROL_PLANE_TAINT, MOST_NODES, NodeCommands
from course_lib.cluster.pending import pending
from course_lib.cluster.plane_commands import PlaneCommands
from course_lib.cluster.tables import table, table_rows
from course_lib.cluster.workload_commands import WorkloadCommands
from course_lib.controllers import MetricsServer, Reading, start_controllers
from course_lib.controllers.node_lifecycle import NodeIPAMController
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network.underlay import OUTSIDE
from course_lib.node import Kubelet, KubeProxy
from course_lib.node.cri_config import POD_UID
from course_lib.objects.manifests import Document, Source
from course_lib.objects.meta import is_true
from course_lib.objects.pods import is_ready
from course_lib.objects.selectors import parse_field_selector, parse_selector
from course_lib.runtimes import Behaviours, Runtime, RuntimeFault
from course_lib.scheduler import Scheduler
from course_lib.scheduler.explain import TEXTS, explain, explain_in_detail
from course_lib.scheduler.pod_info import PodInfo

if TYPE_CHECKING:
    from course_lib.cluster.served import Served
    from course_lib.engine.table import Table


@checked
class Cluster(
    Configurations,
    NodeCommands,
    WorkloadCommands,
    ContainerCommands,
    PlaneCommands,
    NetworkCommands,
):
    """A simulated Kubernetes cluster.

    `nodes` machines of `cpu` cores and `memory` each, spread over `zones` in turn; the same
    `seed` gives the same history. `scheduler` is a `KubeSchedulerConfiguration` (path, text or
    dict), `runtime` the container runtime of the nodes. The control plane runs beside the nodes,
    and never fails; `Cluster.all_in_one()` and the other three configurations of chapter 10 have
    one that is made of processes on machines, on etcd, and can be broken (`layout` says which,
    `certificates` how many seconds its certificates last).

    `network` is "flat" (every address reaches every other at once), or a plugin: routable,
    flannel-host-gw, flannel-vxlan, calico, calico-ipip or weave, and then each request goes packet
    by packet; further settings are those of `course_lib.network.PodNetwork`. `proxy` is
    kube-proxy's mode: iptables, ipvs (with a scheduler: "ipvs/lc") or nftables; `policies` whether
    NetworkPolicies are enforced (unless told, as the plugin does), `cloud` whether a cloud gives
    Services their load balancers. `start` is where simulated time begins (s after 1 January 2026).

    >>> cluster = Cluster(nodes=3)
    >>> cluster.apply("data/web.yaml")[["OBJECT", "RESULT"]]
                    OBJECT   RESULT
    0  deployment.apps/web  created
    1          service/web  created
    >>> cluster.run(seconds=30)
    >>> cluster.get("deployments")[["NAME", "READY"]]
      NAME READY
    0  web   3/3
    """

    def __init__(
        self,
        nodes: int = 3,
        cpu: str | float = "4",
        memory: str | float = "8Gi",
        zones: Sequence[str] = (),
        labels: dict[str, str] | None = None,
        seed: int = 0,
        scheduler: Source | None = None,
        runtime: str = "containerd",
        layout: Layout | None = None,
        certificates: float = YEAR,
        network: str = "flat",
        proxy: str = "iptables",
        policies: bool | None = None,
        cloud: bool = False,
        start: float = 0.0,
        **settings: Any,
    ) -> None:
        count(nodes, "nodes", most=MOST_NODES, do="a larger cluster needs more addresses")
        check_settings(cpu, memory, runtime, layout, start, certificates)
        self.sim = Simulation(seed, start)
        self.registry = Registry()
        self.behaviours = Behaviours()
        self.network = make_network(self.sim, network, settings, policies)
        self.proxy_mode = proxy
        self.policies = self.network.enforces_policies if policies is None else policies
        self.kubelets: dict[str, Kubelet] = {}
        self.runtimes: dict[str, Runtime] = {}
        self.runtime = runtime
        self.proxies: dict[str, KubeProxy] = {}
        self.metrics = MetricsServer(self.sim, self._scrape)
        self.plane: ControlPlane | None = None
        self.api: ServerClient
        machine: dict[str, Any] = {"cpu": cpu, "memory": memory, "labels": labels}
        if layout is not None:
            self._assemble(layout, machine, scheduler, certificates)
            if cloud:
                Cloud(self.api, self.network)
            return
        self.api = LocalClient(APIServer(self.sim))
        self.history = History(self.api)
        furnish(self.api)
        self._scheduler = Scheduler(self.api, scheduler)
        controllers = start_controllers(self.api, self.metrics)
        self.sim.reports_pending(lambda: pending(self.api))
        self.api.watch("Node", self.node_changed)
        for number in range(nodes):
            self.add_node(zone=zones[number % len(zones)] if zones else "", **machine)
        # A cluster is handed over when its nodes are ready: their address blocks are given.
        if cloud:
            Cloud(self.api, self.network)
        for controller in controllers:
            if isinstance(controller, NodeIPAMController):
                for name in self.kubelets:
                    controller.reconcile("", name)

    def _assemble(
        self,
        layout: Layout,
        machine: dict[str, Any],
        scheduler: Source | None,
        certificates: float,
    ) -> None:
        """Start the machines of a layout, and let time pass until all nodes are ready."""
        plane = ControlPlane(self.sim, layout, self.metrics, scheduler, certificates)
        self.plane = plane
        self.network.share_links(plane.links, layout.balancer or layout.control_planes[0])
        self.api = plane.connection("kubectl", consistent=True)
        self.history = History(plane.connection("history"))
        self.sim.reports_pending(lambda: pending(self.api))
        for name in layout.nodes:
            taints = () if layout.takes_pods(name) else (CONTROL_PLANE_TAINT,)
            role = {CONTROL_PLANE_TAINT["key"]: ""} if name in layout.control_planes else {}
            settings = machine | {"labels": (machine["labels"] or {}) | role}
            self.add_node(name, zone=layout.zones.get(name, ""), taints=taints, **settings)
            plane.furnish_node(self.kubelets[name])
        plane.connection("network").watch("Node", self.node_changed)
        self.sim.run_until(self._assembled, timeout=300)

    def _assembled(self) -> bool:
        """Whether all nodes are ready, have their addresses, and somebody schedules."""
        try:
            nodes = self.api.list("Node")
        except APIError:
            return False
        good = [n for n in nodes if n.spec.pod_cidr and is_true(n.status.conditions, "Ready")]
        assert self.plane is not None
        return len(good) == len(self.plane.layout.nodes) and self.plane.scheduler is not None

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler that works now."""
        found = self.plane.scheduler if self.plane else self._scheduler
        if found is None:
            raise CourseError(
                "no scheduler works now",
                do="let time pass until one has the lease, or look at cluster.components()",
            )
        return found

    # Objects

    def apply(self, source: Source, namespace: str = "default") -> Table:
        """Apply manifests: a path, a folder, YAML text, a dict, or a list of these.

        Returns a table: OBJECT, RESULT (created, configured, unchanged), WARNINGS. One bad
        document, and nothing at all is applied: `InvalidManifest` says which, where and why.

        >>> cluster = Cluster()
        >>> table = cluster.apply({"apiVersion": "v1", "kind": "ConfigMap",
        ...     "metadata": {"name": "settings"}, "data": {"colour": "blue"}})
        >>> table.RESULT[0]
        'created'
        """
        results = apply_manifests(self.api, source, namespace)
        rows = [
            (title, result, "\n".join([*warnings, *self.network_warnings(title)]))
            for title, result, warnings in results
        ]
        return table(rows, ["OBJECT", "RESULT", "WARNINGS"])

    def get(
        self,
        kind: str,
        namespace: str | None = "default",
        selector: str = "",
        field_selector: str = "",
        wide: bool = False,
    ) -> Table:
        """List objects as `kubectl get` does; `namespace=None` lists all namespaces.

        `selector` is a label selector (`app=web,tier!=db`), `field_selector` one on fields
        (`spec.nodeName=node-1`); `wide` adds columns for Pods and nodes.

        >>> Cluster(nodes=2).get("nodes")[["NAME", "STATUS"]]
             NAME STATUS
        0  node-1  Ready
        1  node-2  Ready
        """
        named = self.api.resource(kind)
        found = self.api.list(
            named.kind,
            (namespace or "") if named.namespaced else "",
            parse_selector(selector),
            parse_field_selector(field_selector),
        )
        every = named.namespaced and namespace is None
        columns, rows = table_rows(named.kind, found, self.sim.now, every, wide)
        return table(rows, columns)

    def serve(self, port: int = 0, speed: float = 0.0) -> Served:
        """The API on a port of this machine, for kubectl: `with cluster.serve() as served: ...`.

        It has a `url` and a `token`, and writes a `kubeconfig`. With a `speed`, simulated time
        follows the clock; see `course_lib.cluster.served`.
        """
        from course_lib.cluster.served import Served

        return Served(self, port, speed)

    def describe(self, kind: str, name: str, namespace: str = "default") -> Text:
        """What `kubectl describe` tells of one object: its state, and its events.

        >>> cluster = Cluster()
        >>> "Ready" in cluster.describe("node", "node-1")
        True
        """
        return describe(self.api, kind, name, namespace)

    def document(self, kind: str, name: str, namespace: str = "default") -> Document:
        """The whole document of an object, as `kubectl get -o yaml` shows it.

        >>> Cluster().document("node", "node-1")["metadata"]["name"]
        'node-1'
        """
        return self.api.document(kind, name, namespace)

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str = "default",
        propagation: str = BACKGROUND,
        grace_period: int | None = None,
    ) -> None:
        """Delete an object; `propagation` is Background, Foreground or Orphan.

        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.delete("deployment", "web")
        >>> cluster.run(seconds=30)
        >>> len(cluster.get("pods"))
        0
        """
        self.api.delete(kind, name, namespace, propagation, grace_period)

    # Time

    @property
    def now(self) -> float:
        """Simulated seconds since the cluster was made."""
        return self.sim.now

    def run(self, seconds: float) -> None:
        """Let simulated time pass.

        >>> cluster = Cluster()
        >>> cluster.run(seconds=3600)
        >>> cluster.now
        3600.0
        """
        self.sim.run(seconds)

    def run_until(self, condition: Callable[[], bool], timeout: float = 600.0) -> float:
        """Run until a condition holds; returns the simulated time at which it did.

        Raises `SimulationTimeout` with what was still pending.

        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run_until(lambda: cluster.ready("deployment/web")) < 30
        True
        """
        return self.sim.run_until(condition, timeout)

    def step(self) -> float:
        """Let the next event happen; returns its simulated time.

        >>> cluster = Cluster()
        >>> cluster.step() >= 0
        True
        """
        return self.sim.step()

    # Looking

    def log(
        self, component: str = "", object: str = "", reason: str = "", since: float = 0.0
    ) -> Table:
        """What components said, in order: TIME (simulated s), COMPONENT, OBJECT, REASON, MESSAGE.

        The arguments keep the lines that contain a text, or those after a time.

        >>> Cluster(nodes=1).log(reason="Starting").OBJECT[0]
        'Node/node-1'
        """
        found = self.sim.log.select(component, object, reason, since)
        return table(found, ["TIME", "COMPONENT", "OBJECT", "REASON", "MESSAGE"])

    def explain(self, pod: str, namespace: str = "default", detail: bool = False) -> Table:
        """Why a Pod goes where it goes: each node, who refused it, the scores, sum and outcome.

        A Pod that has its node is looked at as if it came now. With `detail`, one row a node and
        plugin: verdicts, raw, normalised and weighted scores.

        >>> cluster = Cluster(nodes=2)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.explain("web")[["NODE", "SUM", "OUTCOME"]]
             NODE  SUM OUTCOME
        0  node-1  397     tie
        1  node-2  397     tie
        """
        found = PodInfo.of(self.api.get("Pod", pod, namespace))
        nodes = self.scheduler.nodes.copy()
        if found.pod.spec.node_name:
            nodes.remove(found, found.pod.spec.node_name)
            spec = msgspec.structs.replace(found.pod.spec, node_name="")
            found = found.renewed(msgspec.structs.replace(found.pod, spec=spec))
        ask = explain_in_detail if detail else explain
        columns, rows = ask(self.scheduler.framework(found), found, nodes)
        made = table(rows, columns)
        numbers = [name for name in columns if name not in TEXTS]
        return made.astype(dict.fromkeys(numbers, "Int64"))

    def ready(self, name: str, namespace: str = "default") -> bool:
        """Whether all replicas of a workload are up to date and ready: `deployment/web`.

        Bare Pods are ready by their condition; anything else is ready when it exists.
        """
        kind, found = self._named(name, namespace)
        if kind == "Pod":
            return is_ready(found)
        if kind == "DaemonSet":
            wanted = found.status.desired_number_scheduled
            have = min(found.status.number_ready, found.status.updated_number_scheduled)
            return bool(found.status.observed_generation and have >= wanted)
        if not hasattr(getattr(found, "status", None), "ready_replicas"):
            return True
        status = found.status
        updated = getattr(status, "updated_replicas", status.ready_replicas)
        fresh = status.observed_generation == found.metadata.generation
        return bool(
            fresh and status.replicas == updated == status.ready_replicas == found.spec.replicas
        )

    def load(
        self,
        service: str,
        requests_per_second: float,
        namespace: str = "default",
        port: int | None = None,
        outside: bool = False,
    ) -> Load:
        """Start clients that send requests to a Service (its first port), until stopped.

        They run on the nodes; with `outside` they stand outside the cluster and send to the
        nodes' addresses, at the Service's node port.

        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> load = cluster.load("web", requests_per_second=10)
        >>> cluster.run(seconds=60)
        >>> load.failed
        0
        """
        found = self.api.get("Service", service, namespace)
        ports = {p.port: p.node_port for p in found.spec.ports or ()}
        wanted = next(iter(ports), 0) if port is None else port
        if wanted not in ports:
            raise CourseError(
                "the Service has no such port",
                where=f"Service {namespace}/{service}",
                expected=f"one of its ports {list(ports)}",
                found=str(wanted or "no port"),
            )
        if outside and not ports[wanted]:
            raise CourseError(
                "the Service is not reachable from outside",
                where=f"Service {namespace}/{service}: spec.type",
                expected="NodePort or LoadBalancer",
                found=str(found.spec.type or "ClusterIP"),
                do="set spec.type to NodePort",
            )
        nodes = [(self.kubelets[name], self.proxies[name]) for name in self.kubelets]

        address = found.spec.cluster_ip

        def target(proxy: KubeProxy) -> tuple[str, str, int]:
            if outside:
                return OUTSIDE, proxy.settings.node_ip, ports[wanted]
            return proxy.node, address, wanted

        return Load(self.sim, self.network, nodes, target, requests_per_second)

    def _scrape(self) -> dict[str, Reading]:
        """What the kubelets tell metrics-server."""
        readings: dict[str, Reading] = {}
        for kubelet in self.kubelets.values():
            try:
                found = kubelet.cri.call("ListContainerStats").stats if kubelet.powered else ()
            except RuntimeFault:
                continue  # metrics are missing while a runtime is down
            for stats in found:
                uid = stats.attributes.labels[POD_UID]
                before = readings.get(uid, Reading(0.0, 0.0))
                readings[uid] = Reading(
                    before.cpu_seconds + stats.cpu.usage_core_nano_seconds.value / 1e9,
                    before.memory + stats.memory.working_set_bytes.value,
                )
        return readings
