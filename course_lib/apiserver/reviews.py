"""Reviews: who one is to the API server, and what one may do.

Roles are kept here and not enforced, so everything is allowed to everybody who is answered at all.
Source: kubernetes.io "Authorization", "Checking API access"; `pkg/registry/authorization` and
`pkg/registry/authentication` of k8s.io/kubernetes.
"""

from __future__ import annotations

from course_lib.apiserver.errors import Invalid
from course_lib.apiserver.made import MadeRequest, MadeResource
from course_lib.engine.timestamps import timestamp
from course_lib.objects.manifests import Document
from course_lib.objects.users import USER

AUTHORIZATION, AUTHENTICATION = "authorization.k8s.io/v1", "authentication.k8s.io/v1"
EXACTLY_ONE = (
    "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or "
    "resourceAttributes must be specified"
)


def _access(asked: MadeRequest) -> Document:
    """Whether one action is allowed."""
    spec = asked.body.get("spec") or {}
    if bool(spec.get("resourceAttributes")) == bool(spec.get("nonResourceAttributes")):
        raise Invalid(EXACTLY_ONE, where="spec.resourceAttributes")
    return _reviewed(asked, {"allowed": True})


def _rules(asked: MadeRequest) -> Document:
    """All that is allowed in a namespace."""
    resources = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    paths = {"verbs": ["*"], "nonResourceURLs": ["*"]}
    status = {"resourceRules": [resources], "nonResourceRules": [paths], "incomplete": False}
    return _reviewed(asked, status)


def _user(asked: MadeRequest) -> Document:
    """Who asks."""
    head = {"kind": "SelfSubjectReview", "apiVersion": AUTHENTICATION}
    meta = {"creationTimestamp": timestamp(asked.now)}
    return head | {"metadata": meta, "status": {"userInfo": USER}}


def _reviewed(asked: MadeRequest, status: Document) -> Document:
    document = asked.body
    head = {"kind": document.get("kind", ""), "apiVersion": document.get("apiVersion", "")}
    spec = {"spec": document["spec"]} if document.get("spec") else {}
    meta: Document = {"metadata": document.get("metadata") or {}}
    return head | meta | spec | {"status": status}


def _resource(version: str, kind: str, make: object) -> MadeResource:
    return MadeResource(version, kind, f"{kind.lower()}s", ("create",), make)  # type: ignore[arg-type]


REVIEWS = (
    _resource(AUTHENTICATION, "SelfSubjectReview", _user),
    _resource(AUTHORIZATION, "SelfSubjectAccessReview", _access),
    _resource(AUTHORIZATION, "SelfSubjectRulesReview", _rules),
    _resource(AUTHORIZATION, "SubjectAccessReview", _access),
)
