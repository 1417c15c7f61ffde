"""What the API server refuses in the policies of a Job: what a failure means, and what suffices.

Source: `pkg/apis/batch/validation/validation.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.field_errors import (
    OMITTED,
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from course_lib.objects.kinds.workload_rules import counts
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

MOST_RULES, MOST_CODES, MOST_CONDITIONS, MOST_SUCCESS_RULES = 20, 255, 20, 20
MOST_INDEXES_TEXT = 64 * 1024  # bytes
ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"]
OPERATORS, STATUSES = ["In", "NotIn"], ["False", "True", "Unknown"]


def failure_policy(spec: Document, path: str) -> Errors:
    """The policy for failures of a Job's `spec`, at a path (`validatePodFailurePolicy`)."""
    rules = spec["podFailurePolicy"].get("rules") or ()
    if len(rules) > MOST_RULES:
        yield too_many(f"{path}.rules", len(rules), MOST_RULES)
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = [*(pod.get("containers") or ()), *(pod.get("initContainers") or ())]
    names = [each.get("name", "") for each in containers]
    for position, rule in enumerate(rules):
        here = f"{path}.rules[{position}]"
        yield from _action(spec, rule.get("action", ""), f"{here}.action")
        codes, stated = rule.get("onExitCodes"), rule.get("onPodConditions")
        if codes is not None:
            yield from _exit_codes(codes, names, f"{here}.onExitCodes")
        if stated:
            yield from _conditions(stated, f"{here}.onPodConditions")
        if codes is not None and stated:
            said = "specifying both OnExitCodes and OnPodConditions is not supported"
            yield invalid(here, OMITTED, said)
        if codes is None and not stated:
            said = "specifying one of OnExitCodes and OnPodConditions is required"
            yield invalid(here, OMITTED, said)


def _action(spec: Document, action: str, path: str) -> Errors:
    if not action:
        yield required(path, f"valid values: {_quoted(ACTIONS)}")
    elif action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
        yield invalid(path, action, "requires the backoffLimitPerIndex to be set")
    elif action not in ACTIONS:
        yield not_supported(path, action, ACTIONS)


def _conditions(stated: Sequence[Document], path: str) -> Errors:
    """Source: `validatePodFailurePolicyRuleOnPodConditions`."""
    if len(stated) > MOST_CONDITIONS:
        yield too_many(path, len(stated), MOST_CONDITIONS)
    for position, pattern in enumerate(stated):
        here, kind, status = f"{path}[{position}]", pattern.get("type", ""), pattern.get("status")
        yield from all_invalid(f"{here}.type", kind, formats.label_key(kind))
        if not status:
            yield required(f"{here}.status", f"valid values: {_quoted(STATUSES)}")
        elif status not in STATUSES:
            yield not_supported(f"{here}.status", status, STATUSES)


def _exit_codes(codes: Document, names: list[str], path: str) -> Errors:
    """Source: `validatePodFailurePolicyRuleOnExitCodes`."""
    operator, container = codes.get("operator", ""), codes.get("containerName")
    if not operator:
        yield required(f"{path}.operator", f"valid values: {_quoted(OPERATORS)}")
    elif operator not in OPERATORS:
        yield not_supported(f"{path}.operator", operator, OPERATORS)
    if container is not None and container not in names:
        said = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{path}.containerName", container, said)
    values, here = codes.get("values"), f"{path}.values"
    if not values:
        yield invalid(here, values, "at least one value is required")
    elif len(values) > MOST_CODES:
        yield too_many(here, len(values), MOST_CODES)
    values = values or []
    for position, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(f"{here}[{position}]", value, "must not be 0 for the In operator")
        if value in values[:position]:
            yield duplicate(f"{here}[{position}]", value)
    if sorted(values) != values:
        yield invalid(here, values, "must be ordered")


def _quoted(texts: list[str]) -> str:
    """A list as Go's `%q` prints it."""
    quoted = " ".join(f'"{text}"' for text in texts)
    return f"[{quoted}]"


def success_policy(spec: Document, path: str) -> Errors:
    """The policy for early success of a Job's `spec`, at a path (`validateSuccessPolicy`)."""
    rules, completions = spec["successPolicy"].get("rules") or (), spec.get("completions") or 0
    if not rules:
        said = "at least one rules must be specified when the successPolicy is specified"
        yield required(f"{path}.rules", said)
    if len(rules) > MOST_SUCCESS_RULES:
        yield too_many(f"{path}.rules", len(rules), MOST_SUCCESS_RULES)
    for position, rule in enumerate(rules):
        yield from _success_rule(rule, completions, f"{path}.rules[{position}]")


def _success_rule(rule: Document, completions: int, path: str) -> Errors:
    count, text, total = rule.get("succeededCount"), rule.get("succeededIndexes"), 0
    if count is None and text is None:
        said = "at least one of succeededCount or succeededIndexes must be specified"
        yield required(path, said)
    if text is not None:
        if len(text.encode()) > MOST_INDEXES_TEXT:
            yield too_long(f"{path}.succeededIndexes", MOST_INDEXES_TEXT)
        try:
            total = number_of_indexes(text, completions)
        except ValueError as problem:
            said = f"error parsing succeededIndexes: {problem}"
            yield invalid(f"{path}.succeededIndexes", text, said)
    if count is None:
        return
    yield from counts(rule, path, "succeededCount")
    if count > completions:
        said = f"must be less than or equal to {completions} (the number of specified completions)"
        yield invalid(f"{path}.succeededCount", count, said)
    if text is not None and count > total:
        said = (
            f"must be less than or equal to {total} (the number of indexes in the specified "
            "succeededIndexes field)"
        )
        yield invalid(f"{path}.succeededCount", count, said)


def number_of_indexes(text: str, completions: int) -> int:
    """How many indexes a text such as `0-2,5` names, of a Job with so many `completions`.

    Raises `ValueError` for a text of another form (`validateIndexesFormat`).

    >>> number_of_indexes("0-2,5", 6)
    4
    """
    last, total = None, 0
    for interval in text.split(",") if text else ():
        first, end = interval_of(interval, completions)
        if last is not None and last >= first:
            raise ValueError(f"non-increasing order, previous: {last}, current: {first}")
        last, total = end, total + end - first + 1
    return total


def interval_of(text: str, completions: int) -> tuple[int, int]:
    """The first and the last index of an interval such as `3-5` (`parseIndexInterval`).

    Raises `ValueError` for a text of another form, and for an index that a Job with so many
    `completions` does not have.
    """
    parts = text.split("-")
    if len(parts) > 2:
        raise ValueError(
            f'the fragment "{text}" violates the requirement that an index interval can have at '
            "most two parts separated by '-'"
        )
    first = _index(parts[0], completions)
    if len(parts) == 1:
        return first, first
    last = _index(parts[1], completions)
    if first >= last:
        raise ValueError(f"non-increasing order, previous: {first}, current: {last}")
    return first, last


def _index(text: str, completions: int) -> int:
    if not text.removeprefix("+").isdecimal() or not text.isascii():
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if int(text) >= completions:
        raise ValueError(f'too large index: "{text}"')
    return int(text)
