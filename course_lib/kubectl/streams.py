"""Commands that have no end of their own: they go on while time passes."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.failures import RefusedRequest
from course_lib.kubectl.server import Events, Time
from course_lib.objects.manifests import Document


def changes(events: Events, time: Time, seconds: float) -> Iterator[Document]:
    """The changes of a watch (`events`) as they come, until it ends or so many `seconds` passed.

    `time` is what passes meanwhile. Raises `RefusedRequest` for an error in the watch.
    """
    news: list[Document] = []

    def heard() -> bool:
        news.extend(events.take())
        return bool(news) or events.ended

    end = time.now() + seconds
    try:
        while True:
            in_time = time.wait(heard, max(0.0, end - time.now()))
            for change in news:
                yield refuse_error(change)
            news.clear()
            if not in_time or events.ended:
                return
    finally:
        events.stop()


def refuse_error(change: Document) -> Document:
    """The `change` of a watch; raises `RefusedRequest` where it is an error.

    >>> refuse_error({"type": "ADDED", "object": {}})["type"]
    'ADDED'
    """
    if change["type"] == "ERROR":
        raise RefusedRequest(change["object"])
    return change
