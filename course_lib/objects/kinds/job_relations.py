"""What is wrong between the fields of a Job's spec.

Source: `pkg/apis/batch/validation/validation.go`.
"""

from __future__ import annotations

from course_lib.objects.kind import Problems
from course_lib.objects.manifests import Document
from course_lib.objects.names import Problem


def failure_rule(rule: object) -> str:
    """A rule of a Pod failure policy: exit codes or conditions."""
    if not isinstance(rule, dict):
        return "a mapping"
    one = bool(rule.get("onExitCodes")) != bool(rule.get("onPodConditions"))
    return "" if one else "one of onExitCodes and onPodConditions"


def exit_codes(values: object) -> str:
    """Exit codes in ascending order, each once."""
    if not isinstance(values, list) or not values:
        return "at least one value is required"
    if not all(isinstance(value, int) for value in values):
        return "whole numbers"
    if any(values.count(value) > 1 for value in values):
        return "Duplicate value"
    return "" if values == sorted(values) else "must be ordered"


def job_relations(spec: Document, at: str) -> Problems:
    """What is wrong between the fields of a Job's spec; `at` is its path."""
    indexed = spec.get("completionMode") == "Indexed"
    if indexed and spec.get("parallelism", 1) > 100_000:
        expected = "must be less than or equal to 100000 when completion mode is Indexed"
        yield Problem(f"{at}.parallelism", expected, spec["parallelism"])
    for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
        if field in spec and not indexed:
            yield Problem(f"{at}.{field}", "requires indexed completion mode", spec[field])
    yield from _index_relations(spec, at)
    selector = spec.get("selector")
    made = "batch.kubernetes.io/controller-uid"
    own = (selector or {}).get("matchLabels") or {made: ""}
    if not spec.get("manualSelector") and [*own] != [made]:
        yield Problem(f"{at}.selector", "nothing: `selector` is not auto-generated", selector)
    if spec.get("manualSelector"):
        labels = spec["template"].get("metadata", {}).get("labels") or {}
        wanted = (selector or {}).get("matchLabels") or {}
        if not wanted or any(labels.get(key) != value for key, value in wanted.items()):
            path = f"{at}.template.metadata.labels"
            yield Problem(path, "`selector` does not match template `labels`", labels)
    yield from _failure_policy(spec, at)


def _failure_policy(spec: Document, at: str) -> Problems:
    policy, pod = spec.get("podFailurePolicy"), spec["template"]["spec"]
    if policy is None:
        return
    if pod.get("restartPolicy") != "Never":
        path = f"{at}.template.spec.restartPolicy"
        expected = 'only "Never" is supported when podFailurePolicy is specified'
        yield Problem(path, expected, pod.get("restartPolicy"))
    if spec.get("podReplacementPolicy", "Failed") != "Failed":
        path = f"{at}.podReplacementPolicy"
        yield Problem(path, 'supported values: "Failed"', spec["podReplacementPolicy"])
    containers = [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]
    names = [each.get("name") for each in containers]
    for position, rule in enumerate(policy.get("rules") or ()):
        here, codes = f"{at}.podFailurePolicy.rules[{position}]", rule.get("onExitCodes") or {}
        if rule.get("action") == "FailIndex" and "backoffLimitPerIndex" not in spec:
            expected = "FailIndex requires the backoffLimitPerIndex to be set"
            yield Problem(f"{here}.action", expected, "FailIndex")
        if codes.get("containerName", names[0]) not in names:
            expected = "a name of a container in the pod template"
            yield Problem(f"{here}.onExitCodes.containerName", expected, codes["containerName"])
        if codes.get("operator") == "In" and 0 in codes.get("values", ()):
            path = f"{here}.onExitCodes.values"
            yield Problem(path, "must not be 0 for the In operator", 0)


def _index_relations(spec: Document, at: str) -> Problems:
    """What limits of failed indexes and a success policy ask for."""
    failed = spec.get("maxFailedIndexes")
    if failed is not None and "backoffLimitPerIndex" not in spec:
        expected = "Required value: when maxFailedIndexes is specified"
        yield Problem(f"{at}.backoffLimitPerIndex", expected, None)
    if failed is not None and failed > spec.get("completions", failed):
        expected = "must be less than or equal to completions"
        yield Problem(f"{at}.maxFailedIndexes", expected, failed)
    success = spec.get("successPolicy")
    if success is not None and spec.get("completionMode") != "Indexed":
        yield Problem(f"{at}.successPolicy", "requires indexed completion mode", success)
    elif success is not None and not success.get("rules"):
        yield Problem(f"{at}.successPolicy.rules", "at least one rule", None)
