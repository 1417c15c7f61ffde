"""A container of a Pod as `kubectl describe pod` writes it.

Source: `describeContainers` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

import json

from course_lib.cluster.describe_words import NONE, date, flag, quantities
from course_lib.objects.kinds.pod import (
    Container,
    ContainerPort,
    ContainerState,
    ContainerStatus,
    EnvVar,
    Probe,
)
from course_lib.objects.manifests import Document


def container_lines(c: Container, status: ContainerStatus | None, pod: Document) -> list[str]:
    """Image, state, resources, probes, environment and mounts of a container.

    `c` is the container, `status` its part of the Pod's status, `pod` the whole document.
    """
    ports = [_port(p.container_port, p) for p in c.ports or ()]
    host_ports = [_port(p.host_port, p) for p in c.ports or ()]
    lines = [f"  {c.name}:"]
    if status is not None:
        lines.append(f"    Container ID:\t{status.container_id}")
    lines.append(f"    Image:\t{c.image}")
    if status is not None:
        lines.append(f"    Image ID:\t{status.image_id}")
    for title, shown in (("Port", ports), ("Host Port", host_ports)):
        plural = "s" if len(shown) > 1 else ""
        lines.append(f"    {title}{plural}:\t{', '.join(shown) or NONE}")
    for title, words in (("Command", c.command), ("Args", c.args)):
        if words:
            lines.append(f"    {title}:")
            lines += [f"      {line}" for word in words for line in word.split("\n")]
    if status is not None:
        lines += _state("State", status.state)
        if status.last_state.terminated is not None:
            lines += _state("Last State", status.last_state)
        lines.append(f"    Ready:\t{status.ready}")
        lines.append(f"    Restart Count:\t{status.restart_count}")
    for title, amounts in (("Limits", c.resources.limits), ("Requests", c.resources.requests)):
        if amounts:
            lines += [f"    {title}:", *quantities(amounts, "      ")]
    for title, probe in (
        ("Liveness", c.liveness_probe),
        ("Readiness", c.readiness_probe),
        ("Startup", c.startup_probe),
    ):
        if probe is not None:
            lines.append(f"    {title}:\t{probe_words(probe)}")
    return lines + _environment(c, pod) + _mounts(c)


def _port(number: int, port: ContainerPort) -> str:
    return f"{number}/{port.protocol}" + (f" ({port.name})" if port.name else "")


def _state(title: str, state: ContainerState) -> list[str]:
    if state.running is not None:
        return [f"    {title}:\tRunning", f"      Started:\t{date(state.running.started_at)}"]
    if state.terminated is not None:
        ended = state.terminated
        lines = [f"    {title}:\tTerminated"]
        if ended.reason:
            lines.append(f"      Reason:\t{ended.reason}")
        if ended.message:
            lines.append(f"      Message:\t{ended.message}")
        lines.append(f"      Exit Code:\t{ended.exit_code}")
        if ended.signal:
            lines.append(f"      Signal:\t{ended.signal}")
        return [
            *lines,
            f"      Started:\t{date(ended.started_at)}",
            f"      Finished:\t{date(ended.finished_at)}",
        ]
    lines = [f"    {title}:\tWaiting"]
    if state.waiting is not None and state.waiting.reason:
        lines.append(f"      Reason:\t{state.waiting.reason}")
    return lines


def probe_words(probe: Probe) -> str:
    """A probe in one line: what it asks, and its times in seconds."""
    if probe.exec is not None:
        asks = f"exec [{' '.join(probe.exec.command or ())}]"
    elif probe.http_get is not None:
        get = probe.http_get
        path = get.path if get.path.startswith("/") else f"/{get.path}"
        asks = f"http-get {get.scheme.lower()}://{get.host}:{get.port}{path}"
    elif probe.tcp_socket is not None:
        asks = f"tcp-socket {probe.tcp_socket.host}:{probe.tcp_socket.port}"
    elif probe.grpc is not None:
        asks = f"grpc <pod>:{probe.grpc.port} {probe.grpc.service}"
    else:
        asks = "unknown"
    return (
        f"{asks} delay={probe.initial_delay_seconds}s timeout={probe.timeout_seconds}s "
        f"period={probe.period_seconds}s successThreshold={probe.success_threshold} "
        f"failureThreshold={probe.failure_threshold}"
    )


def _environment(c: Container, pod: Document) -> list[str]:
    lines = []
    if c.env_from:
        lines.append("    Environment Variables from:")
    for source in c.env_from or ():
        kind = "ConfigMap" if source.config_map_ref is not None else "Secret"
        ref = source.config_map_ref or source.secret_ref
        if ref is not None:
            prefix = f" with prefix '{source.prefix}'" if source.prefix else ""
            lines.append(f"      {ref.name}\t{kind}{prefix}\tOptional: {flag(ref.optional)}")
    lines.append("    Environment:" + ("" if c.env else f"\t{NONE}"))
    for each in c.env or ():
        first, *rest = _value(each, c, pod).split("\n")
        lines += [f"      {each.name}:\t{first}", *(f"      \t{line}" for line in rest)]
    return lines


def _value(variable: EnvVar, c: Container, pod: Document) -> str:
    """What a variable is set to, or from where."""
    source = variable.value_from
    if source is None:
        return variable.value
    if source.field_ref is not None:
        path = source.field_ref.field_path
        return f"{_field(pod, path)} (v1:{path})"
    if source.resource_field_ref is not None:
        resource = str(source.resource_field_ref.get("resource", ""))
        return f"{_resource(c, resource)} ({resource})"
    where = "of config map" if source.config_map_key_ref is not None else "in secret"
    ref = source.config_map_key_ref or source.secret_key_ref
    assert ref is not None
    return f"<set to the key '{ref.key}' {where} '{ref.name}'>\tOptional: {flag(ref.optional)}"


def _field(pod: Document, path: str) -> str:
    """What a field of the Pod holds now; empty where it holds nothing."""
    head, bracket, key = path.partition("[")
    value: object = pod
    for name in head.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if bracket and isinstance(value, dict):
        value = value.get(key.strip("'\"]"))
    if isinstance(value, dict):
        return "\n".join(f"{k}={json.dumps(v)}" for k, v in sorted(value.items()))
    return "" if value is None else str(value)


def _resource(c: Container, path: str) -> str:
    """A limit or request of the container in whole units; the node's, where there is none."""
    group, _, name = path.partition(".")
    amount = (getattr(c.resources, group, None) or {}).get(name)
    if amount is None:
        return "node allocatable" if path in ("limits.cpu", "limits.memory") else "0"
    return str(amount.value)


def _mounts(c: Container) -> list[str]:
    mounts = sorted(c.volume_mounts or (), key=lambda mount: mount.mount_path)
    lines = ["    Mounts:" + ("" if mounts else f"\t{NONE}")]
    for mount in mounts:
        flags = "ro" if mount.read_only else "rw"
        flags += f',path="{mount.sub_path}"' if mount.sub_path else ""
        lines.append(f"      {mount.mount_path} from {mount.name} ({flags})")
    return lines
