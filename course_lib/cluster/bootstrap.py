"""What a fresh cluster comes with, as kubeadm and Minikube leave it.

Source: kubernetes.io "Namespaces", "Pod Priority"; Minikube's `standard` storage class.
"""

from __future__ import annotations

from course_lib.apiserver.admission import SYSTEM_PRIORITIES
from course_lib.client import Client
from course_lib.objects.kinds.lease import NODE_LEASES
from course_lib.objects.kinds.storage_class import DEFAULT_CLASS
from course_lib.objects.manifests import Document

NAMESPACES = ("default", "kube-system", "kube-public", NODE_LEASES)


def furnish(api: Client) -> None:
    """Create the namespaces, priorities, storage class and Service that every cluster has."""
    for name in NAMESPACES:
        api.create(_object("v1", "Namespace", name))
    for name, value in SYSTEM_PRIORITIES.items():
        api.create(_object("scheduling.k8s.io/v1", "PriorityClass", name) | {"value": value})
    standard = _object("storage.k8s.io/v1", "StorageClass", "standard")
    standard["metadata"]["annotations"] = {DEFAULT_CLASS: "true"}
    api.create(standard | {"provisioner": "k8s.io/minikube-hostpath"})
    port = {"name": "https", "port": 443, "targetPort": 8443}
    service = _object("v1", "Service", "kubernetes")
    api.create(service | {"spec": {"clusterIP": "10.96.0.1", "ports": [port]}})


def _object(api_version: str, kind: str, name: str) -> Document:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
