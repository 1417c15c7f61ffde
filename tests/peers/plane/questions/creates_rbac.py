"""Roles, ClusterRoles and their bindings."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

READ = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "reader"},
    "rules": [READ],
}
CLUSTER_ROLE = ROLE | {"kind": "ClusterRole"}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "ann-reads"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}],
}
CLUSTER_BINDING = BINDING | {
    "kind": "ClusterRoleBinding",
    "roleRef": BINDING["roleRef"] | {"kind": "ClusterRole"},
}
HEALTH = {"nonResourceURLs": ["/healthz"], "verbs": ["get"]}
ROBOT = {"kind": "ServiceAccount", "name": "robot", "namespace": "inv"}

CASES = [
    *each(
        ROLE,
        {
            "metadata.name": ["Reader", "system:reader", "a b", "a/b", "a%b", ".", "..", ""],
            "rules": [ABSENT, None, [], [HEALTH], [READ | HEALTH], {}],
            "rules[0].verbs": [ABSENT, [], ["*"], [""], "get"],
            "rules[0].apiGroups": [ABSENT, [], ["apps", ""], ["*"]],
            "rules[0].resources": [ABSENT, [], ["pods/log"], ["*"], ["nothing"]],
            "rules[0].resourceNames": [["web"], []],
            "aggregationRule": [{"clusterRoleSelectors": [{}]}],
        },
    ),
    *each(
        CLUSTER_ROLE,
        {
            "rules": [
                ABSENT,
                [HEALTH],
                [HEALTH | {"nonResourceURLs": ["/healthz/*"]}],
                [HEALTH | {"nonResourceURLs": ["healthz"]}],
                [HEALTH | {"nonResourceURLs": ["/a*b"]}],
                [HEALTH | {"nonResourceURLs": ["*"]}],
                [READ | HEALTH],
                [{"verbs": ["get"]}],
            ],
            "aggregationRule": [
                {"clusterRoleSelectors": [{"matchLabels": {"part": "x"}}]},
                {"clusterRoleSelectors": [{}]},
                {"clusterRoleSelectors": []},
                {},
                {"clusterRoleSelectors": [{"matchLabels": {"part": "x y"}}]},
            ],
        },
    ),
    *each(
        BINDING,
        {
            "metadata.name": ["system:ann", "a/b"],
            "roleRef": [ABSENT, {}, {"kind": "Role", "name": "reader"}],
            "roleRef.kind": ["ClusterRole", "Group", "role"],
            "roleRef.apiGroup": ["", "apps", ABSENT],
            "roleRef.name": ["", "a/b", "absent"],
            "subjects": [
                ABSENT,
                [],
                [{}],
                [ROBOT],
                [{"kind": "ServiceAccount", "name": "robot"}],
                [ROBOT | {"apiGroup": "rbac.authorization.k8s.io"}],
                [ROBOT | {"name": "Robot"}],
                [{"kind": "User", "name": "ann"}],
                [{"kind": "Group", "name": "system:masters"}],
                [{"kind": "Group", "name": "g", "apiGroup": "apps"}],
                [{"kind": "User"}],
                [{"kind": "Person", "name": "ann"}],
                [{"kind": "User", "name": "ann", "namespace": "inv"}],
            ],
        },
    ),
    *each(
        CLUSTER_BINDING,
        {
            "roleRef.kind": ["ClusterRole", "Role"],
            "subjects": [[ROBOT], [{"kind": "ServiceAccount", "name": "robot"}]],
        },
    ),
    *named(
        ROLE,
        {
            "of rbac.authorization.k8s.io/v1beta1": {
                "apiVersion": "rbac.authorization.k8s.io/v1beta1"
            },
        },
    ),
]  # fmt: skip
