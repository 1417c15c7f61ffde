"""What the kubelet asks of a runtime for a Pod: its spec in the CRI's messages.

Source: `pkg/kubelet/kuberuntime`: `kuberuntime_sandbox.go`, `kuberuntime_container.go`,
`kuberuntime_container_linux.go`, `labels.go`, `helpers_linux.go`; `pkg/kubelet/qos/policy.go`.

`pod` has the `container`, and `node_memory` is what the node has.
"""

from __future__ import annotations

import json
from functools import lru_cache

from course_lib.cri import messages as v1
from course_lib.cri.translate import ENDS, PORTS
from course_lib.node.environment import expanded
from course_lib.node.pod_dns import kernel_hostname, resolver
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import ZERO, is_sidecar, qos_class
from course_lib.objects.quantity import Quantity

POD_NAME, POD_NAMESPACE, POD_UID, CONTAINER_NAME = (
    "io.kubernetes.pod.name",
    "io.kubernetes.pod.namespace",
    "io.kubernetes.pod.uid",
    "io.kubernetes.container.name",
)
RESTARTS = "io.kubernetes.container.restartCount"
PERIOD = 100_000  # microseconds of CPU accounting
LEAST_QUOTA, LEAST_SHARES, SHARES_PER_CORE = 1000, 2, 1024


def labels_of(pod: Pod) -> dict[str, str]:
    """By which the kubelet finds a Pod's sandboxes and containers again."""
    return {POD_NAME: pod.name, POD_NAMESPACE: pod.namespace, POD_UID: pod.uid}


def log_directory(pod: Pod) -> str:
    """Where the Pod's logs are on the node."""
    return f"/var/log/pods/{pod.namespace}_{pod.name}_{pod.uid}"


def sandbox_config(pod: Pod, attempt: int) -> v1.PodSandboxConfig:
    """The sandbox of a Pod: what its containers share; raises `InvalidConfig`."""
    meta = v1.PodSandboxMetadata(
        name=pod.name, namespace=pod.namespace, uid=pod.uid, attempt=attempt
    )
    config = v1.PodSandboxConfig(
        metadata=meta,
        hostname="" if pod.spec.host_network else kernel_hostname(pod),
        log_directory=log_directory(pod),
        labels=labels_of(pod) | dict(pod.metadata.labels or {}),
        annotations=dict(pod.metadata.annotations or {}),
        linux=v1.LinuxPodSandboxConfig(cgroup_parent=cgroup_parent(pod)),
    )
    servers, searches, options, _ = resolver(pod)
    config.dns_config.servers.extend(servers)
    config.dns_config.searches.extend(searches)
    config.dns_config.options.extend(options)
    _set_namespaces(config.linux.security_context.namespace_options, pod)
    if (security := pod.spec.security_context) is not None:
        for setting in security.sysctls or ():
            config.linux.sysctls[setting.name.replace("/", ".")] = setting.value
    return config


def cgroup_parent(pod: Pod) -> str:
    """The Pod's cgroup: below one for its class of service."""
    middle = {"Burstable": "/burstable", "BestEffort": "/besteffort"}.get(qos_class(pod.spec), "")
    return f"/kubepods{middle}/pod{pod.uid}"


def _set_namespaces(options: v1.NamespaceOption, pod: Pod) -> None:
    """Which namespaces are the node's, and whether containers see each other's processes."""
    options.network = v1.NODE if pod.spec.host_network else v1.POD
    options.pid = v1.POD if pod.spec.share_process_namespace else v1.CONTAINER


def container_config(
    pod: Pod,
    container: spec.Container,
    attempt: int,
    image_id: str,
    environment: tuple[tuple[str, str], ...],
    mounts: list[tuple[str, str, bool]],
    node_memory: Quantity,
) -> v1.ContainerConfig:
    """The configuration of one container of a Pod, for start number `attempt`.

    `image_id` is on the node; `environment` are its variables, `mounts` paths on the node and
    inside.
    """
    config = v1.ContainerConfig(
        metadata=v1.ContainerMetadata(name=container.name, attempt=attempt),
        image=v1.ImageSpec(image=image_id, user_specified_image=container.image),
        command=expanded(container.command, environment),
        args=expanded(container.args, environment),
        stdin=container.stdin,
        stdin_once=container.stdin_once,
        tty=container.tty,
        working_dir=container.working_dir or "",
        labels=labels_of(pod) | {CONTAINER_NAME: container.name},
        annotations=_annotations(pod, container, attempt),
        log_path=f"{container.name}/{attempt}.log",
        linux=v1.LinuxContainerConfig(resources=resources(pod, container, node_memory)),
    )
    config.MergeFrom(_environment(environment))
    config.mounts.extend(
        v1.Mount(container_path=inside, host_path=path, readonly=read_only)
        for path, inside, read_only in mounts
    )
    _secure(config.linux.security_context, pod, container)
    return config


