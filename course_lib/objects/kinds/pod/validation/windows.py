"""Pods for Windows, and what Pods for Linux and for Windows cannot have of each other."""

from __future__ import annotations

import re

from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.containers_of import all_containers
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

LONGEST_SPEC = 64  # KiB of a credential spec
LONGEST_DOMAIN, LONGEST_USER = 256, 104  # bytes
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_BAD_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Fields of security contexts that Windows does not have, in the order of the API server.
_OF_PODS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy",
    "sysctls", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
)  # fmt: skip
_OF_SPECS = ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace")
_OF_CONTAINERS = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities",
    "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser",
    "runAsGroup",
)  # fmt: skip


def windows_options(options: Document | None, path: str) -> Errors:
    """The account and the user on Windows (`validateWindowsSecurityContextOptions`)."""
    if options is None:
        return
    if (name := options.get("gmsaCredentialSpecName")) is not None:
        yield from all_invalid(f"{path}.gmsaCredentialSpecName", name, formats.subdomain(name))
    here = f"{path}.gmsaCredentialSpec"
    if (spec := options.get("gmsaCredentialSpec")) is not None:
        if not spec:
            yield invalid(here, spec, "gmsaCredentialSpec cannot be an empty string")
        elif len(spec.encode()) > LONGEST_SPEC * 1024:
            rule = f"gmsaCredentialSpec size must be under {LONGEST_SPEC} KiB"
            yield invalid(here, spec, rule)
    if (user := options.get("runAsUserName")) is not None:
        yield from all_invalid(f"{path}.runAsUserName", user, _user_problems(user))


def _user_problems(text: str) -> list[str]:
    """What is wrong with a user's name, such as `DOMAIN\\user`."""
    if not text:
        return ["runAsUserName cannot be an empty string"]
    if _CONTROL.search(text):
        return ["runAsUserName cannot contain control characters"]
    if text.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, slash, user = text.rpartition("\\")
    told = []
    if len(domain.encode()) >= LONGEST_DOMAIN:
        told.append(f"Domain length must be under {LONGEST_DOMAIN} characters")
    if slash and not _NETBIOS.fullmatch(domain) and not _DNS.fullmatch(domain):
        told.append("Domain doesn't match the NetBios nor the DNS format")
    if not user:
        told.append("User cannot be empty")
    elif len(user.encode()) > LONGEST_USER:
        told.append(f"User length must not be longer than {LONGEST_USER} characters")
    if user and not user.strip(". "):
        told.append("User cannot contain only periods or spaces")
    if _BAD_USER.search(user):
        told.append('User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
    return [f"runAsUserName's {problem}" for problem in told]


def _host_process(context: Document | None) -> bool | None:
    value: bool | None = ((context or {}).get("windowsOptions") or {}).get("hostProcess")
    return value


def host_processes(spec: Document, path: str) -> Errors:
    """Containers that are processes of a host with Windows (`validateWindowsHostProcessPod`)."""
    of_pod, count, total = _host_process(spec.get("securityContext")), 0, 0
    for container, here in all_containers(spec, path):
        own = _host_process(container.get("securityContext"))
        if of_pod is not None and own is not None and of_pod != own:
            rule = "pod hostProcess value must be identical if both are specified, was "
            field = f"{here}.securityContext.windowsOptions.hostProcess"
            yield invalid(field, own, f"{rule}{str(of_pod).lower()}")
        total += 1
        count += bool(of_pod if own is None else own)
    if count and count != total:
        rule = "If pod contains any hostProcess containers then all containers must be "
        yield invalid(path, "", f"{rule}HostProcess containers")
    if count and not spec.get("hostNetwork"):
        rule = "hostNetwork must be true if pod contains any hostProcess containers"
        yield invalid(f"{path}.hostNetwork", False, rule)


def operating_system(spec: Document, path: str) -> Errors:
    """The system that a Pod is for, and what the other one has alone (`validateOS`)."""
    if (system := spec.get("os")) is None:
        return
    name = system.get("name", "")
    if not name:
        yield required(f"{path}.os.name")
    elif name not in ("linux", "windows"):
        yield not_supported(f"{path}.os", name, ("linux", "windows"))
    elif name == "linux":
        yield from _linux(spec, path)
    else:
        yield from _windows(spec, path)


def _linux(spec: Document, path: str) -> Errors:
    rule = "windows options cannot be set for a linux pod"
    if "windowsOptions" in (spec.get("securityContext") or {}):
        yield forbidden(f"{path}.securityContext.windowsOptions", rule)
    for container, here in all_containers(spec, path):
        if "windowsOptions" in (container.get("securityContext") or {}):
            yield forbidden(f"{here}.securityContext.windowsOptions", rule)


def _windows(spec: Document, path: str) -> Errors:
    rule = "cannot be set for a windows pod"
    context = spec.get("securityContext") or {}
    for field in _OF_PODS:
        if context.get(field) not in (None, []):
            yield forbidden(f"{path}.securityContext.{field}", rule)
    for field in _OF_SPECS:
        if spec.get(field) or (field in spec and field in ("hostUsers", "shareProcessNamespace")):
            yield forbidden(f"{path}.{field}", rule)
    for container, here in all_containers(spec, path):
        for field in _OF_CONTAINERS:
            if (container.get("securityContext") or {}).get(field) is not None:
                yield forbidden(f"{here}.securityContext.{field}", rule)
