"""All cores for one experiment."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """Worker processes, one for each core unless `workers` says otherwise.

    Each starts afresh: a copy of a process that has threads (a notebook's kernel, a gRPC server)
    may wait for ever for a lock that no thread holds.
    """
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
