"""The scheduling framework's interface: the extension points, and what a plugin is.

For one Pod, in this order: PreEnqueue and QueueSort (in the queue); PreFilter, Filter, PostFilter,
PreScore, Score, NormalizeScore, Reserve, Permit (the scheduling cycle); PreBindPreFlight, PreBind,
Bind, PostBind (the binding cycle). Unreserve takes back what Reserve did, when a later step fails.
A plugin answers for all nodes at once.
Sources: kubernetes.io "Scheduling Framework"; k8s.io/kube-scheduler `framework/interface.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np

from course_lib.objects.manifests import Document
from course_lib.scheduler.handle import Handle, Pending, Permission, SharedLister
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.queue import QueuedPod, SortKey
from course_lib.scheduler.status import Diagnosis, Filtered, NodeToStatus
from course_lib.scheduler.types import Amounts, Bools

MAX_SCORE = 100

# What can make a Pod schedulable again (`framework.ClusterEvent`).
NODE_ADD, NODE_UPDATE, POD_DELETE, CLAIM_UPDATE = "NodeAdd", "NodeUpdate", "PodDelete", "PvcUpdate"
POD_ADD, POD_UPDATE = "PodAdd", "PodUpdate"
NODE_OR_POD = (NODE_ADD, NODE_UPDATE, POD_ADD, POD_UPDATE, POD_DELETE)

# The extension points as a KubeSchedulerConfiguration writes them, with the plugin's method.
# Score brings NormalizeScore with it, Reserve brings Unreserve, and PreBind PreBindPreFlight.
POINTS = {
    "preEnqueue": "pre_enqueue",
    "queueSort": "queue_sort",
    "preFilter": "pre_filter",
    "filter": "filter",
    "postFilter": "post_filter",
    "preScore": "pre_score",
    "score": "score",
    "reserve": "reserve",
    "permit": "permit",
    "preBind": "pre_bind",
    "bind": "bind",
    "postBind": "post_bind",
}


class PreFilterResult(msgspec.Struct, frozen=True):
    """PreFilter's answer: why no node will do, or the names of the only nodes to look at."""

    why: str = ""
    only: frozenset[str] | None = None


class PostFilterResult(msgspec.Struct, frozen=True, eq=False):
    """PostFilter's answer: what `FailedScheduling` adds; a node for the Pod, once victims left.

    `nominated_node` is None where the Pod keeps the node that it is nominated for, and "" where it
    is nominated for none any more. With `final` no other plugin is asked (upstream's status Error).
    """

    message: str
    nominated_node: str | None = None
    victims: Sequence[PodInfo] = ()
    final: bool = False


class PluginsRunner(Protocol):
    """What a PostFilter plugin asks the other plugins (`framework.PluginsRunner`)."""

    def filter(self, pod: PodInfo, nodes: Nodes) -> Filtered:
        """Run PreFilter and Filter."""

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether any plugin's answer for one node depends on other nodes."""


