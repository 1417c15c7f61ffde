"""What one request does to the managers of an object's fields.

Source: apimachinery `pkg/util/managedfields/internal` (`fieldmanager.go`, `structuredmerge.go`,
`skipnonapplied.go`, `lastappliedmanager.go`, `lastappliedupdater.go`).

What the components of the control plane write is not tracked: in a real cluster they are managers
too. An object that they made has no managers until it is applied.
"""

from __future__ import annotations

import json

import msgspec

from course_lib.apiserver.applying.fields import ITEM, FieldPath, leaves, with_parents
from course_lib.apiserver.applying.managers import (
    APPLY,
    BEFORE,
    STRIPPED,
    UPDATE,
    ApplyConflict,
    FieldChanges,
    Managed,
    ManagedSet,
    ManagerId,
    members,
    read_managed,
    taken,
    updated,
    written,
)
from course_lib.apiserver.applying.merging import merged, without
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest, Unclassified
from course_lib.apiserver.statuses import to_json
from course_lib.objects.api_types.reading import reader
from course_lib.objects.api_types.topology import Merging
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, sorted_keys
from course_lib.objects.typed import type_of_kind, unknown_fields

KUBECTL = "kubectl"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def manager_of(request: Request) -> str:
    """Who sends a request: its `fieldManager`, else its program; empty where nobody is tracked."""
    program = request.headers.get("user-agent", "").partition("/")[0]
    return request.text("fieldManager") or (program if program == KUBECTL else "")


