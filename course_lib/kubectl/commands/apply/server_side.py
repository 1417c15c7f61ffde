"""Apply on the server's side: the manifest is sent as it is, and the API server merges it.

What an earlier apply on the client's side managed becomes part of this one.
Source: `applyOneObject`, `saveLastApplyAnnotationIfNecessary` and `migrateToSSAIfNecessary` of
kubectl `pkg/cmd/apply/apply.go`; client-go `util/csaupgrade`.
"""

from __future__ import annotations

from course_lib.client.last_applied import LAST_APPLIED
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.commands.apply.migration import annotation_alone, upgraded
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import APPLY_PATCH, JSON_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document

SERVER_SIDE = "kubectl"  # who manages the fields, if not told otherwise
CONFLICT = """\
{}
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""


class ServerSide:
    """Applies objects on the server's side, for a `call`, with a `writer`, as a `manager`.

    `keeper` writes the annotation of an earlier apply on the client's side.
    """

    def __init__(
        self, call: Invocation, writer: ObjectWriter, keeper: ObjectWriter, manager: str
    ) -> None:
        self._call, self._writer, self._keeper = call, writer, keeper
        self._manager = manager

    def apply(self, chosen: Chosen) -> tuple[str, Document]:
        """Send an object; returns what was done, and the object. Raises `CommandError`."""
        try:
            made = self._send(chosen)
        except RefusedRequest as refusal:
            if refusal.reason == "Conflict":
                raise CommandError(CONFLICT.format(refusal.message)) from None
            raise
        return "serverside-applied", self._migrated(chosen, made)

    def _send(self, chosen: Chosen) -> Document:
        force = str(self._call.flags.on("force-conflicts")).lower()
        return self._writer.patch(chosen, chosen.document, APPLY_PATCH, {"force": force})

    def _migrated(self, chosen: Chosen, made: Document) -> Document:
        """An object whose fields of an apply on the client's side are now of this one."""
        try:
            alone = annotation_alone(made) if self._manager == SERVER_SIDE else None
            if alone is not None:
                made = self._keeper.patch(chosen, alone, APPLY_PATCH)
        except CommandError as failure:
            self._warn(f"failed to migrate {LAST_APPLIED} for Server-Side Apply.", failure)
            return made
        try:
            patch = upgraded(made, self._manager)
            if patch is None:
                return made
            made = self._writer.patch(chosen, patch, JSON_PATCH)
        except CommandError as failure:
            said = "server rejected managed fields migration to Server-Side Apply."
            self._warn(said, failure)
            return made
        try:
            return self._send(chosen)
        except CommandError as failure:
            said = "failed to re-apply configuration after performing Server-Side Apply migration."
            self._warn(said, failure)
        return made

    def _warn(self, said: str, failure: CommandError) -> None:
        again = "This is non-fatal and will be retried next time you apply."
        self._call.error(f"Warning: {said} {again} Error: {failure.message}\n")
