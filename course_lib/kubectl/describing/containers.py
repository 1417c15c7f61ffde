"""Containers of a Pod or of a template: image, state, resources, probes, environment, mounts.

Source: `describeContainers` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from course_lib.kubectl.describing.environment import environment
from course_lib.kubectl.describing.probes import probe_text
from course_lib.kubectl.describing.values import date, quantity, title_flag
from course_lib.kubectl.describing.writing import NONE, Lines, field, indented, stated, titled
from course_lib.objects.manifests import Document

PROBES = {
    "Liveness": "livenessProbe",
    "Readiness": "readinessProbe",
    "Startup": "startupProbe",
}


def of_pod(title: str, containers: Sequence[Document], statuses: str, pod: Document) -> Lines:
    """Containers of a Pod below a title.

    `containers` are those of its spec, `statuses` is the field of the Pod's status that has
    theirs, `pod` the whole document.
    """
    reported = {
        each["name"]: each for each in (pod.get("status") or {}).get(statuses) or () if each
    }
    yield f"{title}:"
    for each in containers:
        yield f"  {each['name']}:"
        yield from indented(_container(each, reported.get(each["name"]), pod), 2)


def of_template(title: str, containers: Sequence[Document]) -> Lines:
    """Containers of a Pod template, as they stand below its other lines."""
    yield f"{title}:" if containers else f"{title}: {NONE}"
    for each in containers:
        yield f" {each['name']}:"
        yield from indented(_container(each, None, None))


def _container(container: Document, status: Document | None, pod: Document | None) -> Lines:
    yield from _image(container, status)
    yield from _ports(container)
    yield from _seccomp(container)
    for title, words in (("Command", container.get("command")), ("Args", container.get("args"))):
        if words:
            yield from titled(title, (line for word in words for line in word.split("\n")))
    if status is not None:
        yield from _states(status)
    yield from resources(container.get("resources"))
    for title, name in PROBES.items():
        if container.get(name) is not None:
            yield field(title, probe_text(container[name]))
    yield from environment(container, pod)
    yield from _mounts(container)


def _image(container: Document, status: Document | None) -> Lines:
    if status is not None:
        yield field("Container ID", status.get("containerID", ""))
    yield field("Image", container.get("image", ""))
    if status is not None:
        yield field("Image ID", status.get("imageID", ""))


def _ports(container: Document) -> Lines:
    for title, name in (("Port", "containerPort"), ("Host Port", "hostPort")):
        ports = [_port(each, name) for each in container.get("ports") or ()]
        yield field(f"{title}s" if len(ports) > 1 else title, ", ".join(ports) or NONE)


def _port(port: Document, name: str) -> str:
    called = f" ({port['name']})" if port.get("name") else ""
    return f"{port.get(name, 0)}/{port.get('protocol', '')}{called}"


def _seccomp(container: Document) -> Lines:
    profile = (container.get("securityContext") or {}).get("seccompProfile")
    if profile:
        yield field("SeccompProfile", profile.get("type", ""))
        if profile.get("type") == "Localhost":
            yield from indented([field("LocalhostProfile", profile.get("localhostProfile"))])


def resources(stated_resources: Document | None) -> Lines:
    """Limits and requests, resource by resource."""
    for title in ("Limits", "Requests"):
        amounts = (stated_resources or {}).get(title.lower())
        if amounts:
            lines = (field(name, quantity(amount)) for name, amount in sorted(amounts.items()))
            yield from titled(title, lines)


def _states(status: Document) -> Lines:
    yield from _state("State", status.get("state") or {})
    before = status.get("lastState") or {}
    if before.get("terminated"):
        yield from _state("Last State", before)
    yield field("Ready", title_flag(status.get("ready", False)))
    yield field("Restart Count", status.get("restartCount", 0))


def _state(title: str, state: Document) -> Lines:
    """Running, waiting or terminated, since when and why."""
    if state.get("running") is not None:
        yield field(title, "Running")
        yield from indented([field("Started", date(state["running"].get("startedAt")))])
    elif state.get("terminated") is not None and state.get("waiting") is None:
        yield field(title, "Terminated")
        yield from indented(_end(state["terminated"]))
    else:
        yield field(title, "Waiting")
        yield from indented(stated(("Reason", (state.get("waiting") or {}).get("reason"))))


def _end(terminated: Document) -> Lines:
    yield from stated(("Reason", terminated.get("reason")), ("Message", terminated.get("message")))
    yield field("Exit Code", terminated.get("exitCode", 0))
    if terminated.get("signal", 0) > 0:
        yield field("Signal", terminated["signal"])
    yield field("Started", date(terminated.get("startedAt")))
    yield field("Finished", date(terminated.get("finishedAt")))


def _mounts(container: Document) -> Lines:
    mounts, devices = container.get("volumeMounts") or (), container.get("volumeDevices") or ()
    if mounts:
        ordered = sorted(mounts, key=lambda mount: str(mount["mountPath"]))
        yield from titled("Mounts", map(_mount, ordered))
    else:
        yield field("Mounts", NONE)
    if devices:
        # As in the real one, `<none>` is of the mounts.
        yield "Devices:" if mounts else field("Devices", NONE)
        ordered = sorted(devices, key=lambda device: str(device["devicePath"]))
        yield from indented(f"{each['devicePath']} from {each['name']}" for each in ordered)


def _mount(mount: Document) -> str:
    flags = ["ro" if mount.get("readOnly") else "rw"]
    if mount.get("subPath"):
        flags.append(f"path={json.dumps(mount['subPath'], ensure_ascii=False)}")
    return f"{mount['mountPath']} from {mount['name']} ({','.join(flags)})"
