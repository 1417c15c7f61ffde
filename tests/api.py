"""Write the API reference from the docstrings: `python -m tests.api` fills `build/api` (pdoc)."""

from __future__ import annotations

import warnings
from importlib import import_module

from tests import structure

SKIPPED = ("course_lib.__main__", "course_lib.course.chapters.")  # commands, and examiners


def names() -> list[str]:
    """The modules with a page of their own, the package itself first."""
    return [name for name in structure.modules() if not name.startswith(SKIPPED)]


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a module and the function that it is named after
    package = import_module("course_lib")
    for name in package.__all__:  # imported lazily, and so unknown to pdoc until they are set
        setattr(package, name, getattr(package, name))
    pdoc, render = import_module("pdoc").pdoc, import_module("pdoc.render")
    render.configure(show_source=False)
    folder = structure.ROOT / "build" / "api"
    pdoc(*names(), output_directory=folder)
    print(f"{len(names())} modules: {folder / 'index.html'}")
