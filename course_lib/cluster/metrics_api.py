"""The metrics API: what nodes and Pods use, as metrics-server serves it to `kubectl top`.

Of a node it is the sum of its Pods here. Source: kubernetes-sigs/metrics-server
`pkg/api/{node,pod}.go`; `k8s.io/metrics/pkg/apis/metrics/v1beta1`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from course_lib.apiserver.errors import NotFound
from course_lib.apiserver.made import MadeRequest, MadeResource
from course_lib.client import Client
from course_lib.controllers import MetricsServer
from course_lib.controllers.metrics import RESOLUTION, Usage
from course_lib.engine.timestamps import timestamp
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.selectors import parse_selector

VERSION = "metrics.k8s.io/v1beta1"
READ = ("get", "list")


class MetricsAPI:
    """Answers what metrics-server has measured (`metrics`); objects are read by `api`."""

    def __init__(self, api: Client, metrics: MetricsServer) -> None:
        self._api, self._metrics = api, metrics

    @property
    def resources(self) -> tuple[MadeResource, ...]:
        """What is served: nothing where metrics-server is not installed."""
        if not self._metrics.installed:
            return ()
        return (
            MadeResource(VERSION, "NodeMetrics", "nodes", READ, self._nodes),
            MadeResource(VERSION, "PodMetrics", "pods", READ, self._pods, namespaced=True),
        )

    def _nodes(self, asked: MadeRequest) -> Document:
        if asked.name:
            node = self._api.get(Node, asked.name)
            return self._one("nodes", asked.name, self._node(node))
        found = self._api.list(Node, selector=parse_selector(asked.labels))
        return _list("NodeMetrics", [each for node in found for each in self._node(node)])

    def _node(self, node: Node) -> Iterator[Document]:
        pods = self._api.list(Pod)
        measured = [
            usage
            for pod in pods
            if pod.spec.node_name == node.name
            for usage in self._metrics.usage(pod.uid, node.name).values()
        ]
        if node.name in self._metrics.targets and len(self._metrics.scrapes()) > 1:
            total = Usage(sum(each.cpu for each in measured), sum(each.memory for each in measured))
            yield self._head("NodeMetrics", node) | {"usage": _usage(total)}

    def _pods(self, asked: MadeRequest) -> Document:
        if asked.name:
            pod = self._api.get(Pod, asked.name, asked.namespace)
            return self._one("pods", f"{asked.namespace}/{asked.name}", self._pod(pod))
        found = self._api.list(Pod, asked.namespace, parse_selector(asked.labels))
        return _list("PodMetrics", [each for pod in found for each in self._pod(pod)])

    def _pod(self, pod: Pod) -> Iterator[Document]:
        measured = self._metrics.usage(pod.uid, pod.spec.node_name)
        containers = [{"name": name, "usage": _usage(each)} for name, each in measured.items()]
        if containers:
            yield self._head("PodMetrics", pod) | {"containers": containers}

    def _one(self, plural: str, name: str, found: Iterator[Document]) -> Document:
        for each in found:
            return each
        raise NotFound(f'{plural}.metrics.k8s.io "{name}" not found')

    def _head(self, kind: str, of: Object) -> Document:
        scraped = timestamp(self._metrics.scrapes()[-1])
        meta: Document = {"name": of.name}
        meta |= {"namespace": of.namespace} if of.namespace else {}
        meta["creationTimestamp"] = timestamp(self._api.sim.now)
        meta |= {"labels": dict(of.metadata.labels)} if of.metadata.labels else {}
        head = {"kind": kind, "apiVersion": VERSION, "metadata": meta}
        return head | {"timestamp": scraped, "window": f"{RESOLUTION:.3f}s"}


def _list(kind: str, items: list[Document]) -> Document:
    head = {"kind": f"{kind}List", "apiVersion": VERSION, "metadata": {}}
    return head | {"items": items}


def _usage(usage: Usage) -> dict[str, str]:
    nano = math.ceil(usage.cpu * 1e9)
    return {"cpu": f"{nano}n" if nano else "0", "memory": f"{math.ceil(usage.memory / 1024)}Ki"}
