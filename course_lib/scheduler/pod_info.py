"""What the scheduler knows of a Pod: its demands, worked out once when it comes.

Sources: `pkg/scheduler/framework/types.go` (`PodInfo`, `AffinityTerm`); kubernetes.io "Assigning
Pods to Nodes". Units: CPU in thousandths of a core, everything else whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from course_lib.objects.kinds.pod import Container, Pod, PodAffinity, PodAffinityTerm, PodSpec
from course_lib.objects.kinds.pod.requests import total
from course_lib.objects.meta import LabelSelector, selector_of
from course_lib.objects.quantity import Quantity, ResourceList
from course_lib.objects.selectors import IN, NOT_IN, NOTHING, Requirement, Selector

Port = tuple[str, int, str]  # protocol, number, host address
NamespaceLabels = Mapping[str, Mapping[str, str]]

# What a container that asks for nothing counts as in the scores (`pkg/scheduler/util`).
DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY = 200 * 2**20
MOST_SHAPES = 4096  # that are remembered
COMMON = ("cpu", "memory", "ephemeral-storage")  # asked about first, before extended resources


class Group(msgspec.Struct, frozen=True):
    """Some Pods: those of these namespaces, or of namespaces so labelled, with such labels."""

    selector: Selector
    namespaces: tuple[str, ...]
    namespace_selector: Selector = NOTHING

    def has(self, pod: PodInfo, labels: NamespaceLabels) -> bool:
        """Whether a Pod is one of them; `labels` are those of the namespaces."""
        space = pod.namespace
        there = space in self.namespaces or self.namespace_selector.matches(labels.get(space))
        return there and self.selector.matches(pod.labels)


class Term(msgspec.Struct, frozen=True):
    """A Pod's wish to be near others, or away from them; the weight of a requirement is 0."""

    topology_key: str
    group: Group
    weight: int = 0


class Terms(msgspec.Struct, frozen=True):
    """All such wishes of a Pod: required and preferred, near (`affinity`) and away (`anti`)."""

    required: tuple[Term, ...] = ()
    required_anti: tuple[Term, ...] = ()
    preferred: tuple[Term, ...] = ()
    preferred_anti: tuple[Term, ...] = ()


NO_TERMS = Terms()


