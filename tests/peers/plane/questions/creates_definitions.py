"""CustomResourceDefinitions, and objects of a kind that does not exist yet."""

from __future__ import annotations

from typing import Any

from tests.peers.plane.questions.tables import ABSENT, each, named

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {"size": {"type": "integer", "minimum": 1, "default": 3}},
        }
    },
}
VERSION = {
    "name": "v1",
    "served": True,
    "storage": True,
    "schema": {"openAPIV3Schema": SCHEMA},
}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gardens.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "gardens", "kind": "Garden"},
        "versions": [VERSION],
    },
}
FIRST = "spec.versions[0]"
ROOT = f"{FIRST}.schema.openAPIV3Schema"
SPEC = f"{ROOT}.properties.spec"
SIZE = f"{SPEC}.properties.size"

CASES = [
    *each(
        DEFINITION,
        {
            "metadata.name": ["gardens", "gardens.example.org", "Gardens.example.com", ABSENT],
            "spec": [ABSENT, {}],
            "spec.group": ["", "example", "Example.com", "apps", "sub.k8s.io"],
            "spec.scope": ["Cluster", "cluster", ABSENT],
            "spec.names": [ABSENT, {}],
            "spec.names.plural": ["Gardens", "garden", ""],
            "spec.names.singular": ["garden", "Garden"],
            "spec.names.kind": ["garden", "Gar den", ABSENT],
            "spec.names.listKind": ["GardenList", "Garden"],
            "spec.names.shortNames": [["gd"], ["gd", "gd"], ["GD"]],
            "spec.names.categories": [["all"], ["All things"]],
            "spec.preserveUnknownFields": [False, True],
            "spec.conversion": [
                {"strategy": "None"},
                {"strategy": "Guess"},
                {"strategy": "Webhook"},
            ],
            "spec.versions": [
                ABSENT,
                [],
            ],
            f"{FIRST}.name": ["V1", "1", "one", "v1.2"],
            f"{FIRST}.served": [False, ABSENT],
            f"{FIRST}.storage": [False, "true"],
            f"{FIRST}.deprecated": [True],
            f"{FIRST}.deprecationWarning": ["plant trees"],
            f"{FIRST}.schema": [ABSENT, {}],
            ROOT: [
                {},
                {"type": "string"},
                {"type": "object"},
                {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            ],
            f"{FIRST}.subresources": [
                {"status": {}},
                {"scale": {}},
                {
                    "scale": {
                        "specReplicasPath": ".spec.size",
                        "statusReplicasPath": ".status.size",
                    }
                },
                {
                    "scale": {
                        "specReplicasPath": "spec.size",
                        "statusReplicasPath": ".status.size",
                    }
                },
            ],
            f"{FIRST}.additionalPrinterColumns": [
                [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
                [{"name": "Size", "type": "number of trees", "jsonPath": ".spec.size"}],
                [{"name": "Size", "type": "integer"}],
                [{"name": "Size", "type": "integer", "jsonPath": "spec.size"}],
                [{"type": "integer", "jsonPath": ".spec.size"}],
            ],
            f"{FIRST}.selectableFields": [
                [{"jsonPath": ".spec.size"}],
                [{"jsonPath": ".spec.colour"}],
            ],
        },
    ),
    *each(
        DEFINITION,
        {
            SIZE: [
                {"type": "integer", "default": "three"},
                {"type": "integer", "default": 0, "minimum": 1},
                {"type": "whole"},
                {},
                {"type": "integer", "enum": [1, 2]},
                {"type": "integer", "enum": []},
                {"type": "string", "pattern": "["},
                {"type": "string", "format": "date-time"},
                {"type": "string", "maxLength": -1},
                {"type": "array"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "array", "items": [{"type": "string"}]},
                {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "map"},
                {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "object", "additionalProperties": False},
                {
                    "type": "object",
                    "properties": {"a": {"type": "string"}},
                    "additionalProperties": {"type": "string"},
                },
                {"x-kubernetes-int-or-string": True},
                {"type": "integer", "x-kubernetes-int-or-string": True},
                {"type": "integer", "nullable": True},
                {"$ref": "#/definitions/size"},
                {"oneOf": [{"type": "integer"}, {"type": "string"}]},
                {"type": "integer", "x-kubernetes-validations": [{"rule": "self > 0"}]},
                {"type": "integer", "x-kubernetes-validations": [{"rule": "self >"}]},
                {"type": "integer", "x-kubernetes-validations": [{"rule": "self == 'a'"}]},
                {"type": "integer", "x-kubernetes-validations": [{"rule": ""}]},
            ],
            f"{SPEC}.required": [["size"], ["colour"], []],
        },
        "CustomResourceDefinition whose schema",
    ),
    *named(
        DEFINITION,
        {
            "with a version twice": {"spec.versions": [VERSION, VERSION]},
            "with two versions that are stored": {
                "spec.versions": [VERSION, VERSION | {"name": "v2"}],
            },
            "with two versions": {
                "spec.versions": [VERSION, VERSION | {"name": "v2", "storage": False}],
            },
            "with a version that is not served": {
                "spec.versions": [
                    VERSION,
                    VERSION | {"name": "v2beta1", "storage": False, "served": False},
                ],
            },
            "of a group of Kubernetes without approval": {
                "metadata.name": "gardens.sub.k8s.io",
                "spec.group": "sub.k8s.io",
            },
            "of a group of Kubernetes with approval": {
                "metadata.name": "gardens.sub.k8s.io",
                "metadata.annotations": {
                    "api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/1"
                },
                "spec.group": "sub.k8s.io",
            },
            "of apiextensions.k8s.io/v1beta1": {"apiVersion": "apiextensions.k8s.io/v1beta1"},
        },
    ),
    {
        "name": "Garden that no definition has",
        "path": "/apis/example.com/v1/namespaces/inv/gardens",
        "document": {
            "apiVersion": "example.com/v1",
            "kind": "Garden",
            "metadata": {"name": "park"},
        },
    },
]  # fmt: skip
