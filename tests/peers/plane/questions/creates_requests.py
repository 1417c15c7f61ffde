"""Documents that do not fit the path that they are sent to, and no documents at all."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import ABSENT, changes

SETTINGS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"colour": "blue"},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {
            "metadata": {"labels": {"app": "shop"}},
            "spec": {"containers": [{"name": "web", "image": "shop:1"}]},
        },
    },
}
WITHIN = "/api/v1/namespaces/inv"
MAPS = f"{WITHIN}/configmaps"
SHOPS = "/apis/apps/v1/namespaces/inv/deployments"


def _sent(name: str, path: str, document: Any, **changed: Any) -> dict[str, Any]:
    """A case whose document goes to a path; `changed` has fields of its top level."""
    document = changes(document, changed) if changed else document
    return {"name": name, "path": path, "document": document}


CASES = [
    _sent("kind of another path", f"{WITHIN}/secrets", SETTINGS),
    _sent("kind that does not exist", MAPS, SETTINGS, kind="Setting"),
    _sent("kind in lower case", MAPS, SETTINGS, kind="configmap"),
    _sent("kind in the plural", MAPS, SETTINGS, kind="configmaps"),
    _sent("kind absent", MAPS, SETTINGS, kind=ABSENT),
    _sent("kind empty", MAPS, SETTINGS, kind=""),
    _sent("kind a number", MAPS, SETTINGS, kind=7),
    _sent("kind null", MAPS, SETTINGS, kind=None),
    _sent("version absent", MAPS, SETTINGS, apiVersion=ABSENT),
    _sent("version empty", MAPS, SETTINGS, apiVersion=""),
    _sent("version of another release", MAPS, SETTINGS, apiVersion="v2"),
    _sent("version with a group that it does not have", MAPS, SETTINGS, apiVersion="apps/v1"),
    _sent("version with two slashes", MAPS, SETTINGS, apiVersion="a/b/c"),
    _sent("version a number", MAPS, SETTINGS, apiVersion=1),
    _sent("kind and version absent", MAPS, SETTINGS, kind=ABSENT, apiVersion=ABSENT),
    _sent("kind and version of a list", MAPS, {"apiVersion": "v1", "kind": "ConfigMapList",
                                               "items": [SETTINGS]}),
    _sent("group in another case", SHOPS, DEPLOYMENT, apiVersion="Apps/v1"),
    _sent("group absent", SHOPS, DEPLOYMENT, apiVersion="v1"),
    _sent("group of long ago", SHOPS, DEPLOYMENT, apiVersion="extensions/v1beta1"),
    _sent("path of a version that is gone", "/apis/apps/v1beta2/namespaces/inv/deployments",
          DEPLOYMENT, apiVersion="apps/v1beta2"),
    _sent("path of a group that does not exist", "/apis/shop.example.com/v1/namespaces/inv/shops",
          DEPLOYMENT),
    _sent("path of a kind that does not exist", f"{WITHIN}/settings", SETTINGS),
    _sent("path of a group that has no such kind", "/apis/apps/v1/namespaces/inv/configmaps",
          SETTINGS, apiVersion="apps/v1"),
    _sent("path without the namespace", "/api/v1/configmaps", SETTINGS),
    _sent("path with a name", f"{MAPS}/settings", SETTINGS),
    _sent("path with a subresource that cannot be created", f"{MAPS}/settings/status", SETTINGS),
    _sent("path of a namespace for a kind without one", f"{WITHIN}/nodes",
          {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}),
    _sent("namespace as in the path", MAPS, SETTINGS,
          metadata={"name": "settings", "namespace": "inv"}),
    _sent("namespace other than in the path", MAPS, SETTINGS,
          metadata={"name": "settings", "namespace": "default"}),
    _sent("namespace empty", MAPS, SETTINGS, metadata={"name": "settings", "namespace": ""}),
    _sent("namespace null", MAPS, SETTINGS, metadata={"name": "settings", "namespace": None}),
    _sent("namespace a number", MAPS, SETTINGS, metadata={"name": "settings", "namespace": 7}),
    _sent("namespace that does not exist", "/api/v1/namespaces/nowhere/configmaps", SETTINGS),
    _sent("namespace that could not exist", "/api/v1/namespaces/No_Where/configmaps", SETTINGS),
    _sent("namespace of a kind without one", "/api/v1/namespaces",
          {"apiVersion": "v1", "kind": "Namespace",
           "metadata": {"name": "team", "namespace": "inv"}}),
    _sent("namespace of a StorageClass", "/apis/storage.k8s.io/v1/storageclasses",
          {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "a/b",
           "metadata": {"name": "fast", "namespace": "inv"}}),
    _sent("body a list", MAPS, [SETTINGS]),
    _sent("body a text", MAPS, "ConfigMap"),
    _sent("body a number", MAPS, 7),
    _sent("body an empty mapping", MAPS, {}),
    _sent("body with a name alone", MAPS, {"metadata": {"name": "settings"}}),
    _sent("body with metadata a text", MAPS, SETTINGS, metadata="settings"),
    _sent("body with metadata a list", MAPS, SETTINGS, metadata=[]),
    _sent("body with metadata null", MAPS, SETTINGS, metadata=None),
    _sent("body with an unknown field", MAPS, SETTINGS, colour="blue"),
    _sent("body with a field in another case", MAPS, SETTINGS, Data={"shape": "round"}),
    _sent("body with an unknown field of metadata", MAPS, SETTINGS,
          metadata={"name": "settings", "nick": "s"}),
    {"name": "name that exists", "given": [SETTINGS], "document": SETTINGS},
    {"name": "name that another kind has", "given": [SETTINGS],
     "document": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "settings"}}},
    {"name": "generated name beside one that exists", "given": [SETTINGS],
     "document": SETTINGS | {"metadata": {"generateName": "settings"}}},
]  # fmt: skip