def _secure(
    security: v1.LinuxContainerSecurityContext, pod: Pod, container: spec.Container
) -> None:
    """As whom a container runs: what it says itself holds before what its Pod says.

    Source: `determineEffectiveSecurityContext` and `convertToRuntimeSecurityContext`.
    """
    _set_namespaces(security.namespace_options, pod)
    own = effective_security(pod, container)
    if own.run_as_user is not None:
        security.run_as_user.value = own.run_as_user
    if own.run_as_group is not None:
        security.run_as_group.value = own.run_as_group
    security.readonly_rootfs = own.read_only_root_filesystem
    if (shared := pod.spec.security_context) is not None:
        groups = list(shared.supplemental_groups or ())
        groups += [shared.fs_group] if shared.fs_group is not None else []
        security.supplemental_groups.extend(groups)


def effective_security(pod: Pod, container: spec.Container) -> spec.SecurityContext:
    """What holds of the two security contexts (`DetermineEffectiveSecurityContext`)."""
    own = container.security_context or spec.SecurityContext()
    shared = pod.spec.security_context
    if shared is None:
        return own
    user, group, non_root = own.run_as_user, own.run_as_group, own.run_as_non_root
    return spec.SecurityContext(
        run_as_user=shared.run_as_user if user is None else user,
        run_as_group=shared.run_as_group if group is None else group,
        run_as_non_root=shared.run_as_non_root if non_root is None else non_root,
        read_only_root_filesystem=own.read_only_root_filesystem,
    )


def runs_as_root(pod: Pod, container: spec.Container, image: v1.Image) -> str:
    """Why a container that must not run as root may do so; empty when it does not.

    `pod` has the `container` of this `image`. Source: `verifyRunAsNonRoot`.
    """
    own = effective_security(pod, container)
    if not own.run_as_non_root:
        return ""
    where = f'(pod: "{pod.name}_{pod.namespace}({pod.uid})", container: {container.name})'
    if own.run_as_user is not None:
        broken = "container's runAsUser breaks non-root policy"
        return "" if own.run_as_user else f"{broken} {where}"
    if image.uid.value == 0 and not image.username:  # where it names nobody: root
        return f"container has runAsNonRoot and image will run as root {where}"
    if image.username and not image.HasField("uid"):
        return (
            f"container has runAsNonRoot and image has non-numeric user ({image.username}), "
            f"cannot verify user is non-root {where}"
        )
    return ""


@lru_cache(maxsize=1024)
def _environment(variables: tuple[tuple[str, str], ...]) -> v1.ContainerConfig:
    """A configuration with these variables, made once for all containers that have the same."""
    pairs = [v1.KeyValue(key=key, value=value.encode()) for key, value in variables]
    return v1.ContainerConfig(envs=pairs)


def _annotations(pod: Pod, container: spec.Container, attempt: int) -> dict[str, str]:
    """The restart count, the ports, and a hint to the model of programs.

    Of an image whose contents are not known, an init container and a Job's Pod are taken to end;
    the restart policy has no part in that.
    """
    owner = pod.metadata.controller
    ends = container in (pod.spec.init_containers or ()) or (
        owner is not None and owner.kind == "Job"
    )
    annotations = {RESTARTS: str(attempt)}
    if container.ports:
        ports = [{"containerPort": port.container_port} for port in container.ports]
        annotations[PORTS] = json.dumps(ports)
    if ends and not is_sidecar(container):
        annotations[ENDS] = "true"
    return annotations


def resources(
    pod: Pod, container: spec.Container, node_memory: Quantity
) -> v1.LinuxContainerResources:
    """Requests and limits as the kernel takes them."""
    limits, requests = container.resources.limits or {}, container.resources.requests or {}
    wanted = requests.get("cpu", limits.get("cpu", ZERO))
    made = v1.LinuxContainerResources(
        cpu_shares=max(LEAST_SHARES, wanted.milli * SHARES_PER_CORE // 1000),
        oom_score_adj=oom_score(pod, container, node_memory),
    )
    if "cpu" in limits:
        made.cpu_period = PERIOD
        made.cpu_quota = max(LEAST_QUOTA, limits["cpu"].milli * PERIOD // 1000)
    if "memory" in limits:
        made.memory_limit_in_bytes = limits["memory"].value
    return made


def oom_score(pod: Pod, container: spec.Container, node_memory: Quantity) -> int:
    """Who is killed first when a node's memory runs out: best effort, then who asked for little."""
    quality = qos_class(pod.spec)
    if quality != "Burstable":
        return -997 if quality == "Guaranteed" else 1000
    requested = (container.resources.requests or {}).get("memory", ZERO)
    score = 1000 - 1000 * requested.value // node_memory.value
    return min(max(score, 3), 999)
