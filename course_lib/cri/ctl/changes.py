"""`crictl start`, `stop`, `rm`, `stopp`, `rmp`: containers and sandboxes end.

Source: cri-tools `container.go`, `sandbox.go`, `util.go`. Runtimes on a node of a cluster are
looked after by its kubelet: it starts again what its Pods need.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cri import messages as v1
from course_lib.cri.ctl.node import HelpAsked, TypedCommand
from course_lib.cri.ctl.options import Option
from course_lib.cri.ctl.screen import CrictlError, Ended, log

EMPTY_ID = "ID cannot be empty"
STOP_OPTIONS = (
    Option("timeout", "t", "int", usage="Seconds until it is killed"),
    Option("all", "a", "bool", usage="All containers that run"),
)
RM_OPTIONS = (
    Option("force", "f", "bool", usage="Stop it first if it runs"),
    Option("keep-logs", "k", "bool", usage="Keep the log's files"),
    Option("all", "a", "bool", usage="All containers"),
)
RMP_OPTIONS = (
    Option("force", "f", "bool", usage="Stop it first if it runs"),
    Option("all", "a", "bool", usage="All Pods"),
)


def start(typed: TypedCommand) -> None:
    """Start containers that were made; raises `CrictlError`."""
    if not typed.args:
        raise CrictlError(EMPTY_ID)
    for id in typed.args:
        typed.rpc("StartContainer", f'starting the container "{id}": ', container_id=id)
        typed.terminal.out(f"{id}\n")


def stop(typed: TypedCommand) -> None:
    """Stop containers; raises `CrictlError`, and `Ended` where none are named."""
    ids = typed.args
    if typed.given.on("all"):
        if ids:
            raise Ended(1, "cannot specify CONTAINER-ID(s) when using --all")
        running = {"state": {"state": v1.CONTAINER_RUNNING}}
        ids = [each.id for each in typed.rpc("ListContainers", filter=running).containers]
        if not ids:
            typed.terminal.out("No running containers found.\n")
            return
    elif not ids:
        raise Ended(1, "you must specify at least one CONTAINER-ID or use --all")
    for id in ids:
        before = f'stopping the container "{id}": '
        _stop(typed, id, typed.given.number("timeout"), before)


def _stop(typed: TypedCommand, id: str, timeout: int, before: str) -> None:
    if not id:
        raise CrictlError(f"{before}{EMPTY_ID}")
    typed.rpc("StopContainer", before, container_id=id, timeout=timeout)
    typed.terminal.out(f"{id}\n")


def rm(typed: TypedCommand) -> None:
    """Remove containers; raises `CrictlError`."""

    def remove(id: str) -> None:
        before = f'getting container status "{id}": '
        status = typed.rpc("ContainerStatus", before, container_id=id).status
        if status.state == v1.CONTAINER_RUNNING:
            if not typed.given.on("force"):
                raise CrictlError(f'container "{id}" is running, please stop it first')
            _stop(typed, id, 0, f'stopping the container "{id}": ')
        typed.rpc("RemoveContainer", f'removing container "{id}": ', container_id=id)
        typed.terminal.out(f"{id}\n")
        if not typed.given.on("keep-logs") and status.log_path:
            typed.host.disk.remove(status.log_path)

    _each(typed, "container", "ListContainers", remove)


def stopp(typed: TypedCommand) -> None:
    """Stop sandboxes; raises `CrictlError`."""
    if not typed.args:
        raise HelpAsked
    for id in typed.args:
        _stop_pod(typed, id, f'stopping the pod sandbox "{id}": ')


def _stop_pod(typed: TypedCommand, id: str, before: str) -> None:
    if not id:
        raise CrictlError(f"{before}{EMPTY_ID}")
    typed.rpc("StopPodSandbox", before, pod_sandbox_id=id)
    typed.terminal.out(f"Stopped sandbox {id}\n")


def rmp(typed: TypedCommand) -> None:
    """Remove sandboxes; raises `CrictlError`."""

    def remove(id: str) -> None:
        before = f'getting sandbox status of pod "{id}": '
        status = typed.rpc("PodSandboxStatus", before, pod_sandbox_id=id).status
        if status.state == v1.SANDBOX_READY:
            if not typed.given.on("force"):
                raise CrictlError(f'pod sandbox "{id}" is running, please stop it first')
            _stop_pod(typed, id, f'stopping the pod sandbox "{id}" failed: ')
        typed.rpc("RemovePodSandbox", f'removing the pod sandbox "{id}": ', pod_sandbox_id=id)
        typed.terminal.out(f"Removed sandbox {id}\n")

    _each(typed, "pod", "ListPodSandbox", remove)


def _each(typed: TypedCommand, kind: str, method: str, remove: Callable[[str], None]) -> None:
    """Remove all that are named, or all there are; what fails is told at the end."""
    ids = typed.args
    if typed.given.on("all"):
        answer = typed.rpc(method)
        ids = [each.id for each in (answer.items if kind == "pod" else answer.containers)]
        if not ids:
            log(typed.terminal, "info", f"No {kind}s to remove", typed.host.clock())
            return
    if not ids:
        raise HelpAsked
    failed = []
    for id in ids:
        try:
            remove(id)
        except CrictlError as trouble:
            failed.append(str(trouble))
    if failed:
        raise CrictlError("\n".join(failed))
