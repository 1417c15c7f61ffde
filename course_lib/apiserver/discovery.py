"""What an API server says of itself: its version, its groups and resources, its OpenAPI paths.

A client such as kubectl knows no kinds by heart: it asks for these documents first. Of OpenAPI
only the paths are here, without the schemas of their objects (`kubectl explain` has nothing to
read). Source: kubernetes.io "The Kubernetes API" (discovery, OpenAPI V3).
"""

from __future__ import annotations

from typing import Any

from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.release import VERSION

Document = dict[str, Any]
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")
# kind: (subresource, the kind that it takes, its group and version)
SUBRESOURCES: dict[str, list[tuple[str, str, str, str]]] = {
    "Pod": [("eviction", "Eviction", "policy", "v1"), ("binding", "Binding", "", "v1"),
            ("log", "Pod", "", "v1"), ("exec", "PodExecOptions", "", "v1")],
} | {kind: [("scale", "Scale", "autoscaling", "v1")] for kind in SCALABLE}  # fmt: skip
CATEGORIES = {
    "Pod", "Service", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob",
    "HorizontalPodAutoscaler", "ReplicationController",
}  # fmt: skip


def subresources(kind: Kind) -> list[str]:
    """The parts of an object that have a path of their own, beside `status`.

    >>> from course_lib.objects.kinds import kind_named
    >>> subresources(kind_named("Deployment"))
    ['scale']
    """
    return [name for name, *_ in SUBRESOURCES.get(kind.kind, [])]


def version() -> Document:
    """`/version`."""
    major, minor, _ = VERSION.removeprefix("v").split(".")
    return {"major": major, "minor": minor, "gitVersion": VERSION, "platform": "simulated/python"}


def group_versions(kinds: Kinds) -> list[str]:
    """All that is served, in the order of the list of kinds; the core group is `v1`."""
    return list(dict.fromkeys(kind.api_version for kind in kinds))


def groups(kinds: Kinds) -> Document:
    """`/apis`: the groups but the core one.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> [group["name"] for group in groups(BUILT_IN)["groups"]][:3]
    ['apps', 'batch', 'discovery.k8s.io']
    """
    found = []
    for each in group_versions(kinds):
        group, _, number = each.rpartition("/")
        if group:
            served = {"groupVersion": each, "version": number}
            found.append({"name": group, "versions": [served], "preferredVersion": served})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def resources(kinds: Kinds, group_version: str) -> Document:
    """`/api/v1`, `/apis/apps/v1`, ...: what `kubectl api-resources` lists.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> [r["name"] for r in resources(BUILT_IN, "batch/v1")["resources"]]
    ['jobs', 'jobs/status', 'cronjobs', 'cronjobs/status']
    """
    rows: list[Document] = []
    for kind in kinds:
        if kind.api_version == group_version:
            rows += _rows(kind)
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version}
    return head | {"resources": rows}


def _rows(kind: Kind) -> list[Document]:
    common = {"namespaced": kind.namespaced, "kind": kind.kind, "singularName": ""}
    own = common | {"name": kind.plural, "singularName": kind.kind.lower(), "verbs": VERBS}
    if kind.short_names:
        own["shortNames"] = list(kind.short_names)
    if kind.kind in CATEGORIES:
        own["categories"] = ["all"]
    rows = [own, common | {"name": f"{kind.plural}/status", "verbs": ["get", "patch", "update"]}]
    for name, takes, group, number in SUBRESOURCES.get(kind.kind, []):
        verbs = ["get", "patch", "update"] if name == "scale" else ["create", "get"]
        row = {"name": f"{kind.plural}/{name}", "kind": takes, "group": group, "version": number}
        rows.append(common | row | {"verbs": verbs})
    return rows


def openapi_index(kinds: Kinds) -> Document:
    """`/openapi/v3`: where each group's document is."""
    paths = [_root(each) for each in group_versions(kinds)]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


def openapi(kinds: Kinds, group_version: str) -> Document:
    """One group's paths that take a PATCH: kubectl looks there whether fields are validated."""
    group, _, number = group_version.rpartition("/")
    parameter = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}
    paths = {}
    for kind in kinds:
        if kind.api_version == group_version:
            which = {"group": group, "version": number, "kind": kind.kind}
            patch = {"x-kubernetes-group-version-kind": which, "parameters": [parameter]}
            answer = {"responses": {"200": {"description": "OK"}}}
            scope = "namespaces/{namespace}/" if kind.namespaced else ""
            path = f"/{_root(group_version)}/{scope}{kind.plural}/{{name}}"
            paths[path] = {"patch": patch | answer}
    info = {"title": "The course's API server", "version": VERSION}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}


def _root(group_version: str) -> str:
    return f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"
