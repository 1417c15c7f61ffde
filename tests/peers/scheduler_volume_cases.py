"""Claims, volumes, classes and disks for cases of the volume plugins, drawn at random."""

from __future__ import annotations

import random
from typing import Any

Case = dict[str, Any]
ZONES, ZONE = ("a", "b", "c"), "topology.kubernetes.io/zone"


def claims(lots: random.Random, case: Case) -> None:
    """Claims of every kind for the Pods of the case, with their volumes and classes."""
    objects: list[Case] = []
    storage = "storage.k8s.io/v1"

    def add(version: str, kind: str, name: str, body: Case, **meta: Any) -> None:
        metadata = {"name": name} | meta
        objects.append({"apiVersion": version, "kind": kind, "metadata": metadata} | body)

    topologies = [{"matchLabelExpressions": [{"key": ZONE, "values": lots.sample(ZONES, 2)}]}]
    wait = {"volumeBindingMode": "WaitForFirstConsumer"}
    add(storage, "StorageClass", "makes", {"provisioner": "csi.example.com"} | wait)
    only = {"provisioner": "csi.example.com", "allowedTopologies": topologies}
    add(storage, "StorageClass", "zonal", only | wait)
    none = {"provisioner": "kubernetes.io/no-provisioner"}
    add(storage, "StorageClass", "static", none | wait)
    modes = ["ReadWriteOncePod"] if lots.random() < 0.2 else ["ReadWriteOnce"]
    for number in range(6):
        size = {"storage": lots.choice(["1Gi", "2Gi", "5Gi"])}
        spec: Case = {"capacity": size, "accessModes": modes, "storageClassName": "static"}
        spec["csi"] = {"driver": "csi.example.com", "volumeHandle": f"v{number}"}
        spec["volumeMode"] = "Filesystem"
        if lots.random() < 0.7:
            term = {
                "matchExpressions": [
                    {"key": ZONE, "operator": "In", "values": lots.sample(ZONES, 2)}
                ]
            }
            spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
        bound = number < 2 and lots.random() < 0.7
        labels = {ZONE: lots.choice(["a", "b__c"])} if lots.random() < 0.6 else {}
        if bound:
            spec["claimRef"] = {"name": f"claim-{number}", "namespace": "default"}
        phase = {"phase": "Bound" if bound else "Available"}
        add(
            "v1", "PersistentVolume", f"pv-{number}", {"spec": spec, "status": phase}, labels=labels
        )
        if number > 2:  # free volumes, to choose from
            continue
        cls = "static" if bound else lots.choice(["makes", "zonal", "static"])
        wants: Case = {"accessModes": modes, "storageClassName": cls, "volumeMode": "Filesystem"}
        wants["resources"] = {"requests": {"storage": lots.choice(["1Gi", "5Gi"])}}
        notes = {}
        if bound:
            wants["volumeName"] = f"pv-{number}"
            notes = {"pv.kubernetes.io/bind-completed": "yes"}
        add(
            "v1",
            "PersistentVolumeClaim",
            f"claim-{number}",
            {"spec": wants, "status": {"phase": "Bound" if bound else "Pending"}},
            namespace="default",
            annotations=notes,
        )
    for one in case["nodes"]:
        drivers = [{"name": "csi.example.com", "nodeID": "x"}]
        if lots.random() < 0.8:
            drivers[0]["allocatable"] = {"count": lots.randint(1, 2)}
        add(storage, "CSINode", one["metadata"]["name"], {"spec": {"drivers": drivers}})
    for one in [case["pod"], *case["existing_pods"]]:
        one["metadata"]["namespace"] = "default"
        names = lots.sample(range(3), lots.randint(0 if one is not case["pod"] else 1, 2))
        one["spec"]["volumes"] = [
            {"name": f"v{n}", "persistentVolumeClaim": {"claimName": f"claim-{n}"}} for n in names
        ]
    case["objects"] = objects


def disks(lots: random.Random, case: Case) -> None:
    """The same, and disks that are not claimed but named."""
    claims(lots, case)
    for one in [case["pod"], *case["existing_pods"]]:
        if lots.random() < 0.4:
            disk = {"pdName": lots.choice("xy"), "readOnly": lots.random() < 0.5}
            one["spec"]["volumes"].append({"name": "d", "gcePersistentDisk": disk})
        elif lots.random() < 0.4:
            disk = {"volumeID": lots.choice("xy")}
            one["spec"]["volumes"].append({"name": "d", "awsElasticBlockStore": disk})
