"""Pods: names, labels, annotations, owners, finalizers, and what the server sets itself."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import ABSENT, each, named

OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "1234"}
CASES = each(
    POD,
    {
        "metadata.name": [
            ABSENT, None, "", "web.v1", "Web", "-web", "web.", "7", "p" * 253, "p" * 254,
        ],
        "metadata.generateName": ["other-"],
        "metadata.namespace": ["inv", "other", ""],
        "metadata.labels": [
            {}, None, {"app": ""}, {"example.com/tier": "front"},
            {"app": "has space"}, {"app": "v" * 63}, {"app": "v" * 64}, {"": "web"},
            {"Example.com/app": "web"}, {"k" * 63: "v"}, {"k" * 64: "v"}, {"a/b/c": "v"},
        ],
        "metadata.annotations": [
            {"note": ""}, {"note": "any text: ü \n"}, {"not a key": "x"}, {"UPPER.com/Note": "x"},
            
            {"controller.kubernetes.io/pod-deletion-cost": "10"},
            {"controller.kubernetes.io/pod-deletion-cost": "+10"},
            {"controller.kubernetes.io/pod-deletion-cost": "ten"},
            {"kubernetes.io/config.mirror": "abc"},
        ],
        "metadata.ownerReferences": [
            [], [OWNER], [OWNER | {"controller": True, "blockOwnerDeletion": True}],
            [OWNER | {"uid": ""}], [OWNER | {"apiVersion": ""}],
            [OWNER | {"kind": "Event", "apiVersion": "v1"}],
            [OWNER | {"controller": True}, OWNER | {"uid": "2", "controller": True}],
        ],
        "metadata.finalizers": [
            ["example.com/hold"], ["hold"], ["orphan"], ["not one"],
        ],
        "metadata.uid": ["of-ours"],
        "metadata.resourceVersion": ["", "1"],
        "metadata.generation": [7],
        "metadata.deletionGracePeriodSeconds": [5],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "of a generated name that is long": {
            "metadata.name": ABSENT,
            "metadata.generateName": "g" * 100,
        },
        "of a generated name": {"metadata.name": ABSENT, "metadata.generateName": "web-"},
        "of a generated name in capitals": {
            "metadata.name": ABSENT,
            "metadata.generateName": "Web-",
        },
        "with all of metadata wrong": {
            "metadata.name": "W",
            "metadata.labels": {"a b": "c"},
            "metadata.annotations": {"a b": "c"},
        },
        "without metadata": {"metadata": ABSENT},
        "without a spec": {"spec": ABSENT},
        "with an empty spec": {"spec": {}},
        "with an orphan and a foreground finalizer": {
            "metadata.finalizers": ["orphan", "foregroundDeletion"]
        },
        "with a status": {"status": {"phase": "Running", "podIP": "10.0.0.1"}},
        "with the status of another kind": {"status": {"replicas": 3}},
    },
)