class FieldTracker(msgspec.Struct):
    """Notes for one request who manages the fields of an object of a `kind`.

    `manager` sends it, empty for nobody who is tracked; `part` is the subresource, `now` the time.
    """

    kind: Kind
    manager: str
    part: str
    now: str

    @property
    def merging(self) -> Merging:
        """How objects of the kind are merged."""
        return Merging(type_of_kind(self.kind))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The fields that the request does not change, whatever it says (`resetFields`)."""
        if self.part == "status":
            return ("f:spec", "f:metadata")
        if self.kind.writes_status(self.part):
            return ("f:spec",)
        return ("f:status",) if self.kind.status else ()

    def created(self, document: Document) -> list[Document]:
        """The managers of a new object, with its defaults: who makes it."""
        if not self.manager:
            return []
        change = FieldChanges.between(self._empty, document, self.merging)
        managed = updated({}, change, self._updater, self.ignored, self.now)
        return written(managed, self.kind.api_version)

    def changed(self, before: Document, after: Document) -> list[Document]:
        """The managers of an object after an update that is no apply."""
        asked = after["metadata"].get("managedFields")
        if asked == [] or asked == [{}]:
            return []
        managed = read_managed(after) or read_managed(before)
        if not managed:
            return []
        if not self.manager:
            return list(asked or before["metadata"].get("managedFields") or [])
        change = FieldChanges.between(before, after, self.merging)
        moment = "" if self.part == "scale" else self.now  # the time of a scale is not noted
        managed = updated(managed, change, self._updater, self.ignored, moment)
        return written(managed, self.kind.api_version)

    def applied(self, before: Document | None, config: Document, force: bool) -> Document | None:
        """The object after an apply of a `config`, with its managers; None where nothing changes.

        `before` is the object as it is, None where there is none.
        Raises `ApplyConflict` where others manage what would change, unless `force` is set, and
        `BadRequest` or `Unclassified` for what cannot be applied.
        """
        self._check(config)
        live = _plain(before or {})
        managed = read_managed(before or {})
        if before is not None and not managed:
            earlier = ManagerId(UPDATE, BEFORE, self.kind.api_version)
            change = FieldChanges.between(self._empty, live, self.merging)
            managed = updated({}, change, earlier, ("f:status",), self.now)
        try:
            made, found = self._merged(live, config, managed, force)
        except ApplyConflict as conflict:
            left = self._own_conflicts(conflict, live)
            if left:
                raise ApplyConflict(left) from None
            made, found = self._merged(live, config, managed, True)
        own = found.get(self._applier)
        known = managed.get(self._applier)
        if own is not None and made == live:  # then nobody notes the time
            own.time = known.time if known else ""
        elif own is not None:
            own.time = self.now
        if made == live and found == managed:
            return None
        if self.manager == KUBECTL and before is not None:
            made = _with_annotation(made, config)
        entries = written(found, self.kind.api_version)
        return made | {"metadata": made["metadata"] | {"managedFields": entries}}

    def _merged(
        self, live: Document, config: Document, managed: Managed, force: bool
    ) -> tuple[Document, Managed]:
        """The merged object and its managers (`Updater.Apply`)."""
        merging, applier = self.merging, self._applier
        whole = frozenset(leaves(config, merging))
        fields = frozenset(p for p in whole if p[0] not in self.ignored) - STRIPPED
        last = managed.get(applier)
        managers = managed | {applier: ManagedSet(fields, last.time if last else self.now)}
        made = merged(live, config, merging)
        if last is not None:
            others = {path for each in managers.values() for path in each.fields} | whole
            gone = with_parents(last.fields) - with_parents(others)
            made = without(made, gone, merging)
        change = FieldChanges.between(live, made, merging)
        return made, taken(managers, change, applier, force)

    def _check(self, config: Document) -> None:
        """Raise for a configuration that cannot be applied."""
        if config.get("metadata", {}).get("managedFields") is not None:
            raise BadRequest("metadata.managedFields must be nil")
        unknown = unknown_fields(config, self.kind)
        if unknown:
            meta, kind = config["metadata"], self.kind
            group = f"{kind.api_version}, Kind={kind.kind}"
            group = group if "/" in kind.api_version else f"/{group}"
            place = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
            lines = [f".{path}: field not declared in schema" for path in unknown]
            said = lines[0] if len(lines) == 1 else "errors:\n" + "\n".join(f"  {x}" for x in lines)
            raise Unclassified(f"failed to create typed patch object ({place}; {group}): {said}")

    def _own_conflicts(
        self, conflict: ApplyConflict, live: Document
    ) -> list[tuple[ManagerId, FieldPath]]:
        """The conflicts that stay: not those with what kubectl applied on the client's side."""
        annotations = live.get("metadata", {}).get("annotations") or {}
        if self.manager != KUBECTL or LAST_APPLIED not in annotations:
            return conflict.conflicts
        try:
            last = json.loads(annotations[LAST_APPLIED])
        except ValueError:
            return conflict.conflicts
        now, then = members(live, self.merging), leaves(last, self.merging)
        allowed = {path for path, value in then.items() if value is ITEM or now.get(path) == value}
        allowed.add(("f:metadata", "f:annotations", f"f:{LAST_APPLIED}"))
        return [(manager, path) for manager, path in conflict.conflicts if path not in allowed]

    @property
    def _empty(self) -> Document:
        """An object of the kind as Go makes one: with the fields that are never left out."""
        head: Document = {"apiVersion": self.kind.api_version, "kind": self.kind.kind}
        type = type_of_kind(self.kind)
        made = reader(type, stored=False)(head | {"metadata": {}}, None) if type else head
        return made if isinstance(made, dict) else head

    @property
    def _updater(self) -> ManagerId:
        return ManagerId(UPDATE, self.manager, self.kind.api_version, self.part)

    @property
    def _applier(self) -> ManagerId:
        return ManagerId(APPLY, self.manager, "", self.part)


def _plain(document: Document) -> Document:
    """A document without its managers."""
    meta = document.get("metadata")
    if not isinstance(meta, dict) or "managedFields" not in meta:
        return document
    return document | {"metadata": {k: v for k, v in meta.items() if k != "managedFields"}}


def _with_annotation(made: Document, config: Document) -> Document:
    """An object whose annotation of an earlier apply says what is applied now."""
    annotations = made["metadata"].get("annotations") or {}
    if LAST_APPLIED not in annotations:
        return made
    meta = dict(config["metadata"])
    if meta.get("annotations") is not None:
        kept = {k: v for k, v in meta["annotations"].items() if k != LAST_APPLIED}
        meta["annotations"] = kept
    plain = config | {"metadata": meta}
    text = to_json(sorted_keys(plain)) + "\n"
    return made | {
        "metadata": made["metadata"] | {"annotations": annotations | {LAST_APPLIED: text}}
    }
