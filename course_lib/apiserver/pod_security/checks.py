"""The checks of the level `restricted`, and a Pod held against a level (`policy/registry.go`)."""

from __future__ import annotations

from course_lib.apiserver.pod_security import baseline
from course_lib.apiserver.pod_security.baseline import (
    Check,
    Finding,
    Held,
    containers,
    context,
    named,
    quoted,
    setters,
    several,
)
from course_lib.apiserver.pod_security.levels import BASELINE, PRIVILEGED, Level
from course_lib.objects.manifests import Document

ALLOWED_VOLUMES = (
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
)  # fmt: skip


def escalation(pod: Held) -> Finding:
    """No process gets more rights than its parent; since 1.8."""
    if pod.minor < 8 or pod.on_windows:
        return None
    bad = [
        each.get("name", "")
        for each in containers(pod.spec)
        if context(each).get("allowPrivilegeEscalation") is not False
    ]
    detail = f"{named(bad)} must set securityContext.allowPrivilegeEscalation=false"
    return ("allowPrivilegeEscalation != false", detail) if bad else None


def no_capabilities(pod: Held) -> Finding:
    """All capabilities are dropped, and only one may come back; since 1.22."""
    if pod.minor < 22:
        return baseline.capabilities(pod)
    if pod.on_windows:
        return None
    kept: list[str] = []
    adding: list[str] = []
    added: set[str] = set()
    for each in containers(pod.spec):
        name, said = each.get("name", ""), context(each).get("capabilities") or {}
        if "ALL" not in (said.get("drop") or ()):
            kept.append(name)
        if more := {*(said.get("add") or ())} - {"NET_BIND_SERVICE"}:
            adding.append(name)
            added |= more
    details = []
    if kept:
        details.append(f'{named(kept)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        said = f"{named(adding)} must not include {quoted(sorted(added))}"
        details.append(f"{said} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def volume_types(pod: Held) -> Finding:
    """No volumes but those of the cluster."""
    bad: list[str] = []
    types: set[str] = set()
    for volume in pod.spec.get("volumes") or ():
        sources = [field for field in volume if field != "name" and volume[field] is not None]
        if not any(field in ALLOWED_VOLUMES for field in sources):
            bad.append(volume.get("name", ""))
            types.add(sources[0] if sources else "unknown")
    if not bad:
        return None
    use, what = several(len(bad), "uses", "use"), several(len(types), "restricted volume type")
    detail = f"{several(len(bad), 'volume')} {quoted(bad)} {use} {what} {quoted(sorted(types))}"
    return "restricted volume types", detail


def non_root(pod: Held) -> Finding:
    """Each container promises not to run as root."""
    if pod.in_user_namespace:
        return None
    reason, field = "runAsNonRoot != true", "runAsNonRoot"
    if who := setters(pod.spec, lambda security: security.get(field) is False):
        return reason, f"{who} must not set securityContext.runAsNonRoot=false"
    promised = context(pod.spec).get(field)
    bad = [
        each.get("name", "")
        for each in containers(pod.spec)
        if not promised and context(each).get(field) is None
    ]
    detail = f"pod or {named(bad)} must set securityContext.runAsNonRoot=true"
    return (reason, detail) if bad else None


def not_user_0(pod: Held) -> Finding:
    """No container names root as its user; since 1.23."""
    if pod.minor < 23 or pod.in_user_namespace:
        return None
    who = setters(pod.spec, lambda security: security.get("runAsUser") == 0)
    return ("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp(pod: Held) -> Finding:
    """Each container has a filter of system calls; since 1.19."""
    if pod.minor < 19:
        return baseline.seccomp(pod)
    if pod.on_windows:
        return None
    if found := baseline.seccomp_types(pod):
        return found
    of_pod = context(pod.spec).get("seccompProfile")
    bad = [
        each.get("name", "")
        for each in containers(pod.spec)
        if of_pod is None and context(each).get("seccompProfile") is None
    ]
    rule = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return ("seccompProfile", f"pod or {named(bad)} {rule}") if bad else None


def proc_mount(pod: Held) -> Finding:
    """Nothing but the default view of /proc."""
    return baseline.strict_proc_mount(pod)


# In the order of the identifiers upstream, which is that of messages.
_SHARED: tuple[Check, ...] = (
    baseline.app_armor, baseline.host_namespaces, baseline.host_ports, baseline.host_probes,
    baseline.privileged, baseline.selinux, baseline.sysctls, baseline.windows_host_process,
)  # fmt: skip
_BASELINE: tuple[Check, ...] = (
    baseline.app_armor, baseline.capabilities, baseline.host_namespaces, baseline.host_paths,
    baseline.host_ports, baseline.host_probes, baseline.privileged, baseline.proc_mount,
    baseline.selinux, baseline.seccomp, baseline.sysctls, baseline.windows_host_process,
)  # fmt: skip
_RESTRICTED: tuple[Check, ...] = (
    *_SHARED, escalation, no_capabilities, proc_mount, volume_types, non_root, not_user_0, seccomp,
)  # fmt: skip


def findings(level: Level, meta: Document, spec: Document) -> list[tuple[str, str]]:
    """What a `level` forbids in a Pod with the metadata `meta` and this `spec`, and why."""
    if level.name == PRIVILEGED:
        return []
    checks = _BASELINE if level.name == BASELINE else _RESTRICTED
    pod = Held(meta, spec, level.minor)
    found = (check(pod) for check in checks)
    return [each for each in found if each is not None]


def told(found: list[tuple[str, str]]) -> str:
    """All findings in one sentence."""
    return ", ".join(f"{reason} ({detail})" if detail else reason for reason, detail in found)
