"""Server-side defaulting: what the API server writes into a document that leaves it out.

Source: `pkg/apis/*/v1/defaults.go` of Kubernetes.
"""

from __future__ import annotations

import copy

from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.places import places


def set_defaults(document: Document, kind: Kind) -> None:
    """Write the defaults of a kind into a document, in place; wrong shapes stay for decoding."""
    document["apiVersion"] = kind.api_version
    for path, value in kind.defaults.items():
        parent, _, field = path.rpartition(".")
        for place in places(document, parent):
            place.setdefault(field, copy.deepcopy(value))
    kind.complete(document)
    for path, part in kind.parts.items():
        for place in places(document, path, create=False):
            part.complete(place)
