"""Namespaces."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
CASES = each(
    NAMESPACE,
    {
        "metadata.name": [ABSENT, "", "Team", "team.a", "-team", "t" * 63, "t" * 64],
        "metadata.labels": [
            {"a": "b"},
            {"a": "b c"},
            {"-a": "b"},
            {"kubernetes.io/metadata.name": "x"},
        ],
        "spec": [{}, {"finalizers": ["kubernetes"]}, {"finalizers": ["nobody"]}],
        "status": [{"phase": "Terminating"}],
    },
)
