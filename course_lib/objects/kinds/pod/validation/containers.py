"""The containers of a Pod: those that work, those that begin, and those that look on."""

from __future__ import annotations

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
)
from course_lib.objects.kinds.pod.validation.containers_of import InPod, each, restarts_always
from course_lib.objects.kinds.pod.validation.handlers import (
    RULES_ALONE,
    lifecycle,
    probes,
    pull_policy,
    resize_policies,
    restarts,
)
from course_lib.objects.kinds.pod.validation.mounts import devices, mounts
from course_lib.objects.kinds.pod.validation.resources import requirements
from course_lib.objects.kinds.pod.validation.security import container_security
from course_lib.objects.kinds.pod.validation.variables import sources_of_variables, variables
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
PROTOCOLS = ("SCTP", "TCP", "UDP")
WITHOUT_RESTARTS = "may not be set for init containers without restartPolicy=Always"
NOT_EPHEMERAL = "cannot be set for an Ephemeral Container"
# What an ephemeral container may not have, in the order of its type.
_NOT_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe",
    "readinessProbe", "startupProbe", "lifecycle",
)  # fmt: skip


def containers(spec: Document, pod: InPod, path: str) -> Errors:
    """The containers of a `spec`, which run side by side (`validateContainers`).

    `pod` is what the rules ask of the Pod around them, `path` is their own.
    """
    listed = spec.get("containers") or []
    if not listed:
        yield required(path)
    names: list[str] = []
    for container, here in each(listed, path):
        yield from _common(container, pod, here)
        if (name := container.get("name", "")) in names:
            yield duplicate(f"{here}.name", name)
        names.append(name)
        if (hooks := container.get("lifecycle")) is not None:
            yield from lifecycle(hooks, pod, f"{here}.lifecycle")
        yield from probes(container, pod, here)
        yield from restarts(container, here)
    yield from _host_ports(listed, path)


def init_containers(spec: Document, pod: InPod, path: str) -> Errors:
    """The init containers of a `spec`, sidecars among them (`validateInitContainers`).

    `pod` is what the rules ask of the Pod around them, `path` is their own.
    """
    names = [container.get("name", "") for container in spec.get("containers") or ()]
    for container, here in each(spec.get("initContainers"), path):
        yield from _common(container, pod, here)
        if container.get("restartPolicy") is not None:
            yield from restarts(container, here)
        elif container.get("restartPolicyRules"):
            yield required(f"{here}.restartPolicy", RULES_ALONE)
        if (name := container.get("name", "")) in names:
            yield duplicate(f"{here}.name", name)
        elif name:
            names.append(name)
        yield from _host_ports([container], path)
        hooks = container.get("lifecycle")
        if restarts_always(container):
            if hooks is not None:
                yield from lifecycle(hooks, pod, f"{here}.lifecycle")
            yield from probes(container, pod, here)
            continue
        for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if container.get(field) is not None:
                yield forbidden(f"{here}.{field}", WITHOUT_RESTARTS)
        for policy, at in each(container.get("resizePolicy"), f"{here}.resizePolicy"):
            if policy.get("restartPolicy") == "RestartContainer":
                rule = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                yield invalid(f"{at}.restartPolicy", "RestartContainer", rule)


def ephemeral_containers(spec: Document, pod: InPod, path: str) -> Errors:
    """The ephemeral containers of a `spec`, for debugging (`validateEphemeralContainers`).

    `pod` is what the rules ask of the Pod around them, `path` is their own.
    """
    others = [
        container.get("name", "")
        for group in ("containers", "initContainers")
        for container in spec.get(group) or ()
    ]
    names = list(others)
    for container, here in each(spec.get("ephemeralContainers"), path):
        yield from _common(container, pod, here)
        yield from image_without_spaces(container, here)
        if (name := container.get("name", "")) in names:
            yield duplicate(f"{here}.name", name)
        names.append(name)
        target = container.get("targetContainerName", "")
        if target and target not in others:
            yield not_found(f"{here}.targetContainerName", target)
        for field in _NOT_EPHEMERAL:
            if container.get(field):
                yield forbidden(f"{here}.{field}", NOT_EPHEMERAL)
        for mount, at in each(container.get("volumeMounts"), f"{here}.volumeMounts"):
            for field in ("subPath", "subPathExpr"):
                if mount.get(field):
                    yield forbidden(f"{at}.{field}", NOT_EPHEMERAL)


def image_without_spaces(container: Document, path: str) -> Errors:
    """An image of a Pod, not of a template (`validateContainerOnlyForPod`)."""
    image = container.get("image", "")
    if image != image.strip():
        yield invalid(f"{path}.image", image, "must not have leading or trailing whitespace")


def _common(container: Document, pod: InPod, path: str) -> Errors:
    """What holds for all containers (`validateContainerCommon`)."""
    if name := container.get("name", ""):
        yield from all_invalid(f"{path}.name", name, formats.label(name))
    else:
        yield required(f"{path}.name")
    if not container.get("image"):
        yield required(f"{path}.image")
    policy, here = container.get("terminationMessagePolicy", ""), f"{path}.terminationMessagePolicy"
    if not policy:
        yield required(here)
    elif policy not in MESSAGE_POLICIES:
        yield not_supported(here, policy, MESSAGE_POLICIES)
    yield from _ports(container, f"{path}.ports")
    yield from variables(container, path)
    yield from sources_of_variables(container, path)
    yield from mounts(container, pod, path)
    yield from devices(container, pod, path)
    yield from pull_policy(container.get("imagePullPolicy", ""), f"{path}.imagePullPolicy")
    resources = container.get("resources") or {}
    yield from requirements(resources, pod.claims, f"{path}.resources")
    yield from resize_policies(container, pod, f"{path}.resizePolicy")
    if (security := container.get("securityContext")) is not None:
        yield from container_security(security, pod, f"{path}.securityContext")


def _ports(container: Document, path: str) -> Errors:
    """The ports of one container (`validateContainerPorts`)."""
    names: list[str] = []
    for port, here in each(container.get("ports"), path):
        if name := port.get("name", ""):
            problems = formats.port_name(name)
            yield from all_invalid(f"{here}.name", name, problems)
            if not problems and name in names:
                yield duplicate(f"{here}.name", name)
            elif not problems:
                names.append(name)
        if number := port.get("containerPort", 0):
            yield from all_invalid(f"{here}.containerPort", number, formats.port_number(number))
        else:
            yield required(f"{here}.containerPort")
        if number := port.get("hostPort", 0):
            yield from all_invalid(f"{here}.hostPort", number, formats.port_number(number))
        protocol = port.get("protocol", "")
        if not protocol:
            yield required(f"{here}.protocol")
        elif protocol not in PROTOCOLS:
            yield not_supported(f"{here}.protocol", protocol, PROTOCOLS)


def _host_ports(listed: list[Document], path: str) -> Errors:
    """Each port of the host is claimed once (`checkHostPortConflicts`)."""
    taken: list[str] = []
    for container, here in each(listed, path):
        for port, at in each(container.get("ports"), f"{here}.ports"):
            if not port.get("hostPort"):
                continue
            claim = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if claim in taken:
                yield duplicate(f"{at}.hostPort", claim)
            taken.append(claim)
