"""Kinds that the course keeps for real components: devices, drivers, runtime classes."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import ABSENT, each


def of(kind: str, version: str, **fields: Any) -> dict[str, Any]:
    """A document of a kind."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "own"}} | fields


DRA = "resource.k8s.io/v1"
REQUESTS = {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}}
NAMES = {"metadata.name": [ABSENT, "own.example", "Own"]}
BASES = {
    "RuntimeClass": of("RuntimeClass", "node.k8s.io/v1", handler="kata"),
    "CSIDriver": of("CSIDriver", "storage.k8s.io/v1", spec={}),
    "CSIStorageCapacity": of(
        "CSIStorageCapacity", "storage.k8s.io/v1", storageClassName="standard", capacity="1Gi"
    ),
    "VolumeAttachment": of(
        "VolumeAttachment",
        "storage.k8s.io/v1",
        spec={
            "attacher": "disk.example",
            "nodeName": "node-1",
            "source": {"persistentVolumeName": "data"},
        },
    ),
    "VolumeAttributesClass": of(
        "VolumeAttributesClass",
        "storage.k8s.io/v1",
        driverName="disk.example",
        parameters={"iops": "3000"},
    ),
    "DeviceClass": of("DeviceClass", DRA, spec={}),
    "DeviceTaintRule": of(
        "DeviceTaintRule",
        DRA,
        spec={"taint": {"key": "example.com/broken", "effect": "NoSchedule"}},
    ),
    "ResourceClaim": of("ResourceClaim", DRA, spec=REQUESTS),
    "ResourceClaimTemplate": of("ResourceClaimTemplate", DRA, spec={"spec": REQUESTS}),
    "ResourceSlice": of(
        "ResourceSlice",
        DRA,
        spec={
            "driver": "gpu.example",
            "nodeName": "node-1",
            "pool": {"name": "node-1", "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": "gpu-0"}],
        },
    ),
}
WRONG: dict[str, dict[str, list[Any]]] = {
    "RuntimeClass": {"handler": [ABSENT, "Kata"], "overhead": [{"podFixed": {"cpu": "100m"}}]},
    "CSIDriver": {"spec.attachRequired": [False, "no"]},
    "CSIStorageCapacity": {"capacity": ["-1"], "storageClassName": [""]},
    "VolumeAttachment": {"spec.attacher": [ABSENT, ""], "spec.source": [{}]},
    "VolumeAttributesClass": {"driverName": [ABSENT], "parameters": [{}]},
    "DeviceClass": {"spec.selectors": [[{"cel": {"expression": ""}}]]},
    "DeviceTaintRule": {"spec.taint.effect": ["Never"]},
    "ResourceClaim": {"spec.devices.requests[0].name": ["GPU"]},
    "ResourceClaimTemplate": {"spec.spec.devices.requests[0].name": ["GPU"]},
    "ResourceSlice": {"spec.driver": [ABSENT], "spec.pool.generation": [-1]},
}
CASES = [case for kind, base in BASES.items() for case in each(base, NAMES | WRONG[kind])]
