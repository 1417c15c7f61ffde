"""What an API server says of itself: its version, its groups and resources.

A client such as kubectl knows no kinds by heart: it asks for these documents first. Source:
kubernetes.io "The Kubernetes API" (discovery).
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.apiserver.made import MadeResource
from course_lib.objects.kind import Kind, Kinds, Subresource
from course_lib.objects.manifests import Document
from course_lib.objects.release import VERSION

VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
VERBS_OF_PARTS = {
    "approval": ["get", "patch", "update"],
    "attach": ["create", "get"],
    "ephemeralcontainers": ["get", "patch", "update"],
    "exec": ["create", "get"],
    "finalize": ["update"],
    "log": ["get"],
    "portforward": ["create", "get"],
    "resize": ["get", "patch", "update"],
    "scale": ["get", "patch", "update"],
}


def subresources(kind: Kind) -> tuple[Subresource, ...]:
    """The parts of an object that have a path of their own, beside `status`.

    >>> from course_lib.objects.kinds import kind_named
    >>> [part.name for part in subresources(kind_named("Deployment"))]
    ['scale']
    """
    scale = (Subresource("scale", "Scale", "autoscaling"),) if kind.scale else ()
    return kind.subresources + scale


def version() -> Document:
    """`/version`."""
    major, minor, _ = VERSION.removeprefix("v").split(".")
    return {"major": major, "minor": minor, "gitVersion": VERSION, "platform": "simulated/python"}


def group_versions(kinds: Kinds, made: Sequence[MadeResource] = ()) -> list[str]:
    """All that is served of `kinds` and of what is `made`; the core group is `v1`."""
    served = [kind.api_version for kind in kinds.all_versions()]
    return list(dict.fromkeys([*served, *(each.api_version for each in made)]))


def groups(kinds: Kinds, made: Sequence[MadeResource] = ()) -> Document:
    """`/apis`: the groups but the core one, of `kinds` and of resources that are `made`.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> sorted(group["name"] for group in groups(BUILT_IN)["groups"])[:3]
    ['apiextensions.k8s.io', 'apps', 'autoscaling']
    """
    found: dict[str, list[Document]] = {}
    for each in group_versions(kinds, made):
        group, _, number = each.rpartition("/")
        if group:
            found.setdefault(group, []).append({"groupVersion": each, "version": number})
    rows = [
        {"name": group, "versions": served, "preferredVersion": served[0]}
        for group, served in found.items()
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": rows}


def resources(kinds: Kinds, group_version: str, made: Sequence[MadeResource] = ()) -> Document:
    """`/api/v1`, `/apis/apps/v1`, ...: what `kubectl api-resources` lists.

    It is of one `group_version`: of the `kinds`, and of resources that are `made`.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> [r["name"] for r in resources(BUILT_IN, "batch/v1")["resources"]]
    ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']
    """
    rows: list[Document] = []
    for kind in kinds.all_versions():
        if kind.api_version == group_version:
            rows += _rows(kind)
    rows += [_made_row(each) for each in made if each.api_version == group_version]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version}
    return head | {"resources": rows}


def _made_row(of: MadeResource) -> Document:
    row = {"name": of.plural, "singularName": of.kind.lower(), "namespaced": of.namespaced}
    return row | {"kind": of.kind, "verbs": list(of.verbs)}


def _rows(kind: Kind) -> list[Document]:
    common = {"namespaced": kind.namespaced, "kind": kind.kind, "singularName": ""}
    verbs = [verb for verb in VERBS if kind.whole_collection or verb != "deletecollection"]
    own = common | {"name": kind.plural, "verbs": verbs}
    own["singularName"] = kind.singular or kind.kind.lower()
    if kind.short_names:
        own["shortNames"] = list(kind.short_names)
    if kind.categories:
        own["categories"] = list(kind.categories)
    rows, change = [own], ["get", "patch", "update"]
    if kind.status:
        rows.append(common | {"name": f"{kind.plural}/status", "verbs": change})
    for part in subresources(kind):
        verbs = VERBS_OF_PARTS.get(part.name, ["create"])
        row = {"name": f"{kind.plural}/{part.name}", "kind": part.kind}
        row |= {"group": part.group, "version": part.version}
        rows.append(common | row | {"verbs": verbs})
    return rows
