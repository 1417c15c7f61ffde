"""From the CRI's messages to what a runtime is asked for, and back.

Source: `pkg/kubelet/kuberuntime/labels.go` for the kubelet's annotation of ports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import TypeVar, cast

from course_lib.cri import messages as v1
from course_lib.runtimes.container import OCIStatus, RuntimeContainer
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.machine import EPOCH_NS
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.spec import (
    CONTAINER,
    NODE,
    POD,
    TARGET,
    ContainerSpec,
    Mount,
    Namespaces,
    Resources,
    SandboxSpec,
)
from course_lib.runtimes.store import NodeImage

PORTS = "io.kubernetes.container.ports"
ENDS = "course.example/ends"  # a hint to the model of programs: this one is expected to end
_MODES = {v1.POD: POD, v1.CONTAINER: CONTAINER, v1.NODE: NODE, v1.TARGET: TARGET}
_NUMBERS = {mode: number for number, mode in _MODES.items()}
STATES = {
    OCIStatus.CREATED: v1.CONTAINER_CREATED,
    OCIStatus.RUNNING: v1.CONTAINER_RUNNING,
    OCIStatus.STOPPED: v1.CONTAINER_EXITED,
}


def nanoseconds(seconds: float, epoch: int = EPOCH_NS) -> int:
    """A simulated time as nanoseconds since 1970."""
    return epoch + round(seconds * 1e9)


def seconds(nanoseconds: int) -> float:
    """The simulated time of nanoseconds since 1970; the inverse of `nanoseconds`."""
    return (nanoseconds - EPOCH_NS) / 1e9


def invalid(what: str) -> RuntimeFault:
    """The request cannot be understood."""
    return RuntimeFault("InvalidArgument", what)


def sandbox_spec(config: v1.PodSandboxConfig) -> SandboxSpec:
    """What `RunPodSandbox` asks for."""
    if not config.HasField("metadata") or not config.metadata.name or not config.metadata.uid:
        raise invalid("sandbox config must include metadata: name, uid and namespace")
    meta, security = config.metadata, config.linux.security_context
    if security.HasField("run_as_group") and not security.HasField("run_as_user"):
        raise invalid("user group is specified without user")
    return SandboxSpec(
        name=intern(meta.name),
        namespace=intern(meta.namespace),
        uid=intern(meta.uid),
        attempt=meta.attempt,
        hostname=intern(config.hostname),
        labels=_texts(config.labels),
        annotations=_texts(config.annotations),
        log_directory=config.log_directory,
        cgroup_parent=config.linux.cgroup_parent,
        namespaces=_namespaces(security.namespace_options),
        nameservers=_same(tuple(config.dns_config.servers)),
        searches=_same(tuple(config.dns_config.searches)),
        options=_same(tuple(config.dns_config.options)),
        sysctls=dict(config.linux.sysctls),
    )


def container_spec(config: v1.ContainerConfig) -> ContainerSpec:
    """What `CreateContainer` asks for; raises `RuntimeFault` where it cannot be."""
    _check_container(config)
    security = config.linux.security_context
    return ContainerSpec(
        name=intern(config.metadata.name),
        image=intern(config.image.image),
        image_name=intern(config.image.user_specified_image or config.image.image),
        attempt=config.metadata.attempt,
        command=_same(tuple(config.command)),
        args=_same(tuple(config.args)),
        working_dir=config.working_dir,
        env=_variables(config),
        labels=_texts(config.labels),
        annotations=_texts(config.annotations),
        log_path=intern(config.log_path),
        mounts=tuple(
            Mount(intern(m.container_path), m.host_path, m.readonly) for m in config.mounts
        ),
        resources=resources(config.linux.resources),
        namespaces=_namespaces(security.namespace_options),
        user=security.run_as_user.value if security.HasField("run_as_user") else None,
        group=security.run_as_group.value if security.HasField("run_as_group") else None,
        user_name=security.run_as_username,
        supplemental_groups=tuple(security.supplemental_groups),
        read_only=security.readonly_rootfs,
        stdin=config.stdin,
        stdin_once=config.stdin_once,
        tty=config.tty,
        ports=_ports(config.annotations.get(PORTS, "")),
        ends=ENDS in config.annotations,
    )


def _variables(config: v1.ContainerConfig) -> tuple[tuple[str, str], ...]:
    """A container's variables; equal ones are read once.

    In a namespace with very many Services, containers that start at one time get the same very
    many, and to read them one by one takes longer than all else.
    """
    only = v1.ContainerConfig()
    only.MergeFrom(config)
    for field, _ in config.ListFields():
        if field.name != "envs":
            only.ClearField(field.name)
    return _read_variables(only.SerializeToString())


@lru_cache(maxsize=64)
def _read_variables(message: bytes) -> tuple[tuple[str, str], ...]:
    pairs = v1.ContainerConfig.FromString(message).envs
    return _same(tuple((pair.key, pair.value.decode(errors="replace")) for pair in pairs))


T = TypeVar("T")


def _same(value: T) -> T:
    """One object for equal values: containers of one template have most of them in common."""
    return cast(T, _first_of_equals(value))


@lru_cache(maxsize=4096)
def _first_of_equals(value: object) -> object:
    return value


def _texts(found: Mapping[str, str]) -> dict[str, str]:
    """Labels or annotations; equal texts are one object in memory."""
    return {intern(key): intern(found[key]) for key in found}


def _check_container(config: v1.ContainerConfig) -> None:
    if not config.HasField("metadata") or not config.metadata.name:
        raise invalid("container config must include metadata: name")
    if not config.image.image:
        raise invalid("container config must include an image")
    security = config.linux.security_context
    user = security.HasField("run_as_user") or security.run_as_username
    if security.HasField("run_as_group") and not user:
        raise invalid("user group is specified without user")
    for mount in config.mounts:
        if mount.image.image:
            raise RuntimeFault("Unimplemented", "images as volumes are not simulated")
        if mount.recursive_read_only and (not mount.readonly or mount.propagation):
            raise invalid("recursive read-only mount must be read-only, and private")


def resources(given: v1.LinuxContainerResources) -> Resources:
    """Limits as a runtime takes them."""
    return _same(
        Resources(
            cpu_period=given.cpu_period,
            cpu_quota=given.cpu_quota,
            cpu_shares=given.cpu_shares,
            memory_limit=given.memory_limit_in_bytes,
            oom_score_adj=given.oom_score_adj,
        )
    )


def _namespaces(options: v1.NamespaceOption) -> Namespaces:
    modes = map(_MODES.get, (options.network, options.pid, options.ipc))
    return _same(Namespaces(*(mode or POD for mode in modes)))  # enums are open in proto3


@lru_cache(maxsize=1024)
def _ports(annotation: str) -> frozenset[int]:
    try:
        return frozenset(int(port["containerPort"]) for port in json.loads(annotation or "[]"))
    except (ValueError, TypeError, KeyError) as problem:
        raise invalid(f"annotation {PORTS} is not a list of ports: {annotation!r}") from problem


# Back


def sandbox_parts(sandbox: Sandbox, epoch: int) -> dict[str, object]:
    """What `PodSandbox` and `PodSandboxStatus` have in common."""
    spec = sandbox.spec
    return {
        "id": sandbox.id,
        "metadata": v1.PodSandboxMetadata(
            name=spec.name, uid=spec.uid, namespace=spec.namespace, attempt=spec.attempt
        ),
        "state": v1.SANDBOX_READY if sandbox.ready else v1.SANDBOX_NOTREADY,
        "created_at": nanoseconds(sandbox.created_at, epoch),
        "labels": spec.labels,
        "annotations": spec.annotations,
    }


def sandbox_status(sandbox: Sandbox, epoch: int) -> v1.PodSandboxStatus:
    """Everything about one sandbox."""
    shared = sandbox.spec.namespaces
    network, pid, ipc = (_NUMBERS[mode] for mode in (shared.network, shared.pid, shared.ipc))
    options = v1.NamespaceOption(network=network, pid=pid, ipc=ipc)
    return v1.PodSandboxStatus(
        **sandbox_parts(sandbox, epoch),
        network=v1.PodSandboxNetworkStatus(ip=sandbox.ip if sandbox.ready else ""),
        linux=v1.LinuxPodSandboxStatus(namespaces=v1.Namespace(options=options)),
    )


def container_parts(container: RuntimeContainer, epoch: int) -> dict[str, object]:
    """What `Container` and `ContainerStatus` have in common."""
    spec = container.spec
    return {
        "id": container.id,
        "metadata": v1.ContainerMetadata(name=spec.name, attempt=spec.attempt),
        "image": v1.ImageSpec(
            image=_shown(container.image, spec.image_name), user_specified_image=spec.image_name
        ),
        "image_ref": image_ref(container.image),
        "image_id": container.image.id,
        "state": STATES[container.state],
        "created_at": nanoseconds(container.created_at, epoch),
        "labels": spec.labels,
        "annotations": spec.annotations,
    }


def container_status(container: RuntimeContainer, epoch: int) -> v1.ContainerStatus:
    """Everything about one container."""
    spec = container.spec
    started, stopped = container.running or container.stopped, container.stopped
    started = started and not container.never_started
    limits = spec.resources
    return v1.ContainerStatus(
        **container_parts(container, epoch),
        started_at=nanoseconds(container.started_at, epoch) if started else 0,
        finished_at=nanoseconds(container.finished_at, epoch) if stopped else 0,
        exit_code=container.exit_code,
        reason=container.reason,
        message=container.message,
        log_path=container.log.path,
        mounts=[
            v1.Mount(container_path=m.container_path, host_path=m.host_path, readonly=m.read_only)
            for m in spec.mounts
        ],
        resources=v1.ContainerResources(
            linux=v1.LinuxContainerResources(
                cpu_period=limits.cpu_period,
                cpu_quota=limits.cpu_quota,
                cpu_shares=limits.cpu_shares,
                memory_limit_in_bytes=limits.memory_limit,
                oom_score_adj=limits.oom_score_adj,
            )
        ),
    )


def image_ref(image: NodeImage) -> str:
    """By which content a container's image is known: a digest of a registry, or its ID."""
    return image.digests[0] if image.digests else image.id


def _shown(image: NodeImage, asked: str) -> str:
    """The name that a runtime gives for a container's image: its first tag, written in full.

    Source: containerd 2.3, `internal/cri/server/container_status.go` (`toCRIContainerStatus`).
    """
    return next(iter((*image.tags, *image.digests)), asked)


def image_message(image: NodeImage) -> v1.Image:
    """An image as the runtime holds it."""
    user, _, _ = image.run.user.partition(":")
    return v1.Image(
        id=image.id,
        repo_tags=image.tags,
        repo_digests=image.digests,
        size=image.size,
        uid=v1.Int64Value(value=int(user)) if user.isdecimal() else None,
        username="" if user.isdecimal() else user,
        spec=v1.ImageSpec(image=image.id),
        pinned=image.pinned,
    )
