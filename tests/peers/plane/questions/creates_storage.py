"""PersistentVolumes, PersistentVolumeClaims, StorageClasses, CSINodes."""

from __future__ import annotations

from tests.peers.plane.questions.tables import ABSENT, each, named

VOLUME = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "disk"},
    "spec": {
        "capacity": {"storage": "5Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/srv/disk"},
    },
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "fast"},
    "provisioner": "example.com/disk",
}
DRIVERS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "CSINode",
    "metadata": {"name": "node-7"},
    "spec": {"drivers": [{"name": "example.com", "nodeID": "seven", "topologyKeys": ["zone"]}]},
}
ON_NODE = {
    "required": {
        "nodeSelectorTerms": [
            {
                "matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}
                ]
            }
        ]
    }
}
STORAGE = "spec.resources.requests.storage"
HOSTS = "allowedTopologies[0].matchLabelExpressions"

CASES = [
    *each(
        VOLUME,
        {
            "metadata.name": ["disk.eu", "Disk", ABSENT],
            "spec": [ABSENT, {}],
            "spec.capacity": [
                ABSENT,
                {},
                {"storage": "0"},
                {"storage": "-1Gi"},
                {"storage": "5GB"},
                {"storage": "1.5Gi"},
                {"storage": "1024Mi"},
                {"storage": 5368709120},
                {"storage": "5Gi", "cpu": "1"},
            ],
            "spec.accessModes": [
                ABSENT,
                [],
                ["ReadWriteMany", "ReadOnlyMany"],
                ["ReadWriteOncePod"],
                ["ReadWriteOncePod", "ReadWriteOnce"],
                ["RWO"],
                "ReadWriteOnce",
            ],
            "spec.persistentVolumeReclaimPolicy": ["Delete", "Recycle", "", "Keep"],
            "spec.storageClassName": ["fast", "", "Fast"],
            "spec.volumeMode": ["Block", "", "Tape"],
            "spec.hostPath": [
                ABSENT,
                {},
                {"path": "/srv", "type": "Directory"},
                {"path": "/srv/../etc"},
                {"path": "/", "type": "Folder"},
                {"path": "relative"},
            ],
            "spec.nfs": [{"server": "s", "path": "/export"}],
            "spec.nodeAffinity": [ON_NODE, {}, {"required": {"nodeSelectorTerms": []}}],
            "spec.mountOptions": [["ro", "noatime"], "ro"],
            "spec.claimRef": [
                {"namespace": "inv", "name": "data"},
                {"name": "data"},
                {"namespace": "inv"},
            ],
            "status": [{"phase": "Bound"}],
        },
    ),
    *named(
        VOLUME,
        {
            "on NFS": {"spec.hostPath": ABSENT, "spec.nfs": {"server": "s", "path": "/export"}},
            "on NFS without a server": {"spec.hostPath": ABSENT, "spec.nfs": {"path": "/export"}},
            "on NFS with a relative path": {
                "spec.hostPath": ABSENT,
                "spec.nfs": {"server": "s", "path": "export"},
            },
            "of a driver": {
                "spec.hostPath": ABSENT,
                "spec.csi": {"driver": "example.com", "volumeHandle": "v7", "fsType": "ext4"},
            },
            "of a driver without a handle": {
                "spec.hostPath": ABSENT,
                "spec.csi": {"driver": "example.com"},
            },
            "local": {
                "spec.hostPath": ABSENT,
                "spec.local": {"path": "/mnt/a"},
                "spec.nodeAffinity": ON_NODE,
            },
            "local without a node": {
                "spec.hostPath": ABSENT,
                "spec.local": {"path": "/mnt/a"},
            },
            "local with a way up": {
                "spec.hostPath": ABSENT,
                "spec.local": {"path": "/mnt/../a"},
                "spec.nodeAffinity": ON_NODE,
            },
            "at / that is recycled": {
                "spec.hostPath.path": "/",
                "spec.persistentVolumeReclaimPolicy": "Recycle",
            },
            "on iSCSI with its defaults": {
                "spec.hostPath": ABSENT,
                "spec.iscsi": {"targetPortal": "203.0.113.5", "iqn": "iqn.2001-04.com.example:a",
                               "lun": 0},
            },
            "on Ceph with its defaults": {
                "spec.hostPath": ABSENT,
                "spec.rbd": {"monitors": ["m"], "image": "i"},
            },
        },
    ),
    *each(
        CLAIM,
        {
            "metadata.name": ["data.eu", "Data"],
            "metadata.annotations": [
                {"volume.beta.kubernetes.io/storage-class": "slow"},
            ],
            "spec": [ABSENT, {}],
            "spec.accessModes": [
                ABSENT,
                [],
                ["ReadOnlyMany"],
                ["ReadWriteOncePod"],
                ["ReadWriteOncePod", "ReadWriteMany"],
                ["ReadWrite"],
            ],
            "spec.resources": [ABSENT, {}, {"requests": {"cpu": "1"}}],
            STORAGE: ["0", "-1Gi", "1", "1Gb", "1500m", "1.5Gi", "1Ki", 1073741824],
            "spec.resources.limits": [{"storage": "2Gi"}, {"storage": "512Mi"}],
            "spec.storageClassName": ["fast", "", "Fast", None],
            "spec.volumeMode": ["Block", "", "Tape"],
            "spec.volumeName": ["disk"],
            "spec.selector": [
                {"matchLabels": {"tier": "a"}},
                {"matchLabels": {"tier": "a b"}},
                {"matchExpressions": [{"key": "tier", "operator": "Near", "values": ["a"]}]},
            ],
            "spec.dataSource": [
                {"kind": "PersistentVolumeClaim", "name": "old"},
                {"kind": "VolumeSnapshot", "name": "s", "apiGroup": "snapshot.storage.k8s.io"},
                {"kind": "Pod", "name": "p"},
                {"kind": "PersistentVolumeClaim"},
            ],
            "spec.dataSourceRef": [{"kind": "PersistentVolumeClaim", "name": "old"}],
            "spec.volumeAttributesClassName": ["gold", ""],
            "status": [{"phase": "Bound"}],
        },
    ),
    *each(
        CLASS,
        {
            "metadata.name": ["Fast", "fast.eu"],
            "metadata.annotations": [{"storageclass.kubernetes.io/is-default-class": "true"}],
            "provisioner": [
                ABSENT,
                "",
                "kubernetes.io/no-provisioner",
                "Example.com/Disk",
                "a b",
                "example.com/disk/7",
            ],
            "reclaimPolicy": ["Retain", "Delete", "Recycle", "", "Keep"],
            "volumeBindingMode": ["WaitForFirstConsumer", "", "Later"],
            "allowVolumeExpansion": [True, False, "yes"],
            "parameters": [{"type": "ssd"}, {"size": 5}, {"": "x"}, {}],
            "mountOptions": [["ro"]],
            "allowedTopologies": [
                [{"matchLabelExpressions": [{"key": "zone", "values": ["a", "b"]}]}],
                [],
                [{}],
            ],
            HOSTS: [
                [{"key": "zone", "values": []}],
                [{"key": "a b", "values": ["a"]}],
                [{"key": "zone", "values": ["a", "a"]}],
                [{"key": "zone", "values": ["a"]}, {"key": "zone", "values": ["b"]}],
            ],
            "spec": [{"provisioner": "example.com/disk"}],
        },
    ),
    *each(
        DRIVERS,
        {
            "spec": [ABSENT, {}],
            "spec.drivers": [[], [{"name": "example.com"}], [{"nodeID": "seven"}]],
            "spec.drivers[0].name": ["Example.com", "a b", "q" * 64],
            "spec.drivers[0].topologyKeys": [ABSENT, ["a b"], [""], ["zone", "zone"]],
            "spec.drivers[0].allocatable": [{"count": 0}, {"count": 8}, {"count": -1}, {}],
        },
    ),
    *named(
        DRIVERS,
        {
            "with a driver twice": {
                "spec.drivers": [{"name": "example.com", "nodeID": n} for n in ("a", "b")],
            },
        },
    ),
]  # fmt: skip
