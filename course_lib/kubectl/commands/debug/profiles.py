"""Profiles of `kubectl debug`: what a container for debugging may do, and what it sees.

Source: kubectl `pkg/cmd/debug/profiles.go`.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document

NAMES = ("legacy", "general", "baseline", "restricted", "netadmin", "sysadmin")
LISTS = ("initContainers", "containers", "ephemeralContainers")
HOST_ROOT = "host-root"
PROBES = {"liveness": "livenessProbe", "readiness": "readinessProbe", "startup": "startupProbe"}


class Style(Enum):
    """How something is debugged: in the Pod, in a copy of it, or on a node."""

    EPHEMERAL = "ephemeral"
    COPY = "copy"
    NODE = "node"


class Kept(msgspec.Struct, frozen=True):
    """What a copy keeps of its Pod."""

    labels: bool = False
    annotations: bool = False
    liveness: bool = False
    readiness: bool = False
    startup: bool = False
    init_containers: bool = True


class Profile:
    """The profile of a name; `kept` is what copies keep. Raises `CommandError` for no such name."""

    def __init__(self, name: str, kept: Kept) -> None:
        if name not in NAMES:
            raise CommandError(f"unknown profile: {name}")
        self.name, self._kept = name, kept

    def apply(self, pod: Document, container: str, style: Style) -> None:
        """Change a `pod` for its `container` for debugging, of a `style`."""
        spec = pod["spec"]
        found = _named(spec, container)
        self._allow(found, style)
        if style is Style.COPY:
            self._strip(pod)
        if style is Style.NODE and self.name != "baseline" and self.name != "restricted":
            spec |= {"hostNetwork": True, "hostPID": True, "hostIPC": True}
            if self.name != "netadmin":
                _mount_root(spec, found)

    def _allow(self, container: Document, style: Style) -> None:
        """Give the container the rights of the profile."""
        if self.name == "general" and style is not Style.NODE:
            _add_capabilities(container, "SYS_PTRACE")
        elif self.name in ("general", "baseline", "restricted"):
            container.pop("securityContext", None)
        if self.name == "restricted":
            container["securityContext"] = {
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "allowPrivilegeEscalation": False,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        elif self.name == "netadmin":
            _add_capabilities(container, "NET_ADMIN", "NET_RAW")
        elif self.name == "sysadmin":
            container["securityContext"] = _context(container) | {"privileged": True}

    def _strip(self, pod: Document) -> None:
        """Leave out of a copy what it does not keep."""
        kept, meta, spec = self._kept, pod["metadata"], pod["spec"]
        if self.name == "legacy":
            meta.pop("labels", None)
            return
        if not kept.labels:
            meta.pop("labels", None)
        if not kept.annotations:
            meta.pop("annotations", None)
        for name, field in PROBES.items():
            if not getattr(kept, name):
                for container in spec["containers"]:
                    container.pop(field, None)
        if not kept.init_containers:
            spec.pop("initContainers", None)
        if spec.get("shareProcessNamespace") is None:
            spec["shareProcessNamespace"] = True


def _named(spec: Document, name: str) -> Document:
    every: list[Document] = [each for group in LISTS for each in spec.get(group) or ()]
    return next(each for each in every if each["name"] == name)


def _context(container: Document) -> Document:
    return dict(container.get("securityContext") or {})


def _add_capabilities(container: Document, *names: str) -> None:
    context = _context(container)
    capabilities = dict(context.get("capabilities") or {})
    capabilities["add"] = [*(capabilities.get("add") or ()), *names]
    container["securityContext"] = context | {"capabilities": capabilities}


def _mount_root(spec: Document, container: Document) -> None:
    """Show the node's files at /host."""
    volume = {"name": HOST_ROOT, "hostPath": {"path": "/"}}
    spec["volumes"] = [*(spec.get("volumes") or ()), volume]
    mount = {"mountPath": "/host", "name": HOST_ROOT}
    container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
