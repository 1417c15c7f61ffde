"""`%kubectl` and `%%kubectl` in a notebook: the words of the line are those of kubectl.

`%%kubectl apply -f -` reads the cell: it is the manifest. `{name}` in a line is the value of the
notebook's variable of that name. The magics are there as soon as a notebook has made a cluster.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from course_lib.cluster.contexts import CONTEXTS, KnownCluster

_VARIABLE = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")


def kubectl(line: str, cell: str | None = None) -> None:
    """Run one command of kubectl on the cluster in use and show what it prints.

    `cell` is what `-f -` reads.
    """
    from IPython.display import display

    display(CONTEXTS.kubectl(_filled(line), cell or ""))  # type: ignore[no-untyped-call]


kubectl._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # of jsonpath's braces


def introduce(cluster: KnownCluster, name: str) -> str:
    """Make a cluster known to `%kubectl`; returns its name.

    `name` is empty for one with a number. In a notebook the magics are there from now on; IPython
    is not imported for it.
    """
    shell = _shell()
    if shell is not None and "kubectl" not in shell.magics_manager.magics["line"]:
        shell.register_magic_function(kubectl, "line_cell", "kubectl")
    return CONTEXTS.add(cluster, name)


def _filled(line: str) -> str:
    """A line with the values of the notebook's variables."""
    names = getattr(_shell(), "user_ns", {})
    return _VARIABLE.sub(lambda found: str(names.get(found[1], found[0])), line)


def _shell() -> Any:
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
