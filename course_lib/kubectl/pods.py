"""The Pods and containers that commands about containers mean.

Source: kubectl `pkg/polymorphichelpers` (`helpers.go`, `logsforobject.go`),
`pkg/cmd/util/podcmd/podcmd.go`, `pkg/util/podutils/podutils.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document
from course_lib.objects.meta import LabelSelector

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
GROUPS = (
    ("containers", ""),
    ("ephemeralContainers", " (ephem)"),
    ("initContainers", " (init)"),
)


class PodContainer(NamedTuple):
    """A container of a Pod, as its spec has it; `field` is `containers`, `initContainers`, ..."""

    pod: Document
    name: str
    field: str


def containers_of(pod: Document) -> Iterator[PodContainer]:
    """All containers of a Pod: its own, ephemeral ones, and those that initialise it."""
    for field, _ in GROUPS:
        for each in pod["spec"].get(field) or ():
            yield PodContainer(pod, each["name"], field)


def names_of(pod: Document) -> str:
    """The names of all containers of a Pod, as messages list them."""
    marks = dict(GROUPS)
    return ", ".join(each.name + marks[each.field] for each in containers_of(pod))


def chosen_container(pod: Document, name: str, warn: Callable[[str], None]) -> PodContainer:
    """The container of a `pod` by `name`, or the one that an annotation or the order chooses.

    `warn` is told which one was chosen where there are several. Raises `CommandError` for a name
    that the Pod does not have.
    """
    meta = pod["metadata"]
    name = name or (meta.get("annotations") or {}).get(DEFAULT_CONTAINER, "")
    every = list(containers_of(pod))
    if not name:
        if len(every) > 1:
            warn(f'Defaulted container "{every[0].name}" out of: {names_of(pod)}\n')
        return every[0]
    for each in every:
        if each.name == name:
            return each
    said = f"container {name} is not valid for pod {meta['name']}"
    raise CommandError(f"{said} out of: {names_of(pod)}")


def silent(text: str) -> None:
    """Say nothing, where `chosen_container` would."""


def selector_of(owner: Document) -> str:
    """The selector of the Pods of an object; raises `CommandError` for one without Pods."""
    kind, spec = owner.get("kind", ""), owner.get("spec") or {}
    selector = spec.get("selector")
    if kind == "Service" and not selector:
        name = owner["metadata"]["name"]
        raise CommandError(f"invalid service '{name}': Service is defined without a selector")
    if kind in ("Service", "ReplicationController"):
        return ",".join(f"{key}={value}" for key, value in sorted((selector or {}).items()))
    if kind in ("ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job"):
        return str(msgspec.convert(selector or {}, LabelSelector).selector())
    raise CommandError(f"selector for {_go_type(owner)} not implemented")


def _go_type(document: Document) -> str:
    """The type that Go shows for an object: `*v1.ConfigMap`."""
    version = str(document.get("apiVersion", "")).rpartition("/")[2]
    return f"*{version}.{document.get('kind', '')}"


def pods_of(
    call: Invocation,
    owner: Document,
    order: Callable[[Document], tuple[bool | int | str, ...]],
    cannot: str,
) -> list[Document]:
    """The Pods of an object, in an `order`; waits for the first where there is none.

    `call` is the command. Raises `CommandError` for an object without Pods: `cannot` and the type
    of the `owner` come first.
    """
    namespace = owner["metadata"].get("namespace", "")
    try:
        selector = selector_of(owner)
    except CommandError as problem:
        raise CommandError(f"{cannot} {_go_type(owner)}: {problem.message}") from None
    path, query = Path("v1", "pods", namespace), {"labelSelector": selector}
    found: list[Document] = []

    def there() -> bool:
        found[:] = call.server.items(path, query)
        return bool(found)

    patience = call.flags.seconds("pod-running-timeout")
    if not there() and not call.time.wait(there, patience):
        raise CommandError("timed out waiting for the condition")
    return sorted(found, key=order)


def executable_pod(call: Invocation, owner: Document) -> Document:
    """The Pod that an object means to one who runs a command: itself, or its most active one.

    `call` is the command, `owner` the object. Raises `CommandError` for one without Pods.
    """
    if owner.get("kind") == "Pod":
        return owner
    return pods_of(call, owner, by_activity, "cannot attach to")[0]


def by_logging(pod: Document) -> tuple[bool | int | str, ...]:
    """The order in which Pods are chosen for their logs: `ByLogging`."""
    return (*_rank(pod), -_restarts(pod), _created(pod))


def by_activity(pod: Document) -> tuple[bool | int | str, ...]:
    """The order in which Pods are chosen to run a command in: `ActivePods`, the best first."""
    deleting = "deletionTimestamp" in pod["metadata"]
    unassigned, phase, unready, since = _rank(pod)
    return (unassigned, phase, unready, deleting, since, _restarts(pod), _created(pod))


def _rank(pod: Document) -> tuple[bool, int, bool, str]:
    """Unassigned, its phase, not ready, and since when it is ready."""
    status = pod.get("status") or {}
    conditions: list[Document] = status.get("conditions") or []
    ready = next((each for each in conditions if each["type"] == "Ready"), Document())
    is_ready = ready.get("status") == "True"
    since = str(ready.get("lastTransitionTime") or "") if is_ready else ""
    phase = {"Unknown": 1, "Pending": 2}.get(status.get("phase", ""), 0)
    return not pod["spec"].get("nodeName"), phase, not is_ready, since


def _restarts(pod: Document) -> int:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return max((each.get("restartCount", 0) for each in statuses), default=0)


def _created(pod: Document) -> str:
    return str(pod["metadata"].get("creationTimestamp") or "")
