"""The subresource `scale`: what `kubectl scale` and autoscalers see of any kind that has it.

Source: `Scale` in k8s.io/api `autoscaling/v1`; `pkg/registry/customresource/etcd.go` of
k8s.io/apiextensions-apiserver for custom kinds.
"""

from __future__ import annotations

from typing import Any

from course_lib.objects.kind import Kind, Scale
from course_lib.objects.manifests import Document, value_at

_SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(kind: Kind, document: Document) -> Document:
    """The Scale of an object of a kind."""
    paths, meta = kind.scale or Scale(), document["metadata"]
    selector = value_at(document, paths.selector) if paths.selector else None
    if isinstance(selector, dict):  # a label selector; a custom kind has it as text
        labels = selector.get("matchLabels", {})
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in _SHOWN if name in meta},
        "spec": {"replicas": value_at(document, paths.replicas) or 0},
        "status": {
            "replicas": value_at(document, paths.current) or 0,
            "selector": selector or "",
        },
    }


def scaled(kind: Kind, replicas: int) -> Document:
    """The merge patch that gives an object of a kind so many replicas.

    >>> scaled(Kind("example.com/v1", kind="Cache", scale=Scale("spec.size")), 3)
    {'spec': {'size': 3}}
    """
    patch: Any = replicas
    for step in reversed((kind.scale or Scale()).replicas.split(".")):
        patch = {step: patch}
    return dict(patch)
