"""Pods: volumes of each kind, and where containers mount them."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD, WITH_VOLUME
from tests.peers.plane.questions.tables import each, named

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
TOKEN = {"serviceAccountToken": {"path": "token"}}
ITEM = {"key": "a", "path": "a.txt"}
NAME = {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
CPU = {"path": "cpu", "resourceFieldRef": {"containerName": "web", "resource": "limits.cpu"}}
SOURCES: dict[str, list[object]] = {
    "emptyDir": [
        {}, None, {"medium": "Memory"}, {"medium": "memory"}, {"medium": "HugePages-2Mi"},
        {"sizeLimit": "1Gi"}, {"sizeLimit": "-1"}, {"sizeLimit": "much"},
    ],
    "hostPath": [
        {"path": "/var/log"}, {}, {"path": "var/log"}, {"path": "/var/../etc"},
        {"path": "/", "type": "Directory"}, {"path": "/", "type": "directory"},
    ],
    "configMap": [
        {"name": "settings"}, {}, {"name": "Settings"}, {"name": "a", "defaultMode": 511},
        {"name": "a", "defaultMode": 512}, {"name": "a", "items": [ITEM]},
        {"name": "a", "items": [{"key": "a"}]}, {"name": "a", "items": [{"path": "a"}]},
        {"name": "a", "items": [ITEM | {"path": "../a"}]},
        {"name": "a", "items": [ITEM | {"path": "/a"}]},
        {"name": "a", "items": [ITEM | {"path": "..a"}]},
        {"name": "a", "items": [ITEM | {"mode": 512}]}, {"name": "a", "items": [ITEM, ITEM]},
    ],
    "secret": [
        {"secretName": "keys"}, {}, {"secretName": "Keys"},
        {"secretName": "keys", "items": [ITEM | {"key": "a b"}]},
    ],
    "persistentVolumeClaim": [
        {"claimName": "data"}, {}, {"claimName": "data", "readOnly": True}, {"claimName": "Data"},
    ],
    "downwardAPI": [
        {}, {"items": [NAME]}, {"items": [CPU]}, {"items": [NAME | CPU]},
        {"items": [{"path": "a"}]},
        {"items": [{"path": "cpu", "resourceFieldRef": {"resource": "limits.cpu"}}]},
        {"items": [{"path": "all", "fieldRef": {"fieldPath": "metadata.labels"}}]},
        {"items": [{"path": "ip", "fieldRef": {"fieldPath": "status.podIP"}}]},
        {"items": [NAME | {"mode": 1000}]},
    ],
    "nfs": [
        {"server": "nfs.example.com", "path": "/export"}, {"server": "nfs.example.com"},
        {"server": "nfs.example.com", "path": "export"},
    ],
    "csi": [{"driver": "csi.example.com"}, {}],
    "image": [{"reference": "example.com/data:1"}, {"reference": "example.com/data"}, {}],
    "gitRepo": [{"repository": "https://example.com/r.git"}],
    "diskettes": [{}],
}  # fmt: skip
CASES = [
    case
    for kind, sources in SOURCES.items()
    for case in each(POD, {"spec.volumes[0]": [{"name": "v", kind: one} for one in sources]})
]
PROJECTED: dict[str, list[object]] = {
    "nothing": [],
    "an empty source": [{}],
    "a token": [TOKEN],
    "a token for ten minutes": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 600}}],
    "a token for less": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 599}}],
    "a token without a path": [{"serviceAccountToken": {}}],
    "two kinds in one source": [{"configMap": {"name": "a"}, "secret": {"name": "b"}}],
    "two sources": [{"configMap": {"name": "a"}}, {"secret": {"name": "b"}}],
    "a Secret of a wrong name": [{"secret": {"name": "B"}}],
    "the Pod's name": [{"downwardAPI": {"items": [NAME]}}],
    "one path of two sources": [
        {"configMap": {"name": name, "items": [ITEM]}} for name in ("a", "b")
    ],
}
CASES += named(
    POD,
    {
        f"with a projected volume of {name}": {
            "spec.volumes": [{"name": "v", "projected": {"sources": sources}}]
        }
        for name, sources in PROJECTED.items()
    }
    | {
        f"with an ephemeral volume {name}": {
            "spec.volumes": [{"name": "v", "ephemeral": ephemeral}]
        }
        for name, ephemeral in {
            "of a claim": {"volumeClaimTemplate": {"spec": CLAIM}},
            "of nothing": {},
            "of a claim without access modes": {
                "volumeClaimTemplate": {"spec": CLAIM | {"accessModes": []}}
            },
        }.items()
    },
)
CASES += each(
    POD,
    {
        "spec.volumes": [
            [], [{"name": "v"}], [{}], [{"name": "V", "emptyDir": {}}],
            [{"name": "v" * 64, "emptyDir": {}}],
            [{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}],
            [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}],
        ]
    },
)  # fmt: skip
MOUNT = {"name": "data", "mountPath": "/data"}
CASES += each(
    WITH_VOLUME,
    {
        "spec.containers[0].volumeMounts": [
            [MOUNT], [{}], [{"name": "data"}], [MOUNT | {"name": "other"}], [MOUNT, MOUNT],
            [MOUNT, MOUNT | {"mountPath": "/more"}], [MOUNT | {"mountPath": "data"}],
            [MOUNT | {"subPath": "/a"}], [MOUNT | {"subPath": "../a"}],
            [MOUNT | {"subPathExpr": "$(NAME)"}], [MOUNT | {"subPath": "a", "subPathExpr": "b"}],
            [MOUNT | {"readOnly": True, "recursiveReadOnly": "Enabled"}],
            [MOUNT | {"recursiveReadOnly": "Enabled"}],
            [MOUNT | {"readOnly": True, "recursiveReadOnly": "Maybe"}],
            [MOUNT | {"mountPropagation": "HostToContainer"}],
            [MOUNT | {"mountPropagation": "Bidirectional"}], [MOUNT | {"mountPropagation": "Both"}],
        ],
        "spec.containers[0].volumeDevices": [
            [{"name": "data", "devicePath": "/dev/xda"}], [{"name": "other", "devicePath": "/d"}],
        ],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with a block device of a claim": {
            "spec.volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}],
            "spec.containers[0].volumeDevices": [{"name": "d", "devicePath": "/dev/xda"}],
        },
        "with a block device without a path": {
            "spec.volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}],
            "spec.containers[0].volumeDevices": [{"name": "d"}],
        },
        "with a volume that is device and mount": {
            "spec.volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}],
            "spec.containers[0].volumeDevices": [{"name": "d", "devicePath": "/dev/xda"}],
            "spec.containers[0].volumeMounts": [{"name": "d", "mountPath": "/d"}],
        },
        "with a mount that a privileged container shares": {
            "spec.volumes": [{"name": "data", "emptyDir": {}}],
            "spec.containers[0].securityContext": {"privileged": True},
            "spec.containers[0].volumeMounts": [MOUNT | {"mountPropagation": "Bidirectional"}],
        },
    },
)
