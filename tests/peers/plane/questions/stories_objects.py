"""Deletion, autoscaling without metrics, configuration, and nodes that fall silent."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    affinity,
    container,
    create,
    daemon_set,
    delete,
    deployment,
    job,
    patch,
    pod,
    replica_set,
    scale,
    story,
    template,
    thing,
    wait,
)

TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{name}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 8,
    }
    for name in ("not-ready", "unreachable")
]


def autoscaler(**spec: object) -> dict[str, object]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return thing("HorizontalPodAutoscaler", "web", "autoscaling/v2",
                 spec={"scaleTargetRef": target, "maxReplicas": 3} | spec)  # fmt: skip


CPU = {"metrics": [{"type": "Resource", "resource": {
    "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}  # fmt: skip


CASES = [
    # Deletion and owners
    story("Pod deleted", *create(pod("a")), wait(10), delete("Pod/a"), wait(6)),
    story(
        "Pod deleted at once",
        *create(pod("a", container(command="sleep 99"))),
        wait(10),
        delete("Pod/a", gracePeriodSeconds=0),
        wait(4),
    ),
    story(
        "Pod with a finalizer deleted",
        *create(pod("a") | {"metadata": {"name": "a", "finalizers": ["course.example/keep"]}}),
        wait(10),
        delete("Pod/a"),
        wait(6),
        patch("Pod/a", {"metadata": {"finalizers": None}}),
        wait(4),
    ),
    story(
        "ConfigMap with a finalizer deleted",
        *create(
            thing("ConfigMap", "a")
            | {"metadata": {"name": "a", "finalizers": ["course.example/keep"]}}
        ),
        delete("ConfigMap/a"),
        wait(2),
        patch("ConfigMap/a", {"metadata": {"finalizers": []}}),
        wait(2),
    ),
    story(
        "deletion of what is not there",
        delete("ConfigMap/none"),
        delete("Deployment/none"),
        wait(1),
    ),
    story(
        "deletion with a wrong UID",
        *create(thing("ConfigMap", "a")),
        delete("ConfigMap/a", preconditions={"uid": "00000000-0000-0000-0000-000000000000"}),
        wait(1),
    ),
    story(
        "Pod that runs to its end",
        *create(pod("a", container(command="sleep 2"), restartPolicy="Never")),
        wait(14),
    ),
    story(
        "creation of what is there",
        *create(thing("ConfigMap", "a"), thing("ConfigMap", "a")),
        wait(1),
    ),
    # Autoscaling, without a metrics server
    story(
        "autoscaler without metrics", *create(deployment(replicas=1), autoscaler(**CPU)), wait(26)
    ),
    story("autoscaler of nothing", *create(autoscaler(**CPU)), wait(20)),
    story(
        "autoscaler of a Deployment at zero",
        *create(deployment(replicas=0), autoscaler(**CPU)),
        wait(20),
    ),
    story(
        "autoscaler with a minimum above",
        *create(deployment(replicas=1), autoscaler(minReplicas=2, **CPU)),
        wait(28),
    ),
    story(
        "autoscaler with a maximum below",
        *create(deployment(replicas=4), autoscaler(**CPU)),
        wait(28),
    ),
    # Configuration
    story(
        "ConfigMap changed",
        *create(thing("ConfigMap", "a", data={"k": "1"})),
        patch("ConfigMap/a", {"data": {"k": "2"}}),
        wait(1),
    ),
    story(
        "ConfigMap that may not change",
        *create(thing("ConfigMap", "a", data={"k": "1"}, immutable=True)),
        patch("ConfigMap/a", {"data": {"k": "2"}}),
        wait(1),
    ),
    story("Secret of text", *create(thing("Secret", "a", stringData={"k": "v"})), wait(1)),
    story("ServiceAccount with a token Secret", *create(thing("ServiceAccount", "robot")), wait(2)),
    story(
        "Pod with a ServiceAccount that is not there",
        *create(pod("a", serviceAccountName="none")),
        wait(2),
    ),
    story(
        "ReplicaSet with a ServiceAccount that is not there",
        *create(replica_set(replicas=1, pods=template("web", serviceAccountName="none"))),
        wait(6),
    ),
    story(
        "ReplicationController of two",
        *create(
            thing(
                "ReplicationController",
                "rc",
                spec={"replicas": 2, "selector": {"app": "rc"}, "template": template("rc")},
            )
        ),
        wait(12),
    ),
    story(
        "ReplicationController scaled",
        *create(
            thing(
                "ReplicationController",
                "rc",
                spec={"replicas": 1, "selector": {"app": "rc"}, "template": template("rc")},
            )
        ),
        wait(10),
        scale("ReplicationController/rc", 2),
        wait(10),
    ),
    # Nodes
    story(
        "node falls silent under a Pod",
        *create(pod("a", nodeName="node-3", tolerations=TOLERATIONS)),
        wait(10),
        {"stop": "node-3"},
        wait(75),
        {"start": "node-3"},
        wait(15),
    ),
    story(
        "node falls silent under a Deployment",
        *create(
            deployment(
                replicas=3,
                pods=template("web", tolerations=TOLERATIONS, **affinity("podAntiAffinity", "web")),
            )
        ),
        wait(14),
        {"stop": "node-3"},
        wait(75),
        {"start": "node-3"},
        wait(20),
    ),
    story(
        "node falls silent under a DaemonSet",
        *create(daemon_set()),
        wait(12),
        {"stop": "node-2"},
        wait(60),
        {"start": "node-2"},
        wait(20),
    ),
    story(
        "node falls silent under a Job",
        *create(job(command="sleep 300")),
        wait(8),
        {"stop": "node-1"},
        wait(10),
        {"start": "node-1"},
        wait(10),
    ),
]
