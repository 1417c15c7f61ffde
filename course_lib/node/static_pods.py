"""Static Pods: manifests in a folder on the node, which the kubelet runs without any API server.

The control plane itself is run so. For each static Pod the kubelet keeps a mirror Pod at the API
server, that others may see it; whoever deletes the mirror changes nothing.
Source: kubernetes.io "Create static Pods"; `pkg/kubelet/config/common.go`,
`pkg/kubelet/pod/mirror_client.go`.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.errors import AlreadyExists, NotFound, Unavailable, Unreachable
from course_lib.apiserver.server import DELETED
from course_lib.errors import InvalidManifest
from course_lib.node.pod_worker import PodWorker
from course_lib.objects.decode import canonical, decode, kind_of_document
from course_lib.objects.defaulting import set_defaults
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Source, read_manifests
from course_lib.objects.validate import validate

if TYPE_CHECKING:
    from course_lib.node.kubelet import Kubelet

FOLDER = "/etc/kubernetes/manifests"
MIRROR, HASH = "kubernetes.io/config.mirror", "kubernetes.io/config.hash"
SOURCE = "kubernetes.io/config.source"

Document = dict[str, Any]


def is_mirror(pod: Pod) -> bool:
    """Whether a Pod only shows what runs from a file."""
    return MIRROR in (pod.metadata.annotations or {})


class StaticPods:
    """The static Pods of one node, by uid."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.pods: dict[str, Pod] = {}
        self._documents: dict[str, Document] = {}

    def write(self, source: Source) -> None:
        """Put a Pod's manifest (text, a path or a dict) into the folder; the kubelet runs it.

        Raises `InvalidManifest` for what is not one Pod with a name.
        """
        document = _one_pod(source)
        kubelet = self.kubelet
        text = msgspec.json.encode(document)
        name = document["metadata"]["name"]
        made, pod = _static(document, kubelet.name, hashlib.md5(text).hexdigest())
        if any(old.name == pod.name for old in self.pods.values()):
            self.remove(name)
        kubelet.disk.append(f"{FOLDER}/{name}.json", text)
        self.pods[pod.uid], self._documents[pod.uid] = pod, made
        if kubelet.powered:
            kubelet.workers[pod.uid] = PodWorker(kubelet, pod)

    def remove(self, name: str) -> None:
        """Take a manifest away: its Pod stops, and its mirror goes."""
        self.kubelet.disk.remove(f"{FOLDER}/{name}.json")
        for pod in [p for p in self.pods.values() if p.name == f"{name}-{self.kubelet.name}"]:
            self._stop(pod)

    def start(self) -> None:
        """The machine is up: all that lies in the folder runs, asked for by nobody else."""
        for uid, pod in self.pods.items():
            if uid not in self.kubelet.workers:
                self.kubelet.workers[uid] = PodWorker(self.kubelet, pod)

    def _stop(self, pod: Pod) -> None:
        del self.pods[pod.uid], self._documents[pod.uid]
        if worker := self.kubelet.workers.get(pod.uid):
            worker.deleted()
        with suppress(NotFound, Unavailable):
            self.kubelet.api.delete("Pod", pod.name, pod.namespace, grace_period=0)

    # Mirrors

    def mirror(self) -> None:
        """Show at the API server what runs; a machine without power shows nothing."""
        if not self.kubelet.powered:
            return
        with suppress(Unavailable):  # the next heartbeat tries again
            for pod in self.pods.values():
                self._mirror(pod)

    def _mirror(self, pod: Pod) -> Any:
        """The mirror of a static Pod; made anew where it is missing, or of an older manifest."""
        api = self.kubelet.api
        found = api.find("Pod", pod.name, pod.namespace)
        if found is not None and (found.metadata.annotations or {}).get(MIRROR) == pod.uid:
            return found
        if found is not None:
            api.delete("Pod", pod.name, pod.namespace, grace_period=0, uid=found.uid)
        made, node = self._documents[pod.uid], api.find("Node", self.kubelet.name)
        if not self.kubelet.registered or node is None:
            raise Unreachable("the API server does not know the node")
        owner = {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": node.uid}
        meta = made["metadata"] | {
            "annotations": made["metadata"]["annotations"] | {MIRROR: pod.uid},
            "ownerReferences": [owner | {"controller": True}],
        }
        try:
            shown = api.create(made | {"metadata": meta})
        except AlreadyExists:
            return api.get("Pod", pod.name, pod.namespace)
        if worker := self.kubelet.workers.get(pod.uid):
            worker.wake()
        return shown

    def report(self, worker: PodWorker, status: Document) -> None:
        """Write a static Pod's status into its mirror."""
        self.kubelet.api.patch_status(self._mirror(worker.pod), status)

    def on_mirror(self, event: WatchEvent) -> None:
        """Somebody deleted a mirror: it comes back, and what it shows has never stopped."""
        pod: Any = event.object
        uid = pod.metadata.annotations[MIRROR]
        if uid not in self.pods:
            return
        if event.type == DELETED:
            sim = self.kubelet.sim
            sim.at(sim.now + 1.0, self.mirror)
        elif pod.terminating:
            self.kubelet.api.delete("Pod", pod.name, pod.namespace, grace_period=0, uid=pod.uid)


def _one_pod(source: Source) -> Document:
    """The one document that a file of the folder holds, which must be a Pod with a name."""
    documents = read_manifests(source)
    metadata = documents[0].get("metadata") if len(documents) == 1 else None
    if isinstance(metadata, dict) and metadata.get("name") and documents[0].get("kind") == "Pod":
        return documents[0]
    kinds = ", ".join(str(each.get("kind")) for each in documents)
    raise InvalidManifest(
        "a static Pod is the manifest of one Pod",
        where=FOLDER,
        expected="one document: apiVersion: v1, kind: Pod, metadata with a name, spec",
        found="a Pod without a name" if kinds == "Pod" else kinds or "nothing",
    )


def _static(document: Document, node: str, uid: str) -> tuple[Document, Pod]:
    """The Pod that a manifest makes on a node: its name and its uid come from there."""
    kind = kind_of_document(document)
    made: Document = msgspec.json.decode(msgspec.json.encode(document))
    meta = made["metadata"]
    meta["name"] = f"{meta['name']}-{node}"
    meta.setdefault("namespace", "default")
    meta["uid"] = uid
    meta["annotations"] = meta.get("annotations", {}) | {HASH: uid, SOURCE: "file"}
    made["spec"]["nodeName"] = node
    tolerates_all = {"operator": "Exists", "effect": "NoExecute"}
    made["spec"].setdefault("tolerations", []).append(tolerates_all)
    set_defaults(made, kind)
    made = canonical(made, kind.type)
    pod = decode(made, kind)
    validate(made, pod, kind)
    assert isinstance(pod, Pod)
    return made, pod
