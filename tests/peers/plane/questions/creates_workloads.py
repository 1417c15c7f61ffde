"""Deployments, ReplicaSets, ReplicationControllers: selectors, templates, strategies."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

LABELS = {"app": "shop"}
TEMPLATE = {
    "metadata": {"labels": LABELS},
    "spec": {"containers": [{"name": "web", "image": "shop:1"}]},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop"},
    "spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE},
}
REPLICA_SET = DEPLOYMENT | {"kind": "ReplicaSet"}
CONTROLLER = {
    "apiVersion": "v1",
    "kind": "ReplicationController",
    "metadata": {"name": "shop"},
    "spec": {"selector": LABELS, "template": TEMPLATE},
}
ROLLING = "spec.strategy.rollingUpdate"

CASES = [
    *each(
        DEPLOYMENT,
        {
            "metadata.name": ["shop.eu", "shop_eu", "s" * 253, "s" * 254],
            "metadata.labels": [{"tier": "front"}, {"tier": 1}, {"tier": None}],
            "metadata.annotations": [{"note": "x"}, {"a note": "x"}, {"note": 1}],
            "metadata.finalizers": [["example.com/keep"], ["keep"], ["foregroundDeletion"]],
            "metadata.ownerReferences": [
                [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "u"}],
                [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}],
                [{"apiVersion": "v1", "kind": "Event", "name": "a", "uid": "u"}],
            ],
            "metadata.namespace": ["inv", "other"],
            "spec": [ABSENT, {}],
            "spec.replicas": [0, 2**31 - 1, 2**31, -1, "3", 1.5, 2.0, None],
            "spec.minReadySeconds": [10, 599, 600, -1],
            "spec.revisionHistoryLimit": [0, -1],
            "spec.progressDeadlineSeconds": [1, 0, -1, 2**31 - 1],
            "spec.paused": [True, "true"],
            "spec.selector": [
                ABSENT,
                {},
                LABELS,
                {"matchLabels": {"app": "bank"}},
                {"matchLabels": {"app": "a b"}},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["shop"]}]},
                {"matchExpressions": [{"key": "app", "operator": "In"}]},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": []}]},
                {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["x"]}]},
                {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["shop"]}]},
                {"matchExpressions": [{"key": "", "operator": "Exists"}]},
            ],
            "spec.template": [ABSENT, {}, {"metadata": {"labels": LABELS}}],
            "spec.template.metadata": [ABSENT, {"labels": {"app": "bank"}}, {"name": "web"}],
            "spec.template.metadata.annotations": [{"a b": "x"}, {"run": 7}],
            "spec.template.spec.restartPolicy": ["Always", "Never", "OnFailure", "Sometimes"],
            "spec.template.spec.activeDeadlineSeconds": [60],
            "spec.template.spec.containers": [[], [{"name": "web"}], [{"image": "shop:1"}]],
            "spec.template.spec.initContainers": [
                [{"name": "first", "image": "tool"}],
                [{"name": "web", "image": "tool"}],
                [{"name": "beside", "image": "tool", "restartPolicy": "Always"}],
            ],
            "spec.template.containers": [[{"name": "web", "image": "shop:1"}]],
            "spec.strategy": [{}, {"type": "Recreate"}, {"type": "Canary"}, "Recreate"],
            "spec.strategy.rollingUpdate": [{}, None],
            "status": [{"replicas": 5}],
        },
    ),
    *named(
        DEPLOYMENT,
        {
            f"with maxSurge {surge!r} and maxUnavailable {share!r}": {
                f"{ROLLING}.maxSurge": surge,
                f"{ROLLING}.maxUnavailable": share,
            }
            for surge, share in (
                (1, 0),
                (0, 1),
                (0, 0),
                ("0%", "0%"),
                (0, "0%"),
                ("200%", "100%"),
                ("25%", "101%"),
                ("25", "25%"),
                ("25.5%", "25%"),
                (-1, 1),
                (1, -1),
                ("-5%", 1),
                (1, "many"),
            )
        },
    ),
    *named(
        DEPLOYMENT,
        {
            "that recreates, with a rolling update": {
                "spec.strategy.type": "Recreate",
                f"{ROLLING}.maxSurge": 1,
            },
            "with a deadline as long as its Pods must be ready": {
                "spec.minReadySeconds": 30,
                "spec.progressDeadlineSeconds": 30,
            },
            "with a deadline a second longer": {
                "spec.minReadySeconds": 30,
                "spec.progressDeadlineSeconds": 31,
            },
            "with a typing error in strategy": {"spec.stratgy": {"type": "Recreate"}},
            "with a host port and two replicas": {
                "spec.replicas": 2,
                "spec.template.spec.containers[0].ports": [{"containerPort": 80, "hostPort": 80}],
            },
            "with a name and a generateName": {"metadata.generateName": "shop-"},
            "of extensions/v1beta1": {"apiVersion": "extensions/v1beta1"},
            "of apps/v1beta2": {"apiVersion": "apps/v1beta2"},
        },
    ),
    *each(
        REPLICA_SET,
        {
            "spec": [ABSENT],
            "spec.replicas": [ABSENT, 0, -1, "3"],
            "spec.minReadySeconds": [5, -1],
            "spec.selector": [ABSENT, {}, {"matchLabels": {"app": "bank"}}],
            "spec.template": [ABSENT, {"metadata": {"labels": LABELS}, "spec": {}}],
            "spec.template.spec.restartPolicy": ["Never"],
            "spec.strategy": [{"type": "Recreate"}],
        },
    ),
    *each(
        CONTROLLER,
        {
            "spec": [ABSENT],
            "spec.replicas": [ABSENT, 0, -1],
            "spec.minReadySeconds": [5, -1],
            "spec.selector": [
                ABSENT,
                {},
                {"app": "bank"},
                {"app": "a b"},
                {"matchLabels": {"app": "shop"}},
            ],
            "spec.template": [ABSENT],
            "spec.template.metadata": [ABSENT],
            "spec.template.spec.restartPolicy": ["OnFailure"],
        },
    ),
    *named(
        CONTROLLER,
        {
            "without selector and without labels of its template": {
                "spec.selector": ABSENT,
                "spec.template.metadata": ABSENT,
            },
        },
    ),
]  # fmt: skip
