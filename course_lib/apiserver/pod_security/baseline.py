"""The checks of the level `baseline`: no known way to take over the node (`policy/check_*.go`).

Each check says the reason and the detail of what it forbids in a Pod, or None.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import msgspec

from course_lib.objects.manifests import Document

Finding = tuple[str, str] | None  # reason, detail
GROUPS = ("initContainers", "containers", "ephemeralContainers")
CAPABILITIES = {
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}  # fmt: skip
SYSCTLS = (
    (0, "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies "
     "net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl "
     "net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem net.ipv4.tcp_wmem"),
    (37, "net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_notsent_lowat"),
)  # fmt: skip
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"


class Held(msgspec.Struct, frozen=True):
    """A Pod, or a template of Pods, held against the standards of a minor release."""

    meta: Document
    spec: Document
    minor: int

    @property
    def in_user_namespace(self) -> bool:
        """Whether root in the Pod is nobody on the node, which later releases allow more."""
        return self.minor >= 35 and self.spec.get("hostUsers") is False

    @property
    def on_windows(self) -> bool:
        """Whether it says that it is for Windows, which later releases ask less of."""
        return self.minor >= 25 and (self.spec.get("os") or {}).get("name") == "windows"


Check = Callable[[Held], Finding]


def containers(spec: Document) -> Iterator[Document]:
    """All containers of a Pod, those that prepare it first."""
    for group in GROUPS:
        yield from spec.get(group) or ()


def context(holder: Document) -> Document:
    """The security context of a Pod or a container; empty where it has none."""
    return holder.get("securityContext") or {}


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, with commas between."""
    return ", ".join(f'"{name}"' for name in names)


def several(count: int, one: str, many: str = "") -> str:
    """The word `one` as a `count` wants it; `many` where it takes more than an s."""
    return one if count == 1 else many or f"{one}s"


def named(names: list[str]) -> str:
    """The containers of these names, as messages call them."""
    return f"{several(len(names), 'container')} {quoted(names)}"


def setters(spec: Document, is_bad: Callable[[Document], object]) -> str:
    """The Pod and the containers whose security context is bad; empty where none is."""
    found = ["pod"] if is_bad(context(spec)) else []
    if names := [each.get("name", "") for each in containers(spec) if is_bad(context(each))]:
        found.append(named(names))
    return " and ".join(found)


def app_armor(pod: Held) -> Finding:
    """No profile but the runtime's and the node's own."""
    values: set[str] = set()

    def is_bad(security: Document) -> bool:
        profile = security.get("appArmorProfile")
        kind = (profile or {}).get("type", "")
        if profile is None or kind in ("RuntimeDefault", "Localhost"):
            return False
        values.add(kind)
        return True

    who = [text for text in (setters(pod.spec, is_bad),) if text]
    annotations = sorted(
        f"{key}={json.dumps(value)}"
        for key, value in (pod.meta.get("annotations") or {}).items()
        if key.startswith(APP_ARMOR)
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    if annotations:
        who.append(several(len(annotations), "annotation"))
    if not who:
        return None
    listed = [*sorted(values), *annotations]
    reason = several(len(listed), "forbidden AppArmor profile")
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(listed)}"
    return reason, detail


def capabilities(pod: Held) -> Finding:
    """No capabilities beyond those that containers have by default."""
    added: set[str] = set()
    bad: list[str] = []
    for each in containers(pod.spec):
        more = {*((context(each).get("capabilities") or {}).get("add") or ())} - CAPABILITIES
        if more:
            bad.append(each.get("name", ""))
            added |= more
    if not bad:
        return None
    detail = f"{named(bad)} must not include {quoted(sorted(added))} in "
    return "non-default capabilities", f"{detail}securityContext.capabilities.add"


def host_namespaces(pod: Held) -> Finding:
    """No namespaces of the node."""
    fields = ("hostNetwork", "hostPID", "hostIPC")
    found = [f"{field}=true" for field in fields if pod.spec.get(field)]
    return ("host namespaces", ", ".join(found)) if found else None


def host_paths(pod: Held) -> Finding:
    """No files of the node."""
    volumes = pod.spec.get("volumes") or ()
    bad = [each.get("name", "") for each in volumes if each.get("hostPath") is not None]
    detail = f"{several(len(bad), 'volume')} {quoted(bad)}"
    return ("hostPath volumes", detail) if bad else None


def host_ports(pod: Held) -> Finding:
    """No ports of the node."""
    bad: list[str] = []
    ports: set[str] = set()
    for each in containers(pod.spec):
        used = {str(port["hostPort"]) for port in each.get("ports") or () if port.get("hostPort")}
        if used:
            bad.append(each.get("name", ""))
            ports |= used
    if not bad:
        return None
    use, what = several(len(bad), "uses", "use"), several(len(ports), "hostPort")
    return "hostPort", f"{named(bad)} {use} {what} {', '.join(sorted(ports))}"


