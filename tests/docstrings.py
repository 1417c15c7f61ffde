"""Docstrings of public functions: each of three or more parameters, and what is raised.

`python -m tests.docstrings` lists what is missing, `python -m tests.docstrings ROOM` for one room.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache

import msgspec

from tests import structure

FEW = 3  # parameters, from which on each one is documented
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Gap(msgspec.Struct, frozen=True):
    """What the docstring of a public function leaves out."""

    module: str
    name: str
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.module}.{self.name}: {', '.join(self.missing)}"


def public() -> Iterator[tuple[str, str, Function, str, str]]:
    """Module, qualified name and docstring of each function; the docstring of its class or module.

    What a class or a module says of a `parameter` holds for all of its functions.
    """
    for module in structure.modules():
        if module.startswith("course_lib.course.chapters."):
            continue
        of_module = ast.get_docstring(structure.tree(module)) or ""
        for node in structure.tree(module).body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield module, node.name, node, ast.get_docstring(node) or "", of_module
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                shared = ast.get_docstring(node) or ""
                for name, method in methods(node).items():
                    told = ast.get_docstring(method) or ""
                    if name == "__init__":
                        yield module, node.name, method, f"{shared} {told}", ""
                    elif not name.startswith("_") and not declared_elsewhere(node, method):
                        yield module, f"{node.name}.{name}", method, told, shared


def methods(node: ast.ClassDef) -> dict[str, Function]:
    """The methods of a class by name; of an overloaded one its implementation."""
    return {each.name: each for each in node.body if isinstance(each, Function)}


@cache
def classes() -> dict[str, ast.ClassDef]:
    """The classes of the package by name."""
    trees = (structure.tree(module) for module in structure.modules())
    return {
        node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)
    }


def bases(node: ast.ClassDef) -> set[str]:
    """The names of the classes above a class."""
    found: set[str] = set()
    for base in node.bases:
        name = getattr(getattr(base, "value", base), "id", "")
        found |= {name}
        if name in classes() and classes()[name] is not node:
            found |= bases(classes()[name])
    return found


def declared_elsewhere(node: ast.ClassDef, method: Function) -> bool:
    """Whether a base class, or a protocol with the same parameters, documents the method."""
    above = bases(node)
    if any(method.name in methods(classes()[name]) for name in above & classes().keys()):
        return True
    protocols = [each for each in classes().values() if "Protocol" in bases(each)]
    declared = (methods(each).get(method.name) for each in protocols if each is not node)
    return any(each is not None and parameters(each) == parameters(method) for each in declared)


def parameters(function: Function) -> list[str]:
    """The names of a function's parameters without `self` and `cls`."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [each.arg for each in every if each.arg not in ("self", "cls")]


def raised(function: Function) -> set[str]:
    """The classes of errors that the function's own lines raise."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
            if name[:1].isupper() and name != "NotImplementedError":
                found.add(name)
    return found


def gaps() -> list[Gap]:
    """Every public function whose docstring leaves something out."""
    found = []
    for module, name, function, told, shared in public():
        names = parameters(function)
        missing = [n for n in names if not re.search(rf"\b{n}\b", told) and f"`{n}`" not in shared]
        lacks = tuple(missing) if len(names) >= FEW else ()
        if raised(function) and not re.search(r"\b[Rr]aise|\brefuse", told):
            lacks = (*lacks, f"raises {', '.join(sorted(raised(function)))}")
        if lacks:
            found.append(Gap(module, name, lacks))
    return found


if __name__ == "__main__":
    room = sys.argv[1] if len(sys.argv) > 1 else ""
    for gap in gaps():
        if room in ("", structure.room(gap.module)):
            print(gap)
    print(len(gaps()), dict(Counter(structure.room(gap.module) for gap in gaps())))
