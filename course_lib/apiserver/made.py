"""Resources that no store keeps: each answer is made as it is asked for.

So are the reviews of `authorization.k8s.io`, and what metrics-server serves behind the API server.
Source: kubernetes.io "Kubernetes API Aggregation Layer"; `pkg/registry/authorization` of
k8s.io/kubernetes, whose storages only create.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.objects.manifests import Document


class MadeRequest(msgspec.Struct, frozen=True):
    """What is asked: of which namespace and name, with which selector of labels, and the body.

    `now` is when (simulated s).
    """

    namespace: str
    name: str
    labels: str
    body: Document
    now: float


class MadeResource(msgspec.Struct, frozen=True, eq=False):
    """A resource by its names; `make` makes an answer: an object, or a list of them.

    `row` gives the cells of an object below `headings` for clients that want tables.
    """

    api_version: str
    kind: str
    plural: str
    verbs: tuple[str, ...]
    make: Callable[[MadeRequest], Document]
    namespaced: bool = False
    headings: str = "Name"
    row: Callable[[Document], list[object]] = lambda each: [each["metadata"]["name"]]
