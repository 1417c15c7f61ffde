"""Annotations that say what fields say today (`ValidatePodSpecificAnnotations`)."""

from __future__ import annotations

import json
import re

from course_lib.objects.field_errors import Errors, forbidden, invalid
from course_lib.objects.kinds.pod.validation.containers_of import all_containers
from course_lib.objects.kinds.pod.validation.paths import descending_path
from course_lib.objects.kinds.pod.validation.scheduling import tolerations
from course_lib.objects.manifests import Document

MIRROR = "kubernetes.io/config.mirror"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
LOCAL = "localhost/"
_DEFAULTS = ("runtime/default", "docker/default")  # of seccomp, today's and Docker's
_COST = re.compile(r"0|[1-9][0-9]*|-[0-9]+")


def annotation_rules(annotations: dict[str, str], spec: Document, path: str) -> Errors:
    """The annotations of a Pod with this `spec`, or of a template's; `path` is theirs."""
    if not annotations:
        return
    if MIRROR in annotations and not spec.get("nodeName"):
        rule = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(f"{path}[{MIRROR}]", annotations[MIRROR], rule)
    if annotations.get(TOLERATIONS):
        yield from _tolerations(annotations[TOLERATIONS], path)
    cost = annotations.get(DELETION_COST, "0")
    if not _COST.fullmatch(cost) or not -(2**31) <= int(cost) < 2**31:
        yield invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer")
    if SECCOMP_POD in annotations:
        yield from _seccomp(annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key, profile in annotations.items():
        if key.startswith(SECCOMP):
            yield from _seccomp(profile, f"{path}.{key}")
    names = [container.get("name", "") for container, _ in all_containers(spec, "")]
    for key, profile in annotations.items():
        if key.startswith(APPARMOR):
            if (name := key.removeprefix(APPARMOR)) not in names:
                yield invalid(f"{path}[{key}]", name, "container not found")
            known = profile in ("", "runtime/default", "unconfined")
            if not known and not profile.startswith(LOCAL):
                rule = f'invalid AppArmor profile name: "{profile}"'
                yield invalid(f"{path}[{key}]", profile, rule)


def _tolerations(text: str, path: str) -> Errors:
    try:
        listed = json.loads(text)
    except ValueError as problem:
        yield invalid(path, TOLERATIONS, str(problem))
        return
    yield from tolerations(listed, f"{path}.{TOLERATIONS}")


def _seccomp(profile: str, path: str) -> Errors:
    """A profile by its older name (`ValidateSeccompProfile`)."""
    if profile.startswith(LOCAL):
        yield from descending_path(profile.removeprefix(LOCAL), path)
    elif profile not in (*_DEFAULTS, "unconfined"):
        yield invalid(path, profile, "must be a valid seccomp profile")


def profiles_match(annotations: dict[str, str], spec: Document, path: str) -> Errors:
    """Where annotations and fields of the `spec` at a `path` name profiles, they agree.

    Source: `validateSeccompAnnotationsAndFields` and the same for AppArmor.
    """
    if not annotations:
        return
    context = spec.get("securityContext") or {}
    yield from _match(annotations.get(SECCOMP_POD), context.get("seccompProfile"), "seccomp", path)
    for container, here in all_containers(spec, path):
        own = (container.get("securityContext") or {}).get("seccompProfile")
        name = container.get("name", "")
        yield from _match(annotations.get(f"{SECCOMP}{name}"), own, "seccomp", here)
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, here in all_containers(spec, path):
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        profile = context.get("appArmorProfile") if own is None else own
        name = container.get("name", "")
        yield from _match(annotations.get(f"{APPARMOR}{name}"), profile, "apparmor", here)


def _match(annotation: str | None, profile: Document | None, what: str, path: str) -> Errors:
    if annotation is None or profile is None:
        return
    field = "seccompProfile" if what == "seccomp" else "appArmorProfile"
    here, kind = f"{path}.securityContext.{field}", profile.get("type", "")
    defaults = _DEFAULTS if what == "seccomp" else _DEFAULTS[:1]
    same = {
        "Unconfined": annotation == "unconfined",
        "RuntimeDefault": annotation in defaults,
        "Localhost": annotation.startswith(LOCAL),
    }
    if not same.get(kind, True):
        yield forbidden(f"{here}.type", f"{what} type in annotation and field must match")
    elif kind == "Localhost" and annotation.removeprefix(LOCAL) != profile.get("localhostProfile"):
        rule = f"{what} profile in annotation and field must match"
        yield forbidden(f"{here}.localhostProfile", rule)


def apparmor_field(annotation: str) -> Document | None:
    """The AppArmor profile that an annotation names; None where it names none.

    Source: `ApparmorFieldForAnnotation` in `pkg/api/pod/util.go`.
    """
    if annotation in ("unconfined", "runtime/default"):
        return {"type": "Unconfined" if annotation == "unconfined" else "RuntimeDefault"}
    if annotation.startswith(LOCAL) and annotation != LOCAL:
        return {"type": "Localhost", "localhostProfile": annotation.removeprefix(LOCAL)}
    return None
