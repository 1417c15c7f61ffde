"""All cores for one experiment."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from threading import Thread


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """Worker processes, one for each core unless `workers` says otherwise.

    Each starts afresh: a copy of a process that has threads (a notebook's kernel, a gRPC server)
    may wait for ever for a lock that no thread holds. Each ends with this process, also when this
    process is killed.
    """
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
