"""`%kubectl`, `%etcdctl`, `%etcdutl` and `%crictl` in a notebook: lines as they are typed at work.

`%%kubectl apply -f -` reads the cell: it is the manifest. `{name}` in a line is the value of the
notebook's variable of that name. As in a shell, `> FILE` at the end of a line writes what is
printed to a file, `\\` at its end continues it, and `#` begins a comment. The magics are there as
soon as a notebook has imported `Cluster`, and speak to the cluster in use:
`%kubectl config use-context` chooses another.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from course_lib.cluster import tab_completion
from course_lib.cluster.cell_editor import CellEditor
from course_lib.cluster.contexts import CONTEXTS, KnownCluster
from course_lib.cluster.notebook_keyboard import LiveTerminal, NotebookKeyboard
from course_lib.command_line import Result
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.keyboard import Keyboard, TypedLines
from course_lib.kubectl.shell_signs import redirected, uncommented
from course_lib.objects.manifests import Document

_OPENED: dict[str, list[Document]] = {}  # what `kubectl edit` has opened, by its line
NO_COMMAND = (
    "the command is missing: write it on the first line, such as %%kubectl apply -f -, and below "
    "it what the command reads. Several commands are several lines, each with %kubectl"
)
NOTHING_TO_READ = "Begin the cell with %%kubectl: then the lines below are what the command reads."
READS_CELL = re.compile(r"(?:^|\s)(?:-f|--filename)[ =]?-(?:\s|$)")
_VARIABLE = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")


def kubectl(line: str, cell: str | None = None) -> None:
    """Run one command of kubectl on the cluster in use and show what it prints.

    `cell` is what `-f -` reads, what `edit` has opened, or what is typed (`exec -it`).
    """
    line, cell = _continued(line, cell)
    if cell is not None and not line.strip():
        _show(Result(stderr=f"error: {NO_COMMAND}\n", code=1))
        return
    line, file, adds = redirected(uncommented(line))
    filled, terminal = _filled(line), LiveTerminal()
    editor = CellEditor(_shell(), filled.strip(), cell or "", _OPENED)
    keyboard: Keyboard = TypedLines(cell) if cell is not None else NotebookKeyboard(terminal)
    result = CONTEXTS.kubectl(
        filled, cell or "", terminal=terminal, editor=editor, keyboard=keyboard
    )
    if cell is None and result.code and READS_CELL.search(line):
        result = replace(result, text=f"{result.text}{NOTHING_TO_READ}\n")
    shown = _written(result, Path(_filled(file)), adds) if file else terminal.rest(result)
    if shown.text or not file:
        _show(shown)


def _continued(line: str, cell: str | None) -> tuple[str, str | None]:
    """A line with those of the cell that continue it after a `\\`, and the rest of the cell."""
    while cell is not None and line.rstrip().endswith("\\"):
        more, _, cell = cell.partition("\n")
        line = line.rstrip()[:-1] + more
    return line, cell


def _written(result: Result, file: Path, adds: bool) -> Result:
    """Write what was printed to a file; returns the rest of the result."""
    try:
        with file.open("a" if adds else "w", encoding="utf-8") as to:
            to.write(result.stdout)
    except OSError as problem:
        said = (problem.strerror or "").lower()
        return Result(stderr=f"error: {file} cannot be written: {said}\n", code=1)
    return Result(stderr=result.stderr, code=result.code, waited=result.waited)


def etcdctl(line: str, cell: str | None = None) -> None:
    """Run one command of etcdctl on the cluster in use; `cell` is what `txn` reads."""
    typed = f"etcdctl {_filled(line)}"
    _show(_in_use(lambda cluster: cluster.maintenance.etcdctl(typed, cell or "")))


def etcdutl(line: str) -> None:
    """Run one command of etcdutl where the files of `etcdctl snapshot save` are."""
    typed = f"etcdutl {_filled(line)}"
    _show(_in_use(lambda cluster: cluster.maintenance.etcdctl(typed)))


def crictl(line: str) -> None:
    """Run one command of crictl on the node that `--node` names, or on the first one."""
    _show(_in_use(lambda cluster: cluster.containers.crictl(_filled(line))))


MAGICS = {
    "kubectl": (kubectl, "line_cell"),
    "etcdctl": (etcdctl, "line_cell"),
    "etcdutl": (etcdutl, "line"),
    "crictl": (crictl, "line"),
}

for _magic, _ in MAGICS.values():  # IPython is not to read the braces of jsonpath
    _magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]


def register() -> None:
    """Make the magics known to the notebook in which this runs, once; elsewhere do nothing.

    IPython is not imported for it.
    """
    shell = _shell()
    if shell is not None and "kubectl" not in shell.magics_manager.magics["line"]:
        for word, (magic, form) in MAGICS.items():
            shell.register_magic_function(magic, form, word)
        tab_completion.install(shell)


def introduce(cluster: KnownCluster, name: str) -> str:
    """Make a cluster known to the magics; returns its name.

    `name` is empty for one with a number.
    """
    register()
    return CONTEXTS.add(cluster, name)


def _in_use(run: Callable[[KnownCluster], Result]) -> Result:
    """What `run` says of the cluster in use; in words where there is none."""
    try:
        return run(CONTEXTS.in_use)
    except CommandError as failure:
        return Result(stderr=failure.shown(), code=failure.code)


def _show(result: Result) -> None:
    """Display a result as a terminal shows it."""
    from IPython.display import display

    display(result)  # type: ignore[no-untyped-call]


def _filled(line: str) -> str:
    """A line with the values of the notebook's variables."""
    names = getattr(_shell(), "user_ns", {})
    return _VARIABLE.sub(lambda found: str(names.get(found[1], found[0])), line)


def _shell() -> Any:
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()


register()
