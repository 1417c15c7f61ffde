"""Every notebook as its own re-execution leaves it, run a second time, and weighed.

Not collected with the unit tests: `make notebooks-check` names it.
"""

from __future__ import annotations

import os
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from tests.execute_notebooks import NOTEBOOKS, normalised

KEPT = NOTEBOOKS.parent / "build" / "memory"
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes: what getrusage counts in
MOST = 2**30  # bytes of memory that a chapter may take: what small Binder machines have
PEAK = """
import resource as _resource
print(_resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss)
"""
if sys.platform == "win32":  # where Python has no module for it
    UNIT, PEAK = 1, "import psutil as _psutil; print(_psutil.Process().memory_info().peak_wset)"


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_its_own_re_execution_runs_twice_and_stays_small(path):
    os.environ["COURSE_PROGRESS"] = str(NOTEBOOKS / "none.json")
    stored = path.read_text()
    notebook = nbformat.reads(stored, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}})
    with client.setup_kernel():
        cells = list(enumerate(notebook.cells))
        for place, cell in cells:
            client.execute_cell(cell, place)
        assert nbformat.writes(normalised(notebook)) + "\n" == stored, "run `make notebooks`"
        for place, cell in cells:  # once more in the same kernel: no cell needs a fresh one
            client.execute_cell(cell, place)
        notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
        asked = client.execute_cell(notebook.cells[-1], len(cells))
        peak = UNIT * int(asked.outputs[0].text)
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{path.stem}.txt").write_text(f"{path.stem}: at most {peak / 2**20:.0f} MiB\n")
    assert peak < MOST
