"""How kubectl deletes: the options of a request, and waiting until objects are gone.

Source: kubectl `pkg/cmd/delete` (`delete.go`, `delete_flags.go`) and `pkg/cmd/wait/delete.go`.
"""

from __future__ import annotations

from course_lib.command_line.values import ValueProblem, boolean
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.kubectl.streams import refuse_error
from course_lib.objects.manifests import Document

DELETION_FLAGS = frozenset({"cascade", "force", "grace-period", "timeout", "wait"})
WEEK = 168 * 3600.0  # s; kubectl waits so long where no timeout is given
_POLICIES = {"orphan": "Orphan", "foreground": "Foreground", "background": "Background"}


def propagation_of(call: Invocation) -> str:
    """The propagation policy of `--cascade`; raises `CommandError` (`parseCascadingFlag`)."""
    text = call.flags.text("cascade")
    try:
        chosen = "background" if boolean(text) else "orphan"
    except ValueProblem:
        if text not in _POLICIES:
            raise CommandError(
                f'invalid cascade value ({text}). Must be "background", "foreground", or "orphan"'
            ) from None
        return _POLICIES[text]
    call.error(
        f"warning: --cascade={text} is deprecated (boolean value) and can be replaced with "
        f"--cascade={chosen}.\n"
    )
    return _POLICIES[chosen]


def delete_options(propagation: str, grace: int) -> Document:
    """The fields of DeleteOptions; a negative `grace` period (s) is the object's own."""
    options: Document = {"propagationPolicy": propagation}
    return options | ({"gracePeriodSeconds": grace} if grace >= 0 else {})


def wait_until_gone(call: Invocation, chosen: Chosen, uid: str, timeout: float) -> None:
    """Let time pass until a `chosen` object is gone, or another has its name (`IsDeleted`).

    `call` waits, at most `timeout` (s); `uid` is that of the object. Raises `CommandError`.
    """
    server, place = call.server, chosen.path
    try:
        found = server.get(place)
    except RefusedRequest as refusal:
        if refusal.reason in ("NotFound", "Forbidden", "MethodNotAllowed"):
            return
        raise
    if uid and found["metadata"].get("uid") != uid:
        return
    collection = Path(place.version, place.plural, place.namespace)
    query = {
        "fieldSelector": f"metadata.name={chosen.name}",
        "resourceVersion": found["metadata"]["resourceVersion"],
    }
    news = server.watch(collection, query)
    gone: list[Document] = []

    def is_gone() -> bool:
        gone.extend(each for each in news.take() if each["type"] in ("DELETED", "ERROR"))
        return bool(gone) or news.ended

    try:
        done = call.time.wait(is_gone, timeout)
    finally:
        news.stop()
    for each in gone:
        refuse_error(each)
    if not done:
        raise CommandError(f"timed out waiting for the condition on {chosen.title}")


def is_missing(call: Invocation, chosen: Chosen) -> bool:
    """Whether an object is not there, asked for a `call`; raises `RefusedRequest`."""
    try:
        call.server.get(chosen.path)
    except RefusedRequest as refusal:
        if refusal.reason == "NotFound":
            return True
        raise
    return False
