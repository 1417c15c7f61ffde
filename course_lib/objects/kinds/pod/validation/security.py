"""Security contexts: users, profiles, privileges (`ValidateSecurityContext` and its like)."""

from __future__ import annotations

import re

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.kinds.pod.validation.containers_of import InPod, each
from course_lib.objects.kinds.pod.validation.paths import descending_path
from course_lib.objects.kinds.pod.validation.windows import windows_options
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
MOST_ID = 2**31 - 1  # of a user or of a group
LONGEST_SYSCTL, LONGEST_PROFILE = 253, 4095
_SYSCTL = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_SYSCTL_NAME = re.compile(_SYSCTL)
_OF_IPC = (
    "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    "kernel.shm", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.msg",
)  # fmt: skip
_SYS_ADMIN = "CAP_SYS_ADMIN"


def _number(context: Document, field: str, path: str) -> Errors:
    """The number of a user or of a group, which may be absent."""
    if (value := context.get(field)) is not None:
        problems = formats.in_range(value, 0, MOST_ID)
        yield from all_invalid(f"{path}.{field}", value, problems)


def container_security(context: Document, pod: InPod, path: str) -> Errors:
    """The security context of a container at a path.

    `pod` is what the rules ask of the Pod around it.
    """
    yield from _number(context, "runAsUser", path)
    yield from _number(context, "runAsGroup", path)
    if (proc := context.get("procMount")) is not None:
        if proc not in ("Default", "Unmasked"):
            yield not_supported(f"{path}.procMount", proc, ("Default", "Unmasked"))
        if proc == "Unmasked" and pod.host_users:
            rule = "`hostUsers` must be false to use `Unmasked`"
            yield invalid(f"{path}.procMount", proc, rule)
    yield from seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        shown = in_memory("core.SecurityContext", context)
        rule = "cannot set `allowPrivilegeEscalation` "
        if context.get("privileged"):
            yield invalid(path, shown, f"{rule}to false and `privileged` to true")
        for capability in (context.get("capabilities") or {}).get("add") or ():
            if capability == _SYS_ADMIN and not pod.sys_admin:
                yield invalid(path, shown, f"{rule}to false and `capabilities.Add` {_SYS_ADMIN}")
    yield from windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from apparmor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")


def has_sys_admin(context: Document) -> bool:
    """Whether an old container may have CAP_SYS_ADMIN without privilege escalation.

    Source: `hasSysAdminAndPrivilegeEscalationFalse` in `pkg/api/pod/util.go`.
    """
    added = (context.get("capabilities") or {}).get("add") or ()
    return not context.get("allowPrivilegeEscalation") and _SYS_ADMIN in added


def pod_security(spec: Document, path: str) -> Errors:
    """The security context of a whole Pod (`validatePodSpecSecurityContext`)."""
    context = spec.get("securityContext") or {}
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        yield from _number(context, field, path)
    for group, here in each(context.get("supplementalGroups"), f"{path}.supplementalGroups"):
        yield from all_invalid(here, group, formats.in_range(group, 0, MOST_ID))
    yield from _sysctls(context, spec, f"{path}.sysctls")
    yield from _one_of(context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), path)
    yield from seccomp_profile(context.get("seccompProfile"), f"{path}.seccompProfile")
    yield from windows_options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from apparmor_profile(context.get("appArmorProfile"), f"{path}.appArmorProfile")
    yield from _one_of(context, "supplementalGroupsPolicy", ("Merge", "Strict"), path)
    yield from _one_of(context, "seLinuxChangePolicy", ("MountOption", "Recursive"), path)


def _one_of(context: Document, field: str, known: tuple[str, ...], path: str) -> Errors:
    if (value := context.get(field)) is not None and value not in known:
        yield not_supported(f"{path}.{field}", value, known)


