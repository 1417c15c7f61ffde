"""What is described: an object, and the server that knows more about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.kubectl.describing.writing import Lines, field, labels, notes
from course_lib.kubectl.server import Path, Query, ServerAPI
from course_lib.objects.manifests import Document, value_at


class DescribedObject:
    """One object that is described.

    `document` is what the server has of it, `server` knows what belongs to it, `age` says how old
    a timestamp is, and `chunk` is how many objects a list brings at once.
    """

    def __init__(
        self,
        document: Document,
        server: ServerAPI,
        age: Callable[[str | None], str],
        chunk: int = 500,
    ) -> None:
        self.document, self.server, self.age, self._chunk = document, server, age, chunk
        self.metadata: Document = document.get("metadata") or {}
        self.spec: Document = document.get("spec") or {}
        self.status: Document = document.get("status") or {}

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it is in none."""
        return str(self.metadata.get("namespace", ""))

    def at(self, path: str) -> Any:
        """What the document has at a path of fields with dots between; None for nothing."""
        return value_at(self.document, path)

    def listed(self, version: str, plural: str, namespace: str, query: Query) -> list[Document]:
        """Objects that belong to it; raises `RefusedRequest`.

        `version` and `plural` name the resource; an empty `namespace` means all of them; `query`
        has the selectors.
        """
        asked = {"limit": str(self._chunk), **query} if self._chunk else query
        return self.server.items(Path(version, plural, namespace), asked)

    # What most descriptions begin with

    def head(self) -> Lines:
        """Name, namespace, labels and annotations."""
        yield field("Name", self.name)
        yield field("Namespace", self.namespace)
        yield from self.marks()

    def marks(self) -> Lines:
        """Labels and annotations."""
        yield from labels("Labels", self.metadata.get("labels"))
        yield from notes(self.metadata.get("annotations"))

    def controller(self) -> Lines:
        """What controls it, if anything does."""
        for owner in self.metadata.get("ownerReferences") or ():
            if owner.get("controller"):
                yield field("Controlled By", f"{owner['kind']}/{owner['name']}")
                return

    def until_gone(self) -> str:
        """How it says that it is being deleted; empty where it is not."""
        deleted = self.metadata.get("deletionTimestamp")
        return f"Terminating (lasts {self.age(deleted)})" if deleted else ""
