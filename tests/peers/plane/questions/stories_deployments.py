"""Deployments and ReplicaSets: rollouts, scaling, pauses, failures, adoption."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    ABSENT,
    NEWER,
    WEB,
    container,
    create,
    delete,
    deployment,
    image,
    patch,
    pod,
    replica_set,
    scale,
    story,
    template,
    wait,
)

NEVER_READY = template("web", container(command="sleep 999", readinessProbe={
    "exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 5}))  # fmt: skip
CRASHING = template("web", container(command="exit 3"))


def rolling(surge: object, unavailable: object) -> dict[str, object]:
    return {"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}  # fmt: skip


CASES = [
    story("Deployment of two replicas", *create(deployment()), wait(15)),
    story("Deployment of no replicas", *create(deployment(replicas=0)), wait(8)),
    story(
        "Deployment scaled up",
        *create(deployment()),
        wait(12),
        scale("Deployment/web", 5),
        wait(12),
    ),
    story(
        "Deployment scaled down",
        *create(deployment(replicas=4)),
        wait(12),
        scale("Deployment/web", 1),
        wait(12),
    ),
    story(
        "Deployment scaled to zero",
        *create(deployment()),
        wait(12),
        scale("Deployment/web", 0),
        wait(12),
    ),
    story(
        "Deployment scaled by its subresource",
        *create(deployment()),
        wait(10),
        patch("Deployment/web", {"spec": {"replicas": 3}}, subresource="scale"),
        wait(12),
    ),
    story(
        "Deployment rolls to another image",
        *create(deployment(replicas=1)),
        wait(12),
        image("Deployment/web", NEWER),
        wait(20),
    ),
    story(
        "Deployment of three rolls one by one",
        *create(deployment(replicas=3, strategy=rolling(1, 0))),
        wait(12),
        image("Deployment/web", NEWER),
        wait(30),
    ),
    story(
        "Deployment without surge",
        *create(deployment(replicas=2, strategy=rolling(0, 1))),
        wait(12),
        image("Deployment/web", NEWER),
        wait(25),
    ),
    story(
        "Deployment with Recreate",
        *create(deployment(strategy={"type": "Recreate"})),
        wait(12),
        image("Deployment/web", NEWER),
        wait(20),
    ),
    story(
        "Deployment rolls back",
        *create(deployment(replicas=1)),
        wait(10),
        image("Deployment/web", NEWER),
        wait(15),
        image("Deployment/web", WEB),
        wait(15),
    ),
    story(
        "Deployment with an image that is not there",
        *create(deployment(replicas=1)),
        wait(10),
        image("Deployment/web", ABSENT),
        wait(14),
    ),
    story("Deployment that is never ready", *create(deployment(pods=NEVER_READY)), wait(14)),
    story(
        "Deployment that misses its deadline",
        *create(deployment(replicas=1, pods=NEVER_READY, progressDeadlineSeconds=5)),
        wait(14),
    ),
    story(
        "Deployment that recovers after its deadline",
        *create(deployment(replicas=1, pods=NEVER_READY, progressDeadlineSeconds=5)),
        wait(10),
        patch("Deployment/web", {"spec": {"template": {"spec": {"containers": [container()]}}}}),
        wait(14),
    ),
    story(
        "Deployment of a crashing container",
        *create(deployment(replicas=1, pods=CRASHING)),
        wait(26),
    ),
    story(
        "Deployment with minReadySeconds",
        *create(deployment(replicas=1, minReadySeconds=10)),
        wait(8),
        wait(14),
    ),
    story(
        "Deployment is paused",
        *create(deployment(replicas=1)),
        wait(10),
        patch("Deployment/web", {"spec": {"paused": True}}),
        image("Deployment/web", NEWER),
        wait(8),
        patch("Deployment/web", {"spec": {"paused": False}}),
        wait(15),
    ),
    story("Deployment is created paused", *create(deployment(paused=True)), wait(8)),
    story(
        "Deployment scaled while paused",
        *create(deployment(replicas=1)),
        wait(8),
        patch("Deployment/web", {"spec": {"paused": True, "replicas": 3}}),
        wait(10),
    ),
    story(
        "Deployment keeps no old ReplicaSet",
        *create(deployment(replicas=1, revisionHistoryLimit=0)),
        wait(10),
        image("Deployment/web", NEWER),
        wait(18),
    ),
    story(
        "Deployment keeps one old ReplicaSet",
        *create(deployment(replicas=1, revisionHistoryLimit=1)),
        wait(8),
        image("Deployment/web", NEWER),
        wait(14),
        image("Deployment/web", "nginx:1.26"),
        wait(14),
    ),
    story(
        "Deployment restarted",
        *create(deployment(replicas=1)),
        wait(10),
        patch(
            "Deployment/web",
            {
                "spec": {
                    "template": {
                        "metadata": {
                            "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01"}
                        }
                    }
                }
            },
        ),
        wait(15),
    ),
    story(
        "Deployment with a change of labels only",
        *create(deployment(replicas=1)),
        wait(10),
        patch(
            "Deployment/web",
            {"metadata": {"labels": {"tier": "front"}, "annotations": {"note": "x"}}},
        ),
        wait(6),
    ),
    story(
        "Deployment with two containers",
        *create(
            deployment(
                replicas=1,
                pods=template("web", container(), container(name="d", command="sleep 999")),
            )
        ),
        wait(14),
    ),
    story(
        "Deployment deleted in the background",
        *create(deployment()),
        wait(10),
        delete("Deployment/web"),
        wait(12),
    ),
    story(
        "Deployment deleted in the foreground",
        *create(deployment()),
        wait(10),
        delete("Deployment/web", "Foreground"),
        wait(12),
    ),
    story(
        "Deployment deleted, its ReplicaSet orphaned",
        *create(deployment()),
        wait(10),
        delete("Deployment/web", "Orphan"),
        wait(10),
    ),
    story(
        "Deployment adopts an orphaned ReplicaSet",
        *create(deployment()),
        wait(10),
        delete("Deployment/web", "Orphan"),
        wait(6),
        *create(deployment()),
        wait(10),
    ),
    story(
        "Deployment with a Pod that cannot be placed",
        *create(deployment(replicas=1, pods=template("web", nodeSelector={"disk": "none"}))),
        wait(8),
    ),
    story("ReplicaSet of two", *create(replica_set()), wait(12)),
    story(
        "ReplicaSet scaled",
        *create(replica_set(replicas=1)),
        wait(10),
        scale("ReplicaSet/web", 3),
        wait(10),
        scale("ReplicaSet/web", 0),
        wait(8),
    ),
    story(
        "ReplicaSet adopts a Pod",
        *create(pod("alone", labels={"app": "web"})),
        wait(10),
        *create(replica_set(replicas=2)),
        wait(10),
    ),
    story(
        "ReplicaSet deletes a Pod too many",
        *create(pod("alone", labels={"app": "web"})),
        wait(10),
        *create(replica_set(replicas=0)),
        wait(8),
    ),
    story(
        "ReplicaSet releases a Pod",
        *create(pod("alone", labels={"app": "web"}), replica_set(replicas=1)),
        wait(10),
        patch("Pod/alone", {"metadata": {"labels": {"app": "other"}}}),
        wait(10),
    ),
    story(
        "ReplicaSet with another image for new Pods only",
        *create(replica_set(replicas=1)),
        wait(8),
        image("ReplicaSet/web", NEWER),
        scale("ReplicaSet/web", 2),
        wait(10),
    ),
    story(
        "ReplicaSet deleted, its Pods orphaned",
        *create(replica_set(replicas=1)),
        wait(8),
        delete("ReplicaSet/web", "Orphan"),
        wait(6),
    ),
    story(
        "ReplicaSet with minReadySeconds",
        *create(
            replica_set(replicas=1)
            | {"spec": replica_set(replicas=1)["spec"] | {"minReadySeconds": 5}}
        ),
        wait(14),
    ),
    story(
        "two Deployments side by side", *create(deployment("a", 1), deployment("b", 1)), wait(12)
    ),
]
