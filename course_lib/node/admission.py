"""The kubelet's own admission: it refuses Pods that do not fit, also when a scheduler bound them.

Not simulated: a critical Pod that does not fit is refused like others, and ends none of them.
Source: `pkg/kubelet/lifecycle/predicate.go`, `pkg/kubelet/sysctl/allowlist.go`, `Admit` in
`pkg/kubelet/eviction/eviction_manager.go`; in this order.
"""

from __future__ import annotations

from course_lib.objects.derived import derived_once
from course_lib.objects.kinds.node import Node, Taint
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.requests import ZERO, qos_class, total
from course_lib.objects.kinds.priority_class import SYSTEM_CRITICAL
from course_lib.objects.node_selection import requires
from course_lib.objects.quantity import ResourceList
from course_lib.objects.tolerations import tolerated

Refusal = tuple[str, str]  # reason and message
HostPort = tuple[str, int, str]  # protocol, number, address
ANY = "0.0.0.0"
OS_LABEL, OS = "kubernetes.io/os", "linux"
PRESSURE = Taint(key="node.kubernetes.io/memory-pressure", effect="NoSchedule")
SAFE_SYSCTLS = {  # and the namespace that has them (`safe_sysctls.go`; all are in Linux 6.12)
    "kernel.shm_rmid_forced": "IPC",
    "net.ipv4.ip_local_port_range": "Net",
    "net.ipv4.tcp_syncookies": "Net",
    "net.ipv4.ping_group_range": "Net",
    "net.ipv4.ip_unprivileged_port_start": "Net",
    "net.ipv4.ip_local_reserved_ports": "Net",
    "net.ipv4.tcp_keepalive_time": "Net",
    "net.ipv4.tcp_fin_timeout": "Net",
    "net.ipv4.tcp_keepalive_intvl": "Net",
    "net.ipv4.tcp_keepalive_probes": "Net",
    "net.ipv4.tcp_rmem": "Net",
    "net.ipv4.tcp_wmem": "Net",
    "net.ipv4.tcp_slow_start_after_idle": "Net",
    "net.ipv4.tcp_notsent_lowat": "Net",
}


def refusal(pod: Pod, node: Node, held: HeldResources, memory_pressure: bool) -> Refusal | None:
    """Why a `node` cannot take a new `pod`; None when it can.

    `held` is what its Pods hold, `memory_pressure` its condition.
    """
    spec = pod.spec
    if memory_pressure and _yields_to_pressure(spec):
        return "Evicted", "The node had condition: [MemoryPressure]. "
    if problem := _forbidden_sysctl(spec):
        return "SysctlForbidden", f"forbidden sysctl: {problem}"
    if pod.labels.get(OS_LABEL, OS) != OS:
        label = f"the `{OS_LABEL}` label doesn't match node label"
        return "PodOSSelectorNodeLabelDoesNotMatch", f"Failed to admit pod as {label}"
    if spec.os is not None and spec.os.name != OS:
        return "PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS"
    if too_large := held.refuse(pod, node.status.allocatable or {}):
        return too_large
    if not requires(spec, node):
        return _failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    if held.taken(pod):
        return _failed("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    taints = [each for each in node.spec.taints or () if each.effect == "NoExecute"]
    if not all(tolerated(taint, spec.tolerations or ()) for taint in taints):
        return _failed("TaintToleration", "node(s) had taints that the pod didn't tolerate")
    return None


def _failed(predicate: str, why: str) -> Refusal:
    return predicate, f"Predicate {predicate} failed: {why}"


def _yields_to_pressure(spec: PodSpec) -> bool:
    """Whether a node without memory refuses a Pod: best effort, and not critical."""
    if spec.priority >= SYSTEM_CRITICAL or qos_class(spec) != "BestEffort":
        return False
    return not tolerated(PRESSURE, spec.tolerations or ())


def _forbidden_sysctl(spec: PodSpec) -> str:
    """Which kernel setting of a Pod is not allowed, and why; empty when all are."""
    asked = spec.security_context.sysctls if spec.security_context else None
    for each in asked or ():
        name = each.name.replace("/", ".")
        if name not in SAFE_SYSCTLS:
            return f'"{name}" not allowlisted'
        space = SAFE_SYSCTLS[name]
        if spec.host_ipc if space == "IPC" else spec.host_network:
            return f'"{name}" not allowed with host {space} enabled'
    return ""


class HeldResources:
    """What the Pods of one node hold of it; those that are over hold nothing any more.

    Source: `filterOutInactivePods` in `pkg/kubelet/kubelet_pods.go`.
    """

    def __init__(self) -> None:
        self._by_pod: dict[str, ResourceList] = {}  # by UID
        self._ports: dict[str, list[HostPort]] = {}  # by UID, of those that have some
        self._sums: ResourceList = {}

    def hold(self, pod: Pod, allocated: PodSpec | None = None) -> None:
        """A Pod holds what it requests, or what is `allocated`; instead of what it held before."""
        self.release(pod.uid)
        self._by_pod[pod.uid] = requested = _requested(allocated or pod.spec)
        if ports := _host_ports(pod.spec):
            self._ports[pod.uid] = ports
        for name, amount in requested.items():
            self._sums[name] = self._sums.get(name, ZERO) + amount

    def release(self, uid: str) -> None:
        """A Pod, by its UID, holds nothing any more."""
        self._ports.pop(uid, None)
        for name, amount in self._by_pod.pop(uid, {}).items():
            self._sums[name] = self._sums[name] - amount

    def taken(self, pod: Pod) -> bool:
        """Whether another Pod has a port of the node that a new one wants."""
        wanted = _host_ports(pod.spec) if self._ports else ()
        return any(
            port[:2] == held[:2] and (port[2] == held[2] or ANY in (port[2], held[2]))
            for ports in self._ports.values()
            for held in ports
            for port in wanted
        )

    def refuse(self, pod: Pod, allocatable: ResourceList) -> Refusal | None:
        """Reason and message when the node, which has `allocatable`, cannot take a new Pod."""
        if len(self._by_pod) + 1 > allocatable.get("pods", ZERO).value:
            return _refusal("pods", 1, len(self._by_pod), allocatable.get("pods", ZERO).value)
        for name, amount in _requested(pod.spec).items():
            if "/" in name and name not in allocatable:
                continue  # not a resource of nodes (`removeMissingExtendedResources`)
            capacity, held = allocatable.get(name, ZERO), self._sums.get(name, ZERO)
            if amount.nano and held.nano + amount.nano > capacity.nano:
                inexact = [q.milli if name == "cpu" else q.value for q in (amount, held, capacity)]
                return _refusal(name, *inexact)
        return None


@derived_once("containers", "init_containers", "overhead")
def _requested(spec: PodSpec) -> ResourceList:
    return total(spec, "requests")


@derived_once("containers", "init_containers", "host_network")
def _host_ports(spec: PodSpec) -> list[HostPort]:
    """The ports of the node that a Pod's containers take."""
    sidecars = [each for each in spec.init_containers or () if each.restart_policy == "Always"]
    return [
        (port.protocol, port.host_port, port.host_ip or ANY)
        for container in (*spec.containers, *sidecars)
        for port in container.ports or ()
        if port.host_port
    ]


def _refusal(name: str, requested: int, used: int, capacity: int) -> Refusal:
    return f"OutOf{name}", (
        f"Node didn't have enough resource: {name}, requested: {requested}, "
        f"used: {used}, capacity: {capacity}"
    )
