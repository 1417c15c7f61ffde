"""Answers to requests for resources that no store keeps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import NotAllowed
from course_lib.apiserver.made import MadeRequest, MadeResource
from course_lib.apiserver.statuses import HTTPResponse
from course_lib.apiserver.targets import steps_of
from course_lib.objects.headings import table_columns
from course_lib.objects.manifests import Document

_VERBS = {"GET": ("get", "list"), "POST": ("create",)}


class MadeTarget(msgspec.Struct, frozen=True):
    """What a path names: a resource, a namespace or all, an object or all."""

    resource: MadeResource
    namespace: str
    name: str


def made_target(path: str, resources: Sequence[MadeResource]) -> MadeTarget | None:
    """What a path names, if it is one of these resources."""
    steps = steps_of(path)
    if steps[:1] != ["apis"]:
        return None
    version, rest, namespace = "/".join(steps[1:3]), steps[3:], ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    for each in resources:
        named = each.api_version == version and rest[:1] == [each.plural] and len(rest) <= 2
        if named and (each.namespaced or not namespace):
            return MadeTarget(each, namespace, "".join(rest[1:]))
    return None


def made_answer(target: MadeTarget, request: Request, body: Document, now: float) -> HTTPResponse:
    """The answer to a request for a `target`; raises what its resource raises, or `NotAllowed`.

    `body` is that of the request, `now` the time (simulated s).
    """
    resource = target.resource
    if not set(_VERBS.get(request.method, ())) & set(resource.verbs):
        raise NotAllowed
    labels = request.text("labelSelector")
    document = resource.make(MadeRequest(target.namespace, target.name, labels, body, now))
    if request.method == "GET" and request.as_table:
        document = _table(resource, document)
    return HTTPResponse(201 if request.method == "POST" else 200, document)


def _table(resource: MadeResource, document: Document) -> Document:
    items = document.get("items", [document])
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    rows = [
        {"cells": resource.row(each), "object": partial | {"metadata": each["metadata"]}}
        for each in items
    ]
    columns = [each._asdict() for each in table_columns(resource.headings)]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}}
    return head | {"columnDefinitions": columns, "rows": rows}
