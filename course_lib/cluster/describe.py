"""`kubectl describe`: one object, with what happened to it."""

from __future__ import annotations

from typing import Any

import yaml

from course_lib.apiserver import APIServer
from course_lib.cluster.pod_rows import pod_status_word
from course_lib.cluster.tables import since
from course_lib.objects.kinds import kind_named
from course_lib.objects.meta import Object
from course_lib.objects.pod import ContainerStatus, Pod


class Text(str):
    """Text that a notebook shows as it is, with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def describe(api: APIServer, kind: str, name: str, namespace: str) -> Text:
    """What the object is, in what state, and its events."""
    found = api.get(kind, name, namespace)
    lines = [_line("Name", found.name)]
    if kind_named(kind).namespaced:
        lines.append(_line("Namespace", found.namespace))
    lines += _map("Labels", found.labels)
    notes = {k: v for k, v in found.annotations.items() if "last-applied" not in k}
    lines += _map("Annotations", notes)
    owner = found.metadata.controller
    if owner is not None:
        lines.append(_line("Controlled By", f"{owner.kind}/{owner.name}"))
    if isinstance(found, Pod):
        lines += _pod(found)
    else:
        lines += _body(api, found)
    lines += _conditions(found)
    lines += _events(api, found)
    return Text("\n".join(lines))


def _line(title: str, value: Any) -> str:
    return f"{title + ':':<18}{value}".rstrip()


def _map(title: str, values: dict[str, str]) -> list[str]:
    if not values:
        return [_line(title, "<none>")]
    shown = [f"{key}={value}" for key, value in sorted(values.items())]
    return [_line(title, shown[0]), *(" " * 18 + text for text in shown[1:])]


def _pod(pod: Pod) -> list[str]:
    lines = [
        _line("Node", pod.spec.node_name or "<none>"),
        _line("Status", pod_status_word(pod)),
        _line("IP", pod.status.pod_ip or "<none>"),
        _line("QoS Class", pod.status.qos_class or "<none>"),
        _line("Priority", pod.spec.priority),
    ]
    if pod.status.message:
        lines.append(_line("Message", pod.status.message))
    inits = {s.name: s for s in pod.status.init_container_statuses or ()}
    mains = {s.name: s for s in pod.status.container_statuses or ()}
    for title, containers, statuses in (
        ("Init Containers", pod.spec.init_containers or [], inits),
        ("Containers", pod.spec.containers, mains),
    ):
        if containers:
            lines.append(f"{title}:")
        for container in containers:
            lines.append(f"  {container.name}:")
            lines.append(f"    {_line('Image', container.image)}")
            for group in ("requests", "limits"):
                amounts = getattr(container.resources, group) or {}
                if amounts:
                    text = ", ".join(f"{k}={v}" for k, v in amounts.items())
                    lines.append(f"    {_line(group.capitalize(), text)}")
            lines += [f"    {text}" for text in _state(statuses.get(container.name))]
    return lines


def _state(status: ContainerStatus | None) -> list[str]:
    if status is None:
        return []
    lines = []
    for title, state in (("State", status.state), ("Last State", status.last_state)):
        if state.waiting is not None:
            lines.append(_line(title, "Waiting"))
            lines.append("  " + _line("Reason", state.waiting.reason))
            if state.waiting.message:
                lines.append("  " + _line("Message", state.waiting.message))
        elif state.running is not None:
            lines.append(_line(title, f"Running since {state.running.started_at}"))
        elif state.terminated is not None:
            lines.append(_line(title, "Terminated"))
            lines.append("  " + _line("Reason", state.terminated.reason))
            lines.append("  " + _line("Exit Code", state.terminated.exit_code))
    lines.append(_line("Ready", status.ready))
    lines.append(_line("Restart Count", status.restart_count))
    return lines


def _body(api: APIServer, found: Object) -> list[str]:
    """The rest of the document, without what was said already."""
    document = api.document(found.kind, found.name, found.namespace)
    status = {k: v for k, v in document.get("status", {}).items() if k != "conditions"}
    rest = {k: v for k, v in document.items() if k not in ("apiVersion", "kind", "metadata")}
    if status:
        rest["status"] = status
    else:
        rest.pop("status", None)
    text = yaml.safe_dump(rest, sort_keys=False, default_flow_style=False) if rest else ""
    return text.rstrip().splitlines()


def _conditions(found: Any) -> list[str]:
    conditions = getattr(getattr(found, "status", None), "conditions", None) or []
    if not conditions:
        return []
    rows = [f"  {c.type:<27}{c.status:<9}{c.reason:<27}{c.message}".rstrip() for c in conditions]
    return ["Conditions:", f"  {'Type':<27}{'Status':<9}{'Reason':<27}Message", *rows]


def _events(api: APIServer, found: Object) -> list[str]:
    events = [
        event
        for event in api.list("Event", found.namespace or "default")
        if event.involved_object.uid == found.uid
    ]
    if not events:
        return [_line("Events", "<none>")]
    events.sort(key=lambda e: (e.last_timestamp or "", e.name.rpartition(".")[2]))
    rows = [
        f"  {e.type:<9}{e.reason:<20}{_when(api, e):<22}{e.source.component:<26}{e.message}"
        for e in events
    ]
    return ["Events:", f"  {'Type':<9}{'Reason':<20}{'Age':<22}{'From':<26}Message", *rows]


def _when(api: APIServer, event: Any) -> str:
    last = since(event.last_timestamp, api.sim.now)
    if event.count == 1:
        return last
    return f"{last} (x{event.count} over {since(event.first_timestamp, api.sim.now)})"
