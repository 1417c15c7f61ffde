"""All cores for one experiment."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """Worker processes, as many as there are cores unless told otherwise.

    Each is begun anew: a copy of a process that has threads (a notebook's kernel, a gRPC server)
    may wait for ever for a lock that nobody holds.
    """
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
