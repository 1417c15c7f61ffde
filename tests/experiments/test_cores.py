"""Worker processes of an experiment."""

from __future__ import annotations

import subprocess
import sys

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
