"""A cluster in a notebook: make it, apply manifests, let time pass, look, break it, look again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from course_lib.apiserver.deletion import BACKGROUND
from course_lib.cluster import layout as layouts
from course_lib.cluster import magics
from course_lib.cluster.acts import Acts, recorded
from course_lib.cluster.apply import apply_manifests
from course_lib.cluster.arguments import (
    METRICS_SERVER,
    check_settings,
    checked,
    left_out,
    limits_of,
)
from course_lib.cluster.cloud import Cloud
from course_lib.cluster.containers import ContainerAccess
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.control_plane import ControlPlane, ManagedControlPlane
from course_lib.cluster.describe import describe
from course_lib.cluster.dns import DNS
from course_lib.cluster.explained import explained
from course_lib.cluster.faults import Faults
from course_lib.cluster.history import PodHistory
from course_lib.cluster.ingress import IngressTraffic
from course_lib.cluster.kubeadm import YEAR, KubeadmControlPlane
from course_lib.cluster.layout import Layout
from course_lib.cluster.machines import Machines, NodeSettings
from course_lib.cluster.maintenance import Maintenance
from course_lib.cluster.networks import NOT_ACTED_ON, follow_nodes, network_named, ranges
from course_lib.cluster.packaged import packaged
from course_lib.cluster.pending import pending
from course_lib.cluster.progress import run, run_until
from course_lib.cluster.scenes import SITE, link
from course_lib.cluster.short_forms import ShortForms
from course_lib.cluster.tables import table, table_rows
from course_lib.cluster.traffic import Traffic
from course_lib.cluster.workloads import Workloads
from course_lib.command_line import Result, Text
from course_lib.controllers import MetricsServer, flags_of
from course_lib.engine import Simulation
from course_lib.engine.browser import IN_BROWSER
from course_lib.images import Registry
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document, Source
from course_lib.objects.selectors import parse_selector
from course_lib.runtimes import Behaviours
from course_lib.scheduler import SchedulerSource

if TYPE_CHECKING:
    from course_lib.cluster.session import ServedSession
    from course_lib.engine.table import Table

CONTROL_PLANE_TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


NODES = 3  # unless told


@checked
@recorded
class Cluster(ShortForms):
    """A simulated Kubernetes cluster.

    `nodes` machines (3, unless told) of `cpu` cores and `memory` each, spread over `zones` in turn;
    the same `seed` gives the same history. `scheduler` is a `KubeSchedulerConfiguration` (path,
    text or dict) or what `course_lib.scheduler.with_plugins` returns, `runtime` the container
    runtime of the nodes.
    The control plane runs beside the nodes, and never fails; `Cluster.all_in_one()` and the other
    three configurations of chapter 10 have one that is made of processes on machines, on etcd, and
    can be broken (`layout` says which, `certificates` how many seconds its certificates last).
    `network` is "flat" (every address reaches every other at once), or a plugin: routable,
    flannel-host-gw, flannel-vxlan, calico, calico-ipip or weave, and then each request goes packet
    by packet; further settings are those of `course_lib.network.PodNetwork`. `pod_cidr` are the
    addresses of Pods, a /24 for each node: unless told, 10.244.0.0/16, or 10.128.0.0/9 for more
    than 256 nodes. Calico and Weave divide them in their own way. `proxy` is kube-proxy's mode:
    iptables, ipvs (with a scheduler: "ipvs/lc") or nftables; `policies` whether NetworkPolicies are
    enforced (unless told, as the plugin does), `cloud` whether a cloud gives Services their load
    balancers. `start` is where simulated time begins (s after 1 January 2026).
    `labels` are put on all nodes. `without` names parts of the control plane that are left out,
    kube-scheduler or kube-controller-manager: a program outside does their work, over `serve`; or
    metrics-server, and then autoscalers have no CPU time or memory to go by.
    With `client_limits` these two send so many requests a second as the real ones, so that at scale
    things take as long as on a real cluster; a dict gives one another rate and burst
    (`{"kube-controller-manager": (100, 150)}`). `controller_flags` are flags of
    kube-controller-manager, such as `{"max-endpoints-per-slice": 1000, "node-eviction-rate": 1}`.
    `name` is the context under which kubectl knows the cluster; unless told, `course-1`,
    `course-2`, ...

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

    plane: ControlPlane[KubeadmControlPlane]
    acts: Acts  # what was done to it

    def __init__(
        self,
        nodes: int | None = None,
        cpu: str | float = "4",
        memory: str | float = "8Gi",
        zones: Sequence[str] = (),
        labels: dict[str, str] | None = None,
        seed: int = 0,
        scheduler: SchedulerSource | None = None,
        runtime: str = "containerd",
        layout: Layout | None = None,
        certificates: float = YEAR,
        network: str = "flat",
        pod_cidr: str = "",
        proxy: str = "iptables",
        policies: bool | None = None,
        cloud: bool = False,
        start: float = 0.0,
        without: Sequence[str] = (),
        client_limits: bool | Mapping[str, tuple[float, int]] = False,
        controller_flags: Mapping[str, float] | None = None,
        name: str = "",
        **settings: Any,
    ) -> None:
        check_settings(nodes, zones, cpu, memory, runtime, layout, start, certificates)
        nodes = NODES if nodes is None else nodes
        self.sim, self.registry, self.behaviours = Simulation(seed, start), Registry(), Behaviours()
        addresses = ranges(layout or nodes, pod_cidr, settings.get("subnets", 1))
        self.network = network_named(self.sim, network, addresses, settings, policies)
        choices = left_out(without), limits_of(client_limits), flags_of(controller_flags)
        metrics = MetricsServer(self.sim, installed=METRICS_SERVER not in choices[0])
        parts = metrics, scheduler, self.network.cluster_cidr, *choices
        if layout is None:
            self.plane = ManagedControlPlane(self.sim, layouts.beside(nodes, zones), *parts)
        else:
            self.plane = KubeadmControlPlane(self.sim, layout, *parts, certificates)
        enforced = self.network.enforces_policies if policies is None else policies
        self._compose(NodeSettings(runtime, proxy, enforced), metrics, cloud)
        self.name = magics.introduce(self, name)
        self._add_nodes(cpu, memory, labels or {})

    def _compose(self, settings: NodeSettings, metrics: MetricsServer, cloud: bool) -> None:
        """Make the parts of the cluster, each with what it needs, and start the control plane."""
        sim, network, plane = self.sim, self.network, self.plane
        network.share_links(plane.links, plane.entry)
        self.api = api = plane.connection("kubectl", consistent=True)
        self.history = PodHistory(plane.connection("history"))
        plane.start()
        sim.reports_pending(lambda: pending(api))
        follow_nodes(network, plane.connection("network"))
        if cloud:
            Cloud(plane.connection("cloud-controller-manager"), network)
        self.machines = Machines(
            sim, network, plane, self.registry, self.behaviours, settings, metrics
        )
        self.workloads = Workloads(api)
        self.containers = ContainerAccess(api, self.machines)
        self.faults = Faults(sim, plane, network, self.machines)
        self.maintenance = Maintenance(sim, plane)
        self.dns, self.ingress = DNS(api, network), IngressTraffic(sim, api, network)
        self.traffic = Traffic(sim, api, network, self.machines, self.dns)

    def _add_nodes(self, cpu: str | float, memory: str | float, labels: dict[str, str]) -> None:
        """Add the machines of the layout that are nodes, with what the control plane gives them."""
        layout, key = self.plane.layout, CONTROL_PLANE_TAINT["key"]
        for name in layout.nodes:
            role = {key: ""} if name in layout.control_planes else {}
            taints = () if layout.takes_pods(name) else (CONTROL_PLANE_TAINT,)
            zone = layout.zones.get(name, "")
            self.machines.add(name, cpu, memory, zone, labels | role, taints)
        self.plane.settle(self.network.uses_pod_cidr)

    # The four configurations

    @classmethod
    def all_in_one(cls, **settings: Any) -> Self:
        """Everything on one node, as Minikube does: for learning, not for production.

        >>> Cluster.all_in_one().get("nodes")[["NAME", "STATUS"]]
               NAME STATUS
        0  minikube  Ready
        """
        return cls(layout=layouts.all_in_one(), **settings)

    @classmethod
    def single_master(cls, workers: int = 3, **settings: Any) -> Self:
        """One control plane node, which also holds the only member of etcd, and workers."""
        return cls(layout=layouts.single_master(workers), **settings)

    @classmethod
    def ha_masters(cls, masters: int = 3, workers: int = 3, **settings: Any) -> Self:
        """Several control plane nodes behind a load balancer, and one etcd for all of them."""
        return cls(layout=layouts.ha_masters(masters, workers), **settings)

    @classmethod
    def ha_etcd(
        cls,
        masters: int = 3,
        etcd: int = 3,
        workers: int = 3,
        stacked: bool = False,
        **settings: Any,
    ) -> Self:
        """Several control plane nodes and a clustered etcd: the setup for production.

        etcd stands beside, on machines of its own; or `stacked` on the control plane nodes.
        `masters` is the number of control plane nodes, `etcd` that of members, `workers` that of
        nodes for Pods; `settings` are those of `Cluster`.

        >>> cluster = Cluster.ha_etcd(masters=2, workers=1)
        >>> list(cluster.etcd.members)
        ['etcd-1', 'etcd-2', 'etcd-3']
        """
        return cls(layout=layouts.ha_etcd(masters, etcd, workers, stacked), **settings)

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
        rows = []
        for title, result, warnings in apply_manifests(self.api, source, namespace):
            if title.split(".")[0] in self.network.ignored_kinds:
                warnings = [*warnings, NOT_ACTED_ON]
            rows.append((title, result, "\n".join(warnings)))
        return table(rows, ["OBJECT", "RESULT", "WARNINGS"])

    def install_dns(self) -> Table:
        """Add CoreDNS: a Deployment, and the Service `kube-dns` at 10.96.0.10."""
        return self.apply(packaged("coredns"))

    def install_ingress(self) -> Table:
        """Add HAProxy's ingress controller: its class `haproxy`, a Deployment, and a Service."""
        return self.apply(packaged("ingress-controller"))

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
        (`spec.nodeName=node-1`); `wide` adds columns for Pods and nodes. `kind` is a kind or a
        resource, also in its short form (`deploy`).

        >>> Cluster(nodes=2).get("nodes")[["NAME", "STATUS"]]
             NAME STATUS
        0  node-1  Ready
        1  node-2  Ready
        """
        named = self.api.resource(kind)
        listed = self.api.list(
            named.kind,
            (namespace or "") if named.namespaced else "",
            parse_selector(selector),
            named.field_selector(field_selector),
        )
        every = named.namespaced and namespace is None
        columns, rows = table_rows(named, listed, self.sim.now, every, wide)
        return table(rows, columns)

    def kubectl(self, line: str | Sequence[str], stdin: str = "") -> Result:
        """Run one command of kubectl on this cluster; `%kubectl` does the same in a cell.

        `line` is what stands after `kubectl`, as text or as words; `stdin` is what `-f -` reads.
        The result shows as its text; it has `stdout`, `stderr` and an exit `code`.

        >>> Cluster(nodes=1).kubectl("get nodes -o name")
        node/node-1
        """
        return CONTEXTS.kubectl(line, stdin, self.name)

    def serve(self, port: int = 0, speed: float = 0.0) -> ServedSession:
        """The API on a port of this machine, for kubectl: `with cluster.serve() as served: ...`.

        It has a `url` and a `token`, and writes a `kubeconfig`. With a `speed`, simulated time
        follows the clock; see `course_lib.cluster.served`. In a browser there are no ports and no
        speed: `urllib` reaches the API by a call; see `course_lib.cluster.served_here`.
        """
        if IN_BROWSER:
            from course_lib.cluster.served_here import ServedHere

            return ServedHere(self, port)
        from course_lib.cluster.served import Served

        return Served(self, port, speed)

    def describe(self, kind: str, name: str, namespace: str = "default") -> Text:
        """What `kubectl describe` tells of one object: its state, and its events.

        `kind` is a kind or a resource, `name` and `namespace` are the object's. Raises
        `CourseError` where there is no such object.

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

        `kind` is a kind or a resource, `name` and `namespace` are the object's; `grace_period` (s)
        is in place of the Pod's own.

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

    def run(self, seconds: float, progress: bool | None = None) -> None:
        """Let simulated time pass; a run that takes long in a notebook shows its `progress`.

        `seconds` are simulated. With `progress=True` a bar is shown at once, and outside of
        notebooks too; with False never. Nothing of it is left when the run has ended.

        >>> cluster = Cluster()
        >>> cluster.run(seconds=3600)
        >>> cluster.now
        3600.0
        """
        run(self.sim, seconds, progress)

    def run_until(
        self, condition: Callable[[], bool], timeout: float = 600.0, progress: bool | None = None
    ) -> float:
        """Run until a condition holds; returns the simulated time at which it did.

        `timeout` is in simulated seconds, `progress` as for `run`. Raises `SimulationTimeout` with
        what was still pending.

        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run_until(lambda: cluster.ready("deployment/web")) < 30
        True
        """
        return run_until(self.sim, condition, timeout, progress)

    def link(self, site: str = SITE) -> str:
        """The address of a page that shows this cluster as it is now, live, for others.

        The page builds the cluster again: the address has the settings and all that was done.
        `site` is where the course is published. Raises `CourseError` where something was done that
        an address cannot tell.

        >>> Cluster(nodes=2).link("https://example.org/course").partition("?")[0]
        'https://example.org/course/embed.html'
        """
        return link(self, site)

    # Looking

    def log(
        self, component: str = "", object: str = "", reason: str = "", since: float = 0.0
    ) -> Table:
        """What components said, in order: TIME (simulated s), COMPONENT, OBJECT, REASON, MESSAGE.

        The arguments keep the lines that contain a text, or those after a time. `component`,
        `object` and `reason` are such texts, `since` is the time (simulated s).

        >>> Cluster(nodes=1).log(reason="Starting").OBJECT[0]
        'Node/node-1'
        """
        lines = self.sim.log.select(component, object, reason, since)
        return table(lines, ["TIME", "COMPONENT", "OBJECT", "REASON", "MESSAGE"])

    def explain(self, pod: str, namespace: str = "default", detail: bool = False) -> Table:
        """Why a Pod goes where it goes: each node, who refused it, the scores, sum and outcome.

        A Pod that has its node is looked at as if it came now. With `detail`, one row a node and
        plugin: verdicts, raw, normalised and weighted scores. `pod` is the Pod's name in
        `namespace`.

        >>> cluster = Cluster(nodes=2)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.explain("web")[["NODE", "SUM", "OUTCOME"]]
             NODE  SUM OUTCOME
        0  node-1  397     tie
        1  node-2  397     tie
        """
        return explained(self.plane.scheduler, self.api.get(Pod, pod, namespace), detail)
