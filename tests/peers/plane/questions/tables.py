"""Short ways to write many documents: a valid one, and what is changed in it.

>>> base = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}
>>> [case["name"] for case in each(base, {"spec.containers[0].image": ["", "nginx:1.27"]})]
['Pod spec.containers[0].image = ""', 'Pod spec.containers[0].image = "nginx:1.27"']
>>> each(base, {"spec.containers[0].name": [ABSENT]})[0]["document"]["spec"]
{'containers': [{}]}
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from typing import Any

from tests.oracles.plane.files import Case

ABSENT = object()  # the field is left out
STEP = re.compile(r'\.?([^.\[\]]+)|\[(\d+)\]|\["([^"]+)"\]')
Document = dict[str, Any]


def changed(document: Document, path: str, value: Any) -> Document:
    """A copy of a document with another value at a path; what is on the way there is made.

    A path is as the API server writes it: `spec.containers[0].env`, `metadata.labels["a.b/c"]`.
    """
    result = copy.deepcopy(document)
    steps: list[Any] = [
        int(number) if number else plain or quoted for plain, number, quoted in STEP.findall(path)
    ]
    place: Any = result
    for step, following in itertools.pairwise(steps):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            while len(place) <= step:
                place.append(copy.deepcopy(empty))
            place = place[step]
        else:
            if place.get(step) is None:
                place[step] = empty
            place = place[step]
    last = steps[-1]
    if value is ABSENT:
        place.pop(last, None) if isinstance(place, dict) else place.pop(last)
    elif isinstance(last, int) and last >= len(place):
        place.append(copy.deepcopy(value))
    else:
        place[last] = copy.deepcopy(value)
    return result


def changes(document: Document, values: dict[str, Any]) -> Document:
    """A copy of a document with several paths changed."""
    for path, value in values.items():
        document = changed(document, path, value)
    return document


def shown(value: Any) -> str:
    """A value as a case's name shows it."""
    text = "absent" if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 90 else f"{text[:70]}... ({len(text)})"


def each(base: Document, values: dict[str, list[Any]], label: str = "") -> list[Case]:
    """A case for each value of each path; `label` stands first in their names, else the kind."""
    label = label or base["kind"]
    return [
        {"name": f"{label} {path} = {shown(value)}", "document": changed(base, path, value)}
        for path, choices in values.items()
        for value in choices
    ]


def named(base: Document, values: dict[str, dict[str, Any]], label: str = "") -> list[Case]:
    """A case for each combination of changed paths, by a name in the words of the field.

    >>> [case["name"] for case in named({"kind": "Pod"}, {"without a name": {"spec": {}}})]
    ['Pod without a name']
    """
    label = label or base["kind"]
    return [
        {"name": f"{label} {name}", "document": changes(base, changed_paths)}
        for name, changed_paths in values.items()
    ]


MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"


def updates(base: Document, patches: dict[str, Any], how: str = MERGE, **more: Any) -> list[Case]:
    """A case for each patch of an object, by what is tried; `more` is part of each case."""
    return [
        {"name": f"{base['kind']}: {name}", "object": base, "patch": patch, "contentType": how}
        | more
        for name, patch in patches.items()
    ]
