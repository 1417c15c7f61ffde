"""All cores for one experiment."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Thread
from typing import Any

from course_lib.engine.browser import IN_BROWSER


class InTurn(Executor):
    """An executor without processes: `submit` returns when the work is done.

    >>> with InTurn() as pool:
    ...     list(pool.map(pow, [2, 3], [5, 2]))
    [32, 9]
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn` with its arguments; the future has its result, or the error that it raised."""
        made: Future[Any] = Future()
        try:
            made.set_result(fn(*args, **kwargs))
        except Exception as problem:
            made.set_exception(problem)
        return made


def processes(workers: int | None = None) -> Executor:
    """Worker processes, one for each core unless `workers` says otherwise; none in a browser.

    Each starts afresh: a copy of a process that has threads (a notebook's kernel, a gRPC server)
    may wait for ever for a lock that no thread holds. Each ends with this process, also when this
    process is killed.
    """
    if IN_BROWSER:
        return InTurn()
    from concurrent.futures import ProcessPoolExecutor

    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, spawn, _end_with_parent)


def _end_with_parent() -> None:
    """Have this worker end when the process that started it has ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()
