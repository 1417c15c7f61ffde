"""Near which nodes and Pods a Pod wants to be (`validateAffinity`)."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.field_errors import Errors, forbidden, invalid, required
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, label_selector

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
WEIGHT = "must be in the range 1-100"


def affinity(wishes: Document | None, path: str) -> Errors:
    """All that a Pod says of its place."""
    wishes = wishes or {}
    if (nodes := wishes.get("nodeAffinity")) is not None:
        here = f"{path}.nodeAffinity"
        if (selector := nodes.get(REQUIRED)) is not None:
            yield from node_selector(selector, f"{here}.{REQUIRED}")
        for wish, at in each(nodes.get(PREFERRED), f"{here}.{PREFERRED}"):
            if not 1 <= (weight := wish.get("weight", 0)) <= 100:
                yield invalid(f"{at}.weight", weight, WEIGHT)
            yield from _node_term(wish.get("preference") or {}, f"{at}.preference", values=False)
    for side in ("podAffinity", "podAntiAffinity"):
        if (pods := wishes.get(side)) is not None:
            yield from _pods(pods, f"{path}.{side}")


def node_selector(selector: Document, path: str) -> Errors:
    """Nodes by terms of which one must hold (`ValidateNodeSelector`)."""
    terms = selector.get("nodeSelectorTerms")
    if not terms:
        yield required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for term, here in each(terms, f"{path}.nodeSelectorTerms"):
        yield from _node_term(term, here, values=True)


def _node_term(term: Document, path: str, values: bool) -> Errors:
    """One term; `values` of labels are judged where it is required, not where it is preferred."""
    for rule, here in each(term.get("matchExpressions"), f"{path}.matchExpressions"):
        yield from _expression(rule, here, values)
    for rule, here in each(term.get("matchFields"), f"{path}.matchFields"):
        yield from _field(rule, here)


def _expression(rule: Document, path: str, values: bool) -> Errors:
    """A requirement of one label (`ValidateNodeSelectorRequirement`)."""
    operator, given = rule.get("operator", ""), rule.get("values") or []
    here, key = f"{path}.values", rule.get("key", "")
    if operator in ("In", "NotIn"):
        if not given:
            yield required(here, "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if given:
            rule_text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield forbidden(here, rule_text)
    elif operator in ("Gt", "Lt"):
        if len(given) != 1:
            yield required(here, "must be specified single value when `operator` is 'Lt' or 'Gt'")
    else:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")
    yield from all_invalid(f"{path}.key", key, formats.label_key(key))
    for value, at in each(given, here) if values else ():
        yield from all_invalid(at, value, formats.label_value(value))


def _field(rule: Document, path: str) -> Errors:
    """A requirement of the node's name (`ValidateNodeFieldSelectorRequirement`)."""
    operator, given, key = rule.get("operator", ""), rule.get("values") or [], rule.get("key", "")
    if operator not in ("In", "NotIn"):
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")
    elif len(given) != 1:
        text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(f"{path}.values", text)
    if key != "metadata.name":
        yield invalid(f"{path}.key", key, "not a valid field selector key")
        return
    for value, here in each(given, f"{path}.values"):
        yield from all_invalid(here, value, formats.subdomain(value))


def _pods(wishes: Document, path: str) -> Errors:
    for term, here in each(wishes.get(REQUIRED), f"{path}.{REQUIRED}"):
        yield from _pod_term(term, here)
    for wish, here in each(wishes.get(PREFERRED), f"{path}.{PREFERRED}"):
        if not 1 <= (weight := wish.get("weight", 0)) <= 100:
            yield invalid(f"{here}.weight", weight, WEIGHT)
        yield from _pod_term(wish.get("podAffinityTerm") or {}, f"{here}.podAffinityTerm")


def _pod_term(term: Document, path: str) -> Errors:
    """Pods within a topology (`validatePodAffinityTerm`)."""
    for field in ("labelSelector", "namespaceSelector"):
        yield from label_selector(term.get(field), f"{path}.{field}")
    for space in term.get("namespaces") or ():
        yield from all_invalid(f"{path}.namespace", space, formats.label(space))
    same, other = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
    yield from label_keys(same, other, term.get("labelSelector"), path)
    key = term.get("topologyKey", "")
    if not key:
        yield required(f"{path}.topologyKey", "can not be empty")
    yield from all_invalid(f"{path}.topologyKey", key, formats.label_key(key))


def label_keys(
    same: Sequence[str], other: Sequence[str], selector: Document | None, path: str
) -> Errors:
    """Keys of the term at a `path`, and the `selector` into which the Pod's values were written.

    Pods with the `same` values are selected, those with the values of the `other` keys are not.
    Source: `ValidateMatchLabelKeysAndMismatchLabelKeys`.
    """
    for keys, field in ((same, "matchLabelKeys"), (other, "mismatchLabelKeys")):
        if keys and selector is None:
            rule = "must not be specified when labelSelector is not set"
            yield forbidden(f"{path}.{field}", rule)
            continue
        for key, here in each(keys, f"{path}.{field}"):
            yield from all_invalid(here, key, formats.label_key(key))
    if selector is not None:
        positions = {key: position for position, key in enumerate(same)}
        known = list(selector.get("matchLabels") or ())
        for expression in selector.get("matchExpressions") or ():
            if (key := expression.get("key", "")) in positions and key in known:
                rule = "exists in both matchLabelKeys and labelSelector"
                yield invalid(f"{path}[{positions[key]}]", key, rule)
            known.append(key)
    for key, here in each(same, f"{path}.matchLabelKeys"):
        if key in other:
            yield invalid(here, key, "exists in both matchLabelKeys and mismatchLabelKeys")
