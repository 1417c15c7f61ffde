"""Values of documents as descriptions show them; what Go has as a zero value is one here, too.

Source: `pkg/describe/describe.go`, `pkg/util/storage/storage.go` of k8s.io/kubectl; Go's `fmt`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from course_lib.kubectl.describing.writing import NONE, UNSET
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.selectors import IN, Requirement, Selector

NEVER = "Mon, 01 Jan 0001 00:00:00 +0000"  # Go's zero time
ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def date(stamp: str | None) -> str:
    """A timestamp of the API.

    >>> date("2026-01-01T00:00:02Z")
    'Thu, 01 Jan 2026 00:00:02 +0000'
    """
    if not stamp:
        return NEVER
    return datetime.fromisoformat(stamp).strftime("%a, %d %b %Y %H:%M:%S +0000")


def flag(value: bool | None) -> str:
    """Yes or no as `%v` prints it: `true`, `false`."""
    return "true" if value else "false"


def title_flag(value: bool | None) -> str:
    """Yes or no as `printBoolPtr` does: `True`, `False`, `<unset>`."""
    return UNSET if value is None else str(value)


def quantity(amount: str | float | None) -> str:
    """An amount in its canonical form; 0 where there is none."""
    return str(Quantity(amount or "0"))


def pairs(labels: Mapping[str, str] | None) -> str:
    """Labels in one line, by their keys (`FormatLabels`)."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def go_list(texts: Iterable[object] | None) -> str:
    """A list as `%v` prints it: `[a b]`."""
    return f"[{' '.join(map(str, texts or ()))}]"


def selector(written: Document | None) -> str:
    """A label selector as text; empty for one that is not there, and for one without a condition.

    >>> selector({"matchLabels": {"app": "web"}, "matchExpressions": [
    ...     {"key": "tier", "operator": "In", "values": ["db"]}]})
    'app=web,tier in (db)'
    """
    written = written or {}
    found = [Requirement(k, IN, (v,)) for k, v in (written.get("matchLabels") or {}).items()]
    for each in written.get("matchExpressions") or ():
        values = tuple(each.get("values") or ())
        found.append(Requirement(each["key"], each["operator"], values, set_based=True))
    found.sort(key=lambda requirement: requirement.key)
    return str(Selector(tuple(found))) if found else ""


def selector_or_none(written: Document | None) -> str:
    """A label selector as text, `<none>` for one without a condition (`FormatLabelSelector`)."""
    return selector(written) or NONE


def access_modes(modes: Iterable[str] | None) -> str:
    """Access modes of a volume, shortened (`GetAccessModesAsString`)."""
    given = set(modes or ())
    return ",".join(short for mode, short in ACCESS_MODES.items() if mode in given)


def host_port(host: str, port: object) -> str:
    """A host and a port, an address of IPv6 in brackets (`net.JoinHostPort`)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
