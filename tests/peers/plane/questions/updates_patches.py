"""How patches are written: merge, strategic merge and JSON patches, and malformed ones."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import JSON, MERGE, STRATEGIC, updates

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "labels": {"app": "web", "course.example/a": "1"}},
    "data": {"level": "info"},
}
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx:1.27",
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "ports": [{"containerPort": 80}, {"containerPort": 443, "name": "tls"}],
                        "args": ["-v", "-x"],
                    },
                    {"name": "log", "image": "busybox:1.36"},
                ],
                "volumes": [{"name": "cache", "emptyDir": {}}],
                "tolerations": [{"key": "a", "operator": "Exists"}],
            },
        },
    },
}


def _template(spec: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


def _web(container: dict[str, Any]) -> dict[str, Any]:
    return _template({"containers": [{"name": "web"} | container]})


CASES = [
    *updates(
        CONFIG,
        {
            "merge patch adds a key": {"data": {"size": "3"}},
            "merge patch removes a key by null": {"data": {"level": None}},
            "merge patch removes a key that is absent": {"data": {"other": None}},
            "merge patch removes the whole map": {"data": None},
            "merge patch changes nothing": {"data": {"level": "info"}},
            "empty merge patch": {},
            "merge patch with a number for text": {"data": {"level": 5}},
            "merge patch with an unknown field": {"dta": {"level": "debug"}},
            "merge patch with a list for a map": {"data": ["a"]},
            "merge patch that is a list": [],
            "merge patch that is a text": "level",
            "merge patch that is null": None,
        },
    ),
    *updates(
        CONFIG,
        {
            "strategic patch with an unknown directive": {"data": {"$patch": "replce"}},
            "strategic patch replaces a map": {"data": {"$patch": "replace", "x": "1"}},
            "strategic patch deletes a map": {"data": {"$patch": "delete"}},
            "strategic patch that is a list": [{"data": {}}],
        },
        STRATEGIC,
    ),
    *updates(
        WEB,
        {
            "merge patch replaces the list of containers": _template(
                {"containers": [{"name": "only", "image": "nginx:1.28"}]}
            ),
            "merge patch with containers without a name": _template({"containers": [{}]}),
        },
    ),
    *updates(
        WEB,
        {
            "image by the container's name": _web({"image": "nginx:1.28"}),
            "a container is added before the others": _template(
                {"containers": [{"name": "new", "image": "busybox:1.36"}]}
            ),
            "a container without the merge key": _template({"containers": [{"image": "x"}]}),
            "a container is deleted": _template(
                {"containers": [{"name": "log", "$patch": "delete"}]}
            ),
            "a container that is absent is deleted": _template(
                {"containers": [{"name": "other", "$patch": "delete"}]}
            ),
            "the list of containers is replaced": _template(
                {"containers": [{"$patch": "replace"}, {"name": "only", "image": "nginx:1.28"}]}
            ),
            "containers in another order": _template(
                {
                    "$setElementOrder/containers": [{"name": "log"}, {"name": "web"}],
                    "containers": [{"name": "log", "image": "busybox:1.37"}],
                }
            ),
            "an order alone": _template(
                {"$setElementOrder/containers": [{"name": "log"}, {"name": "web"}]}
            ),
            "an order without an element of the patch": _template(
                {
                    "$setElementOrder/containers": [{"name": "web"}],
                    "containers": [{"name": "log", "image": "busybox:1.37"}],
                }
            ),
            "an order that is no list": _template({"$setElementOrder/containers": "web"}),
            "env is merged by name": _web({"env": [{"name": "B", "value": "3"}, {"name": "C"}]}),
            "an env value is set to null": _web({"env": [{"name": "B", "value": None}]}),
            "env from a source beside a value": _web(
                {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}
            ),
            "ports are merged by containerPort": _web(
                {"ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 9090}]}
            ),
            "arguments are replaced": _web({"args": ["-q"]}),
            "tolerations are replaced": _template(
                {"tolerations": [{"key": "b", "operator": "Exists"}]}
            ),
            "a volume's source is exchanged by retainKeys": _template(
                {
                    "volumes": [
                        {
                            "$retainKeys": ["name", "configMap"],
                            "name": "cache",
                            "configMap": {"name": "settings"},
                        }
                    ]
                }
            ),
            "a volume's source is exchanged without retainKeys": _template(
                {"volumes": [{"name": "cache", "configMap": {"name": "settings"}}]}
            ),
            "retainKeys without a key of the patch": _template(
                {
                    "volumes": [
                        {"$retainKeys": ["name"], "name": "cache", "configMap": {"name": "s"}}
                    ]
                }
            ),
            "the strategy is exchanged by retainKeys": {
                "spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
            },
            "the strategy is exchanged without retainKeys": {
                "spec": {"strategy": {"type": "Recreate"}}
            },
            "an unknown directive in a list": _template(
                {"containers": [{"name": "log", "$patch": "remove"}]}
            ),
            "a text for a list": _template({"containers": "web"}),
            "a map for a list": _template({"containers": {"name": "web"}}),
            "an unknown field in a container": _web({"imge": "nginx:1.28"}),
            "the same container twice in the patch": _template(
                {"containers": [{"name": "log", "image": "a:1"}, {"name": "log", "image": "b:1"}]}
            ),
        },
        STRATEGIC,
    ),
    *updates(
        CONFIG,
        {
            "JSON patch adds": [{"op": "add", "path": "/data/size", "value": "3"}],
            "JSON patch replaces": [{"op": "replace", "path": "/data/level", "value": "warn"}],
            "JSON patch replaces what is absent": [
                {"op": "replace", "path": "/data/other", "value": "1"}
            ],
            "JSON patch removes": [{"op": "remove", "path": "/data/level"}],
            "JSON patch removes what is absent": [{"op": "remove", "path": "/data/other"}],
            "JSON patch with an escaped pointer": [
                {"op": "replace", "path": "/metadata/labels/course.example~1a", "value": "2"}
            ],
            "JSON patch below what is absent": [
                {"op": "add", "path": "/metadata/annotations/a", "value": "b"}
            ],
            "JSON patch moves": [
                {"op": "move", "from": "/metadata/labels/app", "path": "/metadata/labels/name"}
            ],
            "JSON patch copies": [{"op": "copy", "from": "/data/level", "path": "/data/copy"}],
            "JSON patch copies what is absent": [
                {"op": "copy", "from": "/data/other", "path": "/data/copy"}
            ],
            "JSON patch with a test that holds": [
                {"op": "test", "path": "/data/level", "value": "info"},
                {"op": "replace", "path": "/data/level", "value": "warn"},
            ],
            "JSON patch with a test that fails": [
                {"op": "test", "path": "/data/level", "value": "debug"},
                {"op": "replace", "path": "/data/level", "value": "warn"},
            ],
            "JSON patch with an unknown operation": [{"op": "append", "path": "/data/a"}],
            "JSON patch without an operation": [{"path": "/data/a", "value": "b"}],
            "JSON patch without a value": [{"op": "add", "path": "/data/a"}],
            "JSON patch with a pointer without a slash": [
                {"op": "add", "path": "data/a", "value": "b"}
            ],
            "JSON patch without a path": [{"op": "add", "value": "b"}],
            "JSON patch that is a map": {"op": "add", "path": "/data/a", "value": "b"},
            "JSON patch with a text for an operation": ["add"],
            "JSON patch without operations": [],
            "JSON patch of the name": [{"op": "replace", "path": "/metadata/name", "value": "x"}],
            "JSON patch makes a wrong key": [{"op": "add", "path": "/data/a b", "value": "1"}],
        },
        JSON,
    ),
    *updates(
        WEB,
        {
            "JSON patch into a list": [
                {
                    "op": "add",
                    "path": "/spec/template/spec/containers/1",
                    "value": {"name": "mid", "image": "busybox:1.36"},
                }
            ],
            "JSON patch behind a list": [
                {
                    "op": "add",
                    "path": "/spec/template/spec/containers/-",
                    "value": {"name": "end", "image": "busybox:1.36"},
                }
            ],
            "JSON patch beyond a list": [
                {"op": "replace", "path": "/spec/template/spec/containers/5/image", "value": "x"}
            ],
            "JSON patch with a name for an index": [
                {"op": "replace", "path": "/spec/template/spec/containers/web/image", "value": "x"}
            ],
            "JSON patch with a negative index": [
                {"op": "remove", "path": "/spec/template/spec/containers/-1"}
            ],
        },
        JSON,
    ),
    *updates(CONFIG, {"a patch as plain JSON": {"data": {"a": "b"}}}, "application/json"),
    *updates(CONFIG, {"a patch as YAML": {"data": {"a": "b"}}}, "application/yaml"),
    *updates(CONFIG, {"a patch as text": {"data": {"a": "b"}}}, "text/plain"),
    *updates(
        CONFIG,
        {"server-side apply": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}},
        "application/apply-patch+yaml",
    ),
    *updates(
        WEB,
        {"a merge patch names another kind": {"kind": "ReplicaSet"}},
        MERGE,
    ),
]
