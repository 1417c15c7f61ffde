"""What the API server refuses in a Job, and in the template of a CronJob.

`spec.scheduling` is dropped, because its gate is off in this release (`WorkloadWithJob`). Source:
`pkg/apis/batch/validation/validation.go`, and the strategy in `pkg/registry/batch/job`.
"""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import (
    Errors,
    FieldError,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.job_policy_rules import failure_policy, success_policy
from course_lib.objects.kinds.job_template_rules import template_update
from course_lib.objects.kinds.pod.validation.templates import template_errors
from course_lib.objects.kinds.pod.warnings import template_warnings
from course_lib.objects.kinds.workload_rules import (
    UNSELECTED,
    counts,
    kept_selector,
    shown_selector,
    template_labels,
    valid_selector,
)
from course_lib.objects.manifests import Document, value_at
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    label_selector,
    object_meta,
    object_meta_update,
    unchanged,
)

MOST_INDEXES, MANY_COMPLETIONS, MOST_OF_MANY = 100_000, 100_000, 10_000
MOST_MANAGED_BY = 63  # bytes
OWN_LABELS = {"controller-uid": "uid", "job-name": "name"}  # and the same below `PREFIX`
PREFIX = "batch.kubernetes.io/"
LOST_COUNT = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than "
    "10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
)


def validate(document: Document) -> Errors:
    """What is wrong with a new `document` (`ValidateJobCreate`)."""
    spec = document.get("spec") or {}
    yield from object_meta(_as_sent(document))
    yield from _generated_selector(spec, document["metadata"])
    yield from _spec(spec)
    yield from _names_of_pods(spec, document["metadata"].get("name", ""))


def validate_update(new: Document, old: Document) -> Errors:
    """What is wrong with the `new` version of an `old` Job (`ValidateJobUpdate`)."""
    yield from object_meta_update(new, old)
    spec, before = new["spec"], old["spec"]
    yield from _spec(spec, before)
    yield from _completions(spec, before)
    yield from kept_selector(spec, before)
    yield from template_update(new, old)
    yield from _unchanged_policies(spec, before)
    yield from _names_of_pods(spec, new["metadata"]["name"])


def _as_sent(document: Document) -> Document:
    """A new Job without the labels that it gets from its template only when it is read."""
    meta, labels = document["metadata"], template_labels(document.get("spec") or {})
    inside = value_at(document, "spec.template.metadata.labels")
    if not labels or meta.get("labels") is inside or meta.get("labels") != labels:
        return document
    return document | {"metadata": {k: v for k, v in meta.items() if k != "labels"}}


def _unchanged_policies(spec: Document, before: Document) -> Errors:
    for field, struct in (
        ("completionMode", ""),
        ("podFailurePolicy", "batch.PodFailurePolicy"),
        ("backoffLimitPerIndex", ""),
        ("managedBy", ""),
        ("successPolicy", "batch.SuccessPolicy"),
    ):
        value = spec.get(field)
        for error in unchanged(f"spec.{field}", value, before.get(field)):
            yield invalid(error.path, in_memory(struct, value) if struct else value, error.detail)


def _generated_selector(spec: Document, meta: Document) -> Errors:
    """The labels that the server gives a Job's Pods are there (`validateGeneratedSelector`)."""
    if spec.get("manualSelector") or spec.get("selector") is None:
        return
    labels, expected = template_labels(spec) or {}, {}
    for prefix in ("", PREFIX):
        for key, field in OWN_LABELS.items():
            value = expected[prefix + key] = meta.get(field, "")
            path = f"spec.template.metadata.labels[{prefix}{key}]"
            if prefix + key not in labels:
                yield required(path, f"must be '{value}'")
            elif labels[prefix + key] != value:
                yield invalid(path, labels, f"must be '{value}'")
    selector = valid_selector(spec["selector"])
    if selector is not None and not selector.matches(expected):
        shown = shown_selector(spec["selector"])
        yield invalid("spec.selector", shown, "`selector` not auto-generated")


def _names_of_pods(spec: Document, name: str) -> Errors:
    """The name of the Pod of the last index is a label (`validateNameAllowsCompletions`)."""
    completions = spec.get("completions") or 0
    last = f"{name}-{completions - 1}"
    if spec.get("completionMode") == "Indexed" and completions > 0 and formats.label(last):
        said = f"will not able to create pod with invalid DNS label: {last}"
        yield invalid("metadata.name", name, said)


def _spec(spec: Document, before: Document | None = None) -> Errors:
    """Source: `ValidateJobSpec`."""
    yield from spec_errors(spec, "spec", before)
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
    yield from label_selector(selector, "spec.selector")
    valid, labels = valid_selector(selector), template_labels(spec)
    if valid is not None and not valid.matches(labels):
        yield invalid("spec.template.metadata.labels", labels, UNSELECTED)


