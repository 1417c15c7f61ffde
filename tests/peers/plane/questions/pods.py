"""The Pods that questions about Pods begin with."""

from __future__ import annotations

from typing import Any

from tests.oracles.plane.files import Case
from tests.peers.plane.questions.tables import Document, changed, named

# Without a token: the volume that carries it is a question by itself (`creates_pod_account`).
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [{"name": "web", "image": "nginx:1.27"}],
    },
}
# One container waits for another to end, and a volume is there to be mounted.
WITH_INIT = changed(POD, "spec.initContainers", [{"name": "fetch", "image": "busybox:1.36"}])
WITH_VOLUME = changed(POD, "spec.volumes", [{"name": "data", "emptyDir": {}}])


def at(base: Document, path: str, values: dict[str, Any], label: str = "") -> list[Case]:
    """A case for each value of one path, by a name for it.

    >>> at(POD, "spec.nodeName", {"of a node": "node-1"})[0]["name"]
    'Pod nodeName of a node'
    """
    field = path.rpartition(".")[2]
    return named(base, {f"{field} {name}": {path: value} for name, value in values.items()}, label)
