"""StatefulSets and DaemonSets: claims, ordinals, update strategies."""

from __future__ import annotations

from tests.peers.plane.questions.creates_workloads import LABELS, TEMPLATE
from tests.peers.plane.questions.tables import ABSENT, each, named

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
STATEFUL_SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db"},
    "spec": {
        "serviceName": "db",
        "selector": {"matchLabels": LABELS},
        "template": TEMPLATE,
    },
}
DAEMON_SET = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "agent"},
    "spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE},
}
CLAIMS = "spec.volumeClaimTemplates"
RETENTION = "spec.persistentVolumeClaimRetentionPolicy"
ROLLING = "spec.updateStrategy.rollingUpdate"

CASES = [
    *each(
        STATEFUL_SET,
        {
            "metadata.name": ["db.eu", "Db", "q" * 63, "q" * 64],
            "spec": [ABSENT],
            "spec.serviceName": [ABSENT, "", "Db", "db.eu"],
            "spec.replicas": [ABSENT, 0, 3, -1, "3"],
            "spec.selector": [ABSENT, {}, {"matchLabels": {"app": "bank"}}],
            "spec.template": [ABSENT, {"metadata": {"labels": LABELS}}],
            "spec.template.spec.restartPolicy": ["Never"],
            "spec.template.spec.activeDeadlineSeconds": [60],
            "spec.podManagementPolicy": ["Parallel", "", "Random"],
            "spec.revisionHistoryLimit": [0, -1],
            "spec.minReadySeconds": [10, -1],
            "spec.ordinals": [{}, {"start": 5}, {"start": -1}],
            "spec.updateStrategy": [
                {},
                {"type": "OnDelete"},
                {"type": "Recreate"},
                {"type": "OnDelete", "rollingUpdate": {"partition": 1}},
            ],
            ROLLING: [{}, {"partition": 2}, {"partition": -1}, {"partition": "2"}],
            f"{ROLLING}.maxUnavailable": [1, "50%", 0, "101%"],
            RETENTION: [
                {},
                {"whenDeleted": "Delete"},
                {"whenScaled": "Delete", "whenDeleted": "Delete"},
                {"whenScaled": "Keep"},
            ],
            CLAIMS: [
                [],
                [CLAIM],
                [CLAIM, CLAIM],
                [CLAIM | {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}],
                [{"metadata": {"name": "data"}}],
            ],
            f"{CLAIMS}[0].metadata.name": ["data", "Data", ABSENT],
        },
    ),
    *named(
        STATEFUL_SET,
        {
            "whose claim has no size": {
                CLAIMS: [CLAIM],
                f"{CLAIMS}[0].spec.resources": {},
            },
            "whose claim has no access mode": {
                CLAIMS: [CLAIM],
                f"{CLAIMS}[0].spec.accessModes": ABSENT,
            },
            "whose claim has an unknown access mode": {
                CLAIMS: [CLAIM],
                f"{CLAIMS}[0].spec.accessModes": ["ReadWrite"],
            },
            "whose claim names a class": {
                CLAIMS: [CLAIM],
                f"{CLAIMS}[0].spec.storageClassName": "fast",
            },
            "that mounts its claim": {
                CLAIMS: [CLAIM],
                "spec.template.spec.containers[0].volumeMounts": [
                    {"name": "data", "mountPath": "/data"}
                ],
            },
            "that mounts a claim it does not have": {
                "spec.template.spec.containers[0].volumeMounts": [
                    {"name": "data", "mountPath": "/data"}
                ],
            },
        },
    ),
    *each(
        DAEMON_SET,
        {
            "spec": [ABSENT],
            "spec.selector": [ABSENT, {}, {"matchLabels": {"app": "bank"}}],
            "spec.template": [ABSENT, {"spec": TEMPLATE["spec"]}],
            "spec.template.spec.restartPolicy": ["OnFailure"],
            "spec.template.spec.activeDeadlineSeconds": [60],
            "spec.template.spec.nodeSelector": [{"disk": "ssd"}, {"disk": "a b"}],
            "spec.minReadySeconds": [10, -1],
            "spec.revisionHistoryLimit": [0, -1],
            "spec.replicas": [2],
            "spec.updateStrategy": [
                {},
                {"type": "OnDelete"},
                {"type": "Recreate"},
                {"type": ""},
            ],
            ROLLING: [{}, None],
            f"{ROLLING}.maxUnavailable": ["10%", 0, "0%", -1, "101%", "one"],
            f"{ROLLING}.maxSurge": [1, "10%", "101%", -1],
        },
    ),
    *named(
        DAEMON_SET,
        {
            "that surges": {f"{ROLLING}.maxUnavailable": 0, f"{ROLLING}.maxSurge": 1},
            "with both maxSurge and maxUnavailable": {
                f"{ROLLING}.maxUnavailable": 1,
                f"{ROLLING}.maxSurge": 1,
            },
            "that surges on a host port": {
                f"{ROLLING}.maxUnavailable": 0,
                f"{ROLLING}.maxSurge": 1,
                "spec.template.spec.containers[0].ports": [{"containerPort": 80, "hostPort": 80}],
            },
            "on the network of its node": {
                "spec.template.spec.hostNetwork": True,
                "spec.template.spec.containers[0].ports": [{"containerPort": 9100}],
            },
        },
    ),
]  # fmt: skip
