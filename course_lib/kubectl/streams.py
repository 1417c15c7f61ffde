"""Commands that have no end of their own: they go on while time passes.

In simulated time they last as long as `--request-timeout` says, else `Time.endless` seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_lib.command_line.values import ValueProblem, duration
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Events, Time
from course_lib.objects.manifests import Document


def patience(call: Invocation) -> float:
    """How long a command without an end goes on (s): `--request-timeout`, where it is given.

    Source: `ParseTimeout` of client-go `tools/clientcmd/config.go`. Raises `CommandError`.
    """
    text = call.flags.text("request-timeout")
    if re.fullmatch(r"[+-]?\d+", text):
        return float(text) or call.time.endless
    try:
        return duration(text) or call.time.endless
    except ValueProblem:
        raise CommandError(
            "invalid timeout value. Timeout must be a single integer in seconds, or an integer "
            "followed by a corresponding time unit (e.g. 1s | 2m | 3h)"
        ) from None


def changes(events: Events, time: Time, seconds: float) -> Iterator[Document]:
    """The changes of a watch (`events`) as they come, until it ends or so many `seconds` passed.

    `time` is what passes meanwhile.
    """
    news: list[Document] = []

    def heard() -> bool:
        news.extend(events.take())
        return bool(news) or events.ended

    end = time.now() + seconds
    try:
        while True:
            in_time = time.wait(heard, max(0.0, end - time.now()))
            yield from news
            news.clear()
            if not in_time or events.ended:
                return
    finally:
        events.stop()
