"""`crictl ps` and `crictl pods`: the containers and the sandboxes of a node.

Source: cri-tools `container.go` and `sandbox.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from course_lib.command_line import quoted
from course_lib.cri import messages as v1
from course_lib.cri.ctl.node import HelpAsked, TypedCommand, labels, within
from course_lib.cri.ctl.options import Given, Option
from course_lib.cri.ctl.screen import CrictlError, age, pairs, short, table, write_list
from course_lib.runtimes.logs import stamp

T = TypeVar("T", v1.Container, v1.PodSandbox)
NAMESPACE, POD = "io.kubernetes.pod.namespace", "io.kubernetes.pod.name"
CONTAINER_STATES = {
    "created": v1.CONTAINER_CREATED,
    "running": v1.CONTAINER_RUNNING,
    "exited": v1.CONTAINER_EXITED,
    "unknown": v1.CONTAINER_UNKNOWN,
}
POD_STATES = {"ready": v1.SANDBOX_READY, "notready": v1.SANDBOX_NOTREADY}
SHOWN_STATES = {number: name.capitalize() for name, number in CONTAINER_STATES.items()}
SHOWN_POD_STATES = {v1.SANDBOX_READY: "Ready", v1.SANDBOX_NOTREADY: "NotReady"}
CONTAINER_COLUMNS = ("CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD",
                     "NAMESPACE")  # fmt: skip
POD_COLUMNS = ("POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME")

_FILTERS = (
    Option("name", usage="Only names that this expression finds"),
    Option("namespace", usage="Only Pod namespaces that this expression finds"),
    Option("state", "s", usage="Only this state"),
    Option("label", "", "stringSlice", usage="Only with this label, key=value"),
    Option("latest", "l", "bool", usage="Only the newest"),
    Option("last", "n", "int", usage="Only so many of the newest; 0: all"),
)
_LIST = (
    Option("id", usage="Only this ID"),
    Option("verbose", "v", "bool", usage="All that is known, line by line"),
    Option("quiet", "q", "bool", usage="Only IDs"),
    Option("output", "o", "string", "table", usage="json, yaml or table"),
    Option("no-trunc", "", "bool", usage="Whole IDs"),
)
CONTAINER_FILTERS = (
    *_FILTERS,
    Option("pod", "p", usage="Only of this Pod's ID"),
    Option("image", usage="Only of this image"),
    Option("all", "a", "bool", usage="In all states"),
)
PS_OPTIONS = (
    *_LIST,
    *CONTAINER_FILTERS,
    Option("resolve-image-path", "r", "bool", usage="The image's name, not its ID"),
)
POD_FILTERS = _FILTERS
PODS_OPTIONS = (*_LIST, *_FILTERS)


def ps(typed: TypedCommand) -> None:
    """List containers; raises `CrictlError`."""
    if typed.args:
        raise HelpAsked
    wanted = labels(typed.given)
    within("listing containers", lambda: _show_containers(typed, wanted))


def _show_containers(typed: TypedCommand, wanted: dict[str, str]) -> None:
    found = list[v1.Container]()
    within("list containers", lambda: found.extend(containers(typed, wanted)))
    if not _written(typed, v1.ListContainersResponse(containers=found)):
        described = partial(_described, typed)
        _show(typed, found, CONTAINER_COLUMNS, partial(_row, typed), described)


def _show(
    typed: TypedCommand,
    found: Sequence[T],
    columns: Sequence[str],
    row: Callable[[T], list[str]],
    described: Callable[[T], str],
) -> None:
    """Write a list as its IDs, field by field, or as a table: as the options ask for it."""
    out = typed.terminal.out
    if typed.given.on("quiet"):
        out("".join(f"{item.id}\n" for item in found))
    elif typed.given.on("verbose"):
        out("".join(f"{described(item)}\n" for item in found))
    else:
        out(table([columns, *map(row, found)]))


def _row(typed: TypedCommand, container: v1.Container) -> list[str]:
    id, pod, image = container.id, container.pod_sandbox_id, container.image.image
    if not typed.given.on("no-trunc"):
        id, pod = short(id), short(pod)
        image = short(image, "sha256:") if image.startswith("sha256:") else image
    if typed.given.on("resolve-image-path"):
        tags = typed.rpc("ImageStatus", image={"image": image}).image.repo_tags
        image = tags[0] if tags else image
    return [
        id,
        image,
        age(typed.ago(container.created_at)),
        SHOWN_STATES[container.state],
        container.metadata.name,
        str(container.metadata.attempt),
        pod,
        container.labels.get(POD, "unknown"),
        container.labels.get(NAMESPACE, "unknown"),
    ]


def _described(typed: TypedCommand, container: v1.Container) -> str:
    name = container.metadata.name
    return (
        f"ID: {container.id}\nPodID: {container.pod_sandbox_id}\n"
        f"Namespace: {container.labels.get(NAMESPACE, 'unknown')}\n"
        + (f"Name: {name}\n" if name else "")
        + f"Attempt: {container.metadata.attempt}\nState: {SHOWN_STATES[container.state]}\n"
        f"Image: {container.image.image}\nCreated: {age(typed.ago(container.created_at))}\n"
        + pairs("Labels", container.labels)
        + pairs("Annotations", container.annotations)
    )


def containers(typed: TypedCommand, wanted: dict[str, str]) -> list[v1.Container]:
    """The containers that the options let through, the newest first; raises `CrictlError`."""
    given = typed.given
    state = given.text("state").lower()
    if state and state not in CONTAINER_STATES:
        raise CrictlError("--state should be one of created, running, exited or unknown")
    if not state and not given.values.get("all"):
        state = "running"
    filters: dict[str, object] = {"label_selector": wanted, "pod_sandbox_id": given.text("pod")}
    filters["id"] = given.values.get("id", "")
    if state and not given.on("latest") and given.number("last") <= 0:
        filters["state"] = {"state": CONTAINER_STATES[state]}
    answer = typed.rpc("ListContainers", "call list containers RPC: ", filter=filters)
    fitting = _named(given, list(answer.containers), lambda c: c.labels.get(NAMESPACE, "unknown"))
    if image := given.text("image"):
        fitting = [each for each in fitting if _same_image(typed, image, each.image.image)]
    return _newest(given, fitting)


def _same_image(typed: TypedCommand, one: str, other: str) -> bool:
    ids = [typed.rpc("ImageStatus", image={"image": name}).image.id for name in (one, other)]
    return bool(ids[0]) and ids[0] == ids[1]


def pods(typed: TypedCommand) -> None:
    """List sandboxes; raises `CrictlError`."""
    wanted = labels(typed.given)
    within("listing pod sandboxes", lambda: _show_pods(typed, wanted))


def _show_pods(typed: TypedCommand, wanted: dict[str, str]) -> None:
    found = list[v1.PodSandbox]()
    within("list pod sandboxes", lambda: found.extend(sandboxes(typed, wanted)))
    if not _written(typed, v1.ListPodSandboxResponse(items=found)):
        _show(typed, found, POD_COLUMNS, partial(_pod_row, typed), _described_pod)


def _pod_row(typed: TypedCommand, pod: v1.PodSandbox) -> list[str]:
    return [
        pod.id if typed.given.on("no-trunc") else short(pod.id),
        age(typed.ago(pod.created_at)),
        SHOWN_POD_STATES[pod.state],
        pod.metadata.name,
        pod.metadata.namespace,
        str(pod.metadata.attempt),
        pod.runtime_handler or "(default)",
    ]


def _described_pod(pod: v1.PodSandbox) -> str:
    rows = {"Name": pod.metadata.name, "UID": pod.metadata.uid,
            "Namespace": pod.metadata.namespace, "Attempt": pod.metadata.attempt}  # fmt: skip
    made = stamp(pod.created_at)[:-1].rstrip("0").rstrip(".").replace("T", " ")
    return (
        f"ID: {pod.id}\n"
        + "".join(f"{name}: {value}\n" for name, value in rows.items() if value)
        + f"Status: {SHOWN_POD_STATES[pod.state]}\nCreated: {made} +0000 UTC\n"
        + pairs("Labels", pod.labels)
        + pairs("Annotations", pod.annotations)
        + f"Runtime: {pod.runtime_handler or '(default)'}\n"
    )


def sandboxes(typed: TypedCommand, wanted: dict[str, str]) -> list[v1.PodSandbox]:
    """The sandboxes that the options let through, the newest first; raises `CrictlError`."""
    given = typed.given
    state = given.text("state").lower()
    if state and state not in POD_STATES:
        raise CrictlError("--state should be ready or notready")
    filters: dict[str, object] = {"id": given.values.get("id", ""), "label_selector": wanted}
    filters |= {"state": {"state": POD_STATES[state]}} if state else {}
    answer = typed.rpc("ListPodSandbox", "call list sandboxes RPC: ", filter=filters)
    return _newest(given, _named(given, list(answer.items), lambda pod: pod.metadata.namespace))


def _named(given: Given, items: Sequence[T], namespace: Callable[[T], str]) -> list[T]:
    """Those whose name and namespace the expressions find; raises `CrictlError`."""
    name, space = (_expression(given.text(option)) for option in ("name", "namespace"))
    return [
        item for item in items if name.search(item.metadata.name) and space.search(namespace(item))
    ]


def _expression(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as problem:
        where = pattern[problem.pos or 0 :]
        known = {"unterminated character set": "missing closing ]",
                 "nothing to repeat": "missing argument to repetition operator"}  # fmt: skip
        why = f"error parsing regexp: {known.get(problem.msg, problem.msg)}: `{where}`"
        raise CrictlError(f"invalid regular expression {quoted(pattern)}: {why}") from None


def _newest(given: Given, items: list[T]) -> list[T]:
    items.sort(key=lambda item: -item.created_at)
    count = 1 if given.on("latest") else len(items)
    return items[: given.number("last") if given.number("last") > 0 else count]


def _written(typed: TypedCommand, message: v1.Message) -> bool:
    """Whether the list is written as a document; raises `CrictlError` for an unknown format."""
    format = typed.given.text("output")
    if write_list(message, format, typed.terminal):
        return True
    if format != "table":
        raise CrictlError(f"unsupported output format {quoted(format)}")
    return False
