"""Mirror Pods: what the API server shows of the Pods that a kubelet runs from files.

Whoever deletes a mirror changes nothing: the kubelet creates it again.
Source: kubernetes.io "Create static Pods"; `pkg/kubelet/pod/mirror_client.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.errors import AlreadyExists, NotFound, Unavailable, Unreachable
from course_lib.apiserver.server import DELETED
from course_lib.client import Client
from course_lib.node.node_status import NodeStatusReporter
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

MIRROR = "kubernetes.io/config.mirror"


def is_mirror(pod: Object) -> bool:
    """Whether a Pod only shows what runs from a file."""
    return MIRROR in (pod.metadata.annotations or {})


class MirrorPods:
    """The static Pods of one node, and their mirrors at the API server.

    Nothing is shown while the machine is not `powered`; `wake` has the worker of a UID report
    into a mirror that is new.
    """

    def __init__(
        self,
        client: Client,
        node_status: NodeStatusReporter,
        powered: Callable[[], bool],
        wake: Callable[[str], None],
    ) -> None:
        self._client, self._node_status = client, node_status
        self._powered, self._wake = powered, wake
        self._pods: dict[str, tuple[Pod, Document]] = {}  # by UID: the static Pod, its document

    def __contains__(self, uid: str) -> bool:
        return uid in self._pods

    @property
    def pods(self) -> list[Pod]:
        """The static Pods."""
        return [pod for pod, _ in self._pods.values()]

    def add(self, pod: Pod, document: Document) -> None:
        """A static Pod is there; it is shown with the next report or heartbeat."""
        self._pods[pod.uid] = pod, document

    def remove(self, pod: Pod) -> None:
        """A static Pod is gone, and so is its mirror."""
        self._pods.pop(pod.uid, None)
        with suppress(NotFound, Unavailable):
            self._client.delete(Pod, pod.name, pod.namespace, grace_period=0)

    def show(self) -> None:
        """Create the mirrors that are missing; a machine without power shows nothing."""
        if not self._powered():
            return
        with suppress(Unavailable):  # the next heartbeat tries again
            for pod in self.pods:
                self._mirror(pod)

    def report(self, pod: Pod, status: Document) -> None:
        """Write a static Pod's status into its mirror."""
        self._client.patch_status(self._mirror(pod), status)

    def on_event(self, event: WatchEvent) -> None:
        """Somebody deleted a mirror: it comes back, and what it shows has never stopped."""
        pod = event.object
        if (pod.metadata.annotations or {})[MIRROR] not in self._pods:
            return
        if event.type == DELETED:
            sim = self._client.sim
            sim.at(sim.now + 1.0, self.show)
        elif pod.terminating:
            self._client.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=pod.uid)

    def _mirror(self, pod: Pod) -> Object:
        """The mirror of a static Pod; made anew where it is missing, or of an older manifest."""
        client = self._client
        existing = client.find(Pod, pod.name, pod.namespace)
        if existing is not None and (existing.metadata.annotations or {}).get(MIRROR) == pod.uid:
            return existing
        if existing is not None:
            client.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=existing.uid)
        node = self._node_status.find()
        if not self._node_status.registered or node is None:
            raise Unreachable("the API server does not know the node")
        owner = {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": node.uid}
        _, document = self._pods[pod.uid]
        meta = document["metadata"] | {
            "annotations": document["metadata"]["annotations"] | {MIRROR: pod.uid},
            "ownerReferences": [owner | {"controller": True}],
        }
        try:
            shown = client.create(document | {"metadata": meta})
        except AlreadyExists:
            return client.get(Pod, pod.name, pod.namespace)
        self._wake(pod.uid)
        return shown
