"""The hash of a ConfigMap or Secret that `--append-hash` puts behind its name.

Source: kubectl `pkg/util/hash/hash.go`.
"""

from __future__ import annotations

import hashlib

import msgspec

from course_lib.objects.manifests import Document

_LETTERS = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
LENGTH = 10


def with_hash(document: Document) -> Document:
    """A ConfigMap or Secret with the hash of what it holds behind its name."""
    kind, name = document["kind"], document["metadata"]["name"]
    content: Document = {"kind": kind, "name": name, "data": document.get("data") or {}}
    if kind == "Secret":
        content["type"] = document.get("type", "")
    elif document.get("binaryData"):
        content["binaryData"] = document["binaryData"]
    text = msgspec.json.encode(content, order="sorted").decode()
    for letter, escaped in _ESCAPED.items():  # as Go writes text that may come into HTML
        text = text.replace(letter, escaped)
    short = hashlib.sha256(text.encode()).hexdigest()[:LENGTH].translate(_LETTERS)
    return document | {"metadata": document["metadata"] | {"name": f"{name}-{short}"}}
