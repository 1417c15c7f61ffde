"""ConfigMaps, Secrets, ServiceAccounts, ControllerRevisions."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"colour": "blue"},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "key"},
    "data": {"pin": "MTIzNA=="},
}
ACCOUNT = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "robot"},
}
REVISION = {
    "apiVersion": "apps/v1",
    "kind": "ControllerRevision",
    "metadata": {"name": "db-1"},
    "data": {"spec": {"replicas": 1}},
    "revision": 1,
}
OWNER = "kubernetes.io/service-account.name"
LOGIN = "eyJhdXRocyI6e319"  # {"auths":{}}

CASES = [
    *each(
        CONFIG_MAP,
        {
            "metadata": [ABSENT, {}, None, []],
            "metadata.name": ["a.b", "a..b", "a_b", "a/b", "..", "A", 7, "c" * 253, "c" * 254],
            "metadata.generateName": ["settings-", "Settings-", ""],
            "metadata.labels": [
                {"example.com/tier": "x"},
                {"example.com/": "x"},
                {"/tier": "x"},
                {"Example.com/tier": "x"},
                {"k" * 63: "x"},
                {"k" * 64: "x"},
                {"tier": "v" * 63},
                {"tier": "v" * 64},
                {"tier": "-x"},
                {"tier": ""},
                {"tier": True},
                ["tier"],
            ],
            "metadata.annotations": [
                {"example.com/note": "any text, ü"},
                {"Example.com/note": "x"},
                {"a/b/c": "x"},
                {"note": None},
            ],
            "metadata.finalizers": [["example.com/keep"], ["keep"], [""], [
                "foregroundDeletion", "orphan"]],
            "metadata.deletionTimestamp": ["2026-01-01T00:00:00Z"],
            "metadata.creationTimestamp": ["2026-01-01T00:00:00Z", "yesterday", None],
            "metadata.resourceVersion": ["5", "x"],
            "metadata.uid": ["11111111-2222-3333-4444-555555555555"],
            "metadata.generation": [7, -1],
            "metadata.selfLink": ["/here"],
            "data": [
                ABSENT,
                None,
                {},
                {"a.b_c-D": "x"},
                {"a b": "x"},
                {"a/b": "x"},
                {"": "x"},
                {".": "x"},
                {"..": "x"},
                {"...": "x"},
                {"..a": "x"},
                {"k" * 253: "x"},
                {"k" * 254: "x"},
                {"port": 80},
                {"on": True},
                {"none": None},
                {"list": ["x"]},
                "blue",
            ],
            "binaryData": [
                {"raw": "AAEC"},
                {"raw": "AAE"},
                {"raw": "not base64!"},
                {"raw": ""},
                {"colour": "AAEC"},
            ],
            "immutable": [True, False, None, "true"],
            "spec": [{}],
        },
    ),
    *named(
        CONFIG_MAP,
        {
            "with two controllers": {
                "metadata.ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": n, "uid": n, "controller": True}
                    for n in ("a", "b")
                ],
            },
            "with an owner and a controller": {
                "metadata.ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "a"},
                    {"apiVersion": "v1", "kind": "Pod", "name": "b", "uid": "b",
                     "controller": True, "blockOwnerDeletion": True},
                ],
            },
            "with an owner of an odd version": {
                "metadata.ownerReferences": [
                    {"apiVersion": "a/b/c", "kind": "Pod", "name": "a", "uid": "a"}
                ],
            },
            "with orphan and foregroundDeletion": {
                "metadata.finalizers": ["orphan", "foregroundDeletion"],
            },
        },
    ),
    *each(
        SECRET,
        {
            "type": [
                "",
                "example.com/own",
                "kubernetes.io/tls",
                "kubernetes.io/dockerconfigjson",
                "kubernetes.io/dockercfg",
                "kubernetes.io/basic-auth",
                "kubernetes.io/ssh-auth",
                "kubernetes.io/service-account-token",
                "bootstrap.kubernetes.io/token",
                7,
            ],
            "data": [
                ABSENT,
                {"pin": ""},
                {"pin": None},
                {"pin": "MTIzNA"},
                {"pin": "1234!"},
                {"pin": "MTIz\nNA=="},
                {"a b": "MTIzNA=="},
                {"pin": 1234},
            ],
            "stringData": [
                {"word": "open"},
                {"pin": "other"},
                {"a b": "open"},
                {"word": 1},
                {"word": ""},
                {},
            ],
            "immutable": [True],
        },
    ),
    *named(
        SECRET,
        {
            "of type tls": {
                "type": "kubernetes.io/tls",
                "data": {"tls.crt": "eA==", "tls.key": "eA=="},
            },
            "of type tls without a key": {
                "type": "kubernetes.io/tls",
                "data": {"tls.crt": "eA=="},
            },
            "of type dockerconfigjson": {
                "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": LOGIN},
            },
            "of type dockerconfigjson that is no JSON": {
                "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": "bm9wZQ=="},
            },
            "of type basic-auth with a user alone": {
                "type": "kubernetes.io/basic-auth",
                "stringData": {"username": "ann"},
            },
            "of type basic-auth with a password": {
                "type": "kubernetes.io/basic-auth",
                "stringData": {"username": "ann", "password": "x"},
            },
            "of type ssh-auth with an empty key": {
                "type": "kubernetes.io/ssh-auth",
                "data": {"ssh-privatekey": ""},
            },
            "of type ssh-auth": {
                "type": "kubernetes.io/ssh-auth",
                "stringData": {"ssh-privatekey": "x"},
            },
            "of a ServiceAccount": {
                "type": "kubernetes.io/service-account-token",
                "metadata.annotations": {OWNER: "default"},
            },
            "of a ServiceAccount that is absent": {
                "type": "kubernetes.io/service-account-token",
                "metadata.annotations": {OWNER: "nobody"},
            },
        },
    ),
    *each(
        ACCOUNT,
        {
            "metadata.name": ["robot", "a.b", "Robot", "r" * 253, "r" * 254],
            "automountServiceAccountToken": [True, False, "false"],
            "imagePullSecrets": [[{"name": "login"}], ["login"], [{}], []],
            "secrets": [[{"name": "key"}], [{"kind": "Secret", "name": "key"}], ["key"]],
        },
    ),
    *each(
        REVISION,
        {
            "revision": [1, 0, -1, ABSENT, "1"],
            "data": [ABSENT, {}, None, "text", ["list"]],
        },
    ),
]  # fmt: skip
