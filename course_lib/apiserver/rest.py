"""The API server's HTTP face: a method and a path become one call, and its answer a document.

GET    /apis/apps/v1/namespaces/default/deployments/web    -> get
PATCH  /apis/apps/v1/namespaces/default/deployments/web/scale
POST   /api/v1/namespaces/default/pods/web-1/eviction

Source: kubernetes.io "Kubernetes API Concepts". Not here: server-side apply, dry runs of anything
but a creation (refused, not done), pages of lists (`limit`; all comes at once).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from course_lib.apiserver import discovery
from course_lib.apiserver.errors import APIError, NotFound
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.server import APIServer
from course_lib.apiserver.strategic import json_patch, strategic_merge
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.decode import warnings_for
from course_lib.objects.kinds import KINDS, Kind
from course_lib.objects.manifests import read_manifests
from course_lib.objects.meta import Object
from course_lib.objects.selectors import parse_field_selector, parse_selector

Document = dict[str, Any]
# Columns, each with whether only `-o wide` shows it, and rows of a kind's objects.
Rows = Callable[[str, list[Any]], tuple[Sequence[tuple[str, bool]], list[list[Any]]]]
PATCHES: dict[str, Callable[[Any, Any], Any]] = {
    "application/merge-patch+json": merge_patch,
    "application/strategic-merge-patch+json": strategic_merge,
    "application/json-patch+json": json_patch,
}


class Unsupported(APIError):
    """A kind of body that this server does not take."""

    code, reason = 415, "UnsupportedMediaType"


class NotAllowed(APIError):
    """A method that means nothing here."""

    code, reason = 405, "MethodNotAllowed"


class Request(msgspec.Struct):
    """One HTTP request; header names in lower case."""

    method: str
    path: str
    query: dict[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def as_table(self) -> bool:
        """Whether the client wants rows to print rather than objects."""
        return "as=Table" in self.headers.get("accept", "")


class Answer(msgspec.Struct):
    """What goes back; warnings travel in headers, and kubectl prints them."""

    status: int
    document: Document
    warnings: list[str] = []


class Target(msgspec.Struct, frozen=True):
    """What a path names: a kind, in one namespace or all, one object of it or all, and a part."""

    kind: Kind
    namespace: str
    name: str = ""
    part: str = ""


def target_of(path: str) -> Target:
    """Read a path.

    >>> found = target_of("/apis/apps/v1/namespaces/shop/deployments/web/scale")
    >>> found.kind.kind, found.namespace, found.name, found.part
    ('Deployment', 'shop', 'web', 'scale')
    """
    parts = [part for part in path.split("/") if part]
    version, rest = ("v1", parts[2:]) if parts[0] == "api" else ("/".join(parts[1:3]), parts[3:])
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    for kind in KINDS:
        if rest and kind.plural == rest[0] and kind.api_version == version:
            target = Target(kind, namespace, *rest[1:3])
            if len(rest) <= 3 and target.part in ("", "status", *discovery.subresources(kind)):
                return target
    raise NotFound("the server could not find the requested resource", where=path)


def _plain(cell: Any) -> Any:
    return cell if type(cell) in (int, bool) else str(cell)


class Face:
    """An API server's HTTP face, without the sockets; `rows` prints tables."""

    def __init__(self, api: APIServer, rows: Rows) -> None:
        self.api, self.rows = api, rows

    def answer(self, request: Request) -> Answer:
        """Do what is asked; a refusal is an answer too."""
        try:
            document = self._discovered(request.path)
            return Answer(200, document) if document else self._call(request)
        except CourseError as refusal:
            return refused(refusal)

    def _discovered(self, path: str) -> Document | None:
        parts = [part for part in path.split("/") if part]
        fixed: dict[str, Callable[[], Document]] = {
            "version": discovery.version,
            "apis": discovery.groups,
            "api": lambda: {"kind": "APIVersions", "versions": ["v1"]},
            "openapi/v3": discovery.openapi_index,
        }
        if made := fixed.get("/".join(parts)):
            return made()
        is_openapi = parts[:2] == ["openapi", "v3"]
        named = parts[2:] if is_openapi else parts
        group_version = "/".join(named[1:])
        if named[:1] in (["api"], ["apis"]) and group_version in discovery.group_versions():
            return (discovery.openapi if is_openapi else discovery.resources)(group_version)
        if parts[:1] in (["api"], ["apis"]):
            return None
        raise NotFound("the server could not find the requested resource", where=path)

    def _call(self, request: Request) -> Answer:
        target = target_of(request.path)
        calls = {
            "GET": self._get,
            "POST": self._post,
            "PUT": self._put,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        if request.method not in calls or (target.part and request.method == "DELETE"):
            raise NotAllowed("the server does not allow this method on the requested resource")
        if request.query.get("dryRun") and request.method != "POST":
            raise CourseError("dry runs of changes are not simulated", where=request.path)
        return calls[request.method](target, request)

    # Reading

    def _get(self, target: Target, request: Request) -> Answer:
        if not target.name:
            found = self.api.list(
                target.kind.kind,
                target.namespace,
                parse_selector(request.query.get("labelSelector", "")),
                parse_field_selector(request.query.get("fieldSelector", "")),
            )
            revision = str(self.api.store.revision)
            if request.as_table:
                return Answer(200, self.table(target.kind, found, revision))
            items = [self._document(each) for each in found]
            head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version}
            return Answer(200, head | {"metadata": {"resourceVersion": revision}, "items": items})
        document = self.api.document(target.kind.kind, target.name, target.namespace)
        if target.part == "scale":
            return Answer(200, scale_of(document))
        if request.as_table:
            found = [self.api.get(target.kind.kind, target.name, target.namespace)]
            revision = document["metadata"]["resourceVersion"]
            return Answer(200, self.table(target.kind, found, revision))
        return Answer(200, document)

    def _document(self, of: Object) -> Document:
        return self.api.document(of.kind, of.name, of.namespace)

    def table(self, kind: Kind, found: list[Any], revision: str) -> Document:
        """Objects as rows, in the columns of `kubectl get`; further ones need `-o wide`."""
        columns, rows = self.rows(kind.kind, found)
        definitions = [
            {
                "name": name.title(),
                "type": "string",
                "format": "name" if name == "NAME" else "",
                "description": name.capitalize(),
                "priority": int(wide),
            }
            for name, wide in columns
        ]
        made = [
            {
                "cells": [cell if type(cell) in (int, bool) else str(cell) for cell in cells],
                "object": self._partial(each),
            }
            for cells, each in zip(rows, found, strict=True)
        ]
        head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1"}
        meta = {"metadata": {"resourceVersion": revision}}
        return head | meta | {"columnDefinitions": definitions, "rows": made}

    def _partial(self, of: Object) -> Document:
        found = self.api.find(of.kind, of.name, of.namespace)
        meta = self._document(of)["metadata"] if found else {"name": of.name}
        kind = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return kind | {"metadata": meta}

    # Writing

    def _post(self, target: Target, request: Request) -> Answer:
        if target.part == "eviction":
            self.api.evict(self.api.get("Pod", target.name, target.namespace))
            return Answer(201, SUCCESS)
        document = read_body(request)
        if target.part == "binding":
            pod = self.api.get("Pod", target.name, target.namespace)
            self.api.bind(pod, document["target"]["name"])
            return Answer(201, SUCCESS)
        warnings = self._complete(target, document)
        if request.query.get("dryRun"):
            prepared, _, _ = self.api.prepare(document)
            return Answer(201, prepared, warnings)
        made = self.api.create(document)
        return Answer(201, self._document(made), warnings)

    def _put(self, target: Target, request: Request) -> Answer:
        document = read_body(request)
        if target.part == "scale":
            return self._scale(target, lambda _: document)
        warnings = self._complete(target, document)
        return Answer(200, self._document(self.api.update(document, target.part)), warnings)

    def _patch(self, target: Target, request: Request) -> Answer:
        written = request.headers.get("content-type", "").partition(";")[0]
        if written not in PATCHES:
            raise Unsupported(
                f"the body of the request was in an unknown format: {written}",
                expected=", ".join(PATCHES),
                do="server-side apply is not simulated; kubectl apply does without",
            )
        patch = read_patch(request.body)
        if target.part == "scale":
            return self._scale(target, lambda scale: PATCHES[written](scale, patch))
        before = self.api.document(target.kind.kind, target.name, target.namespace)
        document = PATCHES[written](before, patch)
        return Answer(200, self._document(self.api.update(document, target.part)))

    def _scale(self, target: Target, change: Callable[[Document], Document]) -> Answer:
        kind, name, namespace = target.kind.kind, target.name, target.namespace
        wanted = change(scale_of(self.api.document(kind, name, namespace)))
        spec = {"spec": {"replicas": wanted.get("spec", {}).get("replicas", 0)}}
        self.api.patch(kind, name, namespace, spec)
        return Answer(200, scale_of(self.api.document(kind, name, namespace)))

    def _complete(self, target: Target, document: Document) -> list[str]:
        """What the path says, where the document leaves it out; its warnings.

        A document that says otherwise than the path is refused.
        """
        document.setdefault("apiVersion", target.kind.api_version)
        document.setdefault("kind", target.kind.kind)
        meta = document.setdefault("metadata", {})
        said = {"kind": (target.kind.kind, document["kind"])}
        if target.kind.namespaced:
            namespace = target.namespace or "default"
            said["namespace"] = (namespace, meta.setdefault("namespace", namespace))
        if target.name:
            said["name"] = (target.name, meta.setdefault("name", target.name))
        for what, (expected, found) in said.items():
            if found != expected:
                raise CourseError(
                    f"the {what} of the object does not match the {what} on the request",
                    expected=expected,
                    found=str(found),
                )
        return warnings_for(document, target.kind)

    def _delete(self, target: Target, request: Request) -> Answer:
        options = read_body(request) if request.body else {}
        kind, name, namespace = target.kind.kind, target.name, target.namespace
        if not name:
            raise NotFound("delete objects one by one", where=request.path)
        before = self.api.document(kind, name, namespace)
        self.api.delete(
            kind,
            name,
            namespace,
            options.get("propagationPolicy") or "Background",
            options.get("gracePeriodSeconds"),
            (options.get("preconditions") or {}).get("uid") or "",
        )
        left = self.api.find(kind, name, namespace)
        if left is not None:
            return Answer(200, self._document(left))
        details = {"name": name, "kind": target.kind.plural, "uid": before["metadata"]["uid"]}
        return Answer(200, SUCCESS | {"details": details})


SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def read_body(request: Request) -> Document:
    """The one document of a body, JSON or YAML."""
    written = request.headers.get("content-type", "")
    if "protobuf" in written:
        raise Unsupported(
            "this server reads JSON and YAML",
            found=written,
            do="kubectl create ... --dry-run=client -o yaml | kubectl apply -f -",
        )
    documents = read_manifests(request.body.decode(errors="replace")) or [{}]
    if len(documents) > 1:
        raise CourseError("one object at a time", found=f"{len(documents)} documents")
    return documents[0]


def read_patch(body: bytes) -> Any:
    """A patch, which is always JSON."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as problem:
        raise CourseError("the patch is not JSON", found=str(problem)) from problem


def scale_of(document: Document) -> Document:
    """The Scale of a workload: what `kubectl scale` and autoscalers change."""
    meta = document["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = document["spec"].get("selector", {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in names if name in meta},
        "spec": {"replicas": document["spec"].get("replicas", 0)},
        "status": {
            "replicas": document.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }


def refused(refusal: CourseError) -> Answer:
    """A refusal as a Status object."""
    code, reason = 400, "BadRequest"
    if isinstance(refusal, APIError):
        code, reason = refusal.code, refusal.reason
    elif isinstance(refusal, InvalidManifest):
        code, reason = 422, "Invalid"
    parts = (refusal.where, refusal.expected and f"expected {refusal.expected}",
             refusal.found and f"found {refusal.found}", refusal.do)  # fmt: skip
    message = "; ".join([refusal.what, *(part for part in parts if part)])
    return Answer(code, failure(code, reason, message))


def failure(code: int, reason: str, message: str) -> Document:
    """A Status that says no."""
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return head | {"message": message, "reason": reason, "code": code}
