"""What a service of the CRI is made of: a table of handlers, by the names of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from course_lib.cri.messages import Message
from course_lib.cri.translate import invalid
from course_lib.runtimes.calls import Operation

# A response, its parts one by one, or a process that returns it.
Answer = Message | Iterator[Message] | Operation[Message]
Handlers = Mapping[str, Callable[[Any], Answer]]  # each takes its own call's request


def given(id: str, field: str) -> str:
    """An ID that a request must have; raises `RuntimeFault` where it has none."""
    if not id:
        raise invalid(f"{field} must be given")
    return id


def matches(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    """Whether something has all these labels."""
    return not selector or all(labels.get(name) == value for name, value in selector.items())
