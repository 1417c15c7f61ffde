"""The Pods that Services select: found by indexes, and noted when they change (chapter 07).

Source: `k8s.io/endpointslice/util` (`controller_utils.go`), `pkg/controller/endpoint`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Generic, TypeVar

from course_lib.controllers.controller import WORK_SECONDS, Controller, Key, key_of
from course_lib.controllers.endpoint_ports import OfferedPort, Ports
from course_lib.controllers.trigger_times import TriggerTimes
from course_lib.objects.kinds.node import ZONE, Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.service import Service
from course_lib.objects.pods import is_ready

# s for each Pod of a Service, however few of them changed: the real controllers hash all endpoints
# at each look, and send them. Simplified: an estimate. Upstream's `RepackSubsets` takes about half
# of it (6 to 8 us an address with Go 1.26 on two cores of a Xeon); sending is not measured.
POD_SECONDS = 15e-6
MemoryT = TypeVar("MemoryT")


class ServiceController(Controller, Generic[MemoryT]):
    """A controller that writes for each Service which Pods are behind it.

    It notes which Pods changed since it looked at a Service, and remembers what it made of all
    others: only those that changed need to be looked at, while the Service itself stays the same.
    """

    kind = "Service"

    def watches(self) -> None:
        """The Pods that Services may select, and the zones of their nodes."""
        self._changed: dict[Key, dict[str, None]] = {}  # a Service to names of Pods
        self._times = TriggerTimes()
        self._memories: dict[Key, tuple[Service, MemoryT]] = {}
        self.informers.informer(Pod).add_handler(self._on_pod)
        self.informers.informer(Node).add_handler(self._on_node)

    def look(self, namespace: str, name: str) -> None:
        """Reconcile a Service; what is known of one that is gone is forgotten."""
        if self.informers.find(Service, name, namespace) is None:
            self._changed.pop((namespace, name), None)
            self._times.forget((namespace, name))
            self.forget((namespace, name))
        super().look(namespace, name)

    # What is remembered

    def recall(self, service: Service) -> MemoryT | None:
        """What is remembered of a Service; None where all of its Pods must be looked at.

        It is forgotten at the same time, so that nothing is remembered of a look that fails.
        """
        known, memory = self._memories.pop(key_of(service), (None, None))
        return memory if known is service and not self.sim.plain else None

    def remember(self, service: Service, memory: MemoryT, pods: int) -> None:
        """Remember the `memory` of a `service` with so many `pods`; more of them take longer."""
        self._memories[key_of(service)] = service, memory
        self.overtime = max(0.0, pods * POD_SECONDS - WORK_SECONDS)

    def forget(self, key: Key) -> None:
        """Look at all Pods when a Service is looked at next, not only at those that changed."""
        self._memories.pop(key, None)

    # Pods

    def selected(self, service: Service) -> list[str]:
        """The names of all Pods that a Service selects."""
        label, value = min((service.spec.selector or {}).items())
        here = f"{service.namespace}/{value}"
        found = self.informers.informer(Pod).by_index(by_label_here(label), here)
        return [pod.name for pod in found if _selects(service, pod)]

    def look_at_pods(self, service: Service, everything: bool) -> tuple[dict[str, Pod | None], str]:
        """The Pods of a Service to look at, by name, and when the last change of them was.

        They are all that it selects, or with `everything` false those that changed since they were
        asked for last, in order; None is a Pod that it does not select any more. The time is empty
        where no change has one.
        """
        changed = sorted(self._changed.pop(key_of(service), ()))
        names = self.selected(service) if everything else changed
        find = self.informers.informer(Pod).find
        found = {name: find(name, service.namespace) for name in names}
        pods = {n: pod if pod and _selects(service, pod) else None for n, pod in found.items()}
        return pods, self._times.look(service, pods, everything)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        for pod in _seen_by_services(before, after):
            for key in self._services_of(pod):
                self._changed.setdefault(key, {})[pod.name] = None
                self.enqueue(key)

    def _services_of(self, pod: Pod) -> list[Key]:
        """The Services that select a Pod: one label of each selector leads to it."""
        services = self.informers.informer(Service)
        return [
            key_of(service)
            for label, value in pod.labels.items()
            for service in services.by_index(by_selector, f"{pod.namespace}/{label}={value}")
            if _selects(service, pod)
        ]

    def _on_node(self, before: Node | None, after: Node | None) -> None:
        """An endpoint has its node's zone, and is written once the node is known."""
        if before is None or after is None or before.labels.get(ZONE) != after.labels.get(ZONE):
            self._memories.clear()


