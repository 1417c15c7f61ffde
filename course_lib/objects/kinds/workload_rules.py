"""What kinds that keep Pods share: amounts, selectors, templates of Pods, counts in a status.

Source: `pkg/apis/apps/validation/validation.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.templates import template_errors
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import Requirement, Selector
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, label_selector, not_negative, unchanged

Amount = int | str  # a number of Pods, or a share of them: "25%"
UNSELECTED = "`selector` does not match template `labels`"
TOO_MANY_THERE = "cannot be greater than status.replicas"


def amount(path: str, value: Amount) -> Errors:
    """A number of Pods, or per cent of them (`ValidatePositiveIntOrPercent`)."""
    if isinstance(value, str):
        yield from all_invalid(path, value, formats.percent(value))
    else:
        yield from not_negative(path, value)


def at_most_all(path: str, value: Amount) -> Errors:
    """A share of at most 100 % (`IsNotMoreThan100Percent`)."""
    if _is_percent(value) and size(value) > 100:
        yield invalid(path, value, "must not be greater than 100%")


def size(value: Amount) -> int:
    """The number in an amount; 0 for a text that holds none (`getIntOrPercentValue`).

    >>> size(2), size("25%"), size("3"), size("all")
    (2, 25, 3, 0)
    """
    if isinstance(value, int):
        return value
    number = value.removesuffix("%") if _is_percent(value) else value
    return int(number) if number.removeprefix("-").isdecimal() else 0


def _is_percent(value: Amount) -> bool:
    return isinstance(value, str) and not formats.percent(value)


def counts(part: Mapping[str, Any], path: str, *fields: str) -> Errors:
    """Numbers that may not be below 0, each of which may be absent."""
    for field in fields:
        yield from not_negative(f"{path}.{field}", part.get(field))


def at_most(status: Mapping[str, Any], most: str, said: str, *fields: str) -> Errors:
    """Counts of a `status` that may not exceed the one at `most`: if they do, that is `said`."""
    for field in fields:
        if (status.get(field) or 0) > (status.get(most) or 0):
            yield invalid(f"status.{field}", status.get(field) or 0, said)


def not_decremented(new: Document, old: Document) -> Errors:
    """The collisions of a controller's names only grow (`IsDecremented`)."""
    after, before = ((each.get("status") or {}).get("collisionCount") for each in (new, old))
    if before is not None and (after is None or after < before):
        yield invalid("status.collisionCount", after or 0, "cannot be decremented")


def valid_selector(selector: Document | None) -> Selector | None:
    """The selector of a document; None for one that is invalid (`LabelSelectorAsSelector`).

    A selector that is absent selects nothing, an empty one everything.
    """
    if selector is None:
        return Selector(nothing=True)
    if any(label_selector(selector, "")):
        return None
    equal = (Requirement(k, "In", (v,)) for k, v in (selector.get("matchLabels") or {}).items())
    terms = (
        Requirement(term["key"], term["operator"], tuple(term.get("values") or ()))
        for term in selector.get("matchExpressions") or ()
    )
    return Selector((*equal, *terms))


def shown_selector(selector: Document) -> Document:
    """A selector as messages show it: without what is empty."""
    terms = [
        {field: value for field, value in term.items() if value or field != "values"}
        for term in selector.get("matchExpressions") or ()
    ]
    labels = selector.get("matchLabels")
    return ({"matchLabels": labels} if labels else {}) | (
        {"matchExpressions": terms} if terms else {}
    )


def kept_selector(spec: Document, before: Document) -> Errors:
    """The selector of a `spec`, which stays that of the one `before`."""
    selector = spec.get("selector")
    shown = None if selector is None else shown_selector(selector)
    yield from unchanged("spec.selector", shown, before.get("selector"))


def template_labels(spec: Document) -> dict[str, str] | None:
    """The labels of the Pods that a spec describes, as messages show them."""
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    return None if labels is None else dict(sorted(labels.items()))


def unselected(spec: Document, selector: Selector, path: str) -> Errors:
    """The labels of the template of a `spec` at a path are those that its selector selects."""
    labels = template_labels(spec)
    if not selector.matches(labels):
        yield invalid(f"{path}.template.metadata.labels", labels, UNSELECTED)


def own_selector(spec: Document, owner: str) -> Errors:
    """The selector of a spec, which is there and selects something, for an `owner` in messages."""
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    yield from label_selector(selector, "spec.selector")
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid(
            "spec.selector", shown_selector(selector), f"empty selector is invalid for {owner}"
        )


def selected_template(spec: Document, before: Document | None = None) -> Errors:
    """The template of a `spec` with a selector (`ValidatePodTemplateSpecForReplicaSet`).

    `before` is the spec that it replaces.
    """
    selector = valid_selector(spec.get("selector"))
    if selector is None:
        yield invalid("spec.selector", shown_selector(spec["selector"]), "invalid label selector")
        return
    yield from unselected(spec, selector, "spec")
    old = (before or {}).get("template")
    yield from template_errors(spec.get("template") or {}, "spec.template", old)
    yield from lasting_template(spec, "ReplicaSet")


def lasting_template(spec: Document, kind: str) -> Errors:
    """Pods that a `kind` replaces for ever are restarted always, and have no deadline."""
    pod = (spec.get("template") or {}).get("spec") or {}
    restart = pod.get("restartPolicy", "")
    if restart != "Always":
        yield not_supported("spec.template.spec.restartPolicy", restart, ["Always"])
    if pod.get("activeDeadlineSeconds") is not None:
        said = f"activeDeadlineSeconds in {kind} is not Supported"
        yield forbidden("spec.template.spec.activeDeadlineSeconds", said)


def name_of_pods(document: Document) -> Iterator[str]:
    """The warning for a name of which names of Pods are made, and which is no DNS label."""
    if told := formats.label(document["metadata"].get("name", "")):
        yield (
            "metadata.name: this is used in Pod names and hostnames, which can result in "
            f"surprising behavior; a DNS label is recommended: [{' '.join(told)}]"
        )
