"""Objects as rows: the columns of `kubectl get`, as the API server prints them.

Source: kubernetes.io "Kubernetes API Concepts", "Receiving resources as Tables"; `asTable` in
`pkg/endpoints/handlers/response.go` of k8s.io/apiserver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest
from course_lib.objects.columns import printed
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod.spec import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object

NOTHING, METADATA, OBJECT = "None", "Metadata", "Object"  # what a row says beside its cells
_ENDED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}
_PARTIAL = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}


def included(request: Request) -> str:
    """What each row is to have of its object (`includeObject`); raises `BadRequest`."""
    asked = request.text("includeObject") or METADATA
    if asked not in (NOTHING, METADATA, OBJECT):
        raise BadRequest(f'unrecognized includeObject value: "{asked}"')
    return asked


def table_of(
    kind: Kind,
    found: Sequence[Any],
    now: float,
    revision: str,
    document: Callable[[Object], Document],
    include: str = METADATA,
    listed: bool = True,
) -> Document:
    """Objects as rows; further columns than those of `kubectl get` need `-o wide`.

    The descriptions of built-in columns are their names, and not the sentences of the API's
    documentation.

    `kind` has the columns, `found` are its objects at the simulated second `now`, `revision` is
    that of the list, `document` gives an object whole, `include` says what of it a row has.
    `listed` is False where the one object is asked for.
    """
    columns, rows = printed(kind, list(found), now, listed)
    definitions = [column._asdict() for column in columns]
    made = [
        {
            "cells": [_plain(cell) for cell in cells],
            "object": _object(document(each), include) if include != NOTHING else None,
            **_state(each),
        }
        for cells, each in zip(rows, found, strict=True)
    ]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}
    meta = {"metadata": {"resourceVersion": revision}}
    return head | meta | {"columnDefinitions": definitions, "rows": made}


def _object(document: Document, include: str) -> Document:
    return document if include == OBJECT else _PARTIAL | {"metadata": document["metadata"]}


def _plain(cell: Any) -> Any:
    return cell if cell is None or type(cell) in (int, float, bool) else str(cell)


def _state(view: Object) -> Document:
    """What is said of a row beside its cells: that a Pod has ended (`printPod`)."""
    if not isinstance(view, Pod) or view.status.phase not in _ENDED:
        return {}
    head = {"type": "Completed", "status": "True", "reason": view.status.phase}
    return {"conditions": [head | {"message": _ENDED[view.status.phase]}]}
