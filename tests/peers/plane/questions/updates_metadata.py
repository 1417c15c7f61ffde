"""Updates of metadata: names, versions, labels, finalizers, owners."""

from __future__ import annotations

from tests.peers.plane.questions.tables import JSON, STRATEGIC, changes, updates

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "settings",
        "labels": {"app": "web"},
        "annotations": {"note": "a"},
        "finalizers": ["course.example/hold"],
    },
    "data": {"level": "info"},
}
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "1234"}
CONTROLLER = OWNER | {"controller": True, "blockOwnerDeletion": True}
OWNED = changes(CONFIG, {"metadata.ownerReferences": [OWNER]})
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
        },
    },
}
CASES = [
    *updates(
        CONFIG,
        {
            "another name": {"metadata": {"name": "other"}},
            "the name is removed": {"metadata": {"name": None}},
            "another namespace": {"metadata": {"namespace": "default"}},
            "the namespace is removed": {"metadata": {"namespace": None}},
            "another UID": {"metadata": {"uid": "0000"}},
            "the UID is removed": {"metadata": {"uid": None}},
            "another creation time": {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}},
            "the creation time is removed": {"metadata": {"creationTimestamp": None}},
            "an old resource version": {"metadata": {"resourceVersion": "1"}, "data": {"a": "b"}},
            "a resource version that is no number": {"metadata": {"resourceVersion": "new"}},
            "the resource version is removed": {"metadata": {"resourceVersion": None}},
            "a generation is set": {"metadata": {"generation": 7}},
            "a generateName is set": {"metadata": {"generateName": "settings-"}},
            "a deletion time is set": {"metadata": {"deletionTimestamp": "2030-01-01T00:00:00Z"}},
            "labels are removed": {"metadata": {"labels": None}},
            "a label with a wrong value": {"metadata": {"labels": {"a": "b c"}}},
            "a label with a wrong name": {"metadata": {"labels": {"a/b/c": "d"}}},
            "a label that is a number": {"metadata": {"labels": {"a": 5}}},
            "an annotation of any text": {"metadata": {"annotations": {"note": "a b\nc"}}},
            "an annotation with a wrong name": {"metadata": {"annotations": {"a b": "c"}}},
            "finalizers are removed": {"metadata": {"finalizers": None}},
            "a finalizer is added": {
                "metadata": {"finalizers": ["course.example/hold", "course.example/more"]}
            },
            "a finalizer without a domain": {"metadata": {"finalizers": ["hold"]}},
            "a finalizer with a wrong name": {"metadata": {"finalizers": ["a b/c"]}},
            "an owner": {"metadata": {"ownerReferences": [OWNER]}},
            "an owner that is a controller": {"metadata": {"ownerReferences": [CONTROLLER]}},
            "an owner without a UID": {
                "metadata": {"ownerReferences": [{k: v for k, v in OWNER.items() if k != "uid"}]}
            },
            "an owner without a name": {"metadata": {"ownerReferences": [OWNER | {"name": ""}]}},
            "two owners that are controllers": {
                "metadata": {"ownerReferences": [CONTROLLER, CONTROLLER | {"uid": "5678"}]}
            },
            "an Event as an owner": {"metadata": {"ownerReferences": [OWNER | {"kind": "Event"}]}},
            "managed fields are removed": {"metadata": {"managedFields": []}},
            "metadata is removed": {"metadata": None},
            "another API version": {"apiVersion": "v2"},
        },
    ),
    *updates(
        CONFIG,
        {
            "finalizers are merged": {"metadata": {"finalizers": ["course.example/more"]}},
            "a finalizer is deleted from the list": {
                "metadata": {"$deleteFromPrimitiveList/finalizers": ["course.example/hold"]}
            },
        },
        STRATEGIC,
    ),
    *updates(
        OWNED,
        {
            "an owner is merged by UID": {
                "metadata": {"ownerReferences": [OWNER | {"controller": True}]}
            },
            "an owner is deleted by UID": {
                "metadata": {"ownerReferences": [{"$patch": "delete", "uid": "1234"}]}
            },
            "an owner is added": {"metadata": {"ownerReferences": [OWNER | {"uid": "5678"}]}},
        },
        STRATEGIC,
    ),
    *updates(
        CONFIG,
        {
            "a test of the resource version fails": [
                {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
                {"op": "remove", "path": "/metadata/labels"},
            ]
        },
        JSON,
    ),
    *updates(
        CONFIG,
        {
            "replaced without a resource version": changes(CONFIG, {"data": {"level": "warn"}}),
            "replaced with an old resource version": changes(
                CONFIG, {"metadata.resourceVersion": "1"}
            ),
            "replaced without labels": changes(CONFIG, {"metadata": {"name": "settings"}}),
            "replaced by another name": changes(CONFIG, {"metadata.name": "other"}),
            "replaced without a name": changes(CONFIG, {"metadata": {}}),
            "replaced by another kind": changes(CONFIG, {"kind": "Secret"}),
            "replaced with another UID": changes(CONFIG, {"metadata.uid": "0000"}),
        },
        "application/json",
        method="PUT",
    ),
    *updates(
        WEB,
        {
            "labels do not change the generation": {"metadata": {"labels": {"a": "b"}}},
            "a status is left out of an update": {"status": {"replicas": 3}},
            "a new image changes the generation": {
                "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "a:2"}]}}}
            },
            "the same value keeps the generation": {"spec": {"replicas": 1}},
        },
    ),
]
