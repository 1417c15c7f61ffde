"""`kubectl describe`: one object, with what happened to it.

Pods, Services and Nodes read as kubectl writes them; other kinds show their document.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import yaml

from course_lib.client import Client
from course_lib.cluster.describe_node import node_lines
from course_lib.cluster.describe_pod import pod_lines
from course_lib.cluster.describe_service import service_lines
from course_lib.cluster.describe_words import event_lines, multiline, notes, tabbed
from course_lib.objects.kinds.event import Event
from course_lib.objects.meta import Object
from course_lib.objects.selectors import FieldSelector

Lines = Callable[[Client, Any], list[str]]
SHAPES: dict[str, Lines] = {"Pod": pod_lines, "Service": service_lines, "Node": node_lines}


class Text(str):
    """Text that a notebook shows as it is, with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """In a notebook long lines scroll, by keyboard too; JupyterLab would break words."""
        style = "overflow-x: auto; white-space: pre; line-height: 1.3"
        return f'<pre tabindex="0" style="{style}">{html.escape(self)}</pre>'


def describe(api: Client, kind: str, name: str, namespace: str) -> Text:
    """What the object is, in what state, and its events.

    `api` reads the object; `kind`, `name` and `namespace` say which.
    """
    described = api.get(kind, name, namespace)
    body = SHAPES.get(described.kind, _document)(api, described)
    about = FieldSelector((("involvedObject.uid", described.uid, True),))
    events = api.list(Event, described.namespace or "default", fields=about)
    if not events:
        return Text(tabbed([*body, "Events:\t<none>"]))
    return Text(f"{tabbed(body)}\n{tabbed(event_lines(events, api.sim.now))}")


def _document(api: Client, described: Object) -> list[str]:
    """Metadata, the document without it, and conditions as a table."""
    lines = [f"Name:\t{described.name}"]
    if described.namespace:
        lines.append(f"Namespace:\t{described.namespace}")
    lines += [*multiline("Labels", described.labels), *notes(described.annotations)]
    owner = described.metadata.controller
    if owner is not None:
        lines.append(f"Controlled By:\t{owner.kind}/{owner.name}")
    kind = api.kinds.of(described.api_version, described.kind)
    document = api.document(kind, described.name, described.namespace)
    rest = {k: v for k, v in document.items() if k not in ("apiVersion", "kind", "metadata")}
    status = {k: v for k, v in rest.pop("status", {}).items() if k != "conditions"}
    if status:
        rest["status"] = status
    if rest:
        lines += yaml.safe_dump(rest, sort_keys=False, default_flow_style=False).splitlines()
    conditions = getattr(getattr(described, "status", None), "conditions", None)
    if conditions:
        lines += ["Conditions:", "  Type\tStatus\tReason\tMessage"]
        lines += ["  ----\t------\t------\t-------"]
        lines += [f"  {c.type}\t{c.status}\t{c.reason}\t{c.message}" for c in conditions]
    return lines