class PodInfo(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A Pod, with what the plugins ask of it."""

    pod: Pod
    key: str  # its uid, or its name where it never passed through an API server
    namespace: str
    labels: dict[str, str]
    requests: dict[str, int]
    nonzero: dict[str, int]  # CPU and memory, with defaults where a container says nothing
    ports: tuple[Port, ...]
    terms: Terms
    claims: tuple[str, ...]  # the names of the PersistentVolumeClaims that its volumes use
    kin: tuple[str, tuple[tuple[str, str], ...]]  # namespace and labels, as other Pods see it
    shape: bytes  # the same for Pods that no plugin can tell apart

    @classmethod
    def of(cls, pod: Pod) -> PodInfo:
        """Work it out."""
        asked = units(total(pod.spec, "requests"))
        names = [*COMMON, *sorted(asked.keys() - set(COMMON))]
        asked = {name: asked[name] for name in names if asked.get(name)}
        return cls(
            pod,
            _key(pod),
            pod.namespace,
            pod.labels,
            asked,
            _nonzero(pod.spec),
            _host_ports(pod.spec),
            _terms(pod),
            tuple(
                name for volume in pod.spec.volumes or () if (name := volume.claim_name(pod.name))
            ),
            (pod.namespace, tuple(sorted(pod.labels.items()))),
            _shape(pod),
        )

    def assumed(self, node: str) -> PodInfo:
        """A copy as if the Pod were bound to a node; plugins note in its annotations."""
        pod, replace = self.pod, msgspec.structs.replace
        metadata = replace(pod.metadata, annotations=dict(pod.annotations))
        spec = replace(pod.spec, node_name=node)
        return replace(self, pod=replace(pod, metadata=metadata, spec=spec))

    def renewed(self, pod: Pod) -> PodInfo:
        """The same demands, for a Pod whose status alone has changed."""
        return msgspec.structs.replace(self, pod=pod)


class Shapes:
    """Works out the demands of each shape once, for all Pods that have it.

    >>> from course_lib.objects.decode import decode
    >>> from course_lib.objects.kinds import kind_named
    >>> meta, main = {"namespace": "shop"}, {"name": "main", "image": "course/web:1"}
    >>> first, second = (
    ...     decode({"metadata": meta | {"name": name}, "spec": {"containers": [main]}},
    ...            kind_named("Pod")) for name in ("web-1", "web-2"))
    >>> shapes = Shapes()
    >>> shapes.info(first).shape is shapes.info(second).shape
    True
    """

    def __init__(self) -> None:
        self._known: dict[bytes, PodInfo] = {}

    def info(self, pod: Pod) -> PodInfo:
        """What the scheduler knows of a Pod; the same as `PodInfo.of`."""
        shape = _shape(pod)
        known = self._known.get(shape)
        if known is None:
            if len(self._known) >= MOST_SHAPES:
                self._known.clear()  # Pods of ever new shapes have come: start again
            known = self._known[shape] = PodInfo.of(pod)
        return msgspec.structs.replace(known, pod=pod, key=_key(pod))


def _key(pod: Pod) -> str:
    return pod.uid or f"{pod.namespace}/{pod.name}"


def _shape(pod: Pod) -> bytes:
    seen = (pod.namespace, pod.labels, pod.annotations, pod.metadata.owner_references, pod.spec)
    return msgspec.msgpack.encode(seen, enc_hook=_encoded)


def _encoded(value: object) -> object:
    return str(value.nano) if isinstance(value, Quantity) else str(value)


def units(amounts: ResourceList) -> dict[str, int]:
    """Amounts in the scheduler's units."""
    return {n: q.milli if n == "cpu" else q.value for n, q in amounts.items()}


def _nonzero(spec: PodSpec) -> dict[str, int]:
    def filled(container: Container) -> Container:
        said = container.resources.requests or {}
        asked = {
            "cpu": said.get("cpu", Quantity(f"{DEFAULT_MILLI_CPU}m")),
            "memory": said.get("memory", Quantity(DEFAULT_MEMORY)),
        }
        resources = msgspec.structs.replace(container.resources, requests=said | asked)
        return msgspec.structs.replace(container, resources=resources)

    assumed = msgspec.structs.replace(
        spec,
        containers=[filled(c) for c in spec.containers],
        init_containers=[filled(c) for c in spec.init_containers or ()],
    )
    sums = units(total(assumed, "requests"))
    return {"cpu": sums.get("cpu", 0), "memory": sums.get("memory", 0)}


def _host_ports(spec: PodSpec) -> tuple[Port, ...]:
    return tuple(
        (port.protocol, port.host_port or port.container_port, port.host_ip or "0.0.0.0")
        for container in spec.containers
        for port in container.ports or ()
        if port.host_port or spec.host_network
    )


def _terms(pod: Pod) -> Terms:
    affinity = pod.spec.affinity
    if affinity is None or (affinity.pod_affinity is None and affinity.pod_anti_affinity is None):
        return NO_TERMS
    required, preferred = _kinds(pod, affinity.pod_affinity)
    required_anti, preferred_anti = _kinds(pod, affinity.pod_anti_affinity)
    terms = Terms(required, required_anti, preferred, preferred_anti)
    return NO_TERMS if terms == NO_TERMS else terms


def _kinds(pod: Pod, said: PodAffinity | None) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    if said is None:
        return (), ()
    required = said.required_during_scheduling_ignored_during_execution or ()
    preferred = said.preferred_during_scheduling_ignored_during_execution or ()
    return (
        tuple(_term(pod, term, 0) for term in required),
        tuple(_term(pod, wish.pod_affinity_term, wish.weight) for wish in preferred),
    )


def _term(pod: Pod, term: PodAffinityTerm, weight: int) -> Term:
    """No namespace named at all means the Pod's own."""
    named = tuple(term.namespaces or ())
    by_label = selector_of(term.namespace_selector)
    if not named and term.namespace_selector is None:
        named = (pod.namespace,)
    keys = [(key, IN) for key in term.match_label_keys or ()]
    keys += [(key, NOT_IN) for key in term.mismatch_label_keys or ()]
    selector = narrowed(term.label_selector, pod.labels, keys)
    return Term(term.topology_key, Group(selector, named, by_label), weight)


def narrowed(
    written: LabelSelector | None, labels: Mapping[str, str], keys: Iterable[tuple[str, str]]
) -> Selector:
    """A selector with the Pod's own values of some keys added (`matchLabelKeys`).

    `written` is the selector in the manifest, `labels` are the Pod's, `keys` pairs of a label and
    of the operator that compares it.
    """
    selector = selector_of(written)
    own = [Requirement(key, operator, (labels[key],)) for key, operator in keys if key in labels]
    if selector.nothing or not own:
        return selector
    return Selector((*selector.requirements, *own))
