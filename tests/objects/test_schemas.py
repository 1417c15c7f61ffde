"""What a schema does to documents, whatever the schema and whatever the documents."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.openapi.schema import JSONSchemaProps
from course_lib.objects.openapi.structural import structural_errors
from course_lib.objects.openapi.validation import validate
from course_lib.objects.openapi.values import read
from tests.peers.schema_cases import draw

CASES = st.integers(0, 2**32).map(lambda seed: draw(random.Random(seed), 1)[0])


def schema(**properties: dict) -> JSONSchemaProps:
    spec = {"type": "object", "properties": properties}
    return msgspec.convert({"type": "object", "properties": {"spec": spec}}, JSONSchemaProps)


@given(CASES)
def test_a_document_that_was_pruned_and_defaulted_stays_as_it_is(case):
    of = msgspec.convert(case["schema"], JSONSchemaProps)
    once, _ = read(case["object"], of)
    again, pruned = read(once, of)
    assert again == once
    assert pruned == []
    assert validate(again, of) == validate(once, of)


@given(CASES)
def test_an_update_that_changes_nothing_is_refused_only_for_what_it_cannot_compare(case):
    of = msgspec.convert(case["schema"], JSONSchemaProps)
    document, _ = read(case["object"], of)
    told = [str(error) for error in validate(document, of)]
    for error in validate(document, of, document):
        assert str(error) in told


@given(CASES)
def test_reading_leaves_the_document_that_was_read_as_it_was(case):
    before = msgspec.json.encode(case["object"])
    read(case["object"], msgspec.convert(case["schema"], JSONSchemaProps))
    assert msgspec.json.encode(case["object"]) == before


def test_a_default_fills_an_object_that_is_there_and_makes_none():
    of = schema(update={"type": "object", "properties": {"max": {"type": "integer", "default": 2}}})
    assert read({"spec": {}}, of)[0] == {"spec": {}}
    assert read({"spec": {"update": {}}}, of)[0] == {"spec": {"update": {"max": 2}}}


def test_what_was_wrong_before_may_stay_and_nothing_new_may_come():
    size = schema(size={"type": "integer", "maximum": 3}, name={"type": "string"})
    before = {"spec": {"size": 5, "name": "a"}}
    assert validate({"spec": {"size": 5, "name": "b"}}, size, before) == []
    assert [str(error) for error in validate({"spec": {"size": 6, "name": "a"}}, size, before)] == [
        "spec.size: Invalid value: 6: spec.size in body should be less than or equal to 3"
    ]


@pytest.mark.parametrize("pattern", ["(?=a)", "a(?!b)", r"(a)\1", "("])
def test_a_pattern_that_the_api_server_cannot_read_is_no_schema(pattern: str):
    (error,) = structural_errors(schema(a={"type": "string", "pattern": pattern}), "schema")
    assert "must be a valid regular expression" in str(error)
