"""Requests that change one object, with what each of them says of itself.

Source: `Helper` of cli-runtime `pkg/resource/helper.go`.
"""

from __future__ import annotations

from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.server import Path, Query, ServerAPI
from course_lib.objects.manifests import Document

Patch = Document | list[Document]


class ObjectWriter:
    """Changes objects on a `server`, as far as `dry_run` goes.

    `manager` is the name under which fields are managed, `validation` the parameter that says what
    to do with unknown fields, `part` the subresource that is meant.
    """

    def __init__(
        self,
        server: ServerAPI,
        dry_run: DryRun = DryRun.NONE,
        manager: str = "",
        validation: Query | None = None,
        part: str = "",
    ) -> None:
        self._server, self._part = server, part
        managed = {"fieldManager": manager} if manager else {}
        self._query = {**dry_run.query, **managed, **(validation or {})}
        self._dry_run = dry_run

    def create(self, chosen: Chosen, document: Document) -> Document:
        """Create an object of a `document`, in the place of what was chosen."""
        meta = document.get("metadata") or {}
        if meta.get("resourceVersion"):
            kept = {key: value for key, value in meta.items() if key != "resourceVersion"}
            document = document | {"metadata": kept}
        path = chosen.resource.path(chosen.namespace)
        return self._server.send("POST", path, self._query, document)

    def replace(self, chosen: Chosen, document: Document) -> Document:
        """Replace what was chosen by a `document`; without a version of its own, whatever it is."""
        meta = document.get("metadata") or {}
        path = self._path(chosen)
        if not meta.get("resourceVersion"):
            try:
                found = self._server.get(path)["metadata"]["resourceVersion"]
                document = document | {"metadata": meta | {"resourceVersion": found}}
            except RefusedRequest:
                pass  # it is not there: the server says so
        return self._server.send("PUT", path, self._query, document)

    def patch(
        self, chosen: Chosen, patch: Patch, media: str, options: Query | None = None
    ) -> Document:
        """Patch what was chosen: `patch` is of a `media` type, `options` are its own parameters."""
        query = {**self._query, **(options or {})}
        return self._server.send("PATCH", self._path(chosen), query, patch, media)

    def delete(self, chosen: Chosen, options: Document) -> Document:
        """Delete what was chosen, with DeleteOptions of these fields."""
        head = {"kind": "DeleteOptions", "apiVersion": "v1"}
        if self._dry_run is DryRun.SERVER:
            options = options | {"dryRun": ["All"]}
        return self._server.send("DELETE", self._path(chosen), None, head | options)

    def _path(self, chosen: Chosen) -> Path:
        if not chosen.name:
            raise CommandError("resource name may not be empty")
        return chosen.resource.path(chosen.namespace, chosen.name, self._part)
