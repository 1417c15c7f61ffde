"""A Pod as `kubectl describe pod` writes it.

Source: `describePod` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from course_lib.client import Client
from course_lib.cluster.describe_words import NONE, UNSET, date, multiline, notes, quantities
from course_lib.engine.ages import since
from course_lib.objects.kinds.pod import (
    Container,
    ContainerState,
    ContainerStatus,
    EnvVar,
    Pod,
    Probe,
)
from course_lib.objects.kinds.pod.requests import qos_class

Document = dict[str, Any]
ENDED = ("Succeeded", "Failed")


def pod_lines(api: Client, pod: Pod) -> list[str]:
    """All but the events."""
    document = api.document("Pod", pod.name, pod.namespace)
    spec, status = document["spec"], document.get("status", {})
    lines = [
        f"Name:\t{pod.name}",
        f"Namespace:\t{pod.namespace}",
        f"Priority:\t{pod.spec.priority}",
    ]
    for title, value in (
        ("Priority Class Name", pod.spec.priority_class_name),
        ("Runtime Class Name", spec.get("runtimeClassName")),
        ("Service Account", pod.spec.service_account_name),
    ):
        if value:
            lines.append(f"{title}:\t{value}")
    node = f"{pod.spec.node_name}/{pod.status.host_ip}" if pod.spec.node_name else NONE
    lines.append(f"Node:\t{node}")
    if pod.status.start_time:
        lines.append(f"Start Time:\t{date(pod.status.start_time)}")
    lines += [*multiline("Labels", pod.labels), *notes(pod.annotations)]
    if pod.terminating and pod.status.phase not in ENDED:
        lasts = since(pod.metadata.deletion_timestamp, api.sim.now)
        grace = pod.metadata.deletion_grace_period_seconds
        lines.append(f"Status:\tTerminating (lasts {lasts})")
        lines.append(f"Termination Grace Period:\t{grace}s")
    else:
        lines.append(f"Status:\t{pod.status.phase}")
    if pod.status.reason:
        lines.append(f"Reason:\t{pod.status.reason}")
    if pod.status.message:
        lines.append(f"Message:\t{pod.status.message}")
    lines.append(f"IP:\t{pod.status.pod_ip}")
    addresses = [each["ip"] for each in status.get("podIPs", ())]
    lines += ["IPs:", *(f"  IP:\t{a}" for a in addresses)] if addresses else [f"IPs:\t{NONE}"]
    owner = pod.metadata.controller
    if owner is not None:
        lines.append(f"Controlled By:\t{owner.kind}/{owner.name}")
    if pod.status.nominated_node_name:
        lines.append(f"NominatedNodeName:\t{pod.status.nominated_node_name}")
    for title, containers, statuses in (
        ("Init Containers", pod.spec.init_containers or [], pod.status.init_container_statuses),
        ("Containers", pod.spec.containers, pod.status.container_statuses),
    ):
        if containers:
            known = {each.name: each for each in statuses or ()}
            lines.append(f"{title}:")
            for container in containers:
                lines += _container(container, known.get(container.name), document)
    conditions = pod.status.conditions or ()
    if pod.spec.readiness_gates:
        stated = {c.type: c.status for c in conditions}
        gates = [gate.get("conditionType", "") for gate in pod.spec.readiness_gates]
        lines += ["Readiness Gates:", "  Type\tStatus"]
        lines += [f"  {gate} \t{stated.get(gate, NONE)} " for gate in gates]
    if conditions:
        lines += ["Conditions:", "  Type\tStatus"]
        lines += [f"  {c.type} \t{c.status} " for c in conditions]
    return [
        *lines,
        *_volumes(spec.get("volumes") or ()),
        f"QoS Class:\t{qos_class(pod.spec)}",
        *multiline("Node-Selectors", pod.spec.node_selector),
        *_tolerations(pod),
        *_spread(pod),
    ]


def _container(c: Container, status: ContainerStatus | None, pod: Document) -> list[str]:
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


def _port(number: int, port: Any) -> str:
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
            lines.append(f"      {ref.name}\t{kind}{prefix}\tOptional: {_flag(ref.optional)}")
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
    return f"<set to the key '{ref.key}' {where} '{ref.name}'>\tOptional: {_flag(ref.optional)}"


def _flag(value: bool) -> str:
    return str(value).lower()


def _field(pod: Document, path: str) -> str:
    """What a field of the Pod holds now; empty where it holds nothing."""
    head, bracket, key = path.partition("[")
    value: Any = pod
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


def _volumes(volumes: Sequence[Document]) -> list[str]:
    if not volumes:
        return [f"Volumes:\t{NONE}"]
    lines = ["Volumes:"]
    for volume in volumes:
        lines.append(f"  {volume['name']}:")
        lines += [f"    {title}:\t{value}" for title, value in _source(volume)] or ["  <unknown>"]
    return lines


def _source(volume: Document) -> list[tuple[str, str]]:
    """What a volume is made of."""
    if (source := volume.get("hostPath")) is not None:
        kind = source.get("type") or NONE
        return [
            ("Type", "HostPath (bare host directory volume)"),
            ("Path", source["path"]),
            ("HostPathType", kind),
        ]
    if (source := volume.get("emptyDir")) is not None:
        return [
            ("Type", "EmptyDir (a temporary directory that shares a pod's lifetime)"),
            ("Medium", source.get("medium", "")),
            ("SizeLimit", str(source.get("sizeLimit") or UNSET)),
        ]
    if (source := volume.get("secret")) is not None:
        return [
            ("Type", "Secret (a volume populated by a Secret)"),
            ("SecretName", source.get("secretName", "")),
            ("Optional", _flag(source.get("optional", False))),
        ]
    if (source := volume.get("configMap")) is not None:
        return [
            ("Type", "ConfigMap (a volume populated by a ConfigMap)"),
            ("Name", source.get("name", "")),
            ("Optional", _flag(source.get("optional", False))),
        ]
    if (source := volume.get("persistentVolumeClaim")) is not None:
        what = "a reference to a PersistentVolumeClaim in the same namespace"
        return [
            ("Type", f"PersistentVolumeClaim ({what})"),
            ("ClaimName", source["claimName"]),
            ("ReadOnly", _flag(source.get("readOnly", False))),
        ]
    if (source := volume.get("downwardAPI")) is not None:
        return [("Type", "DownwardAPI (a volume populated by information about the pod)")]
    if (source := volume.get("projected")) is not None:
        what = "a volume that contains injected data from multiple sources"
        lines = [("Type", f"Projected ({what})")]
        for part in source.get("sources") or ():
            for field, title in (("secret", "SecretName"), ("configMap", "ConfigMapName")):
                if field in part:
                    optional = _flag(part[field].get("optional", False))
                    lines += [(title, part[field].get("name", "")), ("Optional", optional)]
            if "downwardAPI" in part:
                lines.append(("DownwardAPI", "true"))
            if "serviceAccountToken" in part:
                lasts = part["serviceAccountToken"].get("expirationSeconds", 3600)
                lines.append(("TokenExpirationSeconds", str(lasts)))
        return lines
    return []


def _tolerations(pod: Pod) -> list[str]:
    shown = []
    for t in sorted(pod.spec.tolerations or (), key=lambda each: each.key):
        text = t.key
        if t.value:
            text += f"={t.value}"
        if t.effect:
            text += f":{t.effect}"
        if t.operator == "Exists" and not t.value:
            text += " op=Exists" if t.key or t.effect else "op=Exists"
        if t.toleration_seconds is not None:
            text += f" for {t.toleration_seconds}s"
        shown.append(text)
    shown = shown or [NONE]
    return [f"Tolerations:\t{shown[0]}", *(f"\t{text}" for text in shown[1:])]


def _spread(pod: Pod) -> list[str]:
    shown = []
    for c in sorted(pod.spec.topology_spread_constraints or (), key=lambda c: c.topology_key):
        text = f"{c.topology_key}:{c.when_unsatisfiable} when max skew {c.max_skew} is exceeded"
        if c.label_selector is not None:
            text += f" for selector {c.label_selector.selector()}"
        shown.append(text)
    if not shown:
        return []
    return [
        f"Topology Spread Constraints:\t{shown[0]}",
        *(f"\t{text}" for text in shown[1:]),
    ]
