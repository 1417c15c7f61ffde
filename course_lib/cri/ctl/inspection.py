"""`crictl inspect`, `inspectp`, `inspecti`, `info`, `version`, `imagefsinfo`: all that is known.

Source: cri-tools `container.go`, `sandbox.go`, `image.go`, `info.go`, `version.go`, `util.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course_lib.cri import messages as v1
from course_lib.cri.ctl.images import images
from course_lib.cri.ctl.lists import CONTAINER_FILTERS, POD_FILTERS, containers, sandboxes
from course_lib.cri.ctl.node import HelpAsked, TypedCommand, labels, within
from course_lib.cri.ctl.options import Option
from course_lib.cri.ctl.screen import (
    CrictlError,
    Json,
    age,
    details,
    document,
    info_text,
    log,
    pairs,
    size,
    time_text,
    write_statuses,
)

OUTPUT = Option("output", "o", usage="json, yaml or table; go-template is not simulated")
TEMPLATE = Option("template", usage="For go-template, which is not simulated")
QUIET = Option("quiet", "q", "bool", usage="Only what the CRI knows")
_STATUS = (OUTPUT, QUIET, TEMPLATE)
INSPECT_OPTIONS = (*_STATUS, *CONTAINER_FILTERS)
INSPECTP_OPTIONS = (*_STATUS, *POD_FILTERS)
INSPECTI_OPTIONS = (
    *_STATUS,
    Option("name", usage="Only images of this name"),
    Option("filter", "f", "stringSlice", usage="dangling=, reference=, before= or since="),
)
INFO_OPTIONS = (
    Option("output", "o", "string", "json", usage="json or yaml; go-template is not simulated"),
    QUIET,
    TEMPLATE,
)
FS_OPTIONS = (OUTPUT, TEMPLATE)
STATES = {number: name for name, number in v1.ENUMS["ContainerState"].items()}
POD_STATES = {number: name for name, number in v1.ENUMS["PodSandboxState"].items()}


def inspect(typed: TypedCommand) -> None:
    """The statuses of containers; raises `CrictlError`."""
    ids = _chosen(typed, "containers", containers)
    within("get the status of containers", lambda: _containers(typed, ids))


def _chosen(
    typed: TypedCommand,
    kind: str,
    listed: Callable[[TypedCommand, dict[str, str]], Sequence[v1.Container | v1.PodSandbox]],
) -> list[str]:
    """The IDs that are named, or those of all that the options let through."""
    ids = list(typed.args)
    if not ids:
        wanted = labels(typed.given)
        within(f"listing {kind}", lambda: ids.extend(each.id for each in listed(typed, wanted)))
    _need(typed, ids)
    return ids


def _containers(typed: TypedCommand, ids: Sequence[str]) -> None:
    def status(id: str) -> tuple[v1.Message, dict[str, str], str]:
        before = "get container status: "
        answer = typed.rpc("ContainerStatus", before, container_id=id, verbose=_verbose(typed))
        return answer.status, dict(answer.info), _container_text(typed, answer.status)

    _statuses(typed, ids, status)


def _container_text(typed: TypedCommand, status: v1.ContainerStatus) -> str:
    name, attempt = status.metadata.name, status.metadata.attempt
    state = STATES[status.state]
    exited = status.state == v1.CONTAINER_EXITED
    rows = [("ID", status.id), *([("Name", name)] if name else [])]
    rows += [("Attempt", str(attempt))] if attempt else []
    rows += [("State", state), ("Created", age(typed.ago(status.created_at)))]
    if status.state != v1.CONTAINER_CREATED:
        rows.append(("Started", age(typed.ago(status.started_at))))
    if exited and status.finished_at > 0:
        rows.append(("Finished", age(typed.ago(status.finished_at))))
    rows += [("Exit Code", str(status.exit_code))] if exited else []
    text = "".join(f"{title}: {value}\n" for title, value in rows)
    return text + pairs("Labels", status.labels) + pairs("Annotations", status.annotations)


def inspectp(typed: TypedCommand) -> None:
    """The statuses of sandboxes; raises `CrictlError`."""
    ids = _chosen(typed, "pod sandboxes", sandboxes)
    within("get the status of pod sandboxes", lambda: _pods(typed, ids))


def _pods(typed: TypedCommand, ids: Sequence[str]) -> None:
    def status(id: str) -> tuple[v1.Message, dict[str, str], str]:
        before = "get pod sandbox status: "
        answer = typed.rpc("PodSandboxStatus", before, pod_sandbox_id=id, verbose=_verbose(typed))
        return answer.status, dict(answer.info), _pod_text(typed, answer.status)

    _statuses(typed, ids, status)


def _pod_text(typed: TypedCommand, status: v1.PodSandboxStatus) -> str:
    meta = status.metadata
    rows = [("ID", status.id), ("Name", meta.name), ("UID", meta.uid)]
    rows = [*rows, ("Namespace", meta.namespace), ("Attempt", str(meta.attempt))]
    rows += [("Status", POD_STATES[status.state])]
    rows += [("Created", age(typed.ago(status.created_at)))]
    if status.HasField("network"):
        rows.append(("IP Addresses", status.network.ip))
        rows += [("Additional IP", each.ip) for each in status.network.additional_ips]
    shown = [row for row in rows if row[1] or row[0] == "IP Addresses"]
    text = "".join(f"{title}: {value}\n" for title, value in shown)
    return text + pairs("Labels", status.labels) + pairs("Annotations", status.annotations)


def _statuses(
    typed: TypedCommand,
    ids: Sequence[str],
    ask: Callable[[str], tuple[v1.Message, dict[str, str], str]],
) -> None:
    """Write the status of each: as a document, or as a table with what is beyond the CRI."""
    format, found = typed.given.text("output") or "json", list[Json]()
    for id in ids:
        status, info, text = ask(id)
        if format == "table":
            typed.terminal.out(text + (info_text(info) if _verbose(typed) else ""))
        else:
            found.append({"status": _with_times(status), **details(info)})
    write_statuses(found, format, typed.terminal)


def _with_times(status: v1.Message) -> dict[str, Json]:
    """A status with its times as texts, and with null for what is not set."""
    shown = document(status)
    whole = {each.json_name: shown.get(each.json_name) for each in status.DESCRIPTOR.fields}
    for field in ("created_at", "started_at", "finished_at"):
        if field in status.DESCRIPTOR.fields_by_name:
            name = status.DESCRIPTOR.fields_by_name[field].json_name
            whole[name] = time_text(getattr(status, field))
    return whole


def inspecti(typed: TypedCommand) -> None:
    """The statuses of images; raises `CrictlError`."""
    ids, format, found = typed.args, typed.given.text("output") or "json", list[Json]()
    if not ids:
        asked = typed.given.text("name"), typed.given.texts("filter")
        within("listing images", lambda: ids.extend(i.id for i in images(typed, *asked)))
    _need(typed, ids)
    for id in ids:
        before = f'image status for "{id}" request: '
        answer = typed.rpc("ImageStatus", before, image={"image": id}, verbose=_verbose(typed))
        if not answer.HasField("image"):
            raise CrictlError(f'no such image "{id}" present')
        if format == "table":
            text = _image_text(answer.image)
            typed.terminal.out(text + (info_text(answer.info) if _verbose(typed) else ""))
        else:
            found.append({"status": document(answer.image), **details(answer.info)})
    write_statuses(found, format, typed.terminal)


def _image_text(image: v1.Image) -> str:
    rows = [("ID", image.id), *(("Tag", tag) for tag in image.repo_tags)]
    rows += [("Digest", digest) for digest in image.repo_digests]
    rows += [("Size", size(image.size, 3))]
    return "".join(f"{title}: {value}\n" for title, value in rows)


def info(typed: TypedCommand) -> None:
    """Whether the runtime and the network are ready; raises `CrictlError`."""
    if typed.args:
        raise HelpAsked
    before = "getting status of runtime: "
    answer = typed.rpc("Status", before, verbose=_verbose(typed))
    shown: dict[str, Json] = {"status": document(answer.status)}
    shown["runtimeHandlers"] = [_given_fields(each) for each in answer.runtime_handlers]
    if answer.HasField("features"):
        shown["features"] = _given_fields(answer.features)
    shown |= details(answer.info)
    within(
        "getting status of runtime",
        lambda: write_statuses([shown], typed.given.text("output"), typed.terminal),
    )


def _given_fields(message: v1.Message) -> dict[str, Json]:
    """The fields that are set, by their names in the interface."""
    return {
        field.name: _given_fields(value) if isinstance(value, v1.Message) else value
        for field, value in message.ListFields()
    }


def version(typed: TypedCommand) -> None:
    """Who answers at the socket; raises `CrictlError`."""
    if typed.args:
        raise HelpAsked
    answer = typed.rpc("Version", "getting the runtime version: ", version="v1")
    rows = (
        ("Version", answer.version),
        ("RuntimeName", answer.runtime_name),
        ("RuntimeVersion", answer.runtime_version),
        ("RuntimeApiVersion", answer.runtime_api_version),
    )
    typed.terminal.out("".join(f"{name}:  {value}\n" for name, value in rows))


def imagefsinfo(typed: TypedCommand) -> None:
    """How much of the disk images and containers use; raises `CrictlError`."""
    answer = typed.rpc("ImageFsInfo", "image filesystem info request: ")
    format = typed.given.text("output") or "json"
    if format != "table":
        write_statuses([{"status": document(answer)}], format, typed.terminal)
        return
    for title, parts in (
        ("Container", answer.container_filesystems),
        ("Image", answer.image_filesystems),
    ):
        typed.terminal.out(f"{title} Filesystem \n")
        for place, part in enumerate(parts):
            typed.terminal.out(
                f"TimeStamp[{place}]: {part.timestamp}\n"
                f"Disk[{place}]: {size(part.used_bytes.value)}\n"
                f"Inodes[{place}]: {part.inodes_used.value}\n"
                f"Mountpoint[{place}]: {part.fs_id.mountpoint}\n"
            )


def _verbose(typed: TypedCommand) -> bool:
    return not typed.given.on("quiet")


def _need(typed: TypedCommand, ids: Sequence[str]) -> None:
    if not ids:
        message = "No IDs provided or nothing found per filter"
        log(typed.terminal, "error", message, typed.host.clock())
        raise HelpAsked
