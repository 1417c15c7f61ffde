"""Worker processes of an experiment."""

from __future__ import annotations

import subprocess
import sys

import pytest

from course_lib.experiments import cores

PARENT = """
import os, time
from course_lib.experiments.cores import processes
pool = processes(1)
print(pool.submit(os.getpid).result(), flush=True)
time.sleep(600)
"""


def test_workers_end_when_the_process_that_started_them_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert int(parent.stdout.readline()) != parent.pid
        parent.kill()
        parent.communicate(timeout=30)  # the worker has the same output: it is closed with the last


def test_in_a_browser_the_work_is_done_in_turn(monkeypatch):
    monkeypatch.setattr(cores, "IN_BROWSER", True)
    done = []
    with cores.processes(4) as pool:
        assert isinstance(pool, cores.InTurn)
        first = pool.submit(done.append, 1)
        assert done == [1]
        assert first.result() is None
        assert list(pool.map(divmod, [7, 9], [2, 4], chunksize=4)) == [(3, 1), (2, 1)]
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()
