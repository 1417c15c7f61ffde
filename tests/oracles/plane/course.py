"""The course's control plane, asked in-process through its HTTP face."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.apiserver.statuses import HTTPResponse, failure
from tests.oracles.plane.asking import (
    ASK,
    CLASS,
    JSON,
    NAMESPACE,
    ask_story,
    furnish,
    must,
    path_of,
)
from tests.oracles.plane.files import Case

OWN = "Kubernetes has it; this simulation does not act on it"  # what only the course warns of


class CoursePlane:
    """A cluster of the course with three nodes."""

    def __init__(self) -> None:
        # The real plane has no metrics API either.
        self.cluster = Cluster(nodes=3, seed=1, without=["metrics-server"])
        self.face = Face(self.cluster.api.reach)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        media_type: str = "",
        accept: str = JSON,
    ) -> HTTPResponse:
        """One request; the answer as a client reads it."""
        headers = {"content-type": media_type or JSON, "accept": accept}
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        values = parse_qs(query, keep_blank_values=True)
        asked = Request(method, path, values, headers, text.encode())
        try:
            answer = self.face.answer(asked)
        except Exception as problem:  # as the HTTP server answers
            answer = HTTPResponse(500, failure(500, "InternalError", repr(problem)))
        if answer.text:  # no document at all
            answer.document = {"message": answer.text}
        answer.document = json.loads(json.dumps(answer.document))
        answer.warnings = [text for text in answer.warnings if not text.endswith(OWN)]
        return answer

    def wait(self, seconds: float) -> None:
        self.cluster.run(seconds)

    def power(self, node: str, on: bool) -> None:
        faults = self.cluster.faults
        change = faults.start_kubelet if on else faults.stop_kubelet
        change(node)


def prepared(plane: Any) -> Any:
    """With the namespace that documents are sent to, its ServiceAccount, and a default class."""
    must(plane, "POST", path_of(CLASS, ""), CLASS)  # the course has one of that name already
    for kind, name, inside in (("Namespace", NAMESPACE, ""), ("ServiceAccount", "default", "inv")):
        path = "/api/v1/namespaces" + (f"/{inside}/serviceaccounts" if inside else "")
        must(plane, "POST", path, {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}})
    return plane


def answers(group: str, cases: list[Case]) -> list[Any]:
    """What the course answers to the cases of a group."""
    if group in ASK:
        plane = prepared(CoursePlane())
        return [ASK[group](plane, case) for case in cases]
    return [_story(case) for case in cases]


def _story(case: Case) -> list[Any]:
    plane = CoursePlane()
    furnish(plane)
    return ask_story(plane, case, namespace_of(case))


def namespace_of(case: Case) -> str:
    """The namespace of a story, made of its name."""
    return re.sub("[^a-z0-9]+", "-", case["name"].lower()).strip("-")[:60]
