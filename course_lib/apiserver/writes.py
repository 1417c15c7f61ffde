"""The requests of the HTTP face that change something: create, replace, patch, delete, and parts.

Source: kubernetes.io "Kubernetes API Concepts"; `k8s.io/apiserver/pkg/endpoints/handlers`
(`rest.go` for names that differ from the path's), `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from course_lib.apiserver.admission import warnings_of
from course_lib.apiserver.applying.managers import read_managed
from course_lib.apiserver.applying.tracking import FieldTracker
from course_lib.apiserver.bodies import DeleteOptions, Request, delete_options
from course_lib.apiserver.deletion import BACKGROUND, ORPHAN
from course_lib.apiserver.documents import copied
from course_lib.apiserver.dry_run import dry
from course_lib.apiserver.errors import BadRequest, Conflict, NotFound
from course_lib.apiserver.field_validation import STRICT_ERROR, WARNING, FieldValidation
from course_lib.apiserver.identities import (
    check_dry_run,
    complete_kind,
    complete_place,
    metadata_of,
    unreadable,
)
from course_lib.apiserver.patch_bodies import (
    STRATEGIC,
    apply_patch,
    invalid_patch,
    misfit_of,
    narrowed,
)
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.scales import SCALE, replicas_of, scale_of, scaled
from course_lib.apiserver.server import APIServer
from course_lib.apiserver.statuses import SUCCESS, HTTPResponse
from course_lib.apiserver.targets import Target
from course_lib.apiserver.tokens import answered
from course_lib.errors import CourseError
from course_lib.objects.api_types.leaves import LEAF
from course_lib.objects.decode import warnings_for
from course_lib.objects.field_errors import InvalidObject, invalid
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.typed import type_of_kind, typed
from course_lib.objects.validation.meta import IMMUTABLE

DOUBLE_OWNERS = (
    ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in "
    "1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate "
    "UID(s) observed: {}"
)
DOUBLE_OWNERS_AT_LAST = DOUBLE_OWNERS.replace(
    "duplicate entries;", "duplicate entries after mutating admission happens;"
)


def _read_again(value: Any) -> Any:
    """A time as the API server writes it; a number stays."""
    return LEAF["time"](value) if isinstance(value, str) else value


def used(kind: Kind) -> list[str]:
    """The warnings that each request for objects of a kind gets, a read too: it is deprecated.

    Source: `pkg/endpoints/installer.go` of k8s.io/apiserver.
    """
    return [kind.deprecation] if kind.deprecation else []


class Writer:
    """One request that changes a target, by `api`: the API server, or a dry run of it.

    `fields` says what to do with fields that do not exist, `manager` who sends the request.
    """

    def __init__(
        self, api: APIServer, target: Target, fields: FieldValidation = WARNING, manager: str = ""
    ) -> None:
        self.api, self.target, self._fields = api, target, fields
        now = api.sim.timestamp
        self._tracker = FieldTracker(target.kind, manager, target.part, now)
        self.warnings = used(target.kind)
        self._place = target.kind, target.name, target.namespace

    def post(self, request: Request, document: Document) -> HTTPResponse:
        """Create an object, evict a Pod, bind one, or answer a request for a token.

        Raises `BadRequest` for a document of another place.
        """
        if self.target.part == "eviction":
            return self._evict(request, document)
        if self.target.part == "token":
            document["metadata"] = {"name": self.target.name} | metadata_of(document)
            complete_place(document, self.target)
            account = self.api.get(ServiceAccount, self.target.name, self.target.namespace)
            return HTTPResponse(201, answered(self.api, account, document))
        if self.target.part == "binding":
            document["metadata"] = {"name": self.target.name} | metadata_of(document)
            complete_place(document, self.target)
            node = document.get("target")
            node = node.get("name") if isinstance(node, dict) else None
            if not isinstance(node, str) or not node:
                raise BadRequest("a binding names its node", where="target.name", expected="text")
            pod, uid = self.api.get(*self._place), document["metadata"].get("uid")
            if uid not in (None, "", pod.uid):
                raise Conflict("Precondition failed: UID", expected=pod.uid, found=str(uid)[:60])
            self.api.bind(pod, node)
            return HTTPResponse(201, SUCCESS)
        self._read(document)
        self._drop_doubles(document, DOUBLE_OWNERS)
        made = self.api.create(document, self._tracker.created)
        stored = self._document(made.name, made.namespace)
        self.warnings += warnings_of(self.api, self.target.kind, stored, None)
        return HTTPResponse(201, stored, self.warnings)

    def put(self, document: Document) -> HTTPResponse:
        """Replace an object, its status, or its scale; the document says which one it is.

        Raises `BadRequest` for a document of another place.
        """
        if self.target.part == "scale":
            complete_place(document, self.target)
            return self._scale(document)
        before = self.api.document(*self._place)
        if self.target.part == "finalize" and isinstance(spec := document.get("spec", {}), dict):
            document["spec"] = {"finalizers": []} | spec  # left out they are removed
        self._read(document, before)
        self._check_uid(document, before)
        self._drop_doubles(document, DOUBLE_OWNERS)
        return self._update(before, self._tracked(before, document))

    def _check_uid(self, document: Document, before: Document) -> None:
        """The UID of a document that replaces another is a precondition; raises `Conflict`."""
        uid, found = document["metadata"].get("uid"), before["metadata"]["uid"]
        if uid and uid != found:
            kind, name, space = self._place
            raise Conflict(
                f'Operation cannot be fulfilled on {kind.title} "{name}": StorageError: invalid '
                f"object, Code: 4, Key: /{'/'.join(filter(None, (kind.plural, space, name)))}, "
                "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: "
                f"{uid}, UID in object meta: {found}"
            )

    def patch(self, media_type: str, patch: Any) -> HTTPResponse:
        """Change an object, its status, or its scale; the patch may not make it another object.

        Raises `BadRequest` for a patch that would, and `InvalidObject` for one whose result cannot
        be read.
        """
        before = self.api.document(*self._place)
        is_scale = self.target.part == "scale"
        type = SCALE if is_scale else type_of_kind(self.target.kind)
        shown = scale_of(self.target.kind, before) if is_scale else before
        try:
            document = apply_patch(media_type, shown, patch, type)
        except RecursionError:
            raise BadRequest("the patched object is nested too deep") from None
        if not isinstance(document, dict):
            raise BadRequest("the patched object is no object", expected="a mapping")
        why = misfit_of(media_type, document, type) if type is not None else ""
        if why and media_type == STRATEGIC and type is not None:
            document = narrowed(document, type)
            why = misfit_of(media_type, document, type)
        if why:
            raise invalid_patch(media_type, patch, document, why)
        if is_scale:
            complete_place(document, self.target)
            return self._scale(document)
        if why := complete_kind(document, self.target.kind):
            raise invalid_patch(media_type, patch, document, why)
        try:
            self._read(document, before)
        except BadRequest as refusal:
            _, strict, why = refusal.what.partition(STRICT_ERROR)
            if not strict:
                raise
            raise invalid_patch(media_type, patch, document, strict + why) from None
        self._drop_doubles(document, DOUBLE_OWNERS_AT_LAST)
        return self._update(before, self._tracked(before, document))

    def apply(self, config: Document, force: bool) -> HTTPResponse:
        """Apply a configuration on the server's side; `force` takes fields from their managers.

        Raises `ApplyConflict` where others manage what would change.
        """
        found = self.api.find(*self._place)
        before = self.api.document(*self._place) if found is not None else None
        if why := complete_kind(config, self.target.kind):
            raise unreadable(config, self.target.kind, why)
        complete_place(config, self.target)
        document = self._tracker.applied(before, config, force)
        if document is None:
            assert before is not None
            return HTTPResponse(200, before, self.warnings)
        self._read(document, before)
        if before is not None:
            return self._update(before, document)
        entries = document["metadata"].pop("managedFields")
        made = self.api.create(document, lambda _: list(entries))
        return HTTPResponse(201, self._document(made.name, made.namespace), self.warnings)

    def _tracked(self, before: Document, document: Document) -> Document:
        """A document that replaces another, with who manages its fields after that."""
        if not read_managed(before) and not document["metadata"].get("managedFields"):
            return document
        complete = copied(document)
        try:
            complete = typed(complete, self.target.kind, stored=False)
            self.target.kind.set_defaults(complete, before)
        except CourseError:
            return document  # it is refused later
        managers = self._tracker.changed(before, complete)
        return document | {"metadata": document["metadata"] | {"managedFields": managers}}

    def _update(self, before: Document, document: Document) -> HTTPResponse:
        """Store a change; its warnings are those that the object did not have already.

        Raises `InvalidObject` for a change of what no update may change, with what else is wrong.
        """
        meta, known, refused = document["metadata"], before["metadata"], []
        if meta.get("uid") not in (None, "", known["uid"]):
            refused.append(invalid("metadata.uid", meta.pop("uid"), IMMUTABLE))
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            if meta.get(field) is not None and known.get(field) is None:
                value = _read_again(meta.pop(field))
                refused.append(invalid(f"metadata.{field}", value, IMMUTABLE))
        if refused:
            try:
                dry(self.api).update(document, self.target.part)
            except InvalidObject as beside:
                refused += beside.errors
            raise InvalidObject(before, refused)
        self.api.update(document, self.target.part)
        with suppress(NotFound):  # that was its last finalizer: it is gone
            document = self.api.document(*self._place)
            if not self.target.part:
                self.warnings += warnings_of(self.api, self.target.kind, document, before)
        return HTTPResponse(200, document, self.warnings)

    def _read(self, document: Document, before: Document | None = None) -> None:
        """Complete a document by its path, drop what does not exist, and note the warnings.

        What the object had `before` is not warned of again. Raises `BadRequest` for a document of
        another kind or place.
        """
        kind = self.target.kind
        if why := complete_kind(document, kind):
            raise unreadable(document, kind, why)
        check_dry_run(document)
        self.warnings += self._fields.settle(document, kind)
        complete_place(document, self.target)
        known = [*self.warnings, *(warnings_for(before, kind) if before else ())]
        self.warnings += [each for each in warnings_for(document, kind) if each not in known]

    def _drop_doubles(self, document: Document, warning: str) -> None:
        """Leave out owners that a document names twice, with a `warning`.

        Source: `dedupOwnerReferencesAndAddWarning` in `handlers/rest.go`.
        """
        owners, kept, twice = document["metadata"].get("ownerReferences"), [], []
        if not isinstance(owners, list):
            return
        for owner in owners:
            if owner in kept and isinstance(owner, dict):
                twice.append(str(owner.get("uid") or ""))
            else:
                kept.append(owner)
        if twice:
            document["metadata"]["ownerReferences"] = kept
            self.warnings.append(warning.format(", ".join(twice)))

    def delete(self, request: Request, body: Document | None) -> HTTPResponse:
        """Delete an object: the answer is the object while it is still there, else a Status.

        Raises `Conflict` where a precondition does not hold.
        """
        options, warnings = self._options(request, body)
        before = self.api.document(*self._place)["metadata"]
        for word, asked, found, end in (
            ("UID", options.uid, before["uid"], "deleted and then recreated"),
            ("ResourceVersion", options.revision, before["resourceVersion"], "modified"),
        ):
            if asked and asked != found:
                kind = self.target.kind
                title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
                raise Conflict(
                    f'Operation cannot be fulfilled on {title} "{self.target.name}": the {word} in '
                    f"the precondition ({asked}) does not match the {word} in record ({found}). "
                    f"The object might have been {end}"
                )
        self.api.delete(*self._place, options.propagation, options.grace_period, options.uid)
        if self.api.find(*self._place) is not None:
            left = self._document(self.target.name, self.target.namespace)
            return HTTPResponse(200, left, warnings)
        details = self.target.details | {"uid": before["uid"]}
        return HTTPResponse(200, SUCCESS | {"details": details}, warnings)

    def _options(self, request: Request, body: Document | None) -> tuple[DeleteOptions, list[str]]:
        """How to delete, and the warning of what is left where the request does not say it.

        Source: `DefaultGarbageCollectionPolicy` in `pkg/registry/*/strategy.go`.
        """
        kind = self.target.kind
        options = delete_options(request, body, ORPHAN if kind.orphans else BACKGROUND)
        warning = "" if options.told else kind.warning_of_orphans
        return options, [warning] if warning else []

    def delete_all(
        self, request: Request, body: Document | None, found: Iterable[Object]
    ) -> list[str]:
        """Delete the objects of a collection that were `found`, each as `delete` does.

        `request` and `body` have the options. Returns warnings.
        """
        options, warnings = self._options(request, body)
        for each in found:
            place = self.target.kind, each.name, each.namespace
            uid = options.uid or each.uid
            with suppress(NotFound):  # the deletion of another one took it along
                self.api.delete(*place, options.propagation, options.grace_period, uid)
        return warnings

    def _evict(self, request: Request, document: Document) -> HTTPResponse:
        meta = metadata_of(document)
        if meta.get("name") not in (None, "", self.target.name):
            raise BadRequest(
                "name in URL does not match name in Eviction object",
                expected=self.target.name,
                found=str(meta["name"])[:60],
            )
        options = delete_options(request, document.get("deleteOptions"))
        pod = self.api.get(*self._place)
        if options.uid not in ("", pod.uid):
            raise Conflict("Precondition failed: UID", expected=pod.uid, found=options.uid)
        self.api.evict(pod, options.grace_period)
        return HTTPResponse(201, SUCCESS)

    def _scale(self, scale: Document) -> HTTPResponse:
        replicas = replicas_of(scale)
        version = metadata_of(scale).get("resourceVersion")
        patch = scaled(self.target.kind, replicas)
        before = self.api.document(*self._place)
        if read_managed(before):
            managers = self._tracker.changed(before, merge_patch(before, patch))
            patch = patch | {"metadata": {"managedFields": managers}}
        self.api.patch(*self._place, patch, expected=str(version or ""))
        return HTTPResponse(200, scale_of(self.target.kind, self.api.document(*self._place)))

    def _document(self, name: str, namespace: str) -> Document:
        return self.api.document(self.target.kind, name, namespace)
