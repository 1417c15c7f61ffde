"""Apply on the server's side: the manifest is sent as it is, and the API server merges it.

What an earlier apply on the client's side managed becomes part of this one.
Source: `applyOneObject`, `saveLastApplyAnnotationIfNecessary` and `migrateToSSAIfNecessary` of
kubectl `pkg/cmd/apply/apply.go`; client-go `util/csaupgrade`.
"""

from __future__ import annotations

from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import APPLY_PATCH
from course_lib.kubectl.writing import ObjectWriter
from course_lib.objects.manifests import Document

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
    """Applies objects on the server's side, for a `call`, with a `writer`."""

    def __init__(self, call: Invocation, writer: ObjectWriter) -> None:
        self._call, self._writer = call, writer

    def apply(self, chosen: Chosen) -> tuple[str, Document]:
        """Send an object; returns what was done, and the object. Raises `CommandError`."""
        force = str(self._call.flags.on("force-conflicts")).lower()
        try:
            made = self._writer.patch(chosen, chosen.document, APPLY_PATCH, {"force": force})
        except RefusedRequest as refusal:
            if refusal.reason == "Conflict":
                raise CommandError(CONFLICT.format(refusal.message)) from None
            raise
        return "serverside-applied", made
