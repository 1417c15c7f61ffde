"""Definitions of kinds: patterns, rules in CEL, selectable fields."""

import pytest

from course_lib.objects.openapi.expressions import rule_errors, selectable_errors
from course_lib.objects.openapi.patterns import problem


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^[a-z]+$", ""),
        ("a[b", "missing closing ]: `[b`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        (r"a\y", r"invalid escape sequence: `\y`"),
    ],
)
def test_a_pattern_that_is_none_is_told_in_the_words_of_go(pattern, said):
    assert problem(pattern) == (f"error parsing regexp: {said}" if said else "")


def rules(**rule):
    schema = {"properties": {"a": {"x-kubernetes-validations": [rule]}}}
    return [str(error) for error in rule_errors(schema, "s")]


def test_a_rule_is_written_in_one_line_or_with_a_message():
    path = "s.properties[a].x-kubernetes-validations[0]"
    assert rules(rule="self > 1") == []
    assert rules(rule=" ") == [f"{path}.rule: Required value: rule is not specified"]
    assert rules(rule="self\n> 1") == [
        f"{path}.message: Required value: message must be specified if rule contains line breaks"
    ]
    assert rules(rule="self\n> 1", message="more") == []
    assert rules(rule="self > 1", message="a\nb") == [
        f'{path}.message: Invalid value: "a\\nb": must not contain line breaks'
    ]


SCHEMA = {
    "properties": {
        "metadata": {"properties": {"name": {"type": "string"}}},
        "spec": {
            "properties": {f"f{number}": {"type": "string"} for number in range(9)}
            | {"list": {"type": "array"}}
        },
    }
}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (".spec.f1", ""),
        (".spec.other", "is an invalid path: does not refer to a valid field"),
        ("spec.f1", "is an invalid path: expected [ or . but got: spec"),
        (".spec['f1']", "is an invalid path: array notation is not allowed"),
        (".spec.", "is an invalid path: unexpected end of JSON path"),
        (".metadata.name", "must not point to fields in metadata"),
        (
            ".spec.list",
            "must point to a field of type string, boolean or integer. Enum string "
            "fields and strings with formats are allowed.",
        ),
    ],
)
def test_objects_are_selected_by_fields_that_the_schema_has(path, said):
    errors = selectable_errors([{"jsonPath": path}], SCHEMA, "p")
    assert [error.detail for error in errors] == [said] * bool(said)


@pytest.mark.parametrize(("count", "refused"), [(8, False), (9, True)])
def test_at_most_eight_fields_are_selectable(count, refused):
    fields = [{"jsonPath": f".spec.f{number}"} for number in range(count)]
    told = [str(error) for error in selectable_errors(fields, SCHEMA, "p")]
    assert told == ["p: Too many: 9: must have at most 8 items"] * refused
