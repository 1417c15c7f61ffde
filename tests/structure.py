"""The structure of the package as figures: imports, cycles, lengths, names.

`python -m tests.structure` prints them; `tests/test_structure.py` holds them against their limits.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "course_lib"
MOST_LINES = 40  # of a function

# A room imports only from rooms with a lower number.
FLOORS = {
    "errors": 0,
    "command_line": 1,
    "engine": 1,
    "objects": 2,
    "images": 10,
    "network": 10,
    "etcd": 10,
    "apiserver": 20,
    "runtimes": 20,
    "client": 30,
    "cri": 30,
    "scheduler": 40,
    "controllers": 40,
    "node": 40,
    "kubectl": 40,
    "cluster": 50,
    "orchestrators": 50,
    "experiments": 60,
    "plots": 70,
    "widgets": 70,
    "course": 80,
    "cli": 90,
    "__main__": 100,
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[name].read_text())


def room(name: str) -> str:
    """The room of a module: `network` for `course_lib.network.dns`."""
    return name.split(".")[1] if "." in name else ""


def imports(name: str) -> Iterator[str]:
    """The modules of the package that a module imports, wherever the import statement stands."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for each in names:
            if each.split(".")[0] == "course_lib":
                yield each if each in modules() else each.rpartition(".")[0]


def against_the_floors() -> list[str]:
    """Imports from the same floor or from a higher one, as `module imports module`."""
    found = set()
    for name in modules():
        for other in imports(name):
            mine, theirs = room(name), room(other)
            if mine and theirs and mine != theirs and FLOORS[theirs] >= FLOORS[mine]:
                found.add(f"{name} imports {other}")
    return sorted(found)


def cycles() -> list[frozenset[str]]:
    """Groups of modules that import each other: Tarjan's strongly connected components."""
    graph = {name: sorted({each for each in imports(name) if each != name}) for name in modules()}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[frozenset[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph[name]:
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            start = stack.index(name)
            group = frozenset(stack[start:])
            del stack[start:]
            if len(group) > 1:
                groups.append(group)

    for name in graph:
        if name not in index:
            visit(name)
    return groups


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method, with its module."""
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, node


def long_functions() -> dict[str, int]:
    """Functions with more than `MOST_LINES` lines, as `module.function`, and their lengths."""
    lengths = [(f"{m}.{f.name}", (f.end_lineno or 0) - f.lineno + 1) for m, f in functions()]
    return {name: length for name, length in lengths if length > MOST_LINES}


def shared_class_names() -> dict[str, list[str]]:
    """Class names that more than one module defines, with these modules."""
    found = defaultdict(list)
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return {name: where for name, where in sorted(found.items()) if len(where) > 1}


def lines_with_any() -> int:
    """Lines of the package that say `Any`, without import lines."""
    return sum(
        bool(re.search(r"\bAny\b", line)) and "import" not in line
        for path in modules().values()
        for line in path.read_text().splitlines()
    )


def lines() -> int:
    """All lines of the package's modules."""
    return sum(len(path.read_text().splitlines()) for path in modules().values())


def declarations(name: str) -> list[str]:
    """The modules that assign a type alias of this name at their top level."""
    pattern = re.compile(rf"^{name}\b[^=\n]*=", re.MULTILINE)
    return [module for module, path in modules().items() if pattern.search(path.read_text())]


def entered(act: Callable[[], object]) -> list[str]:
    """The modules of the package whose functions a call enters."""
    files = {str(path): name for name, path in modules().items()}
    found: set[str] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            found.add(files[frame.f_code.co_filename])

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return sorted(found)


def entered_by_one_pod() -> list[str]:
    """The modules that the apply of one Pod to a running cluster enters, up to its return."""
    from course_lib import Cluster

    cluster = Cluster()
    cluster.run(60)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
    }
    cluster.apply(pod | {"metadata": {"name": "first"}})  # it imports pandas, for its table
    return entered(lambda: cluster.apply(pod | {"metadata": {"name": "web"}}))


if __name__ == "__main__":
    print(f"{lines():,} lines in {len(modules())} modules, {lines_with_any()} lines with Any")
    print(f"{len(against_the_floors())} imports against the floors, {len(cycles())} import cycles")
    print(f"{len(long_functions())} functions over {MOST_LINES} lines")
    print(f"{len(shared_class_names())} class names with more than one meaning")
    print(f"{len(declarations('Document'))} declarations of Document")
    print(f"{len(entered_by_one_pod())} modules entered by the apply of one Pod")
