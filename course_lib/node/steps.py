"""Steps that wait for each other, without holding up the rest: what one goroutine does upstream.

A generator of steps yields what it waits for: a function that begins something and gets another
one to call with the result. A step begins when the one before it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")
Done = Callable[[object], None]  # gets the result of a step
Begin = Callable[[Done], None]
Steps = Generator[Begin, Any, T]


def walk(steps: Steps[T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
    """Do all steps; `done` gets what they return, `failed` what one of them raises.

    >>> def asking():
    ...     answer = yield lambda tell: tell("yes")
    ...     return answer
    >>> walk(asking(), print, print)
    yes
    """

    def go_on(result: object) -> None:
        try:
            begin = steps.send(result)
        except StopIteration as end:
            done(end.value)
        except Exception as error:
            failed(error)
        else:
            begin(go_on)

    go_on(None)
