"""StatefulSets and DaemonSets."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    ABSENT,
    NEWER,
    container,
    create,
    daemon_set,
    delete,
    image,
    patch,
    scale,
    service,
    stateful_set,
    story,
    template,
    wait,
)

HEADLESS = service("db", "db", clusterIP="None")
PARALLEL = {"podManagementPolicy": "Parallel"}


def claims(*names: str) -> dict[str, object]:
    made = [
        {"metadata": {"name": name},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        for name in names
    ]  # fmt: skip
    return {"volumeClaimTemplates": made}


def partition(number: int) -> dict[str, object]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}}


ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
FAILING = template("db", container(command="exit 3"))
RETAINED = {
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"}
}


CASES = [
    story("StatefulSet of two replicas", *create(HEADLESS, stateful_set()), wait(18)),
    story("StatefulSet without its Service", *create(stateful_set(replicas=1)), wait(10)),
    story("StatefulSet in parallel", *create(stateful_set(replicas=3, **PARALLEL)), wait(12)),
    story(
        "StatefulSet scaled up",
        *create(stateful_set(replicas=1)),
        wait(10),
        scale("StatefulSet/db", 3),
        wait(18),
    ),
    story(
        "StatefulSet scaled down",
        *create(stateful_set(replicas=3, **PARALLEL)),
        wait(12),
        scale("StatefulSet/db", 1),
        wait(12),
    ),
    story(
        "StatefulSet scaled to zero",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        scale("StatefulSet/db", 0),
        wait(12),
    ),
    story(
        "StatefulSet rolls",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(25),
    ),
    story(
        "StatefulSet rolls above a partition",
        *create(stateful_set(replicas=2, **PARALLEL, **partition(1))),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(18),
    ),
    story(
        "StatefulSet rolls none above a high partition",
        *create(stateful_set(replicas=2, **PARALLEL, **partition(5))),
        wait(12),
        image("StatefulSet/db", NEWER),
        wait(10),
    ),
    story(
        "StatefulSet with OnDelete",
        *create(stateful_set(replicas=1, **ON_DELETE)),
        wait(10),
        image("StatefulSet/db", NEWER),
        wait(8),
        delete("Pod/db-0"),
        wait(12),
    ),
    story(
        "StatefulSet's Pod is deleted",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        delete("Pod/db-0"),
        wait(12),
    ),
    story(
        "StatefulSet whose first Pod fails",
        *create(stateful_set(replicas=2, pods=FAILING)),
        wait(26),
    ),
    story(
        "StatefulSet with a broken image",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        image("StatefulSet/db", ABSENT),
        wait(14),
    ),
    story("StatefulSet with claims", *create(stateful_set(replicas=1, **claims("data"))), wait(10)),
    story(
        "StatefulSet with two claims a Pod",
        *create(stateful_set(replicas=1, **PARALLEL, **claims("data", "log"))),
        wait(10),
    ),
    story(
        "StatefulSet with claims that go with it",
        *create(stateful_set(replicas=1, **RETAINED, **claims("data"))),
        wait(10),
        delete("StatefulSet/db"),
        wait(12),
    ),
    story(
        "StatefulSet with an ordinal of its own",
        *create(stateful_set(replicas=2, ordinals={"start": 5}, **PARALLEL)),
        wait(12),
    ),
    story(
        "StatefulSet with minReadySeconds",
        *create(stateful_set(replicas=1, minReadySeconds=8)),
        wait(6),
        wait(12),
    ),
    story(
        "StatefulSet deleted",
        *create(stateful_set(replicas=2, **PARALLEL)),
        wait(12),
        delete("StatefulSet/db"),
        wait(12),
    ),
    story(
        "StatefulSet deleted, its Pods orphaned",
        *create(stateful_set(replicas=1)),
        wait(10),
        delete("StatefulSet/db", "Orphan"),
        wait(8),
    ),
    story(
        "StatefulSet deleted in the foreground",
        *create(stateful_set(replicas=1)),
        wait(10),
        delete("StatefulSet/db", "Foreground"),
        wait(10),
    ),
    story(
        "StatefulSet two at a time",
        *create(
            stateful_set(
                replicas=3,
                **PARALLEL,
                updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}},
            )
        ),
        wait(14),
        image("StatefulSet/db", NEWER),
        wait(25),
    ),
    # DaemonSets
    story("DaemonSet on all nodes", *create(daemon_set()), wait(12)),
    story(
        "DaemonSet on no node",
        *create(daemon_set(pods=template("agent", nodeSelector={"disk": "none"}))),
        wait(8),
    ),
    story(
        "DaemonSet on one node",
        *create(
            daemon_set(pods=template("agent", nodeSelector={"kubernetes.io/hostname": "node-2"}))
        ),
        wait(12),
    ),
    story(
        "DaemonSet leaves a node",
        *create(daemon_set()),
        wait(12),
        patch(
            "DaemonSet/agent",
            {
                "spec": {
                    "template": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "node-1"}}}
                }
            },
        ),
        wait(25),
    ),
    story(
        "DaemonSet rolls",
        *create(daemon_set()),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(30),
    ),
    story(
        "DaemonSet rolls with surge",
        *create(
            daemon_set(
                updateStrategy={
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
                }
            )
        ),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(30),
    ),
    story(
        "DaemonSet rolls all at once",
        *create(
            daemon_set(
                updateStrategy={
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": "100%"},
                }
            )
        ),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(20),
    ),
    story(
        "DaemonSet with OnDelete",
        *create(daemon_set(updateStrategy={"type": "OnDelete"})),
        wait(12),
        image("DaemonSet/agent", NEWER),
        wait(8),
    ),
    story(
        "DaemonSet with a broken image",
        *create(daemon_set()),
        wait(12),
        image("DaemonSet/agent", ABSENT),
        wait(14),
    ),
    story(
        "DaemonSet that crashes",
        *create(daemon_set(pods=template("agent", container(command="exit 1")))),
        wait(26),
    ),
    story("DaemonSet with minReadySeconds", *create(daemon_set(minReadySeconds=6)), wait(16)),
    story(
        "DaemonSet deleted", *create(daemon_set()), wait(12), delete("DaemonSet/agent"), wait(12)
    ),
    story(
        "DaemonSet deleted, its Pods orphaned",
        *create(daemon_set()),
        wait(12),
        delete("DaemonSet/agent", "Orphan"),
        wait(8),
    ),
]
