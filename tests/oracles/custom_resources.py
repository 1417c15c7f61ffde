"""Cases about CustomResourceDefinitions, and what the course says to them.

A case: `id`, `release`, and either `schema` with perhaps `object` and `before` (an update), or
`columns` with `object`, or `crd` with perhaps `before`; `expect` is what the real packages say:
`errors` in alphabetical order, the `object` as it is read, the fields `pruned`, the `cells`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.jsonpath import JSONPath, text_of
from course_lib.objects.openapi.definition_rules import (
    complete,
    definition_errors,
    update_errors,
)
from course_lib.objects.openapi.definitions import CustomResourceDefinition
from course_lib.objects.openapi.schema import JSONSchemaProps
from course_lib.objects.openapi.structural import structural_errors
from course_lib.objects.openapi.validation import validate
from course_lib.objects.openapi.values import read

Case = dict[str, Any]


def answer(case: Case) -> Case:
    """What the course says to a case, in the form of `expect`."""
    if "crd" in case:
        return _of_definition(case)
    return _of_columns(case) if "columns" in case else _of_schema(case)


def _of_definition(case: Case) -> Case:
    found, *before = (
        msgspec.convert(_defaulted(case[which]), CustomResourceDefinition)
        for which in ("crd", "before")
        if which in case
    )
    errors = definition_errors(found, new=not before)
    for each in before:
        errors += update_errors(each, found)
    return {"errors": sorted(str(error) for error in errors)}


def _defaulted(document: Case) -> Case:
    document = deepcopy(document)
    complete(document)
    return document


def _of_schema(case: Case) -> Case:
    schema = msgspec.convert(case["schema"], JSONSchemaProps)
    errors = structural_errors(schema, "openAPIV3Schema")
    if errors or "object" not in case:
        return {"errors": sorted(map(str, errors))}
    document, pruned = read(case["object"], schema)
    if "before" in case:
        before, _ = read(case["before"], schema)
        errors = validate(document, schema, before)
    else:
        errors = validate(document, schema)
    said: Case = {"errors": sorted(map(str, errors)), "object": document}
    return said | ({"pruned": pruned} if pruned else {})


def _of_columns(case: Case) -> Case:
    """The cells of the columns whose type is text; the others are read from the same values."""
    try:
        paths = [JSONPath(column["jsonPath"]) for column in case["columns"]]
    except CourseError as problem:
        return {"errors": [problem.what]}
    found = [next(path.find(case["object"]), None) for path in paths]
    texts = [None if value is None else text_of(value) for value in found]
    return {"errors": [], "cells": [case["object"]["metadata"]["name"], *texts]}
