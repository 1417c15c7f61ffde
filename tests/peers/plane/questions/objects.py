"""Small objects and steps that stories are made of."""

from __future__ import annotations

from typing import Any

from tests.oracles.plane.files import Case

Document = dict[str, Any]
WEB, BOX = "nginx:1.27", "busybox:1.36"
NEWER, ABSENT = "nginx:1.28", "nginx:0.0"


def story(name: str, *steps: Document) -> Case:
    """A story: steps on a cluster of three nodes."""
    return {"name": name, "steps": list(steps)}


def create(*documents: Document) -> list[Document]:
    """A step for each document."""
    return [{"create": document} for document in documents]


def wait(seconds: float) -> Document:
    """Time passes, and then all is looked at."""
    return {"wait": seconds}


def patch(target: str, change: Document, **more: str) -> Document:
    """A merge patch of `Kind/name`, or of its `subresource`."""
    return {"patch": target, "with": change, **more}


def scale(target: str, replicas: int) -> Document:
    """Another number of replicas."""
    return patch(target, {"spec": {"replicas": replicas}})


def image(target: str, name: str, container: str = "c") -> Document:
    """Another image in the template of a workload."""
    change = {"spec": {"template": {"spec": {"containers": [{"name": container, "image": name}]}}}}
    return patch(target, change, type="application/strategic-merge-patch+json")


def delete(target: str, policy: str = "", **options: Any) -> Document:
    """The deletion of `Kind/name`, with a propagation policy."""
    return {
        "delete": target,
        "options": options | ({"propagationPolicy": policy} if policy else {}),
    }


def container(image: str = WEB, command: str = "", name: str = "c", **more: Any) -> Document:
    """A container; `command` is a line of the shell."""
    said = {"command": ["sh", "-c", command]} if command else {}
    return {"name": name, "image": BOX if command and image == WEB else image} | said | more


def pod(name: str, *containers: Document, labels: Document | None = None, **spec: Any) -> Document:
    """A Pod that ends at once when it is told to."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name} | ({"labels": labels} if labels else {}),
        "spec": pod_spec(*containers, **spec),
    }


def pod_spec(*containers: Document, **spec: Any) -> Document:
    """A Pod's specification."""
    return {
        "terminationGracePeriodSeconds": 0,
        "containers": list(containers or [container()]),
    } | spec


def template(app: str, *containers: Document, **spec: Any) -> Document:
    """A Pod template with the label `app`."""
    return {"metadata": {"labels": {"app": app}}, "spec": pod_spec(*containers, **spec)}


def _workload(kind: str, name: str, template_: Document, spec: Document) -> Document:
    group = "batch/v1" if kind == "Job" else "apps/v1"
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": name}}}
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name},
            "spec": selector | {"template": template_} | spec}  # fmt: skip


def deployment(name: str = "web", replicas: int = 2, pods: Document | None = None, **spec: Any
               ) -> Document:  # fmt: skip
    """A Deployment."""
    return _workload("Deployment", name, pods or template(name), {"replicas": replicas} | spec)


def replica_set(name: str = "web", replicas: int = 2, pods: Document | None = None) -> Document:
    """A ReplicaSet."""
    return _workload("ReplicaSet", name, pods or template(name), {"replicas": replicas})


def stateful_set(name: str = "db", replicas: int = 2, pods: Document | None = None, **spec: Any
                 ) -> Document:  # fmt: skip
    """A StatefulSet."""
    return _workload("StatefulSet", name, pods or template(name),
                     {"replicas": replicas, "serviceName": name} | spec)  # fmt: skip


def daemon_set(name: str = "agent", pods: Document | None = None, **spec: Any) -> Document:
    """A DaemonSet."""
    return _workload("DaemonSet", name, pods or template(name), spec)


def job_spec(command: str = "exit 0", restart: str = "Never", **spec: Any) -> Document:
    """A Job's specification: one container that runs a line of the shell."""
    pods = {"spec": pod_spec(container(command=command), restartPolicy=restart)}
    return {"template": pods} | spec


def job(name: str = "work", command: str = "exit 0", restart: str = "Never", **spec: Any
        ) -> Document:  # fmt: skip
    """A Job."""
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": job_spec(command, restart, **spec)}  # fmt: skip


def cron_job(name: str = "tick", schedule: str = "* * * * *", command: str = "exit 0", **spec: Any
             ) -> Document:  # fmt: skip
    """A CronJob."""
    own = {"schedule": schedule, "jobTemplate": {"spec": job_spec(command)}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
            "spec": own | spec}  # fmt: skip


def service(name: str = "web", app: str | None = "web", port: int = 80, **spec: Any) -> Document:
    """A Service for the Pods with the label `app`."""
    selector = {"selector": {"app": app}} if app else {}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": selector | {"ports": [{"port": port}]} | spec}  # fmt: skip


def thing(kind: str, name: str, version: str = "v1", **fields: Any) -> Document:
    """Any other object."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}} | fields


def budget(name: str = "web", app: str = "web", **spec: Any) -> Document:
    """A PodDisruptionBudget."""
    return thing("PodDisruptionBudget", name, "policy/v1",
                 spec={"selector": {"matchLabels": {"app": app}}} | spec)  # fmt: skip


def claim(name: str = "data", size: str = "1Gi", **spec: Any) -> Document:
    """A PersistentVolumeClaim."""
    own = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return thing("PersistentVolumeClaim", name, spec=own | spec)


def shell(command: str, name: str = "c", **more: Any) -> Document:
    """A container that runs a line of the shell."""
    return container(BOX, command, name, **more)


def affinity(kind: str, app: str) -> Document:
    """Required affinity of a `kind` (`podAffinity`, `podAntiAffinity`) to an app, by node."""
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def tells(command: str, **more: Any) -> dict[str, Any]:
    """A container whose output stands in its Pod's status, as the log of a failure."""
    return shell(f"{command}; exit 1", terminationMessagePolicy="FallbackToLogsOnError", **more)


SETTINGS = thing("ConfigMap", "settings", data={"level": "info", "size": "3"})
PASSWORD = thing("Secret", "password", stringData={"word": "abc"})
