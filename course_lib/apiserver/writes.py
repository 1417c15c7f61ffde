"""The requests of the HTTP face that change something: create, replace, patch, delete, and parts.

Source: kubernetes.io "Kubernetes API Concepts"; `k8s.io/apiserver/pkg/endpoints/handlers`
(`rest.go` for names that differ from the path's), `pkg/registry/core/pod/storage/eviction.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from course_lib.apiserver.admission import warnings_of
from course_lib.apiserver.bodies import DeleteOptions, Request, delete_options
from course_lib.apiserver.deletion import BACKGROUND, ORPHAN
from course_lib.apiserver.errors import BadRequest, Conflict, Invalid, NotFound, RejectedPatch
from course_lib.apiserver.field_validation import WARNING, FieldValidation
from course_lib.apiserver.scales import scale_of, scaled
from course_lib.apiserver.server import APIServer
from course_lib.apiserver.statuses import SUCCESS, HTTPResponse
from course_lib.apiserver.targets import Target
from course_lib.apiserver.tokens import answered
from course_lib.errors import CourseError
from course_lib.objects.decode import warnings_for
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.typed import typed


class Writer:
    """One request that changes a target, by `api`: the API server, or a dry run of it.

    `fields` says what to do with fields that do not exist.
    """

    def __init__(self, api: APIServer, target: Target, fields: FieldValidation = WARNING) -> None:
        self.api, self.target, self._fields = api, target, fields
        self._place = target.kind, target.name, target.namespace

    def post(self, request: Request, document: Document) -> HTTPResponse:
        """Create an object, evict a Pod, bind one, or answer a request for a token.

        Raises `BadRequest` for a document of another place.
        """
        if self.target.part == "eviction":
            return self._evict(request, document)
        if self.target.part == "token":
            self._named(document)
            account = self.api.get(ServiceAccount, self.target.name, self.target.namespace)
            return HTTPResponse(201, answered(self.api, account, document))
        if self.target.part == "binding":
            self._named(document)
            node = document.get("target")
            node = node.get("name") if isinstance(node, dict) else None
            if not isinstance(node, str) or not node:
                raise BadRequest("a binding names its node", where="target.name", expected="text")
            pod, uid = self.api.get(*self._place), document["metadata"].get("uid")
            if uid not in (None, "", pod.uid):
                raise Conflict("Precondition failed: UID", expected=pod.uid, found=str(uid)[:60])
            self.api.bind(pod, node)
            return HTTPResponse(201, SUCCESS)
        warnings = self._complete(document)
        made = self.api.create(document)
        stored = self._document(made.name, made.namespace)
        warnings += warnings_of(self.api, self.target.kind, stored, None)
        return HTTPResponse(201, stored, warnings)

    def put(self, document: Document) -> HTTPResponse:
        """Replace an object, its status, or its scale; the document says which one it is.

        Raises `BadRequest` for a document of another place.
        """
        self._refuse_nameless(document)
        if self.target.part == "scale":
            self._named(document)
            return self._scale(document)
        before = self.api.document(*self._place)
        if self.target.part == "finalize" and isinstance(spec := document.get("spec", {}), dict):
            document["spec"] = {"finalizers": []} | spec  # left out they are removed
        return self._update(before, document)

    def patch(self, apply: Callable[[Any, Any], Any], patch: Any) -> HTTPResponse:
        """Change an object, its status, or its scale; the patch may not make it another object.

        Raises `BadRequest` for a patch that would.
        """
        before = self.api.document(*self._place)
        is_scale = self.target.part == "scale"
        try:
            document = apply(scale_of(self.target.kind, before) if is_scale else before, patch)
        except RejectedPatch:
            raise
        except CourseError as problem:
            raise BadRequest(
                problem.what, where=problem.where, expected=problem.expected, found=problem.found
            ) from None
        except RecursionError:
            raise BadRequest("the patched object is nested too deep") from None
        if not isinstance(document, dict):
            raise BadRequest("the patched object is no object", expected="a mapping")
        self._refuse_nameless(document)
        if is_scale:
            self._named(document)
            return self._scale(document)
        return self._update(before, document)

    def _update(self, before: Document, document: Document) -> HTTPResponse:
        """Store a change; its warnings are those that the object did not have already."""
        known = warnings_for(before, self.target.kind)
        warnings = [each for each in self._complete(document) if each not in known]
        self.api.update(document, self.target.part)
        with suppress(NotFound):  # that was its last finalizer: it is gone
            document = self.api.document(*self._place)
            if not self.target.part:
                warnings += warnings_of(self.api, self.target.kind, document, before)
        return HTTPResponse(200, document, warnings)

    def delete(self, request: Request, body: Document | None) -> HTTPResponse:
        """Delete an object: the answer is the object while it is still there, else a Status.

        Raises `Conflict` where a precondition does not hold.
        """
        options, warnings = self._options(request, body)
        before = self.api.document(*self._place)["metadata"]
        if options.revision and options.revision != before["resourceVersion"]:
            raise Conflict(
                "Precondition failed: ResourceVersion",
                expected=before["resourceVersion"],
                found=options.revision,
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
        meta = self._meta(document)
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
        if scale.get("kind", "Scale") != "Scale":
            raise BadRequest("not a Scale", where="kind", found=repr(scale["kind"])[:60])
        spec = scale.get("spec")
        replicas = (
            spec.get("replicas", 0) if isinstance(spec, dict) else 0 if spec is None else spec
        )
        if not isinstance(replicas, int) or isinstance(replicas, bool):
            raise BadRequest(
                "a Scale has a number of replicas",
                where="spec.replicas",
                expected="a whole number",
                found=repr(replicas)[:60],
            )
        if not 0 <= replicas < 2**31:
            raise Invalid(
                "spec.replicas: Invalid value: must be greater than or equal to 0 and of 32 bits",
                where="spec.replicas",
                found=str(replicas),
            )
        version = self._meta(scale).get("resourceVersion")
        patch = scaled(self.target.kind, replicas)
        self.api.patch(*self._place, patch, expected=str(version or ""))
        return HTTPResponse(200, scale_of(self.target.kind, self.api.document(*self._place)))

    def _complete(self, document: Document) -> list[str]:
        """What the path says, where the document leaves it out; its warnings.

        A document that says otherwise than the path is refused.
        """
        for field in ("apiVersion", "kind"):
            wanted = getattr(self.target.kind, "api_version" if field == "apiVersion" else field)
            if document.get(field) == "":
                document[field] = wanted
            if document.setdefault(field, wanted) != wanted:
                raise BadRequest(
                    f"the {field} of the object does not match the {field} on the request",
                    expected=wanted,
                    found=str(document[field])[:60],
                )
        self._named(document)
        warnings = self._fields.settle(document, self.target.kind)
        return warnings + warnings_for(document, self.target.kind)

    def _named(self, document: Document) -> None:
        meta, target = self._meta(document), self.target
        document["metadata"] = meta
        if "dryRun" in document or "deleteOptions" in document:
            raise BadRequest("a dry run is asked for in the query here", expected="?dryRun=All")
        if meta.get("namespace") == "":
            del meta["namespace"]
        for field, wanted in (("namespace", target.namespace), ("name", target.name)):
            if wanted and meta.setdefault(field, wanted) != wanted:
                raise BadRequest(
                    f"the {field} of the object does not match the {field} on the request",
                    expected=wanted,
                    found=str(meta[field])[:60],
                )

    def _refuse_nameless(self, document: Document) -> None:
        if not self._meta(document).get("name"):
            raise BadRequest(
                "the document has no name", where="metadata.name", expected=self.target.name
            )

    def _meta(self, document: Document) -> Document:
        """The metadata of a document, as a mapping of its own."""
        meta = document.get("metadata")
        if meta is not None and not isinstance(meta, dict):
            typed(document, self.target.kind)  # it raises
        return dict(meta or {})

    def _document(self, name: str, namespace: str) -> Document:
        return self.api.document(self.target.kind, name, namespace)