def _sysctls(context: Document, spec: Document, path: str) -> Errors:
    """Parameters of the kernel (`validateSysctls`)."""
    seen: list[str] = []
    for sysctl, here in each(context.get("sysctls"), path):
        name, here = sysctl.get("name", ""), f"{here}.name"
        if not name:
            yield required(here)
        elif len(name.encode()) > LONGEST_SYSCTL or not _SYSCTL_NAME.fullmatch(name):
            rule = f"must have at most {LONGEST_SYSCTL} characters and match regex {_SYSCTL}"
            yield invalid(here, name, rule)
        elif name in seen:
            yield duplicate(here, name)
        space = namespace_of(name)
        for field, shared in (("hostNetwork", "Net"), ("hostIPC", "IPC")):
            if spec.get(field) and space == shared:
                yield invalid(here, name, f"may not be specified when '{field}' is true")
        seen.append(name)


def namespace_of(sysctl: str) -> str:
    """The kernel's namespace that a parameter belongs to: Net, IPC, or an empty text.

    Source: `GetNamespace` in k8s.io/component-helpers `node/util/sysctl`.

    >>> namespace_of("net/ipv4/ip_forward"), namespace_of("kernel.msgmax"), namespace_of("vm.swap")
    ('Net', 'IPC', '')
    """
    first = min((sysctl.find(mark) for mark in "./" if mark in sysctl), default=-1)
    if first >= 0 and sysctl[first] == "/":
        sysctl = sysctl.translate(str.maketrans("./", "/."))
    name = sysctl.partition("*")[0]
    if name in _OF_IPC or name.startswith("fs.mqueue."):
        return "IPC"
    return "Net" if name.startswith("net.") else ""


def seccomp_profile(profile: Document | None, path: str) -> Errors:
    """Which calls of the kernel are allowed (`validateSeccompProfileField`)."""
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    if not kind:
        yield required(f"{path}.type", "type is required when seccompProfile is set")
    elif kind not in PROFILES:
        yield not_supported(f"{path}.type", kind, PROFILES)
    here = f"{path}.localhostProfile"
    if kind == "Localhost" and local is None:
        yield required(here, "must be set when seccomp type is Localhost")
    elif kind == "Localhost":
        yield from descending_path(str(local), here)
    elif local is not None:
        shown = in_memory("core.SeccompProfile", profile)
        yield invalid(here, shown, "can only be set when seccomp type is Localhost")


def apparmor_profile(profile: Document | None, path: str) -> Errors:
    """What files and capabilities are allowed (`ValidateAppArmorProfileField`)."""
    if profile is None:
        return
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    needed, here = "must be set when AppArmor type is Localhost", f"{path}.localhostProfile"
    if not kind:
        yield required(f"{path}.type", "type is required when appArmorProfile is set")
    elif kind not in PROFILES:
        yield not_supported(f"{path}.type", kind, PROFILES)
    elif kind != "Localhost" and local is not None:
        yield invalid(here, local, "can only be set when AppArmor type is Localhost")
    elif kind == "Localhost" and local is None:
        yield required(here, needed)
    elif local is not None:
        if local != local.strip():
            yield invalid(here, local, "must not be padded with whitespace")
        elif not local:
            yield required(here, needed)
        if len(local.encode()) > LONGEST_PROFILE:
            yield too_long(here, LONGEST_PROFILE)


def process_namespace(spec: Document, path: str) -> Errors:
    """Processes are shared within the Pod or with the host (`validateShareProcessNamespace`)."""
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        rule = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{path}.shareProcessNamespace", True, rule)


def host_users(spec: Document, path: str) -> Errors:
    """What a Pod with users of its own cannot share with the host (`validateHostUsers`)."""
    if spec.get("hostUsers") is not False:
        return
    names = {"hostNetwork": "hostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"}
    for field, shown in names.items():
        if spec.get(field):
            yield forbidden(f"{path}.{shown}", "when `hostUsers` is false")
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container, here in each(spec.get(group), f"{path}.{group}"):
            if container.get("volumeDevices"):
                yield forbidden(f"{here}.volumeDevices", "when `hostUsers` is false")