class Plugin:
    """A scheduling plugin; it overrides the extension points that it fills.

    In each plugin's module, in this order: its reasons, its class, and the rule itself. A point
    that rejects a Pod says why; an empty text goes on. An exception is an error: the Pod is tried
    again later. At all points `pod` is the Pod that is scheduled, `nodes` the snapshot, `fits` True
    for each node that passed the filters, `node` the name of the node that was chosen, and `handle`
    what a plugin may use of the cluster.

    >>> import numpy as np
    >>> from course_lib import Cluster
    >>> from course_lib.scheduler import NodeToStatus, Plugin, with_plugins
    >>> class EvenNodes(Plugin):
    ...     name = "EvenNodes"
    ...     def filter(self, pod, nodes):
    ...         even = [name.endswith(tuple("02468")) for name in nodes.names]
    ...         return NodeToStatus.where(np.array(even), "node(s) with an odd number")
    >>> cluster = Cluster(nodes=3, scheduler=with_plugins(EvenNodes))
    >>> _ = cluster.apply("data/web.yaml")
    >>> cluster.run(seconds=30)
    >>> set(cluster.get("pods", wide=True).NODE)
    {'node-2'}
    """

    name = ""
    events: tuple[str, ...] = (*NODE_OR_POD, CLAIM_UPDATE)  # that may help a Pod it refused

    def pre_enqueue(self, pod: PodInfo) -> str:
        """Why the Pod must stay out of the queue; asked again when the Pod changes."""
        return ""

    def queue_sort(self, pod: QueuedPod) -> SortKey:
        """A sort key: the Pod with the smallest is tried first."""
        return ()

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> PreFilterResult | None:
        """Why no node at all will do, or the only nodes to look at; None to go on."""
        return None

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Which nodes will do; None for all (upstream's status Skip)."""
        return None

    def post_filter(
        self, pod: PodInfo, nodes: Nodes, diagnosis: Diagnosis, runner: PluginsRunner
    ) -> PostFilterResult | None:
        """What could make room for a Pod that fits nowhere.

        `diagnosis` says why each node was refused, `runner` runs the filters on another snapshot.
        """
        return None

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether Score has anything to say of this Pod (False is upstream's status Skip)."""
        return True

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """A score for each node, in any range that `normalize_score` can bring to 0..100; those
        of nodes that do not fit count for nothing.
        """
        return nodes.zeros()

    def normalize_score(self, scores: Amounts, fits: Bools) -> Amounts:
        """The scores brought to 0..100."""
        return scores

    def reserve(self, pod: PodInfo, nodes: Nodes, node: str) -> str:
        """Note what the Pod takes beyond the amounts, or say why it cannot. The Pod is a copy of
        the scheduler's own: notes go into its annotations.
        """
        return ""

    def unreserve(self, pod: PodInfo, nodes: Nodes, node: str) -> None:
        """Take back what Reserve noted; also called where Reserve was not."""

    def permit(self, pod: PodInfo, node: str, handle: Handle) -> Permission | None:
        """Reject the Pod or let it wait before it is bound; None to go on."""
        return None

    def pre_bind_pre_flight(self, pod: PodInfo, node: str) -> bool:
        """Whether PreBind has anything to do for this Pod, which is nominated for the node then."""
        return fills(self, "preBind")

    def pre_bind(self, pod: PodInfo, node: str, handle: Handle) -> str | Pending:
        """What must be done before the Pod is bound, or why it cannot be bound; what takes time is
        `Pending`.
        """
        return ""

    def bind(self, pod: PodInfo, node: str, handle: Handle) -> bool:
        """Bind the Pod; False leaves it to the next Bind plugin (upstream's status Skip)."""
        return False

    def post_bind(self, pod: PodInfo, node: str, handle: Handle) -> None:
        """The Pod is bound: what is left to do."""

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether one node's answer depends on other nodes, or on more than amounts on this one.

        No extension point: what may be worked out for many Pods at once depends on it. A plugin
        with a Reserve of its own couples, unless it says otherwise.
        """
        return fills(self, "reserve")


def fills(plugin: Plugin, point: str) -> bool:
    """Whether a plugin overrides the method of an extension point."""
    return getattr(type(plugin), POINTS[point]) is not getattr(Plugin, POINTS[point])


def everywhere(plugins: Sequence[Plugin]) -> dict[str, list[Plugin]]:
    """The plugins by extension point: each at all points that it fills (`multiPoint`)."""
    return {point: [p for p in plugins if fills(p, point)] for point in POINTS}


Factory = Callable[[Document, SharedLister | None], Plugin]  # arguments, and what the plugin reads
Registry = Mapping[str, Factory]


def highest(scores: Amounts, fits: Bools) -> float:
    """The highest score of the nodes that fit; 0 where there are none."""
    every = scores.ndim == 0 or fits.all()
    return float(scores.max(initial=0) if every else scores.max(initial=0, where=fits))


def default_normalize(scores: Amounts, fits: Bools, reverse: bool = False) -> Amounts:
    """Scale by the highest score to 0..100 (`helper.DefaultNormalizeScore`).

    `scores` are the raw ones, `fits` says which count; with `reverse` the lowest becomes 100.
    """
    top = highest(scores, fits)
    if top == 0:
        return np.full_like(scores, MAX_SCORE) if reverse else scores
    scaled = np.floor(scores * MAX_SCORE / top)
    return MAX_SCORE - scaled if reverse else scaled
