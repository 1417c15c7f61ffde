"""Static Pods: manifests in a folder on the node, which the kubelet runs without any API server.

The control plane itself is run so. For each static Pod the kubelet keeps a mirror Pod at the API
server (`mirror_pods`).
Source: kubernetes.io "Create static Pods"; `pkg/kubelet/config/common.go`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from course_lib.errors import InvalidManifest
from course_lib.node.mirror_pods import MirrorPods
from course_lib.node.pod_workers import PodWorkers
from course_lib.objects.decode import decode, kind_of_document
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document, Source, read_manifests
from course_lib.objects.typed import typed
from course_lib.objects.validate import judge_document
from course_lib.runtimes.files import FileSystem

FOLDER = "/etc/kubernetes/manifests"
HASH, SOURCE = "kubernetes.io/config.hash", "kubernetes.io/config.source"


class StaticPods:
    """The static Pods of one node; they run while the machine is `powered`.

    `disk` has the files, `workers` run the Pods, `mirrors` show them.
    """

    def __init__(
        self,
        node: str,
        disk: FileSystem,
        workers: PodWorkers,
        mirrors: MirrorPods,
        powered: Callable[[], bool],
    ) -> None:
        self._node, self._disk, self._workers = node, disk, workers
        self._mirrors, self._powered = mirrors, powered

    def write(self, source: Source) -> None:
        """Put a Pod's manifest (text, a path or a dict) into the folder; the kubelet runs it.

        Raises `InvalidManifest` for what is not one Pod with a name.
        """
        document = _one_pod(source)
        text = msgspec.json.encode(document)
        name = document["metadata"]["name"]
        made, pod = _static(document, self._node, hashlib.md5(text).hexdigest())
        self.remove(name)
        self._disk.append(f"{FOLDER}/{name}.json", text)
        self._mirrors.add(pod, made)
        if self._powered():
            self._workers.start(pod)

    def remove(self, name: str) -> None:
        """Take a manifest away: its Pod stops, and its mirror goes."""
        self._disk.remove(f"{FOLDER}/{name}.json")
        for pod in [p for p in self._mirrors.pods if p.name == f"{name}-{self._node}"]:
            if worker := self._workers.get(pod.uid):
                worker.deleted()
            self._mirrors.remove(pod)

    def start(self) -> None:
        """Start every Pod of the folder; no API server is needed."""
        for pod in self._mirrors.pods:
            if pod.uid not in self._workers:
                self._workers.start(pod)


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
    kind.set_defaults(made)
    made = typed(made, kind)
    judge_document(made, kind)
    pod = decode(made, kind)
    assert isinstance(pod, Pod)
    return made, pod
