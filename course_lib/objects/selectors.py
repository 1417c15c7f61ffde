"""Label and field selectors: which objects a query or a controller means (chapter 03).

Grammar: kubernetes.io "Labels and Selectors"; rules: k8s.io/apimachinery `pkg/labels/selector.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.label_syntax import LabelSyntaxError, label_terms
from course_lib.objects.manifests import text_at

IN, NOT_IN, EXISTS, DOES_NOT_EXIST, GT, LT = "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"


class Requirement(msgspec.Struct, frozen=True):
    """One condition on one label: key, operator, values.

    `set_based` says that it is written as a set, with brackets around a single value too.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()
    set_based: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet the condition; NotIn also holds where the key is absent."""
        found = labels.get(self.key)
        if self.operator == IN:
            return found in self.values
        if self.operator == NOT_IN:
            return found not in self.values
        if self.operator == EXISTS:
            return found is not None
        if self.operator == DOES_NOT_EXIST:
            return found is None
        number, bound = _integer(found), _integer(self.values[0])
        if number is None or bound is None:
            return False
        return number > bound if self.operator == GT else number < bound

    def __str__(self) -> str:
        values, bracketed = ",".join(sorted(self.values)), self.set_based or len(self.values) > 1
        return {
            IN: f"{self.key} in ({values})" if bracketed else f"{self.key}={values}",
            NOT_IN: f"{self.key} notin ({values})" if bracketed else f"{self.key}!={values}",
            EXISTS: self.key,
            DOES_NOT_EXIST: f"!{self.key}",
            GT: f"{self.key}>{values}",
            LT: f"{self.key}<{values}",
        }[self.operator]


class Selector(msgspec.Struct, frozen=True):
    """All of its requirements must hold; with none, it selects everything.

    >>> s = parse_selector("app=shop, tier notin (cache,db), !canary")
    >>> s.matches({"app": "shop", "tier": "web"}), s.matches({"app": "shop", "tier": "db"})
    (True, False)
    """

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False  # selects no object at all, as a missing selector does

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is selected."""
        if self.nothing:
            return False
        labels = labels or {}
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ",".join(str(r) for r in self.requirements) or "<none>"


EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def selector_from_labels(labels: Mapping[str, str] | None) -> Selector:
    """The selector of a plain map (as a Service has); an empty map selects nothing."""
    if not labels:
        return NOTHING
    return Selector(tuple(Requirement(k, IN, (v,)) for k, v in sorted(labels.items())))


class UnreadableSelector(CourseError):
    """A text that is no selector, or none of this kind; the message is the API server's."""


_OPERATORS = {
    "": EXISTS, "!": DOES_NOT_EXIST, "=": IN, "==": IN, "!=": NOT_IN, ">": GT, "<": LT, "in": IN,
    "notin": NOT_IN,
}  # fmt: skip


def parse_selector(text: str) -> Selector:
    """Read the form that `kubectl -l` takes: `a=b`, `a!=b`, `a in (b,c)`, `a`, `!a`, `a>5`.

    Raises `UnreadableSelector`.
    """
    try:
        terms = label_terms(text)
    except LabelSyntaxError as problem:
        raise UnreadableSelector(
            str(problem),
            expected="terms such as app=shop, tier!=db, env in (qa,prod), partition, !canary, "
            "cores>4",
            found=repr(text),
        ) from None
    return Selector(
        tuple(
            Requirement(each.key, _OPERATORS[each.operator], each.values, "in" in each.operator)
            for each in terms
        )
    )


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[+-]?[0-9]+", text) else None


class FieldValue(NamedTuple):
    """The value that a document has at a path; empty where it has none."""

    path: str
    value: str


# What a field has that a document leaves out: Go's zero, or what another field has.
_ELSE: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "spec.hostNetwork": lambda pod: "false",
    "spec.unschedulable": lambda node: "false",
    "status.succeeded": lambda job: "0",
    "source.component": lambda event: text_at(event, "reportingComponent"),
}


def _value(document: Mapping[str, Any], path: str) -> str:
    found = text_at(document, path)
    return found if found or path not in _ELSE else _ELSE[path](document)


class FieldSelector(msgspec.Struct, frozen=True):
    """Conditions on an object's own fields: pairs of path, wanted value, and whether equal.

    >>> parse_field_selector("spec.nodeName=n1,status.phase!=Failed").matches(
    ...     {"spec": {"nodeName": "n1"}, "status": {"phase": "Running"}})
    True
    """

    terms: tuple[tuple[str, str, bool], ...] = ()

    def matches(self, document: Mapping[str, Any]) -> bool:
        """Whether the document's fields have these values; an absent field counts as empty."""
        return all((_value(document, path) == value) == equal for path, value, equal in self.terms)

    @property
    def required(self) -> FieldValue | None:
        """A value that every document has which it matches; None where no term asks for one.

        >>> parse_field_selector("status.phase!=Failed,spec.nodeName=n1").required
        FieldValue(path='spec.nodeName', value='n1')
        """
        return next((FieldValue(path, value) for path, value, equal in self.terms if equal), None)


def parse_field_selector(text: str) -> FieldSelector:
    r"""Read `--field-selector`: `path=value`, `==`, `!=`, with commas between.

    Raises `UnreadableSelector` for other text. `\\` stands before `\\`, `,` and `=` of a value.
    Source: `parseSelector` in `k8s.io/apimachinery/pkg/fields/selector.go`.

    >>> parse_field_selector("status.phase!=Failed,spec.nodeName=n1").terms
    (('spec.nodeName', 'n1', True), ('status.phase', 'Failed', False))
    """
    terms = []
    for term in sorted(re.findall(r"(?:\\.|[^,\\]|\\$)+", text, re.DOTALL)):
        match = re.fullmatch(r"(.*?)(!=|==|=)(.*)", term, re.DOTALL)
        if not match:
            raise UnreadableSelector(
                f"invalid selector: '{text}'; can't understand '{term}'",
                expected="path=value or path!=value, such as spec.nodeName=node-1",
                found=repr(term),
            )
        terms.append((match[1], _unescaped(match[3]), match[2] != "!="))
    return FieldSelector(tuple(terms))


def _unescaped(value: str) -> str:
    found = ""
    for each in re.findall(r"\\.|.", value, re.DOTALL):
        if each == "\\" or (len(each) == 2 and each[1] not in "\\,="):
            problem = f"invalid escape sequence: {each}"
        elif each in (",", "="):
            problem = f"unescaped character in value: {ord(each)}"
        else:
            found += each[-1]
            continue
        raise UnreadableSelector(f"invalid field selector: {problem}", found=repr(value))
    return found
