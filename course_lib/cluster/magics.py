"""`%kubectl`, `%etcdctl`, `%etcdutl` and `%crictl` in a notebook: lines as they are typed at work.

`%%kubectl apply -f -` reads the cell: it is the manifest. `{name}` in a line is the value of the
notebook's variable of that name. The magics are there as soon as a notebook has made a cluster,
and speak to the cluster in use: `%kubectl config use-context` chooses another.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, Protocol

from course_lib.cluster.cell_editor import CellEditor
from course_lib.cluster.contexts import CONTEXTS, KnownCluster
from course_lib.cluster.notebook_keyboard import LiveTerminal, NotebookKeyboard
from course_lib.command_line import Result
from course_lib.kubectl.completion import Completion
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.keyboard import Keyboard, TypedLines
from course_lib.objects.manifests import Document

_OPENED: dict[str, list[Document]] = {}  # what `kubectl edit` has opened, by its line
_VARIABLE = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")


def kubectl(line: str, cell: str | None = None) -> None:
    """Run one command of kubectl on the cluster in use and show what it prints.

    `cell` is what `-f -` reads, what `edit` has opened, or what is typed (`exec -it`).
    """
    filled, terminal = _filled(line), LiveTerminal()
    editor = CellEditor(_shell(), filled.strip(), cell or "", _OPENED)
    keyboard: Keyboard = TypedLines(cell) if cell is not None else NotebookKeyboard(terminal)
    result = CONTEXTS.kubectl(
        filled, cell or "", terminal=terminal, editor=editor, keyboard=keyboard
    )
    _show(terminal.rest(result))


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


class CompletionEvent(Protocol):
    """A line that is being typed, as IPython tells of it."""

    text_until_cursor: str
    symbol: str  # what the completions begin with


def complete(shell: object, event: CompletionEvent) -> list[str]:
    """What may follow on a line with `%kubectl`: an IPython hook."""
    typed = event.text_until_cursor.partition("kubectl")[2]
    start = "" if typed[-1:].isspace() else typed.split()[-1] if typed.split() else ""
    words = typed.removesuffix(start).split()
    found = Completion(CONTEXTS.kubectl).of(words, start)
    # IPython parts words at more signs than blanks, and wants what stands after the last of them.
    before = start.removesuffix(event.symbol) if start.endswith(event.symbol) else start
    return [each.removeprefix(before) for each in found]


def introduce(cluster: KnownCluster, name: str) -> str:
    """Make a cluster known to the magics; returns its name.

    `name` is empty for one with a number. In a notebook the magics are there from now on; IPython
    is not imported for it.
    """
    shell = _shell()
    if shell is not None and "kubectl" not in shell.magics_manager.magics["line"]:
        for word, (magic, form) in MAGICS.items():
            shell.register_magic_function(magic, form, word)
        for beginning in ("%kubectl", "%%kubectl"):
            shell.set_hook("complete_command", complete, str_key=beginning)
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
