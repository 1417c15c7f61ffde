"""Pods: ephemeral containers, which come later than the Pod."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import each

SHELL = {"name": "shell", "image": "busybox:1.36"}
CASES = each(
    POD,
    {
        "spec.ephemeralContainers": [
            [],
            [SHELL],
            [SHELL | {"name": "web"}],
            [SHELL | {"targetContainerName": "db"}],
            [SHELL | {"ports": [{"containerPort": 80}]}],
            [{"name": "shell"}],
        ]
    },
)
