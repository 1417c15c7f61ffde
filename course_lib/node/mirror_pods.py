"""Mirror Pods: what the API server shows of the Pods that a kubelet runs from files.

When a user deletes a mirror Pod, the kubelet creates it again and the containers keep running.
Source: kubernetes.io "Create static Pods"; `pkg/kubelet/pod/mirror_client.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver.errors import AlreadyExists, NotFound, Unavailable, Unreachable
from course_lib.client import Client
from course_lib.node.node_status import NodeStatusReporter
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

MIRROR = "kubernetes.io/config.mirror"
RECREATE_SECONDS = 1.0  # from a mirror's deletion until the kubelet creates it again


def is_mirror(pod: Object) -> bool:
    """Whether a Pod only shows what runs from a file."""
    return MIRROR in (pod.metadata.annotations or {})


class MirrorPods:
    """The static Pods of one node, and their mirrors at the API server.

    Nothing is shown while the machine is not `powered`; `wake` has the worker of a UID report into
    a mirror that is new. `client` writes them, `node_status` says whether the node is registered.
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
        self._shown: dict[tuple[str, str], Pod] = {}  # mirrors by namespace and name
        self._due = False  # whether `show` is scheduled

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

    def find(self, pod: Pod) -> Pod | None:
        """The mirror of a static Pod, as it was last seen."""
        return self._shown.get((pod.namespace, pod.name))

    def forget(self) -> None:
        """Forget which mirrors there are: the machine has lost its power."""
        self._shown.clear()

    def on_change(self, pod: Pod, deleted: bool) -> None:
        """A mirror has changed; one that somebody deleted comes back."""
        key = pod.namespace, pod.name
        if not deleted:
            self._shown[key] = pod
        elif key in self._shown and self._shown[key].uid == pod.uid:
            del self._shown[key]
        if (pod.metadata.annotations or {})[MIRROR] not in self._pods:
            return
        if deleted:
            self._show_soon()
        elif pod.terminating:
            self._client.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=pod.uid)

    def _show_soon(self) -> None:
        """Schedule one `show` for all mirrors that are deleted until then."""
        if not self._due:
            self._due = True
            sim = self._client.sim
            sim.at(sim.now + RECREATE_SECONDS, self._show_now)

    def _show_now(self) -> None:
        self._due = False
        self.show()

    def _mirror(self, pod: Pod) -> Pod:
        """The mirror of a static Pod; made again where it is missing, or of an older manifest."""
        client = self._client
        existing = self.find(pod)
        if existing is not None and (existing.metadata.annotations or {}).get(MIRROR) == pod.uid:
            return existing
        if existing is not None:
            client.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=existing.uid)
        node = self._registered_node()
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
        assert isinstance(shown, Pod)
        self._shown[pod.namespace, pod.name] = shown
        self._wake(pod.uid)
        return shown

    def _registered_node(self) -> Node:
        """The node's object, read from the API server; raises `Unreachable` where it is missing.

        The kubelet's cache may hold a Node of an older etcd, and the garbage collector deletes a
        mirror whose owner has that UID.
        """
        seen = self._node_status.find()
        if self._node_status.registered and seen is not None:
            node = self._client.find(Node, seen.name)
            if node is not None:
                return node
        raise Unreachable("the API server does not know the node")
