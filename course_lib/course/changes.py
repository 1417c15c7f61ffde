"""Changes to a cluster, as functions that make them: the words of the list of faults."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cluster import Cluster
from course_lib.objects.manifests import Document

Change = Callable[[Cluster], None]


def container(workload: str, **change: object) -> Change:
    """Change the only container of a Deployment."""

    def breaks(cluster: Cluster) -> None:
        spec = cluster.document("deployment", workload)["spec"]["template"]["spec"]
        patched = {"containers": [spec["containers"][0] | change]}
        template(workload, **patched)(cluster)

    return breaks


def template(workload: str, **change: object) -> Change:
    """Change the Pod template of a Deployment."""

    def breaks(cluster: Cluster) -> None:
        patch = {"spec": {"template": {"spec": change}}}
        cluster.api.patch("Deployment", workload, "default", patch)

    return breaks


def volume(workload: str, name: str, **source: object) -> Change:
    """Add a volume to a Deployment, and mount it in its only container."""

    def breaks(cluster: Cluster) -> None:
        spec = cluster.document("deployment", workload)["spec"]["template"]["spec"]
        mount = {"volumeMounts": [{"name": name, "mountPath": f"/{name}"}]}
        patched = {"containers": [spec["containers"][0] | mount]}
        template(workload, volumes=[{"name": name, **source}], **patched)(cluster)

    return breaks


def service(name: str, **change: object) -> Change:
    """Change a Service."""
    return lambda cluster: cluster.api.patch("Service", name, "default", {"spec": change})


def create(kind: str, version: str, name: str, spec: Document) -> Change:
    """Add an object.

    `kind` and `version` (the apiVersion) are those of the object, `name` is in its metadata, `spec`
    is its spec.
    """
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}

    def breaks(cluster: Cluster) -> None:
        cluster.apply(document)

    return breaks


def restart(workload: str, *first: Change) -> Change:
    """Something else first, and then new Pods for all of a workload."""

    def breaks(cluster: Cluster) -> None:
        for change in first:
            change(cluster)
        for name in cluster.get("pods", selector=f"app={workload}").NAME:
            cluster.delete("pod", name)

    return breaks


def each_node(spec: Document) -> Change:
    """Change the spec of every node."""

    def breaks(cluster: Cluster) -> None:
        for name in cluster.kubelets:
            cluster.api.patch("Node", name, "", {"spec": spec})

    return breaks


def kubectl(line: str) -> Change:
    """What a `line` of kubectl does; it raises `CourseError` where that fails."""

    def change(cluster: Cluster) -> None:
        cluster.kubectl(line).checked()

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def breaks(cluster: Cluster) -> None:
        for change in changes:
            change(cluster)

    return breaks
