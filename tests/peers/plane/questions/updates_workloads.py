"""Updates of workloads: immutable fields, and the subresources scale and status."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import STRATEGIC, changes, updates

PODS = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
}
SELECTED = {"selector": {"matchLabels": {"app": "web"}}, "template": PODS}
ONCE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "busybox:1.36"}]}}


def _object(kind: str, version: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}


CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
DEPLOYMENT = _object("Deployment", "apps/v1", {"replicas": 2} | SELECTED)
REPLICA_SET = _object("ReplicaSet", "apps/v1", {"replicas": 2} | SELECTED)
STATEFUL_SET = _object(
    "StatefulSet", "apps/v1",
    {"replicas": 2, "serviceName": "web", "volumeClaimTemplates": [CLAIM]} | SELECTED,
)  # fmt: skip
DAEMON_SET = _object("DaemonSet", "apps/v1", SELECTED)
CONTROLLER = _object(
    "ReplicationController", "v1", {"replicas": 2, "selector": {"app": "web"}, "template": PODS}
)
JOB = _object("Job", "batch/v1", {"completions": 3, "parallelism": 2, "template": ONCE})
INDEXED = _object(
    "Job", "batch/v1",
    {"completions": 3, "parallelism": 3, "completionMode": "Indexed", "template": ONCE},
)  # fmt: skip
SUSPENDED = changes(JOB, {"spec.suspend": True})
CRON = _object(
    "CronJob", "batch/v1", {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": ONCE}}}
)
OTHER = {"spec": {"selector": {"matchLabels": {"app": "other"}},
                  "template": {"metadata": {"labels": {"app": "other"}}}}}  # fmt: skip
IMAGE = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}}}}
SCALE = {"spec": {"replicas": 5}}
CASES = [
    *updates(
        DEPLOYMENT,
        {
            "selector and labels": OTHER,
            "labels of the template alone": {
                "spec": {"template": {"metadata": {"labels": {"app": "other"}}}}
            },
            "replicas are removed": {"spec": {"replicas": None}},
            "negative replicas": {"spec": {"replicas": -1}},
            "replicas that are a text": {"spec": {"replicas": "3"}},
            "paused": {"spec": {"paused": True}},
            "a deadline shorter than the ready time": {
                "spec": {"minReadySeconds": 30, "progressDeadlineSeconds": 30}
            },
            "the template is removed": {"spec": {"template": None}},
            "Recreate without rollingUpdate": {
                "spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}
            },
            "restart policy of the template": {
                "spec": {"template": {"spec": {"restartPolicy": "Never"}}}
            },
        },
    ),
    *updates(
        DEPLOYMENT,
        {
            "scale": SCALE,
            "scale to zero": {"spec": {"replicas": 0}},
            "scale below zero": {"spec": {"replicas": -1}},
            "scale without replicas": {"spec": {"replicas": None}},
            "scale with a text": {"spec": {"replicas": "5"}},
            "scale with another name": {"metadata": {"name": "other"}, "spec": {"replicas": 5}},
        },
        subresource="scale",
    ),
    *updates(
        DEPLOYMENT,
        {
            "status": {"status": {"replicas": 2, "readyReplicas": 1, "observedGeneration": 1}},
            "status with more ready than there are": {
                "status": {"replicas": 1, "readyReplicas": 2}
            },
            "negative status": {"status": {"replicas": -1}},
            "a spec sent to status": {"spec": {"replicas": 9}},
        },
        subresource="status",
    ),
    *updates(REPLICA_SET, {"selector": OTHER, "replicas": SCALE}),
    *updates(REPLICA_SET, {"another image": IMAGE}, STRATEGIC),
    *updates(REPLICA_SET, {"scale": SCALE}, subresource="scale"),
    *updates(
        STATEFUL_SET,
        {
            "selector": OTHER,
            "service name": {"spec": {"serviceName": "other"}},
            "pod management policy": {"spec": {"podManagementPolicy": "Parallel"}},
            "replicas": SCALE,
            "claim templates are removed": {"spec": {"volumeClaimTemplates": None}},
            "larger claims": {
                "spec": {
                    "volumeClaimTemplates": [
                        changes(CLAIM, {"spec.resources.requests.storage": "2Gi"})
                    ]
                }
            },
            "partition": {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}},
            "first ordinal": {"spec": {"ordinals": {"start": 3}}},
            "claim retention": {
                "spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}
            },
        },
    ),
    *updates(STATEFUL_SET, {"scale": SCALE}, subresource="scale"),
    *updates(
        DAEMON_SET,
        {
            "selector": OTHER,
            "update strategy": {
                "spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}
            },
        },
    ),
    *updates(DAEMON_SET, {"another image": IMAGE}, STRATEGIC),
    *updates(DAEMON_SET, {"scale": SCALE}, subresource="scale"),
    *updates(
        CONTROLLER,
        {
            "selector": {
                "spec": {
                    "selector": {"app": "other"},
                    "template": {"metadata": {"labels": {"app": "other"}}},
                }
            },
            "selector that is removed": {"spec": {"selector": None}},
        },
    ),
    *updates(
        JOB,
        {
            "completions": {"spec": {"completions": 5}},
            "parallelism": {"spec": {"parallelism": 4}},
            "suspend": {"spec": {"suspend": True}},
            "back-off limit": {"spec": {"backoffLimit": 1}},
            "deadline": {"spec": {"activeDeadlineSeconds": 60}},
            "time to live": {"spec": {"ttlSecondsAfterFinished": 60}},
            "selector": {"spec": {"selector": {"matchLabels": {"app": "other"}}}},
            "template": {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}},
            "completion mode": {"spec": {"completionMode": "Indexed"}},
            "manual selector": {"spec": {"manualSelector": True}},
        },
    ),
    *updates(
        INDEXED,
        {
            "completions and parallelism of an indexed Job": {
                "spec": {"completions": 5, "parallelism": 5}
            },
            "completions alone of an indexed Job": {"spec": {"completions": 5}},
        },
    ),
    *updates(
        SUSPENDED,
        {
            "node selector of a suspended Job": {
                "spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}}
            },
            "resources of a suspended Job": {
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {
                                    "name": "a",
                                    "image": "busybox:1.36",
                                    "resources": {"requests": {"cpu": "1"}},
                                }
                            ]
                        }
                    }
                }
            },
            "resumed": {"spec": {"suspend": False}},
        },
    ),
    *updates(
        CRON,
        {
            "another schedule": {"spec": {"schedule": "0 3 * * *"}},
            "a wrong schedule": {"spec": {"schedule": "every day"}},
            "a time zone": {"spec": {"timeZone": "Europe/Berlin"}},
            "an unknown time zone": {"spec": {"timeZone": "Mars/Olympus"}},
            "suspend": {"spec": {"suspend": True}},
            "concurrency policy": {"spec": {"concurrencyPolicy": "Never"}},
        },
    ),
]