def _selects(service: Service, pod: Pod) -> bool:
    selector = service.spec.selector or {}
    return bool(selector) and selector.items() <= pod.labels.items()


def by_selector(service: Service) -> list[str]:
    """Index function: namespace and the first label of the selector."""
    selector = sorted((service.spec.selector or {}).items())
    return [f"{service.namespace}/{label}={value}" for label, value in selector[:1]]


@cache  # one function for each label, so that its index is found again
def by_label_here(label: str) -> Callable[[Pod], list[str]]:
    """Index function: namespace and the value of a label."""
    return lambda pod: [f"{pod.namespace}/{pod.labels[label]}"] if label in pod.labels else []


def _seen_by_services(before: Pod | None, after: Pod | None) -> list[Pod]:
    """A Pod as it was and is, where Services can see that it changed (`podEndpointsChanged`).

    A Pod without an address is behind no Service; what it was does not matter where its labels
    are the same.
    """
    seen = [pod for pod in (before, after) if pod is not None and pod.status.pod_ip]
    if not seen or before is None or after is None:
        return seen
    if before.metadata.labels != after.metadata.labels:
        return seen
    return [] if _shown_to_services(before) == _shown_to_services(after) else seen[-1:]


def _shown_to_services(pod: Pod) -> tuple[object, ...]:
    """What an endpoint has of a Pod, beside its labels and its spec."""
    meta, status = pod.metadata, pod.status
    ended = status.phase in FINAL_PHASES
    return meta.uid, meta.deletion_timestamp is None, status.pod_ip, is_ready(pod), ended


def has_endpoint(pod: Pod) -> bool:
    """Whether a Pod has an address; one that ended has lost its own (`ShouldPodBeInEndpoints`)."""
    return bool(pod.status.pod_ip) and pod.status.phase not in FINAL_PHASES


def families(service: Service) -> list[str]:
    """The address types of a Service's slices (`getAddressTypesForService`)."""
    if service.spec.ip_families:
        return service.spec.ip_families
    if service.spec.cluster_ip not in ("", "None"):
        return [family_of(service.spec.cluster_ip)]
    return ["IPv4", "IPv6"]


def family_of(address: str) -> str:
    """`IPv4` or `IPv6`: the address type of a valid address."""
    return "IPv6" if ":" in address else "IPv4"


def address_of(pod: Pod, family: str) -> str:
    """The address of a Pod if it has this type, else empty. Simplified: a Pod has one address."""
    return pod.status.pod_ip if family_of(pod.status.pod_ip) == family else ""


def targets(service: Service, pod: Pod) -> Ports:
    """The ports of a Pod to which those of a Service lead; a name may lead nowhere (`FindPort`)."""
    named: dict[tuple[str, str], int] | None = None
    found = []
    for port in service.spec.ports or ():
        target = port.target_port if port.target_port is not None else port.port
        if isinstance(target, str):
            named = _named_ports(pod) if named is None else named
            number = named.get((target, port.protocol))
        else:
            number = target
        if number is not None:
            found.append(OfferedPort(port.name, number, port.protocol, port.app_protocol))
    return _same(tuple(found))


@lru_cache(maxsize=1024)
def _same(ports: Ports) -> Ports:
    """One object for equal ports."""
    return ports


def _named_ports(pod: Pod) -> dict[tuple[str, str], int]:
    sidecars = [c for c in pod.spec.init_containers or () if c.restart_policy == "Always"]
    named: dict[tuple[str, str], int] = {}
    for container in [*pod.spec.containers, *sidecars]:
        for written in container.ports or ():
            named.setdefault((written.name, written.protocol), written.container_port)
    return named
