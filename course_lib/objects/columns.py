"""Cells of `kubectl get` that several kinds share (`pkg/printers/internalversion/printers.go`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course_lib.engine.ages import since
from course_lib.objects.headings import Columns
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object

NONE, UNSET = "<none>", "<unset>"

ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def label_cell(labels: Mapping[str, str] | None) -> str:
    """Labels as kubectl shows them."""
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def first_of(values: Iterable[str], empty: str, most: int = 3) -> str:
    """The first `most` of some `values`, and how many more there are; `empty` stands for none."""
    every = list(values)
    more = f" + {len(every) - most} more..." if len(every) > most else ""
    return (",".join(every[:most]) + more) or empty


def ingress_points(balancer: Mapping[str, Any] | None) -> list[str]:
    """The addresses that a load balancer gave, from a `status.loadBalancer`; each once, sorted."""
    given = (balancer or {}).get("ingress") or ()
    points = {point.get("ip") or point.get("hostname", "") for point in given}
    return sorted(points - {""})


def access_modes(modes: list[str] | None) -> str:
    """Access modes in short, in the order of the API's list, each once."""
    return ",".join(short for mode, short in ACCESS_MODES.items() if mode in (modes or ()))


def printed(
    kind: Kind, objects: Sequence[Object], now: float, listed: bool = True
) -> tuple[Columns, list[list[Any]]]:
    """All columns of a `kind`, also of `-o wide`, and a row for each of `objects` at `now` (s).

    `listed` is False for an object that is read by its name.
    """
    names = [column.name for column in kind.columns]
    age = names.index("Age") if "Age" in names and not kind.custom else None
    default = kind.default_of(objects) if listed else None
    rows = []
    for view in objects:
        cells = list(kind.row(view, now))
        if age is not None:
            cells.insert(age, since(view.metadata.creation_timestamp, now))
        if view is default:
            cells[0] = f"{cells[0]} (default)"
        rows.append(cells)
    return kind.columns, rows
