"""The annotation in which `kubectl apply` keeps what was applied last.

Source: kubectl `pkg/util/apply.go` (`GetModifiedConfiguration`, `CreateApplyAnnotation`).
"""

from __future__ import annotations

import json

from course_lib.apiserver.statuses import to_json
from course_lib.objects.manifests import Document, sorted_keys

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def encoded(document: Document) -> str:
    r"""A document as Go writes one that it has no type for: keys sorted, and a line feed.

    >>> encoded({"kind": "Pod", "apiVersion": "v1"})
    '{"apiVersion":"v1","kind":"Pod"}\n'
    """
    return to_json(sorted_keys(document)) + "\n"


def with_annotations(document: Document, annotations: Document) -> Document:
    """A document with these annotations and no others."""
    meta = document.get("metadata") or {}
    return document | {"metadata": meta | {"annotations": annotations}}


def configuration(document: Document) -> Document:
    """A document as the annotation has it: with its annotations, without this one."""
    annotations = dict((document.get("metadata") or {}).get("annotations") or {})
    annotations.pop(LAST_APPLIED, None)
    return with_annotations(document, annotations)


def annotated(document: Document) -> Document:
    """A document with itself in the annotation."""
    plain = configuration(document)
    annotations = plain["metadata"]["annotations"] | {LAST_APPLIED: encoded(plain)}
    return with_annotations(document, annotations)


def last_applied(live: Document) -> str | None:
    """What the annotation of an object says; None where it has none."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    found = annotations.get(LAST_APPLIED)
    return found if isinstance(found, str) else None


def read_last_applied(live: Document) -> Document:
    """The document of the last apply; empty where its annotation is missing or unreadable."""
    try:
        found = json.loads(last_applied(live) or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
