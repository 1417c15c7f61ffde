"""What the API server writes into a Pod before it is judged.

Source: `pkg/registry/core/pod/strategy.go`.
"""

from __future__ import annotations

from course_lib.objects.kinds.pod.disabled import drop_annotations
from course_lib.objects.kinds.pod.requests import ZERO, is_shared
from course_lib.objects.kinds.pod.validation.aggregates import container_sums
from course_lib.objects.kinds.pod.validation.annotations import APPARMOR, apparmor_field
from course_lib.objects.kinds.pod.validation.containers_of import all_containers
from course_lib.objects.kinds.pod.validation.security import apparmor_profile
from course_lib.objects.manifests import Document, places
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation.resources import HUGE_PAGES, may_be_overcommitted


def prepare(document: Document) -> None:
    """Complete a new Pod by what its metadata and all of its containers say, in place.

    Source: `PrepareForCreate`.
    """
    meta, spec = document["metadata"], document["spec"]
    _label_keys(spec, meta.get("labels") or {})
    if meta.get("annotations"):
        drop_annotations(meta)
        _apparmor(spec, meta["annotations"])
    complete_resources(spec)


def prepare_update(new: Document, old: Document) -> None:
    """The same for an update: what the server wrote itself, and a client leaves out, stays.

    Source: `PrepareForUpdate`; `admitPod` in `plugin/pkg/admission/priority`.
    """
    drop_annotations(new["metadata"])
    for field in ("resources", "priority", "preemptionPolicy"):
        if new["spec"].get(field) is None and field in old["spec"]:
            new["spec"][field] = old["spec"][field]


def _label_keys(spec: Document, labels: dict[str, str]) -> None:
    """Write the values of the Pod's own labels into selectors that name their keys."""
    if not spec.get("affinity") and not spec.get("topologySpreadConstraints"):
        return
    paths = ["topologySpreadConstraints[*]"]
    for side in ("podAffinity", "podAntiAffinity"):
        for when, inner in (("preferred", ".podAffinityTerm"), ("required", "")):
            field = f"{when}DuringSchedulingIgnoredDuringExecution"
            paths.append(f"affinity.{side}.{field}[*]{inner}")
    for path in paths:
        for term in places(spec, path, create=False):
            for keys, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
                _select(term, term.get(keys) or (), operator, labels)


def _select(
    term: Document, keys: tuple[str, ...] | list[str], operator: str, labels: dict[str, str]
) -> None:
    if (selector := term.get("labelSelector")) is None:
        return
    for key in keys:
        if key in labels:
            expressions = selector.setdefault("matchExpressions", [])
            expressions.append({"key": key, "operator": operator, "values": [labels[key]]})


def _apparmor(spec: Document, annotations: dict[str, str]) -> None:
    """Write profiles that annotations name into the fields (`applyAppArmorVersionSkew`)."""
    named = any(key.startswith(APPARMOR) for key in annotations)
    if not named or (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, _ in all_containers(spec, ""):
        annotation = annotations.get(f"{APPARMOR}{container.get('name', '')}")
        context = container.get("securityContext") or {}
        if annotation is None or "appArmorProfile" in context:
            continue
        profile = apparmor_field(annotation)
        if profile not in (None, of_pod) and not list(apparmor_profile(profile, "")):
            container["securityContext"] = context | {"appArmorProfile": profile}


def complete_resources(spec: Document) -> None:
    """Complete what a whole Pod asks for, where it says anything (`DefaultPodLevelResources`)."""
    resources = spec.get("resources")
    if not resources or not (resources.get("requests") or resources.get("limits")):
        return
    requests, limits = dict(resources.get("requests") or {}), dict(resources.get("limits") or {})
    sums = container_sums(spec, "limits")
    for name, amount in sums.items():
        if name.startswith(HUGE_PAGES) and name not in requests:
            limits.setdefault(name, str(amount))
    for name, amount in container_sums(spec, "requests").items():
        if is_shared(name) and may_be_overcommitted(name):
            requests.setdefault(name, str(amount))
    for name, limit in limits.items():
        if is_shared(name):
            requests.setdefault(name, limit)
    listed = [container for container, _ in all_containers(spec, "")]
    for name in [each for each in requests if is_shared(each) and each not in limits]:
        bounded = all(name in ((c.get("resources") or {}).get("limits") or {}) for c in listed)
        if bounded and name in sums:
            limits[name] = str(max(sums[name], Quantity(requests.get(name, ZERO))))
    for field, amounts in (("limits", limits), ("requests", requests)):
        if amounts:
            resources[field] = dict(sorted(amounts.items()))
