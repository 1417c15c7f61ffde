"""How a case is put to a control plane: to the real one and to the course's in the same way."""

from __future__ import annotations

import json
from typing import Any, Protocol

from course_lib.objects.kinds import kind_named
from tests.oracles.plane.files import Case
from tests.oracles.plane.normal import (
    Document,
    Scope,
    cell,
    changes,
    everywhere,
    snapshot,
    stored,
    without_allocated,
)

NAMESPACE = "inv"
JSON = "application/json"
MERGE = "application/merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
NOTICED = 0.5  # s until the plugins of an API server know of a change
# What a story looks at; Pods and Events at once, since a look takes time. Not the objects that each
# namespace gets, nor Leases of nodes.
SEEN = (
    "Pod", "Event", "Service", "Endpoints", "EndpointSlice", "ConfigMap", "Secret",
    "ServiceAccount",
    "PersistentVolumeClaim", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet",
    "ControllerRevision", "Job", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    "ResourceQuota", "LimitRange", "ReplicationController",
)  # fmt: skip
NODES = ("node-1", "node-2", "node-3")
PULLED = 120  # s that the images of a node may take
IMAGES = ("nginx:1.26", "nginx:1.27", "nginx:1.28", "busybox:1.36")
CLASS = {  # the default class of the stories: nobody provisions for it
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "course.example/none",
    "volumeBindingMode": "WaitForFirstConsumer",
}
GIVEN = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}


class Response(Protocol):
    """What a server answers: the code, a document, and warnings."""

    status: int
    document: Document
    warnings: list[str]


class Plane(Protocol):
    """A control plane that can be asked."""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        media_type: str = "",
        accept: str = JSON,
    ) -> Response:
        """One HTTP request; `path` without the query. A body that is text is sent as it is."""

    def wait(self, seconds: float) -> None:
        """Let time pass: real or simulated."""

    def power(self, node: str, on: bool) -> None:
        """Stop or start the kubelet of a node."""


def path_of(document: Document, namespace: str, name: str = "", part: str = "") -> str:
    """Where a document is sent to: its kind's path; a kind is found by its name alone."""
    kind = kind_named(document["kind"])
    version = document.get("apiVersion") or kind.api_version
    root = "/apis" if "/" in version else "/api"
    inside = f"/namespaces/{namespace}" if kind.namespaced else ""
    tail = "".join(f"/{each}" for each in (name, part) if each)
    return f"{root}/{version}{inside}/{kind.plural}{tail}"


def refusal(answer: Response, scope: Scope) -> Case:
    """A refusal as it is stored."""
    status = answer.document
    told = {"code": answer.status, "reason": status.get("reason", ""),
            "message": status.get("message", "")}  # fmt: skip
    causes = (status.get("details") or {}).get("causes")
    warned = {"warnings": answer.warnings} if answer.warnings else {}
    result: Case = everywhere(told | ({"causes": causes} if causes else {}) | warned, scope)
    return result


def must(plane: Plane, method: str, path: str, body: Any = None, **how: str) -> Document:
    """A request that prepares a case."""
    answer = plane.ask(method, path, body, **how)
    if answer.status >= 300 and answer.document.get("reason") != "AlreadyExists":
        raise AssertionError(f"{method} {path}: {answer.document.get('message')}")
    return answer.document


def _given(plane: Plane, documents: list[Document]) -> list[str]:
    """Create the objects that a case needs, each in its own namespace or in that of the cases."""
    paths = []
    for each in documents:
        namespace = each["metadata"].get("namespace", NAMESPACE)
        must(plane, "POST", path_of(each, namespace), each)
        paths.append(path_of(each, namespace, each["metadata"]["name"]))
        if "status" in each:
            status = {"status": each["status"]}
            must(plane, "PATCH", paths[-1] + "/status", status, media_type=MERGE)
    return paths


