"""Kubernetes: the scheduler of chapter 04, given Pods and nodes without a cluster around them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import yaml

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document, Source
from course_lib.orchestrators.model import ZONE, Engine, Machine, Placed, Workload, task_names
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import default_framework, frameworks
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.selection import decide


class Kubernetes(Engine):
    """kube-scheduler with one profile: the default one, or the first of a configuration."""

    name = "Kubernetes"
    calls_it = "Deployment"

    def __init__(self, configuration: Source | None = None) -> None:
        made = frameworks(configuration) if configuration else [default_framework()]
        self.framework: SchedulingFramework = made[0]

    def words(self, workload: Workload) -> str:
        """A Deployment."""
        labels = {"app": workload.name}
        document = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": workload.name},
            "spec": {
                "replicas": workload.count,
                "selector": {"matchLabels": dict(labels)},
                "template": {"metadata": {"labels": dict(labels)}, "spec": pod_spec(workload)},
            },
        }
        text: str = yaml.safe_dump(document, sort_keys=False)
        return text

    def place(
        self, workloads: Sequence[Workload], machines: Sequence[Machine], rng: random.Random
    ) -> list[Placed]:
        """Pod by Pod."""
        nodes = Nodes([node(machine) for machine in machines])
        placed = []
        for workload in workloads:
            for name in task_names(workload):
                pod = pod_info(name, workload)
                row, diagnosis = decide(self.framework, pod, nodes, rng)
                if diagnosis is not None:
                    placed.append(Placed(name, "", diagnosis.message()))
                else:
                    nodes.add(pod, nodes.names[row])
                    why = "the highest sum of the plugins' scores"
                    placed.append(Placed(name, nodes.names[row], why))
        return placed


def node(machine: Machine) -> Node:
    """A machine as a Node."""
    labels = {"kubernetes.io/hostname": machine.name} | {
        "topology.kubernetes.io/zone" if key == ZONE else key: value
        for key, value in machine.labels.items()
    }
    given = {"cpu": f"{machine.cpu}m", "memory": f"{machine.memory}Mi", "pods": "110"}
    document = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": machine.name, "labels": labels},
        "status": {"allocatable": given},
    }
    view = decode(document, kind_named("Node"))
    assert isinstance(view, Node)
    return view


def pod_info(name: str, workload: Workload) -> PodInfo:
    """A task as a Pod."""
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": workload.name}},
        "spec": pod_spec(workload),
    }
    view = decode(document, kind_named("Pod"))
    assert isinstance(view, Pod)
    return PodInfo.of(view)


def pod_spec(workload: Workload) -> Document:
    """Requests, and the placement rules in Kubernetes' words."""
    requests = {"cpu": f"{workload.cpu}m", "memory": f"{workload.memory}Mi"}
    container: Document = {"name": "main", "image": f"course/{workload.name}"}
    spec: Document = {"containers": [container | {"resources": {"requests": requests}}]}
    if workload.only_on:
        spec["nodeSelector"] = dict(workload.only_on)
    if workload.apart:
        term: Document = {"topologyKey": "kubernetes.io/hostname"} | like(workload)
        required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        spec["affinity"] = {"podAntiAffinity": required}
    if workload.zones:
        rule: Document = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone"}
        rule |= {"whenUnsatisfiable": "DoNotSchedule"} | like(workload)
        spec["topologySpreadConstraints"] = [rule]
    return spec


def like(workload: Workload) -> Document:
    """The Pods of a workload."""
    return {"labelSelector": {"matchLabels": {"app": workload.name}}}
