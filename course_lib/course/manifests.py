"""The smallest manifests that exercises need: a Pod of one container, a Deployment of such Pods."""

from __future__ import annotations

from course_lib.cluster import Cluster
from course_lib.objects.manifests import Document


def pod(name: str, **container: object) -> Document:
    """A Pod of one container that is called as the Pod is."""
    main = {"name": name, "image": "busybox:1.36"} | container
    head = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}}
    return head | {"spec": {"containers": [main]}}


def container_status(cluster: Cluster, name: str) -> Document:
    """What the API says of a Pod's only container."""
    status: Document = cluster.document("pod", name)["status"]["containerStatuses"][0]
    return status


def deployment(name: str, replicas: int, **container: object) -> Document:
    """A Deployment of Pods with one container."""
    labels = {"app": name}
    main = {"name": name, "image": "nginx:1.27"} | container
    template = {"metadata": {"labels": labels}, "spec": {"containers": [main]}}
    rest = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}}
    return head | {"spec": rest}


def autoscaler_of(name: str, most: int, cpu: int) -> Document:
    """An autoscaler of a Deployment: 1 to `most` replicas, `cpu` percent of the requested CPU.

    `name` is the Deployment's, and the autoscaler's.
    """
    target = {"type": "Utilization", "averageUtilization": cpu}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    rest = {"scaleTargetRef": scaled, "minReplicas": 1, "maxReplicas": most, "metrics": [metric]}
    head = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    return head | {"metadata": {"name": name}, "spec": rest}
