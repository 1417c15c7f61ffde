"""`kubectl explain` of a schema with descriptions, values and documents elsewhere, and of a CRD."""

from __future__ import annotations

from course_lib import Cluster
from course_lib.kubectl.commands.explain.rendering import Explanation

KIND = {"group": "", "version": "v1", "kind": "Thing"}
DOCUMENT = {
    "components": {
        "schemas": {
            "Thing": {
                "description": "A thing. " + "It is described at length. " * 5,
                "x-kubernetes-group-version-kind": [KIND],
                "properties": {
                    "colour": {"type": "string", "enum": ["", "red", "blue", "green", "grey"]},
                    "inner": {
                        "allOf": [{"$ref": "#/components/schemas/a.Inner"}],
                        "description": "What is inside.",
                    },
                },
                "required": ["inner"],
            },
            "a.Inner": {"type": "object", "properties": {"thing": {"$ref": "#/x/Thing"}}},
        }
    }
}


def test_fields_have_types_values_and_wrapped_descriptions():
    text = Explanation(DOCUMENT, recursive=False, depth=0).of_kind(KIND, [])
    assert '  colour\t<string>\n  enum: "", red, blue, green, ....\n    <no description>' in text
    assert "  inner\t<Inner> -required-\n    What is inside.\n" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_schema_that_holds_itself_is_listed_once():
    text = Explanation(DOCUMENT, recursive=True, depth=0).of_kind(KIND, [])
    assert text.count("thing\t") == 1


def test_a_custom_kind_is_explained_by_its_own_schema():
    cluster = Cluster(nodes=0)
    properties = {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}
    schema = {"type": "object", "properties": properties}
    version = {"name": "v1", "served": True, "storage": True}
    cluster.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
            },
        }
    )
    cluster.run(seconds=5)
    said = cluster.kubectl("explain widgets.spec")
    assert "FIELD: spec <Object>" in said.stdout and "size\t<integer>" in said.stdout
