"""The package as a whole: its floors, its weight, its lists of dependencies, its notebooks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent


def imports(path: Path) -> list[tuple[str, bool]]:
    """The modules that a file imports, and whether only inside a function."""
    tree = ast.parse(path.read_text())
    inside = {
        node
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(scope)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, node in inside))
        elif isinstance(node, ast.Import):
            found += [(alias.name, node in inside) for alias in node.names]
    return found


MODULES = sorted((ROOT / "course_lib").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_drawing_and_clicking_stay_on_their_floor(path: Path):
    room = path.relative_to(ROOT / "course_lib").parts[0]
    modules = {module.split(".")[0] for module, _ in imports(path)}
    assert "matplotlib" not in modules or room == "plots"
    assert not {"ipywidgets", "anywidget"} & modules or room == "widgets"


TEXT = re.compile(r"\b(?:read_text|write_text|fdopen)\((?!.*(?:encoding|\"[rw]b\")).*")


def test_texts_are_utf_8_on_every_system():
    lines = {line for path in MODULES for line in TEXT.findall(path.read_text(encoding="utf-8"))}
    assert lines == set()


def test_import_is_light():
    script = (
        "import time; t = time.process_time(); import course_lib; from course_lib import Cluster; "
        "import sys; print(time.process_time() - t); "
        "print([m for m in ('matplotlib', 'ipywidgets', 'grpc', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    _, heavy = out.stdout.splitlines()
    assert heavy == "[]"


def requirement(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9_-]+)(.*)", text.strip())
    assert match is not None
    return match[1].lower().removesuffix("-base").removeprefix("python-"), match[2].strip()


def needed_by_the_course(project: dict) -> list[str]:
    """The package's own requirements, and those of all extras that the extra `all` names."""
    extras = project["optional-dependencies"]
    names = re.fullmatch(r"course-lib\[(.*)\]", extras["all"][0])[1].split(",")
    assert set(names) == set(extras) - {"all", "dev"}
    return [*project["dependencies"], *(text for name in names for text in extras[name])]


def test_environment_yml_and_pyproject_ask_for_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    conda = dict(requirement(d) for d in plain)
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    conda.pop("pip")
    python = conda.pop("python")
    assert conda == dict(map(requirement, needed_by_the_course(project)))
    assert python.startswith(project["requires-python"])
    assert pip == ["-e ."]
    assert environment["channels"] == ["conda-forge"]


def test_the_lock_pins_every_dependency_by_hash():
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, flags=re.M))
    for text in [*needed_by_the_course(project), *project["optional-dependencies"]["dev"]]:
        assert requirement(text)[0] in pinned
    for block in re.split(r"\n(?=[a-z0-9])", lock):
        assert "--hash=sha256:" in block


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook_cells_are_short_executed_in_order_and_ask_for_predictions(path: Path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert len(cell.source.splitlines()) <= 15
        assert not any(output.output_type == "error" for output in cell.outputs)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert text.count("**Predict") >= 3
    headings = ("**You will be able to**", "**Time**", "**Builds on**", "## To explore")
    for heading in (*headings, "## Summary", "## Exercises", "**Next:**"):
        assert text.count(heading) == 1, heading
    assert text.index("## Summary") < text.index("## Exercises") < text.index("**Next:**")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_asks_all_exercises_of_its_chapter(path: Path):
    from course_lib.course import exercises

    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    asked = re.findall(r'exercise\("([^"]+)"\)', code)
    assert asked == [name for name in exercises() if name.startswith(path.name[:2])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(path: Path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for target in re.findall(
            r"\]\(([^)#]+)\)", cell.source if cell.cell_type == "markdown" else ""
        ):
            assert target.startswith("http") or (path.parent / target).exists(), target


def glossary() -> dict[str, list[str]]:
    """The rows of the glossary: each word with the chapters that it names."""
    text = (ROOT / "notebooks" / "glossary.md").read_text()
    rows = [line.split("|")[1:4] for line in text.splitlines() if line.startswith("| ")][1:]
    return {row[0].strip(): re.findall(r"\]\(([^)]+)\)", row[2]) for row in rows}


def terms(word: str) -> list[str]:
    """The terms of one row: `leader, term` are two; what is in brackets is left out."""
    return [part.strip().lower() for part in re.sub(r"\(.*?\)", "", word).split(",")]


def test_the_glossary_is_in_order_and_each_word_is_in_the_chapters_that_it_names():
    rows = glossary()
    assert len(rows) >= 60 and list(rows) == sorted(rows, key=str.lower)
    texts = {}
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        texts[path.name] = "\n".join(cell.source for cell in cells).lower()
    for word, targets in rows.items():
        for target in targets:
            first = terms(word)[0].split(" ")[0]
            assert target in texts and first in texts[target], f"{word}: {target}"
        for term in terms(word):
            stem = term.removesuffix(" etcd").removesuffix(" service")
            assert any(stem in texts[target] for target in targets), f"{term}: {targets}"
    assert {target for targets in rows.values() for target in targets} == set(texts)


def test_every_word_of_a_chapters_list_is_in_the_glossary():
    known = {term for word in glossary() for term in terms(word)}
    listed: dict[str, str] = {}
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            _, found, table = cell.source.partition("| word | meaning |")
            for line in table.splitlines()[2:] if found else ():
                listed |= dict.fromkeys(terms(line.split("|")[1]), path.name)
    kinds = {f"{term}{kind}" for term in known for kind in ("", " probe", " service", " etcd")}
    missing = {term: name for term, name in listed.items() if term not in kinds}
    short = {
        term for term in missing if {f"{term} probe", f"{term} service", f"{term} etcd"} & known
    }
    assert {term: name for term, name in missing.items() if term not in short} == {}
