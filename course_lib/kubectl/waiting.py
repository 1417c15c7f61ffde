"""How commands wait: they look again and again, or watch; meanwhile time passes.

Source: `PollUntilContextTimeout` of apimachinery `pkg/util/wait`; `UntilWithSync` of client-go
`tools/watch/until.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.kubectl.streams import changes
from course_lib.objects.manifests import Document

FOREVER = 86_400.0  # s; the real kubectl would wait on, until it is interrupted
TIMED_OUT = "timed out waiting for the condition"


def poll(call: Invocation, interval: float, timeout: float, done: Callable[[], bool]) -> bool:
    """Ask `done` at once and then each `interval` (s) until it holds; False after `timeout` (s).

    `call` is the command that waits, and its time passes.
    """
    end = call.time.now() + timeout
    while not done():
        left = end - call.time.now()
        if left <= 0:
            return False
        call.time.wait(lambda: False, min(interval, left))
        if left <= interval:
            return False
    return True


def follow(call: Invocation, path: Path, timeout: float) -> Iterator[tuple[str, Document]]:
    """The object at a `path` as it is, and as it becomes: each with ADDED, MODIFIED or DELETED.

    `call` is the command that waits, at most `timeout` (s; 0: without end). Raises `CommandError`
    when that time is over.
    """
    collection = Path(path.version, path.plural, path.namespace)
    query = {"fieldSelector": f"metadata.name={path.name}"}
    listed = call.server.get(collection, query)
    head = {"apiVersion": path.version, "kind": str(listed.get("kind", "")).removesuffix("List")}
    for each in listed.get("items") or []:
        yield "ADDED", head | each
    version = listed["metadata"]["resourceVersion"]
    news = call.server.watch(collection, query | {"resourceVersion": version})
    for change in changes(news, call.time, timeout or FOREVER):
        yield str(change["type"]), change["object"]
    raise CommandError(TIMED_OUT)


def duration_text(seconds: float) -> str:
    """A duration as Go writes it.

    >>> duration_text(90), duration_text(0.5), duration_text(7200)
    ('1m30s', '500ms', '2h0m0s')
    """
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{rest:g}s"
