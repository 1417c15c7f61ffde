"""Pods that a command has just made and attends: it waits for them, attaches, follows their end.

Source: `handleAttachPod`, `waitForPod`, `logOpts` and `removeCreatedObjects` of kubectl
`pkg/cmd/run/run.go`; `handleAttachPod` and `waitForContainer` of `pkg/cmd/debug/debug.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.kubectl.attaching import AttachOptions, attach
from course_lib.kubectl.failures import CommandError, Plain, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import PodContainer, chosen_container, silent
from course_lib.kubectl.server import Path
from course_lib.kubectl.waiting import follow
from course_lib.objects.manifests import Document

ENDED = ("Succeeded", "Failed")
STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
NO_ATTACH = "warning: couldn't attach to pod/{}, falling back to streaming logs: {}\n"
GONE = {"reason": "NotFound", "message": 'pods "" not found'}


def path_of(pod: Document, part: str = "") -> Path:
    """Where a Pod is on the server, or a part of it."""
    return Path("v1", "pods", pod["metadata"]["namespace"], pod["metadata"]["name"], part)


def phase_of(pod: Document) -> str:
    """The phase of a Pod."""
    return str((pod.get("status") or {}).get("phase", ""))


def wait_for(
    call: Invocation, pod: Document, timeout: float, done: Callable[[Document], bool]
) -> Document:
    """The `pod` as it is once it is `done`; a `call` waits at most `timeout` (s; 0: without end).

    Raises `CommandError` when the time is over, and `RefusedRequest` for a Pod that is deleted.
    """
    for kind, found in follow(call, path_of(pod), timeout):
        if kind == "DELETED":
            raise RefusedRequest(GONE)
        if done(found):
            return found
    raise CommandError("")


def runs_ready(pod: Document) -> bool:
    """Whether a Pod runs and is ready, or has ended (`podRunningAndReady`)."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return phase_of(pod) in ENDED or (phase_of(pod) == "Running" and ready)


def status_of(pod: Document, container: str) -> Document | None:
    """The status of a container of a Pod."""
    status = pod.get("status") or {}
    every = [each for group in STATUSES for each in status.get(group) or ()]
    return next((each for each in every if each["name"] == container), None)


def attach_when_ready(call: Invocation, made: Document, wanted: AttachOptions) -> None:
    """Attach to a Pod that `run` has `made`, once it runs; of one that has ended, show the log.

    `call` waits for it, and attaches as `wanted`. Raises `CommandError`.
    """
    timeout = call.flags.seconds("pod-running-timeout")
    pod = wait_for(call, made, timeout, runs_ready)
    warn = silent if wanted.quiet else call.error
    container = chosen_container(pod, "", warn)
    if phase_of(pod) in ENDED:
        show_log(call, container)
        return
    show_log(call, container)
    attach_or_log(call, container, wanted)


def attach_or_log(call: Invocation, container: PodContainer, wanted: AttachOptions) -> None:
    """Attach to a `container` as `wanted`; where that cannot be, show its log.

    Raises `CommandError` where `call` gets no log either.
    """
    try:
        attach(call, container, wanted)
    except Plain:
        raise
    except CommandError as failure:
        name = container.pod["metadata"]["name"]
        call.error(NO_ATTACH.format(name, failure.message))
        show_log(call, container)


def show_log(call: Invocation, container: PodContainer) -> None:
    """Print the log of a `container` for a `call`; raises `RefusedRequest`."""
    path = path_of(container.pod, "log")
    call.out(call.server.text(path, {"container": container.name}))


def end_as(pod: Document) -> None:
    """End as the only container of a Pod has: raise its exit code, if that is not 0."""
    if phase_of(pod) == "Succeeded":
        return
    meta = pod["metadata"]
    name = f"pod {meta['namespace']}/{meta['name']}"
    if phase_of(pod) != "Failed":
        raise CommandError(f"{name} left in phase {phase_of(pod)}")
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    ended: Document = (statuses[0].get("state") or {}).get("terminated") or {} if statuses else {}
    code = int(ended.get("exitCode") or 0)
    if not code:
        raise CommandError(f"{name} failed with unknown exit code")
    said = f"{name} terminated ({ended.get('reason', '')})\n{ended.get('message', '')}"
    raise Plain(said, code)


def remove(call: Invocation, made: list[Document]) -> None:
    """Delete what a `call` has `made`, and say so; what is gone already is not missed."""
    for each in made:
        meta, kind = each["metadata"], str(each["kind"])
        resource = call.resources.of(each)
        if resource is None:
            continue
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        try:
            call.server.send("DELETE", resource.path(meta["namespace"], meta["name"]), body=options)
        except RefusedRequest as refusal:
            if refusal.reason != "NotFound":
                raise
            continue
        if not call.flags.on("quiet"):
            where = f"from {meta['namespace']} namespace"
            call.out(f'{kind.lower()} "{meta["name"]}" deleted {where}\n')
