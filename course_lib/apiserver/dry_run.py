"""Dry runs: a request does all of its work, on a copy that nobody stores.

A dry run is defaulted, validated, judged by admission and answered like any other request; only
the last step, the write, goes into a layer that is thrown away.
Source: kubernetes.io "Kubernetes API Concepts", "Dry-run"; `DryRunnableStorage` in
`k8s.io/apiserver/pkg/registry/generic/registry/dryrun.go`.
"""

from __future__ import annotations

import random
from typing import Any, cast

from course_lib.apiserver.entries import StoredObject
from course_lib.apiserver.errors import Conflict
from course_lib.apiserver.server import APIServer
from course_lib.apiserver.store import Store
from course_lib.apiserver.watches import Listener, Soon, Watch
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import FieldValue


def dry(api: APIServer) -> APIServer:
    """An API server that answers as `api` does, and whose writes nobody else sees.

    Nothing of `api` changes by its use: not its store, nor its random streams, so a dry run moves
    no later name, uid or address.
    """
    return APIServer(cast(Simulation, _CopiedChance(api.sim)), DryRunStore(api.store), api.kinds)


class DryRunStore(Store):
    """An overlay over a store: reads come from the store below.

    Writes stay in the overlay and no watch reports them.

    As in the real one, what is written gets no new resourceVersion: a created object has none.
    """

    dry = True

    def __init__(self, beneath: Store) -> None:
        super().__init__()
        self._beneath = beneath
        self.revision = beneath.revision
        self._written: dict[str, StoredObject | None] = {}  # None: deleted

    def get(self, key: str) -> StoredObject | None:
        """The entry under a key, as this layer has it."""
        return self._written[key] if key in self._written else self._beneath.get(key)

    def range(self, prefix: str, field: FieldValue | None = None) -> list[tuple[str, StoredObject]]:
        """All entries below a prefix, in the order of their keys; `field` leaves none out."""
        found: dict[str, StoredObject | None] = dict(self._beneath.range(prefix))
        found |= {key: entry for key, entry in self._written.items() if key.startswith(prefix)}
        return [(key, entry) for key, entry in sorted(found.items()) if entry is not None]

    def put(self, key: str, document: Document, expected: int | None = None) -> int:
        """Write a document into this layer; raises `Conflict` as a real write does."""
        before = self._guard(key, expected)
        revision = before.revision if before else 0
        if before:
            meta = document["metadata"] | {"resourceVersion": str(revision)}
            document = document | {"metadata": meta}
        self._written[key] = StoredObject(document, revision)
        return revision

    def delete(self, key: str, expected: int | None = None) -> int:
        """Remove a key in this layer."""
        if self._guard(key, expected) is None:
            raise Conflict(f"{key} is not in the store")
        self._written[key] = None
        return self.revision

    def watch(
        self,
        prefix: str,
        listener: Listener,
        since: int | None = None,
        soon: Soon | None = None,
        field: FieldValue | None = None,
        renewals: bool = False,
    ) -> Watch:
        """Refused: a dry run is over before anything changes."""
        raise CourseError("a dry run cannot be watched")

    def confirm(self) -> None:
        """Have the store beneath be as new as what lies below it."""
        self._beneath.confirm()

    def _guard(self, key: str, expected: int | None) -> StoredObject | None:
        entry = self.get(key)
        found = entry.revision if entry else 0
        if expected is not None and expected != found:
            raise Conflict(f"{key} is at revision {found}, not {expected}")
        return entry


class _CopiedChance:
    """A simulation's clock, with copies of its random streams, and no log."""

    def __init__(self, sim: Simulation) -> None:
        self._sim, self._copies = sim, dict[str, random.Random]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sim, name)

    def random(self, component: str) -> random.Random:
        """A stream that goes on where the component's own stands, and leaves that alone."""
        if component not in self._copies:
            copy = self._copies[component] = random.Random()
            copy.setstate(self._sim.random(component).getstate())
        return self._copies[component]

    def record(self, component: str, object: str, reason: str, message: str = "") -> None:
        """Nothing is logged: it does not happen."""
