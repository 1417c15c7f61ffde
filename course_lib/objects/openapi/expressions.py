"""Rules in CEL and selectable fields of a definition; the rules are compiled, and not evaluated.

A messageExpression is not compiled. Source:
`ValidateCustomResourceDefinitionOpenAPISchema` and `ValidateCustomResourceSelectableFields` in
`pkg/apis/apiextensions/validation/validation.go` of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_lib.objects.cel.checking import check_rule
from course_lib.objects.cel.syntax import CompileFault, parse, told
from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_many,
)
from course_lib.objects.manifests import Document

RULES = "x-kubernetes-validations"
MOST_SELECTABLE = 8
REASONS = (
    "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired",
)  # fmt: skip
SELECTABLE = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings with "
    "formats are allowed."
)
EMPTY, BREAKS = "must be non-empty if specified", "must not contain line breaks"


def rule_errors(schema: Document, path: str) -> Errors:
    """The rules in CEL of a schema at a path, and of all schemas inside it."""
    for here, inner in _schemas(schema, path):
        for position, rule in enumerate(inner.get(RULES) or ()):
            yield from _rule(rule, f"{here}.{RULES}[{position}]")
            if (rule.get("rule") or "").strip():
                yield from _compiled(rule, inner, here == path, f"{here}.{RULES}[{position}].rule")


def _schemas(schema: Document, path: str) -> Iterator[tuple[str, Document]]:
    for name, inner in (schema.get("properties") or {}).items():
        yield from _schemas(inner, f"{path}.properties[{name}]")
    for field in ("additionalProperties", "items"):
        if isinstance(inner := schema.get(field), dict):
            yield from _schemas(inner, f"{path}.{field}")
    yield path, schema


def _compiled(rule: Document, schema: Document, root: bool, path: str) -> Errors:
    """What CEL's compiler says of a rule; what it knows of types beyond a schema is not judged."""
    text = rule["rule"]
    try:
        if check_rule(parse(text), schema, root):
            return
        problem = "cel expression must evaluate to a bool"
    except CompileFault as fault:
        problem = f"compilation failed: {told(text, fault)}"
    yield invalid(path, _in_memory(rule), problem)


def _in_memory(rule: Document) -> Document:
    """A rule as Go shows it: all fields, with their names in memory."""
    texts = {name: rule.get(name[0].lower() + name[1:], "") for name in _TEXTS}
    return {
        "Rule": rule["rule"],
        **texts,
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath", ""),
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


_TEXTS = ("Message", "MessageExpression")


def _rule(rule: Document, path: str) -> Errors:
    text, message = rule.get("rule", ""), rule.get("message", "")
    if not text.strip():
        yield required(f"{path}.rule", "rule is not specified")
    if message and not message.strip():
        yield invalid(f"{path}.message", message, EMPTY)
    elif "\n" in message:
        yield invalid(f"{path}.message", message, BREAKS)
    elif "\n" in text.strip() and not message:
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression", "")
    if expression and not expression.strip():
        rule_text = "messageExpression must be non-empty if specified"
        yield required(f"{path}.messageExpression", rule_text)
    reason = rule.get("reason")
    if reason is not None and reason not in REASONS:
        yield not_supported(f"{path}.reason", reason, REASONS)
    field = rule.get("fieldPath", "")
    if field and not field.strip():
        yield invalid(f"{path}.fieldPath", field, EMPTY)
    elif "\n" in field:
        yield invalid(f"{path}.fieldPath", field, BREAKS)


def selectable_errors(fields: list[Document], schema: Document, path: str) -> Errors:
    """The fields by which objects can be selected; they are in the `schema`, and of simple types.

    `fields` stand at the path.
    """
    seen: list[str] = []
    for position, field in enumerate(fields):
        here, text = f"{path}[{position}].jsonPath", field.get("jsonPath", "")
        if not text:
            yield required(here)
            continue
        found, problem = _found(text, schema)
        if found is None:
            yield invalid(here, text, f"is an invalid path: {problem}")
            continue
        if text.split(".")[1] == "metadata":
            yield invalid(here, text, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            yield invalid(here, text, SELECTABLE)
        if text in seen:
            yield duplicate(here, text)
        else:
            seen.append(text)
    if len(seen) > MOST_SELECTABLE:
        yield too_many(path, len(seen), MOST_SELECTABLE)


def _found(path: str, schema: Document) -> tuple[Document | None, str]:
    """The schema of the field at a simple JSON path, or what is wrong with it."""
    tokens = re.findall(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]]+", path)
    for position in range(0, len(tokens), 2):
        if tokens[position] == "[":
            return None, "array notation is not allowed"
        if tokens[position] != ".":
            return None, f"expected [ or . but got: {tokens[position]}"
        if position + 1 == len(tokens):
            return None, "unexpected end of JSON path"
        named, rest = schema.get("properties"), schema.get("additionalProperties")
        inner = named.get(tokens[position + 1]) if named is not None else rest
        if not isinstance(inner, dict):
            return None, "does not refer to a valid field"
        schema = inner
    return schema, ""
