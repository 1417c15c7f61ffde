"""Discovery in one document: all groups with their versions, resources and parts.

A client that asks for it learns all kinds from two requests, `/api` and `/apis`; others ask for
each version of each group. Source: kubernetes.io "The Kubernetes API", "Aggregated discovery";
`k8s.io/api/apidiscovery/v2`; `pkg/endpoints/discovery/aggregated` of `k8s.io/apiserver`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.apiserver import discovery
from course_lib.apiserver.made import MadeResource
from course_lib.objects.kind import Kinds
from course_lib.objects.manifests import Document

ASKED = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
MEDIA_TYPE = f"application/json;{ASKED}"
KIND = "APIGroupDiscoveryList"


def groups(kinds: Kinds, core: bool, made: Sequence[MadeResource] = ()) -> Document:
    """The core group (`core`), or all the others: of `kinds`, and of resources that are `made`.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> [group] = groups(BUILT_IN, core=True)["items"]
    >>> [version["version"] for version in group["versions"]]
    ['v1']
    """
    found: dict[str, list[Document]] = {}
    for group_version in discovery.group_versions(kinds, made):
        group, _, number = group_version.rpartition("/")
        if core == (not group):
            listed = discovery.resources(kinds, group_version, made)["resources"]
            rows = _resources(listed, group, number)
            version = {"version": number, "resources": rows, "freshness": "Current"}
            found.setdefault(group, []).append(version)
    items = [
        {"metadata": {"name": group} if group else {}, "versions": versions}
        for group, versions in found.items()
    ]
    return {"kind": KIND, "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _resources(rows: list[Document], group: str, version: str) -> list[Document]:
    """The rows of a list of resources, with the parts of each below it."""
    made: list[Document] = []
    for row in rows:
        name, _, part = row["name"].partition("/")
        kind = {"group": row.get("group", group), "version": row.get("version", version)}
        said = {"responseKind": kind | {"kind": row["kind"]}, "verbs": row["verbs"]}
        if part:
            made[-1].setdefault("subresources", []).append({"subresource": part} | said)
            continue
        scope = "Namespaced" if row["namespaced"] else "Cluster"
        made.append({"resource": name, "scope": scope, "singularResource": row["singularName"]})
        made[-1] |= said
        made[-1] |= {key: row[key] for key in ("shortNames", "categories") if key in row}
    return made