def spec_errors(spec: Document, path: str, before: Document | None = None) -> Errors:
    """What is wrong with a Job's `spec` at a path, but its selector (`validateJobSpec`).

    `before` is the spec that it replaces.
    """
    yield from counts(
        spec, path, "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
        "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes",
    )  # fmt: skip
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.get("managedBy") is not None:
        yield from _managed_by(spec["managedBy"], f"{path}.managedBy")
    yield from _mode(spec, path)
    if spec.get("podFailurePolicy") is not None:
        yield from failure_policy(spec, f"{path}.podFailurePolicy")
    success = spec.get("successPolicy")
    if success is not None and spec.get("completionMode") != "Indexed":
        shown = in_memory("batch.SuccessPolicy", success)
        yield invalid(f"{path}.successPolicy", shown, "requires indexed completion mode")
    elif success is not None:
        yield from success_policy(spec, f"{path}.successPolicy")
    yield from _replacement(spec, f"{path}.podReplacementPolicy")
    template, old = spec.get("template") or {}, (before or {}).get("template")
    yield from template_errors(template, f"{path}.template", old)
    yield from _restarts(spec, f"{path}.template.spec.restartPolicy")


def _managed_by(name: str, path: str) -> Errors:
    """A path with a domain, such as `example.com/queue` (`IsDomainPrefixedPath`)."""
    domain, _, rest = name.partition("/")
    if not name:
        yield required(path)
    elif not domain or not rest:
        said = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield invalid(path, name, said)
    else:
        yield from all_invalid(path, domain, formats.subdomain(domain))
        yield from all_invalid(path, rest, formats.path_text(rest))
    if len(name.encode()) > MOST_MANAGED_BY:
        yield too_long(path, MOST_MANAGED_BY)


def _mode(spec: Document, path: str) -> Errors:
    mode, failed = spec.get("completionMode"), spec.get("maxFailedIndexes")
    if mode not in (None, "NonIndexed", "Indexed"):
        yield not_supported(f"{path}.completionMode", mode, ["NonIndexed", "Indexed"])
    if mode == "Indexed":
        yield from _indexed(spec, path)
    if mode in (None, "NonIndexed"):
        for field, value in (
            ("backoffLimitPerIndex", spec.get("backoffLimitPerIndex")),
            ("maxFailedIndexes", failed),
        ):
            if value is not None:
                yield invalid(f"{path}.{field}", value, "requires indexed completion mode")


def _indexed(spec: Document, path: str) -> Errors:
    """The bounds of an Indexed Job, whose indexes have to fit into its status."""
    completions, parallelism = spec.get("completions"), spec.get("parallelism") or 0
    failed = spec.get("maxFailedIndexes")
    if completions is None:
        yield required(f"{path}.completions", "when completion mode is Indexed")
    if parallelism > MOST_INDEXES:
        said = f"must be less than or equal to {MOST_INDEXES} when completion mode is Indexed"
        yield invalid(f"{path}.parallelism", parallelism, said)
    if completions is not None and failed is not None and failed > completions:
        said = "must be less than or equal to completions"
        yield invalid(f"{path}.maxFailedIndexes", failed, said)
    if failed is not None and failed > MOST_INDEXES:
        yield _above(f"{path}.maxFailedIndexes", failed, f"{MOST_INDEXES}")
    many = completions is not None and completions > MANY_COMPLETIONS
    if not many or spec.get("backoffLimitPerIndex") is None:
        return
    if failed is None:
        said = f"must be specified when completions is above {MANY_COMPLETIONS}"
        yield required(f"{path}.maxFailedIndexes", said)
    bound = (
        f"{MOST_OF_MANY} when completions are above {MANY_COMPLETIONS} and used with backoff limit "
        "per index"
    )
    if parallelism > MOST_OF_MANY:
        yield _above(f"{path}.parallelism", parallelism, bound)
    if failed is not None and failed > MOST_OF_MANY:
        yield _above(f"{path}.maxFailedIndexes", failed, bound)


def _above(path: str, value: int, bound: str) -> FieldError:
    return invalid(path, value, f"must be less than or equal to {bound}")


def _replacement(spec: Document, path: str) -> Errors:
    """When Pods are replaced (`validatePodReplacementPolicy`)."""
    policy = spec.get("podReplacementPolicy")
    allowed = ["Failed", "TerminatingOrFailed"]
    if spec.get("podFailurePolicy") is not None:
        allowed = ["Failed"]
    if policy is not None and policy not in allowed:
        yield not_supported(path, policy, allowed)


def _restarts(spec: Document, path: str) -> Errors:
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy", "")
    if policy in ("", "Always"):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(path, policy, ["OnFailure", "Never"])
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        said = 'only "Never" is supported when podFailurePolicy is specified'
        yield invalid(path, policy, said)


def _completions(spec: Document, before: Document) -> Errors:
    """The completions of an Indexed Job change with its parallelism (`validateCompletions`)."""
    new, old = spec.get("completions"), before.get("completions")
    if spec.get("completionMode") != "Indexed":
        yield from unchanged("spec.completions", new, old)
    elif new not in (None, old) and new != spec.get("parallelism"):
        said = "can only be modified in tandem with spec.parallelism"
        yield invalid("spec.completions", new, said)


def spec_warnings(spec: Document, path: str) -> list[str]:
    """What is warned of in a Job's `spec` at a path (`WarningsForJobSpec`)."""
    many = (spec.get("completions") or 0) > MANY_COMPLETIONS
    many = many and (spec.get("parallelism") or 0) > MOST_OF_MANY
    told = [f"{path}: {LOST_COUNT}"] if many and spec.get("completionMode") == "Indexed" else []
    return [*told, *template_warnings(spec["template"], f"{path}.template")]
