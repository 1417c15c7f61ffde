"""The `binding` subresource: a Pod gets its node, once, and is scheduled then.

Source: `setPodNodeAndMetadata` in `pkg/registry/core/pod/storage/storage.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.documents import Incoming
from course_lib.apiserver.errors import Conflict
from course_lib.objects.derived import remember
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.manifests import Document
from course_lib.objects.meta import set_condition

MOST_SPECS = 16384  # that are remembered: of one template on each of so many nodes


class BoundSpec(msgspec.Struct, frozen=True, gc=False):
    """The spec of Pods that are bound to one node, and what it was before."""

    before: Document
    document: Document
    view: PodSpec


class Binder:
    """Binds Pods to nodes. On each node, the Pods of one template have one spec in memory."""

    def __init__(self) -> None:
        # By the spec before, which is kept, and the node.
        self._specs: dict[tuple[int, str], BoundSpec] = {}

    def bound(self, pod: Incoming, uid: str, node: str, now: str) -> Incoming:
        """A Pod with its `node`, and the condition PodScheduled from `now` (a timestamp) on.

        Raises `Conflict` where the `pod` has another `uid`, or cannot be bound.
        """
        unbound = pod.view
        assert isinstance(unbound, Pod)
        problem = _unbindable(unbound, uid)
        if problem:
            said = f'Operation cannot be fulfilled on pods/binding "{unbound.name}": {problem}'
            raise Conflict(said)
        conditions = set_condition(unbound.status.conditions, "PodScheduled", "True", now)
        made = pod.changed({"status": {"conditions": conditions, "nominatedNodeName": None}})
        spec = self._spec_on(pod, node)
        view = msgspec.structs.replace(made.view, spec=spec.view)
        return Incoming(made.document | {"spec": spec.document}, made.kind, view)

    def _spec_on(self, pod: Incoming, node: str) -> BoundSpec:
        before = pod.document["spec"]
        known = self._specs.get((id(before), node))
        if known is None:
            made = pod.changed({"spec": {"nodeName": node}})
            assert isinstance(made.view, Pod)
            known = BoundSpec(before, made.document["spec"], made.view.spec)
            remember(self._specs, (id(before), node), known, MOST_SPECS)
        return known


def _unbindable(pod: Pod, uid: str) -> str:
    """Why a Pod cannot be bound; empty where it can."""
    if pod.uid != uid:
        return f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod.uid}"
    if pod.terminating:
        return f"pod {pod.name} is being deleted, cannot be assigned to a host"
    if pod.spec.node_name:
        return f'pod {pod.name} is already assigned to node "{pod.spec.node_name}"'
    gated = f"pod {pod.name} has non-empty .spec.schedulingGates"
    return gated if pod.spec.scheduling_gates else ""
