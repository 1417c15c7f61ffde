"""What the API server refuses in a StatefulSet.

`Recreate` is no update strategy: its gate is off in this release (`StatefulSetRecreateStrategy`).
Source: `pkg/apis/apps/validation/validation.go`, `pkg/registry/apps/statefulset/strategy.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.templates import template_errors
from course_lib.objects.kinds.pod.warnings import warnings_of_template
from course_lib.objects.kinds.workload_rules import (
    TOO_MANY_THERE,
    amount,
    at_most,
    at_most_all,
    counts,
    kept_selector,
    lasting_template,
    not_decremented,
    own_selector,
    shown_selector,
    size,
    unselected,
    valid_selector,
)
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.claims import claim_spec
from course_lib.objects.validation.meta import (
    all_invalid,
    label_name,
    object_meta,
    object_meta_update,
    unchanged,
)

RETENTION = ["Retain", "Delete"]
CLAIM = "core.PersistentVolumeClaim"


def validate(document: Document) -> Errors:
    """What is wrong with a new `document` (`ValidateStatefulSet`)."""
    yield from object_meta(document, label_name)
    yield from _spec(document.get("spec") or {})


def validate_update(new: Document, old: Document) -> Errors:
    """What is wrong with the `new` version of an `old` StatefulSet.

    What was wrong before, in a template or in a field that may not change, may stay so.
    """
    yield from object_meta_update(new, old)
    spec, before = new["spec"], old["spec"]
    yield from _spec(spec, before)
    yield from kept_selector(spec, before)
    claims, known = spec.get("volumeClaimTemplates"), before.get("volumeClaimTemplates")
    if any(unchanged("", claims, known)):
        shown = [in_memory(CLAIM, claim) for claim in claims] if claims else None
        yield invalid("spec.volumeClaimTemplates", shown, "field is immutable")
    for field in ("serviceName", "podManagementPolicy"):
        yield from unchanged(f"spec.{field}", spec.get(field, ""), before.get(field, ""))


def validate_status(new: Document, old: Document) -> Errors:
    """What is wrong with the status of the `new` version of an `old` StatefulSet."""
    status = new.get("status") or {}
    kinds = "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"
    both = "observedGeneration", "collisionCount"
    yield from counts(status, "status", "replicas", *kinds, *both)
    yield from at_most(status, "replicas", TOO_MANY_THERE, *kinds)
    said = "cannot be greater than status.readyReplicas"
    yield from at_most(status, "readyReplicas", said, "availableReplicas")
    yield from object_meta_update(new, old)
    yield from not_decremented(new, old)


def warnings(new: Document, old: Document | None) -> Iterator[str]:
    """What is warned of in a valid `new` StatefulSet; `old` is the one that it replaces."""
    spec = new["spec"]
    yield from warnings_of_template(new, old)
    for position, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        here = f"spec.volumeClaimTemplates[{position}]" + (".Spec" if old else "")
        for side in ("requests", "limits"):
            asked = (((claim.get("spec") or {}).get("resources") or {}).get(side) or {}).get(
                "storage", "0"
            )
            if Quantity(asked).milli % 1000:
                where = f"{here}.resources.{side}[storage]"
                value = f'"{Quantity(asked)}"'
                yield f"{where}: fractional byte value {value} is invalid, must be an integer"
    if spec.get("revisionHistoryLimit", 0) < 0:
        yield (
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value "
            ">= 0 is recommended"
        )


def _spec(spec: Document, before: Document | None = None) -> Errors:
    """Source: `ValidateStatefulSetSpec`."""
    policy = spec.get("podManagementPolicy", "")
    if not policy:
        yield required("spec.podManagementPolicy")
    elif policy not in ("OrderedReady", "Parallel"):
        yield invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    yield from _retention(spec.get("persistentVolumeClaimRetentionPolicy"))
    for position, claim in enumerate(spec.get("volumeClaimTemplates") or () if not before else ()):
        here = f"spec.volumeClaimTemplates[{position}].spec"
        yield from claim_spec(claim.get("spec") or {}, here)
    yield from counts(spec, "spec", "replicas", "minReadySeconds")
    yield from counts(spec.get("ordinals") or {}, "spec.ordinals", "start")
    service = spec.get("serviceName")
    if service and not before:
        yield from all_invalid("spec.serviceName", service, formats.label(service))
    yield from own_selector(spec, "statefulset")
    yield from _template(spec, before)
    yield from lasting_template(spec, "StatefulSet")


def _strategy(strategy: Document, path: str) -> Errors:
    kind, rolling = strategy.get("type", ""), strategy.get("rollingUpdate")
    if not kind:
        yield required(path)
    elif kind == "OnDelete" and rolling is not None:
        shown = in_memory("apps.RollingUpdateStatefulSetStrategy", rolling)
        said = "only allowed for updateStrategy 'RollingUpdate'"
        yield invalid(f"{path}.rollingUpdate", shown, said)
    elif kind == "RollingUpdate" and rolling is not None:
        yield from _rolling(rolling, f"{path}.rollingUpdate")
    elif kind not in ("OnDelete", "RollingUpdate"):
        shown = in_memory("apps.StatefulSetUpdateStrategy", strategy)
        yield invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")


def _rolling(rolling: Document, path: str) -> Errors:
    """Source: `validateRollingUpdateStatefulSet`."""
    yield from counts(rolling, path, "partition")
    fewer, here = rolling.get("maxUnavailable"), f"{path}.maxUnavailable"
    if fewer is None:
        return
    yield from amount(here, fewer)
    if size(fewer) == 0:
        yield invalid(here, fewer, "cannot be 0")
    yield from at_most_all(here, fewer)


def _retention(policy: Document | None) -> Errors:
    """What becomes of claims (`ValidatePersistentVolumeClaimRetentionPolicy`)."""
    for field in ("whenDeleted", "whenScaled") if policy is not None else ():
        value = (policy or {}).get(field, "")
        if value not in RETENTION:
            here = f"spec.persistentVolumeClaimRetentionPolicy.{field}"
            yield not_supported(here, value, RETENTION)


def _template(spec: Document, before: Document | None) -> Errors:
    """The template as the controller makes Pods of it: with its own names, and with the claims."""
    selector = valid_selector(spec.get("selector"))
    if selector is None:
        yield invalid("spec.selector", shown_selector(spec["selector"]), "")
        return
    yield from unselected(spec, selector, "spec")
    errors = template_errors(_as_made(spec), "spec.template", (before or {}).get("template"))
    if not (errors and before and any(_spec(before))):
        yield from errors


def _as_made(spec: Document) -> Document:
    template: Document = spec.get("template") or {}
    pod, claims = template.get("spec") or {}, spec.get("volumeClaimTemplates") or ()
    if not claims and not pod.get("subdomain") and not pod.get("hostname"):
        return template
    made = {key: value for key, value in pod.items() if key not in ("subdomain", "hostname")}
    names = [(claim.get("metadata") or {}).get("name", "") for claim in claims]
    if names:
        of_claims = [
            {"name": name, "persistentVolumeClaim": {"claimName": name}}
            for name in dict.fromkeys(names)
        ]
        own = [each for each in pod.get("volumes") or () if each.get("name") not in names]
        made["volumes"] = of_claims + own
    return template | {"spec": made}
