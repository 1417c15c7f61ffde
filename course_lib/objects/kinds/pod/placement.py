"""Where a Pod may run: tolerations, affinity, spreading (API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.objects.meta import LabelSelector, Value


class Toleration(Value, frozen=True):
    """A taint that a Pod tolerates, without limit or for some seconds."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class NodeSelectorRequirement(Value, frozen=True):
    """A condition on one label (or, in `matchFields`, on the name) of a node."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeSelectorTerm(Value, frozen=True):
    """Conditions that must all hold."""

    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(Value, frozen=True):
    """Terms of which one must hold."""

    node_selector_terms: list[NodeSelectorTerm]


class PreferredSchedulingTerm(Value, frozen=True):
    """A term that adds its weight to the score of nodes that meet it."""

    weight: int
    preference: NodeSelectorTerm = NodeSelectorTerm()


class NodeAffinity(Value, frozen=True):
    """Which nodes a Pod requires, and which it prefers."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] | None = (
        None
    )


class PodAffinityTerm(Value, frozen=True):
    """Pods to be near, or away from, within a topology (a label of nodes)."""

    topology_key: str = ""
    label_selector: LabelSelector | None = None
    namespaces: list[str] | None = None
    namespace_selector: LabelSelector | None = None
    match_label_keys: list[str] | None = None
    mismatch_label_keys: list[str] | None = None


class WeightedPodAffinityTerm(Value, frozen=True):
    """A wish with a weight from 1 to 100."""

    weight: int
    pod_affinity_term: PodAffinityTerm


class PodAffinity(Value, frozen=True):
    """Required and preferred terms; the same shape serves anti-affinity."""

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] | None = None
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] | None = (
        None
    )


class Affinity(Value, frozen=True):
    """Where a Pod wants to be."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class TopologySpreadConstraint(Value, frozen=True):
    """How evenly Pods must spread over zones, nodes or other topologies."""

    max_skew: int
    topology_key: str
    when_unsatisfiable: str
    label_selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: list[str] | None = None