def host_probes(pod: Held) -> Finding:
    """No probes and hooks that ask another host; since 1.34."""
    bad: set[str] = set()
    hosts: set[str] = set()
    for each in containers(pod.spec) if pod.minor >= 34 else ():
        hooks = each.get("lifecycle") or {}
        asked = [each.get(f"{name}Probe") for name in ("liveness", "readiness", "startup")]
        for handler in (*asked, hooks.get("postStart"), hooks.get("preStop")):
            for way in ("httpGet", "tcpSocket"):
                if host := ((handler or {}).get(way) or {}).get("host"):
                    bad.add(each.get("name", ""))
                    hosts.add(host)
    if not bad:
        return None
    use, what = several(len(bad), "uses", "use"), several(len(hosts), "probe or lifecycle host")
    detail = f"{named(sorted(bad))} {use} {what} {quoted(sorted(hosts))}"
    return "probe or lifecycle host", detail


def privileged(pod: Held) -> Finding:
    """No container that may do all that the node may."""
    bad = [each.get("name", "") for each in containers(pod.spec) if context(each).get("privileged")]
    detail = f"{named(bad)} must not set securityContext.privileged=true"
    return ("privileged", detail) if bad else None


def proc_mount(pod: Held) -> Finding:
    """Nothing but the default view of /proc."""
    return None if pod.in_user_namespace else strict_proc_mount(pod)


def strict_proc_mount(pod: Held) -> Finding:
    """The same, in user namespaces too."""
    found = [(e.get("name", ""), context(e).get("procMount")) for e in containers(pod.spec)]
    bad = [(name, kind) for name, kind in found if kind not in (None, "Default")]
    kinds = sorted({kind for _, kind in bad})
    who = named([name for name, _ in bad])
    detail = f"{who} must not set securityContext.procMount to {quoted(kinds)}"
    return ("procMount", detail) if bad else None


def selinux(pod: Held) -> Finding:
    """No SELinux options but the types of containers."""
    allowed = {"", "container_t", "container_init_t", "container_kvm_t"}
    allowed |= {"container_engine_t"} if pod.minor >= 31 else set()
    types: set[str] = set()
    fields: set[str] = set()

    def is_bad(security: Document) -> bool:
        options = security.get("seLinuxOptions") or {}
        wrong = {options.get("type", "")} - allowed
        given = {field for field in ("user", "role") if options.get(field)}
        types.update(wrong)
        fields.update(given)
        return bool(wrong or given)

    if not (who := setters(pod.spec, is_bad)):
        return None
    said = [f"{several(len(types), 'type')} {quoted(sorted(types))}"] if types else []
    said += [f"{field} may not be set" for field in ("user", "role") if field in fields]
    detail = f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(said)}"
    return "seLinuxOptions", detail


def seccomp(pod: Held) -> Finding:
    """No container without a filter of system calls that says so itself."""
    return _seccomp_annotations(pod) if pod.minor < 19 else seccomp_types(pod)


def seccomp_types(pod: Held) -> Finding:
    """A profile that is set is the runtime's or the node's own."""
    values: set[str] = set()

    def is_bad(security: Document) -> bool:
        profile = security.get("seccompProfile")
        if profile is None or profile.get("type") in ("RuntimeDefault", "Localhost"):
            return False
        values.add(profile.get("type", ""))
        return True

    if not (who := setters(pod.spec, is_bad)):
        return None
    detail = f"{who} must not set securityContext.seccompProfile.type to {quoted(sorted(values))}"
    return "seccompProfile", detail


def _seccomp_annotations(pod: Held) -> Finding:
    annotations = pod.meta.get("annotations") or {}
    keys = [SECCOMP_POD]
    keys += [f"{SECCOMP_CONTAINER}{each.get('name', '')}" for each in containers(pod.spec)]
    found = {
        f"{key}={json.dumps(annotations[key])}"
        for key in keys
        if key in annotations
        and annotations[key] not in ("runtime/default", "docker/default")
        and not annotations[key].startswith("localhost/")
    }
    detail = f"forbidden {several(len(found), 'annotation')} {', '.join(sorted(found))}"
    return ("seccompProfile", detail) if found else None


def sysctls(pod: Held) -> Finding:
    """No kernel settings but those that stay within the Pod."""
    allowed = {name for since, names in SYSCTLS if since <= pod.minor for name in names.split()}
    names = [each.get("name", "") for each in context(pod.spec).get("sysctls") or ()]
    bad = [name for name in names if name not in allowed]
    return ("forbidden sysctls", ", ".join(bad)) if bad else None


def windows_host_process(pod: Held) -> Finding:
    """No process of a Windows node."""
    who = setters(pod.spec, lambda s: (s.get("windowsOptions") or {}).get("hostProcess"))
    detail = f"{who} must not set securityContext.windowsOptions.hostProcess=true"
    return ("hostProcess", detail) if who else None
