"""Values as the API server has them in memory, which is how its messages show them.

The structs there have the names of Go, all of their fields, and another order than documents.
`memory.txt` has the facts, one line a field (`tests/peers/gotypes` writes it): its name in Go, its
name in documents, its type. `*` is a pointer, which tells absent from empty, as lists and maps do;
`document` is a part that is shown as documents have it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from course_lib.objects.quantity import Quantity

_ZERO: dict[str, Any] = {
    "string": "",
    "int64": 0,
    "float64": 0,
    "bool": False,
    "quantity": "0",
    "time": None,
    "intorstring": 0,
}


def in_memory(struct: str, value: Any) -> Any:
    """A `value` of a document as the `struct` of that name; None stays None.

    >>> in_memory("apps.DeploymentStrategy", {"type": "Recreate"})
    {'Type': 'Recreate', 'RollingUpdate': None}
    """
    if value is None:
        return None
    shown: dict[str, Any] = {}
    for go, name, type in _structs()[struct]:
        if go == "-":
            shown |= value.get(name) or {}
        else:
            shown[go] = _value(type, value.get(name))
    return shown


def _value(type: str, value: Any) -> Any:
    if type.startswith("*"):
        return None if value is None else _value(type[1:], value)
    if type.startswith("[]"):
        return None if value is None else [_value(type[2:], item) for item in value]
    if type.startswith("map["):
        item = type.partition("]")[2]
        return None if value is None else {k: _value(item, v) for k, v in sorted(value.items())}
    if type in _ZERO:
        if value is None:
            return _ZERO[type]
        return str(Quantity(value)) if type == "quantity" else value
    return (value or {}) if type == "document" else in_memory(type, value or {})


@cache
def _structs() -> dict[str, list[tuple[str, str, str]]]:
    structs = {}
    for block in (
        files(__package__).joinpath("memory.txt").read_text(encoding="utf-8").split("\n\n")
    ):
        struct, *lines = block.splitlines()
        fields = (line.split() for line in lines)
        structs[struct] = [(go, name, type) for go, name, type in fields]
    return structs
