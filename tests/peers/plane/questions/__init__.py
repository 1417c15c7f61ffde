"""The questions that are put to the real control plane: documents, patches and stories of ours.

Each module of this package has a list `CASES`. A case's name
is unique in its group and says what is tried, in the words of the field.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.oracles.plane.files import Case


def questions(group: str) -> list[Case]:
    """All cases of a group, without answers, in the order of modules and lists.

    The modules of a group are those whose name begins with it: `creates_pod`, `creates_service`.
    Raises `ValueError` for a name that is used twice.
    """
    cases: list[Case] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        if module.name.partition("_")[0] == group:
            cases += importlib.import_module(f"{__name__}.{module.name}").CASES
    names = [case["name"] for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{group}: names that are used twice: {twice[:5]}")
    return cases
