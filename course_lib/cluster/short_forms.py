"""Short forms of what a cluster's parts do, for cells: `cluster.scale(...)` for a learner to type.

Each calls one method of one part, and adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from course_lib.cluster.containers import ContainerAccess
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.describe import Text
from course_lib.cluster.dns import DNS
from course_lib.cluster.faults import Faults
from course_lib.cluster.ingress import HTTPAnswer, IngressTraffic
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.cluster.load import Load
from course_lib.cluster.machines import Machines
from course_lib.cluster.maintenance import Maintenance
from course_lib.cluster.nodes import NodeOperations
from course_lib.cluster.traffic import Traffic
from course_lib.cluster.workloads import Workloads
from course_lib.etcd import EtcdCluster
from course_lib.etcd.disk import BROKEN
from course_lib.etcd.messages import Snapshot
from course_lib.network import Network, PodNetwork, Trace, to_linux
from course_lib.network.dns import Lookup
from course_lib.network.underlay import OUTSIDE
from course_lib.node import Kubelet, KubeProxy
from course_lib.runtimes import Runtime

if TYPE_CHECKING:
    from course_lib.engine.table import Table
    from course_lib.network.linux import KernelScript


class ShortForms:
    """The parts of a cluster, and the short forms of their commands."""

    network: Network[PodNetwork]
    plane: ControlPlane[KubeadmControlPlane]
    machines: Machines
    nodes: NodeOperations
    workloads: Workloads
    containers: ContainerAccess
    faults: Faults
    maintenance: Maintenance
    dns: DNS
    ingress: IngressTraffic
    traffic: Traffic

    # Parts of parts

    @property
    def kubelets(self) -> dict[str, Kubelet]:
        """The kubelet of each node."""
        return self.machines.kubelets

    @property
    def runtimes(self) -> dict[str, Runtime]:
        """The container runtime of each node."""
        return self.machines.runtimes

    @property
    def proxies(self) -> dict[str, KubeProxy]:
        """The kube-proxy of each node."""
        return self.machines.proxies

    @property
    def control_plane(self) -> KubeadmControlPlane:
        """The control plane with its processes; raises `CourseError` where none can fail."""
        return self.plane.on_machines()

    @property
    def etcd(self) -> EtcdCluster:
        """The members of etcd."""
        return self.maintenance.etcd

    @property
    def pod_network(self) -> PodNetwork:
        """The network with its devices; raises `CourseError` where it is flat."""
        return self.network.devices()

    def linux(self, prefix: str = "course-") -> KernelScript:
        """The cluster's network as a script for a Linux kernel: see `network.linux`."""
        return to_linux(self.pod_network, prefix)

    # Objects, as kubectl asks for them

    def scale(self, name: str, replicas: int, namespace: str = "default") -> None:
        """Change the number of replicas.

        `name` is `deployment/...`, `statefulset/...` or `replicaset/...` in `namespace`.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.scale("deployment/web", 5)
        >>> cluster.run(seconds=30)
        >>> cluster.get("deployments").READY[0]
        '5/5'
        """
        self.workloads.scale(name, replicas, namespace)

    def set_image(
        self, name: str, image: str, container: str = "", namespace: str = "default"
    ) -> None:
        """Give a workload's container (the first, unless named) another image.

        `name` is `deployment/...` or another workload in `namespace`.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.set_image("deployment/web", "nginx:1.28")
        >>> cluster.run(seconds=120)
        >>> len(cluster.history_of("deployment/web"))
        2
        """
        self.workloads.set_image(name, image, container, namespace)

    def history_of(self, name: str, namespace: str = "default") -> Table:
        """The revisions of a Deployment: REVISION, IMAGES, REPLICAS, CHANGE-CAUSE."""
        return self.workloads.history(name, namespace)

    def rollback(self, name: str, to_revision: int = 0, namespace: str = "default") -> None:
        """Return a Deployment to an earlier revision (the one before, unless a number is given).

        `name` is `deployment/...` in `namespace`, `to_revision` the number of a revision.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.set_image("deployment/web", "registry.invalid/web:v2")
        >>> cluster.run(seconds=60)
        >>> cluster.rollback("deployment/web")
        >>> cluster.run(seconds=60)
        >>> cluster.ready("deployment/web")
        True
        """
        self.workloads.rollback(name, to_revision, namespace)

    def ready(self, name: str, namespace: str = "default") -> bool:
        """Whether all replicas of a workload are up to date and ready: `deployment/web`.

        Bare Pods are ready by their condition; anything else is ready when it exists.
        """
        return self.workloads.ready(name, namespace)

    def cordon(self, node: str) -> None:
        """Mark a node as unschedulable; what runs there stays.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.cordon("node-1")
        >>> cluster.get("nodes").STATUS[0]
        'Ready,SchedulingDisabled'
        """
        self.nodes.cordon(node)

    def uncordon(self, node: str) -> None:
        """Make a node schedulable again."""
        self.nodes.uncordon(node)

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
        self.nodes.drain(node)

    # Containers

    def logs(
        self,
        pod: str,
        container: str = "",
        namespace: str = "default",
        previous: bool = False,
        timestamps: bool = False,
    ) -> str:
        """What a container has said, as `kubectl logs` shows it; the first one, unless named.

        With `previous`, what the one before its last restart said.

        `pod` is the Pod's name in `namespace`; `timestamps` puts the time before each line.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> hello = {"name": "main", "image": "busybox:1.36", "command": ["echo", "hello"]}
        >>> spec = {"containers": [hello], "restartPolicy": "Never"}
        >>> meta = {"name": "hi"}
        >>> _ = cluster.apply(
        ...     {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
        >>> cluster.run(seconds=10)
        >>> cluster.logs("hi")
        'hello\\n'
        """
        return self.containers.logs(pod, container, namespace, previous, timestamps)

    def exec(
        self,
        pod: str,
        command: Sequence[str] | str,
        container: str = "",
        namespace: str = "default",
        timeout: int = 30,
    ) -> str:
        """Run a command in a container, as `kubectl exec` does; returns what it says.

        It goes by the CRI's `ExecSync`; the real command opens a stream. A command that fails
        raises `CommandFailed`, with its `exit_code`, `stdout` and `stderr`.

        `pod` is the Pod's name in `namespace`; `timeout` is in s.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> cluster.exec("web", ["hostname"])
        'web\\n'
        >>> cluster.exec("web", "sh -c 'exit 3'")
        Traceback (most recent call last):
        ...
        course_lib.cluster.containers.CommandFailed: command terminated with exit code 3
          where:    web: sh -c 'exit 3'
        """
        return self.containers.exec(pod, command, container, namespace, timeout)

    def namespaces(self, node: str) -> Table:
        """The namespaces of the running containers of a node, as `/proc/PID/ns` has them.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> list(cluster.namespaces("node-1").columns)
        ['POD', 'CONTAINER', 'CGROUP', 'IPC', 'MNT', 'NET', 'PID', 'UTS']
        """
        return self.containers.namespaces(node)

    def cgroup(self, pod: str, container: str = "", namespace: str = "default") -> dict[str, str]:
        """The limits and the use of a running container, as the files of its cgroup have them.

        `pod` is the Pod's name in `namespace`.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> cluster.cgroup("web")["cgroup.freeze"]
        '0'
        """
        return self.containers.cgroup(pod, container, namespace)

    # Machines

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

        `zone`, `labels` and `taints` are put on the node, `pods` is how many it takes.

        >>> from course_lib import Cluster
        >>> Cluster(nodes=2).add_node(cpu="16", memory="64Gi", labels={"disk": "ssd"})
        'node-3'
        """
        return self.machines.add(name, cpu, memory, zone, labels, taints, pods, runtime)

    def swap_runtime(self, node: str, runtime: str) -> None:
        """Put another container runtime on a node, under its running kubelet.

        The old one is stopped with all that it runs; the Pods stay bound, and start again.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> cluster.swap_runtime("node-1", "rkt")
        >>> cluster.get("nodes", wide=True)["CONTAINER-RUNTIME"][0]
        'rkt://1.30.0'
        """
        self.machines.swap_runtime(node, runtime)

    def processes(self, node: str) -> Text:
        """The process tree of a node, as far as containers are concerned (`ps --forest`).

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).processes("node-1"))
           PID COMMAND
             1 systemd
           700   containerd
        """
        return self.machines.processes(node)

    def rules(self, node: str, contains: str = "") -> Text:
        """What kube-proxy wrote on a node, in its mode's own words; or the lines with a text.

        >>> from course_lib import Cluster
        >>> print(Cluster(nodes=1).rules("node-1", contains="KUBE-MARK-MASQ -j"))
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        """
        return self.machines.rules(node, contains)

    # Faults

    def kill_node(self, node: str) -> None:
        """Cut a machine's power: its containers are gone, and no component is told.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=2)
        >>> cluster.kill_node("node-2")
        >>> cluster.run(seconds=70)
        >>> list(cluster.get("nodes").STATUS)
        ['Ready', 'NotReady']
        """
        self.faults.cut_power(node)

    def restore_node(self, node: str) -> None:
        """Give a node its power back."""
        self.faults.restore_power(node)

    def kill_process(self, machine: str, component: str) -> None:
        """Kill one process (`kill -9`); a kubelet or systemd starts it again.

        >>> from course_lib import Cluster
        >>> cluster = Cluster.all_in_one()
        >>> cluster.kill_process("minikube", "kube-scheduler")
        >>> list(cluster.components().STATE)[-1]
        'down'
        """
        self.faults.kill_process(machine, component)

    def cut(self, some: str | Iterable[str], others: str | Iterable[str] = ()) -> None:
        """Cut the links between machines; without `others`, from all other machines.

        What the control plane says to itself and to kubelets is cut, and with a network of
        devices (`network="calico"`) Pods' own packets too; a flat network goes on.
        """
        self.faults.cut(some, others)

    def heal(self) -> None:
        """Close all cuts."""
        self.faults.heal()

    def fail_disk(self, machine: str, fault: str = BROKEN) -> None:
        """The disk below a member of etcd fails: the member stops, and what it held is lost."""
        self.faults.fail_disk(machine, fault)

    # Maintenance of the control plane

    def components(self) -> Table:
        """The control plane's processes: MACHINE, ZONE, COMPONENT, STATE.

        >>> from course_lib import Cluster
        >>> print(Cluster.all_in_one().components().to_string(index=False))
         MACHINE ZONE               COMPONENT          STATE
        minikube                         etcd leader, term 1
        minikube               kube-apiserver          ready
        minikube      kube-controller-manager          leads
        minikube               kube-scheduler          leads
        """
        return self.maintenance.components()

    def members(self) -> Table:
        """etcd's members: MEMBER, UP, ROLE, TERM, VOTES, COMMITTED, APPLIED (indices of the log).

        As `etcdctl endpoint status`.
        """
        return self.maintenance.members()

    def replace_disk(self, machine: str) -> None:
        """A new, empty disk: the member leaves and comes back as a learner, then votes again.

        With one member only there is nobody to learn from: it starts empty, or from a snapshot.
        """
        self.maintenance.replace_disk(machine)

    def etcdctl(self, command: str) -> Text:
        """Type an `etcdctl` command: member list, endpoint status, alarm list, compact, get, ...

        >>> from course_lib import Cluster
        >>> print(Cluster.all_in_one().etcdctl("endpoint health"))
        https://minikube:2379 is healthy: successfully committed proposal: took = 0s
        """
        return self.maintenance.etcdctl(command)

    def limit_etcd(self, quota: str) -> None:
        """Give etcd so much space and no more (--quota-backend-bytes; 2Gi by default)."""
        self.maintenance.limit_etcd(quota)

    def save_snapshot(self) -> Snapshot:
        """A snapshot of etcd (`etcdctl snapshot save`); keep it elsewhere."""
        return self.maintenance.save_snapshot()

    def restore_snapshot(self, snapshot: Snapshot | str) -> None:
        """Start all members again from a snapshot (`etcdutl snapshot restore`).

        `snapshot` is one of `save_snapshot`, or the file that `etcdctl snapshot save` wrote.
        Then all API servers, schedulers and controller managers are started again, as the
        documentation asks: their caches may hold changes made after the snapshot.
        """
        self.maintenance.restore_snapshot(snapshot)

    def force_new_cluster(self, machine: str) -> None:
        """Go on with one surviving member alone (`etcd --force-new-cluster`)."""
        self.maintenance.force_new_cluster(machine)

    def certificates(self) -> Table:
        """What kubeadm's certificates are good for: MACHINE, CERTIFICATE, EXPIRES, RESIDUAL TIME.

        As `kubeadm certs check-expiration`; only those that are looked at here.
        """
        return self.maintenance.certificates()

    def renew_certificates(self) -> None:
        """New certificates on all machines (`kubeadm certs renew all`).

        An API server reads its own again when the file changes; controller manager and scheduler
        read theirs when they start.
        """
        self.maintenance.renew_certificates()

    # Network

    def trace(
        self,
        source: str,
        destination: str,
        port: int = 80,
        namespace: str = "default",
        protocol: str = "tcp",
        size: int = 0,
    ) -> Trace:
        """Send one packet, and follow it device by device; see `course_lib.network.Trace`.

        `source` is a Pod, a node or `outside`; `destination` one of these, a Service
        (`service/web`), a DNS name, or an address.

        Names are looked up in `namespace`; `port` and `protocol` are where it connects to, `size`
        is the payload in bytes.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(network="calico")
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> cluster.trace("node-1", "service/web", 80).outcome
        'answered'
        """
        return self.traffic.trace(source, destination, port, namespace, protocol, size)

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

        `service` is the Service's name in `namespace`.

        >>> from course_lib import Cluster
        >>> cluster = Cluster()
        >>> _ = cluster.apply("data/web.yaml")
        >>> cluster.run(seconds=30)
        >>> load = cluster.load("web", requests_per_second=10)
        >>> cluster.run(seconds=60)
        >>> load.failed
        0
        """
        return self.traffic.load(service, requests_per_second, namespace, port, outside)

    def nslookup(self, pod: str, name: str, namespace: str = "default", type: str = "A") -> Lookup:
        """What a Pod's resolver asks for a name, query by query, and what it is told.

        Queries go to the Service `kube-dns` over the network; one that gets no answer times out.

        `pod` is the Pod's name in `namespace`; `type` is `A`, `AAAA` or `SRV`.
        """
        return self.dns.nslookup(pod, name, namespace, type)

    def http(self, host: str, path: str = "/", source: str = OUTSIDE) -> HTTPAnswer:
        """Send an HTTP request from outside, by way of the ingress controller.

        It enters by the controller's load balancer, or its node port; the controller chooses a
        rule by host and path among the Ingresses of its class, and sends the request to a Pod
        itself, without kube-proxy.

        `source` is `outside`, or a machine.
        """
        return self.ingress.http(host, path, source)
