"""The cells of the notebooks: prose stands in Markdown cells, and code cells are short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MOST_LINES = 15  # of a code cell
HELP = re.compile(r"Object `[^`]*` not found|\x1b\[\d+m(Signature|Docstring|Type):")


def problem_of(source: str) -> str:
    """Why the source is no code cell of the course; empty when it is one."""
    if source.count("\n") >= MOST_LINES:
        return f"more than {MOST_LINES} lines"
    if re.match(r"\s*(## |\*\*|\* )", source):
        return "Markdown"
    if source.rstrip().endswith("?"):
        return "a question that IPython takes for a call for help"
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError as error:
        return f"not Python, line {error.lineno}: prose?"
    return "" if tree.body else "nothing but comments"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_code_cells_hold_code_and_not_prose(path: Path):
    cells = nbformat.read(path, as_version=4).cells
    found = {
        number: problem_of(cell.source)
        for number, cell in enumerate(cells)
        if cell.cell_type == "code" and problem_of(cell.source)
    }
    assert found == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_no_output_is_ipythons_help(path: Path):
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        for output in cell.get("outputs", []):
            said = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not HELP.search(said), (number, said)
            assert not any(part.get("source") == "page" for part in output.get("payload", []))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("## Again\n\nBy default a Pod's containers restart.", "Markdown"),
        ("Pods restart. How often after ten minutes?", "a question"),
        ("By default they restart.", "not Python"),
        ("# only a comment", "nothing but comments"),
        ("x = 1\n" * 16, "more than 15 lines"),
        ("x = 1\nx", ""),
        ("%kubectl get pods -o wide", ""),
        ("%%kubectl apply -f -\napiVersion: v1\nkind: Pod", ""),
    ],
)
def test_prose_in_a_code_cell_is_found(source: str, said: str):
    assert problem_of(source).startswith(said) and bool(problem_of(source)) == bool(said)