def _remove(plane: Plane, paths: list[str]) -> None:
    for path in reversed(paths):
        plane.ask("PATCH", path, {"metadata": {"finalizers": None}}, media_type=MERGE)
        plane.ask("DELETE", path, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
        while "customresourcedefinitions" in path and plane.ask("GET", path).status == 200:
            plane.wait(0.1)  # it goes when its objects are gone, and its name is free then


def ask_create(plane: Plane, case: Case) -> Case:
    """The answer to a document: what is stored of it, or why it is refused.

    A case may have `given`, documents that exist before, a `path` where it is sent to, a `query`
    beside `dryRun`, and a `text` that is sent in place of the document.
    """
    paths = _given(plane, case.get("given", []))
    if paths:
        plane.wait(NOTICED)
    document = case["document"]
    path = case.get("path") or path_of(document, NAMESPACE)
    query = "&".join(["dryRun=All", *([case["query"]] if "query" in case else [])])
    answer = plane.ask("POST", path, case.get("text", document), query)
    _remove(plane, paths)
    if paths:
        plane.wait(NOTICED)
    if answer.status != 201:
        return refusal(answer, Scope(case.get("text") or json.dumps(document, ensure_ascii=False)))
    added, gone = stored(document, answer.document)
    told: Case = {"code": 201, "adds": added}
    told |= {"drops": gone} if gone else {}
    return told | ({"warnings": answer.warnings} if answer.warnings else {})


def ask_update(plane: Plane, case: Case) -> Case:
    """The answer to a patch of an object, which is created first: what changes, or the refusal.

    `contentType` is the patch's; `subresource` the part that is patched. With the `method` PUT the
    patch is a whole document, which replaces the object. `before` are merge patches of parts that
    prepare it.
    """
    paths = _given(plane, [*case.get("given", []), case["object"]])
    for part, patch in case.get("before", []):
        must(plane, "PATCH", f"{paths[-1]}/{part}", patch, media_type=MERGE)
    path = paths[-1] + (f"/{case['subresource']}" if case.get("subresource") else "")
    scope = Scope(json.dumps([case["object"], case["patch"]], ensure_ascii=False))
    scaled = case.get("subresource") == "scale"  # a document by itself
    before = plane.ask("GET", path if scaled else paths[-1]).document
    method = case.get("method", "PATCH")
    answer = plane.ask(method, path, case["patch"], "dryRun=All", case["contentType"])
    _remove(plane, paths)
    if answer.status != 200:
        return refusal(answer, scope)
    for each in (before, answer.document):
        each["metadata"].pop("managedFields", None)
        each["metadata"].pop("resourceVersion", None)
    changed, gone = changes(before, answer.document)
    changed = without_allocated(changed, case["object"]["kind"], case["patch"])
    told: Case = {"code": 200, "changes": everywhere(changed, scope)}
    told |= {"drops": gone} if gone else {}
    return told | ({"warnings": answer.warnings} if answer.warnings else {})


def furnish(plane: Plane) -> None:
    """Prepare a cluster for stories: the default StorageClass, and the images on each node."""
    plane.ask("DELETE", path_of(CLASS, "", "standard"))
    must(plane, "POST", path_of(CLASS, ""), CLASS)
    containers = [{"name": f"c{number}", "image": image, "command": ["sleep", "1"]}
                  for number, image in enumerate(IMAGES)]  # fmt: skip
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pulls-on-{node}"},
         "spec": {"nodeName": node, "restartPolicy": "Never", "containers": containers}}
        for node in NODES
    ]  # fmt: skip
    for pod in pods:
        must(plane, "POST", path_of(pod, "default"), pod)
    for pod in pods:
        path = path_of(pod, "default", pod["metadata"]["name"])
        for _ in range(PULLED):
            if must(plane, "GET", path)["status"].get("phase") == "Succeeded":
                break
            plane.wait(1)
        else:
            raise TimeoutError(f"{path} has not ended in {PULLED} s")
        must(plane, "DELETE", path, {"gracePeriodSeconds": 0})


def ask_columns(plane: Plane, case: Case) -> Case:
    """How the server shows an object as a row: each column (name, type, format, priority; 1 is for
    `-o wide`), and the cells.
    """
    paths = _given(plane, [case["document"]])
    if case["document"]["kind"] == "CustomResourceDefinition":
        plane.wait(NOTICED)  # until its names are accepted
    table = plane.ask("GET", paths[0], accept=TABLE).document
    _remove(plane, paths)
    fields = ("name", "type", "format", "priority")
    columns = [[each[field] for field in fields] for each in table["columnDefinitions"]]
    return {"columns": columns, "cells": [cell(each) for each in table["rows"][0]["cells"]]}


ASK = {"creates": ask_create, "updates": ask_update, "columns": ask_columns}


def look(plane: Plane, scope: Scope) -> dict[str, list[Document]]:
    """All objects of a story's namespace, as `normal.snapshot` shows them."""
    found = []
    for name in SEEN:
        kind = kind_named(name)
        of = {"apiVersion": kind.api_version, "kind": name}
        listed = must(plane, "GET", path_of(of, scope.namespace))
        found += [of | item for item in listed["items"]
                  if (name, item["metadata"]["name"]) not in GIVEN]  # fmt: skip
    return snapshot(found, scope)


def ask_story(plane: Plane, case: Case, namespace: str) -> list[Any]:
    """Play a story: a snapshot after each wait, and each refusal.

    A step is one of
    - `create`: a document;
    - `patch`: an object as `Kind/name`, with `with` (the patch) and maybe `subresource` and `type`;
    - `delete`: an object, with maybe `options` (a DeleteOptions);
    - `evict`: a Pod's name;
    - `stop`, `start`: a node;
    - `wait`: seconds.
    """
    must(plane, "POST", "/api/v1/namespaces",
         {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})  # fmt: skip
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
    while plane.ask("GET", account).status != 200:  # the controller manager makes it
        plane.wait(0.2)
    scope = Scope(namespace=namespace, names_nodes="node-" in json.dumps(case["steps"]))
    told: list[Any] = []
    for step in case["steps"]:
        if "wait" in step:
            plane.wait(step["wait"])
            told.append(look(plane, scope))
        elif "stop" in step or "start" in step:
            plane.power(step.get("stop") or step["start"], "start" in step)
        else:
            answer = _do(plane, step, namespace)
            if answer.status >= 300:
                told.append({"refused": refusal(answer, scope)})
    plane.ask("DELETE", f"/api/v1/namespaces/{namespace}")
    return told


def _do(plane: Plane, step: Case, namespace: str) -> Response:
    if "create" in step:
        return plane.ask("POST", path_of(step["create"], namespace), step["create"])
    if "evict" in step:
        of = {"kind": "Pod"}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": step["evict"]}}
        return plane.ask("POST", path_of(of, namespace, step["evict"], "eviction"), body)
    kind, name = (step.get("patch") or step["delete"]).split("/")
    path = path_of({"kind": kind}, namespace, name, step.get("subresource", ""))
    if "patch" in step:
        return plane.ask("PATCH", path, step["with"], media_type=step.get("type", MERGE))
    return plane.ask("DELETE", path, step.get("options"))
