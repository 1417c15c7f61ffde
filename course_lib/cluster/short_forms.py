"""Short forms of what a cluster's parts do, for cells: `cluster.logs(...)` for a learner to type.

Each is a method of one part under a name of the cluster, with its parameters and its docstring.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from course_lib.cluster.arguments import in_module_of
from course_lib.cluster.containers import ContainerAccess
from course_lib.cluster.control_plane import ControlPlane
from course_lib.cluster.dns import DNS
from course_lib.cluster.faults import Faults
from course_lib.cluster.ingress import IngressTraffic
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.cluster.machines import Machines
from course_lib.cluster.maintenance import Maintenance
from course_lib.cluster.traffic import Traffic
from course_lib.cluster.workloads import Workloads
from course_lib.etcd import EtcdCluster
from course_lib.network import Network, PodNetwork, to_linux
from course_lib.node import Kubelet, KubeProxy
from course_lib.runtimes import Runtime

if TYPE_CHECKING:
    from course_lib.network.linux import KernelScript

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")


def _short(
    part: Callable[[ShortForms], T], method: Callable[Concatenate[T, P], R]
) -> Callable[Concatenate[ShortForms, P], R]:
    """A method of a part as a method of the cluster that has the part.

    The cluster checks the arguments, and names its own method in the message.
    """
    unchecked: Callable[Concatenate[T, P], R] = inspect.unwrap(method)

    def call(self: ShortForms, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return unchecked(part(self), *args, **kwargs)

    return in_module_of(method, call)


class ShortForms:
    """The parts of a cluster, and the short forms of their commands."""

    network: Network[PodNetwork]
    plane: ControlPlane[KubeadmControlPlane]
    machines: Machines
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

    # Workloads

    ready = _short(lambda c: c.workloads, Workloads.ready)

    # Containers

    logs = _short(lambda c: c.containers, ContainerAccess.logs)
    exec = _short(lambda c: c.containers, ContainerAccess.exec)
    namespaces = _short(lambda c: c.containers, ContainerAccess.namespaces)
    cgroup = _short(lambda c: c.containers, ContainerAccess.cgroup)

    # Machines

    add_node = _short(lambda c: c.machines, Machines.add)
    swap_runtime = _short(lambda c: c.machines, Machines.swap_runtime)
    processes = _short(lambda c: c.machines, Machines.processes)
    rules = _short(lambda c: c.machines, Machines.rules)

    # Faults

    kill_node = _short(lambda c: c.faults, Faults.cut_power)
    restore_node = _short(lambda c: c.faults, Faults.restore_power)
    kill_process = _short(lambda c: c.faults, Faults.kill_process)
    cut = _short(lambda c: c.faults, Faults.cut)
    heal = _short(lambda c: c.faults, Faults.heal)
    fail_disk = _short(lambda c: c.faults, Faults.fail_disk)

    # Maintenance of the control plane

    components = _short(lambda c: c.maintenance, Maintenance.components)
    members = _short(lambda c: c.maintenance, Maintenance.members)
    replace_disk = _short(lambda c: c.maintenance, Maintenance.replace_disk)
    etcdctl = _short(lambda c: c.maintenance, Maintenance.etcdctl)
    limit_etcd = _short(lambda c: c.maintenance, Maintenance.limit_etcd)
    save_snapshot = _short(lambda c: c.maintenance, Maintenance.save_snapshot)
    restore_snapshot = _short(lambda c: c.maintenance, Maintenance.restore_snapshot)
    force_new_cluster = _short(lambda c: c.maintenance, Maintenance.force_new_cluster)
    certificates = _short(lambda c: c.maintenance, Maintenance.certificates)
    renew_certificates = _short(lambda c: c.maintenance, Maintenance.renew_certificates)

    # Network

    trace = _short(lambda c: c.traffic, Traffic.trace)
    load = _short(lambda c: c.traffic, Traffic.load)
    nslookup = _short(lambda c: c.dns, DNS.nslookup)
    http = _short(lambda c: c.ingress, IngressTraffic.http)


def _name_short_forms() -> None:
    """Give each short form the name under which a cluster has it, as `help` shows it."""
    for name, form in vars(ShortForms).items():
        if isinstance(form, FunctionType):
            form.__name__, form.__qualname__ = name, f"{ShortForms.__qualname__}.{name}"


_name_short_forms()
