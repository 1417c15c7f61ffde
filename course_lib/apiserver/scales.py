"""The subresource `scale`: what `kubectl scale` and autoscalers see of any kind that has it.

Source: `Scale` in k8s.io/api `autoscaling/v1`; `pkg/registry/customresource/etcd.go` of
k8s.io/apiextensions-apiserver for custom kinds.
"""

from __future__ import annotations

from typing import Any

from course_lib.apiserver.errors import BadRequest
from course_lib.objects.api_types.faults import fault
from course_lib.objects.api_types.table import type_of
from course_lib.objects.field_errors import InvalidObject, invalid
from course_lib.objects.kind import Kind, Scale
from course_lib.objects.manifests import Document, value_at
from course_lib.objects.selectors import IN, Requirement
from course_lib.objects.validation.formats import NEGATIVE

SCALE = type_of("autoscaling/v1", "Scale")
_SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(kind: Kind, document: Document) -> Document:
    """The Scale of an object of a kind."""
    paths, meta = kind.scale or Scale(), document["metadata"]
    selector = value_at(document, paths.selector) if paths.selector else None
    if isinstance(selector, dict):  # a label selector; a custom kind has it as text
        selector = _text(selector)
    replicas = value_at(document, paths.replicas)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in _SHOWN if name in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": value_at(document, paths.current) or 0,
            "selector": selector or "",
        },
    }


def _text(selector: Document) -> str:
    """A label selector, or the map of a ReplicationController, as clients ask by it."""
    whole = "matchLabels" in selector or "matchExpressions" in selector
    labels = (selector.get("matchLabels") or {}) if whole else selector
    equal = [Requirement(key, IN, (value,)) for key, value in labels.items()]
    terms = [
        Requirement(term["key"], term["operator"], tuple(term.get("values") or ()), set_based=True)
        for term in (selector.get("matchExpressions") or () if whole else ())
    ]
    return ",".join(str(term) for term in sorted(equal + terms, key=lambda term: term.key))


def replicas_of(scale: Document) -> int:
    """The number of replicas that a Scale asks for.

    Raises `BadRequest` for a document that is none, and `InvalidObject` for a number below 0.
    """
    assert SCALE is not None
    if scale.get("kind", "Scale") != "Scale":
        raise BadRequest("not a Scale", where="kind", found=repr(scale["kind"])[:60])
    if misfit := fault(scale, SCALE):
        said = f'Scale in version "v1" cannot be handled as a Scale: {misfit.message}'
        raise BadRequest(said, where=misfit.path, found=repr(misfit.found)[:60])
    replicas = int((scale.get("spec") or {}).get("replicas") or 0)
    if replicas < 0:
        document = {"apiVersion": "autoscaling/v1", "kind": "Scale"} | scale
        raise InvalidObject(document, [invalid("spec.replicas", replicas, NEGATIVE)])
    return replicas


def scaled(kind: Kind, replicas: int) -> Document:
    """The merge patch that gives an object of a kind so many replicas.

    >>> scaled(Kind("example.com/v1", kind="Cache", scale=Scale("spec.size")), 3)
    {'spec': {'size': 3}}
    """
    patch: Any = replicas
    for step in reversed((kind.scale or Scale()).replicas.split(".")):
        patch = {step: patch}
    return dict(patch)
