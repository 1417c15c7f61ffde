"""Tokens of service accounts, for whoever asks: a kubelet does it for the volumes of its Pods.

A token is a text that says whose it is; nobody signs or checks it. Source:
`pkg/registry/core/serviceaccount/storage/token.go`, `pkg/apis/authentication/validation`.
"""

from __future__ import annotations

import base64

from course_lib.apiserver.reader import Reader
from course_lib.engine.timestamps import timestamp
from course_lib.objects.field_errors import Errors, InvalidObject, invalid
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.manifests import Document

AUDIENCE = "https://kubernetes.default.svc"
HOUR, LEAST, MOST = 3600, 600, 2**32  # s


def token_text(namespace: str, account: str) -> str:
    """The token of an account of a namespace."""
    text = f"simulated token of system:serviceaccount:{namespace}:{account}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def answered(api: Reader, account: ServiceAccount, request: Document) -> Document:
    """A TokenRequest with its token.

    `api` has the time, `account` is whose token is wanted, `request` says for whom and how long.
    Raises `InvalidObject` for a time that is too short or too long.
    """
    spec = dict(request.get("spec") or {})
    spec["audiences"] = spec.get("audiences") or [AUDIENCE]
    spec["expirationSeconds"] = seconds = spec.get("expirationSeconds") or HOUR
    meta = {"name": account.name, "namespace": account.namespace}
    meta["creationTimestamp"] = timestamp(api.sim.now)
    head = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta}
    if errors := list(_wrong(seconds)):
        raise InvalidObject(head, errors)
    status = {
        "token": token_text(account.namespace, account.name),
        "expirationTimestamp": timestamp(api.sim.now + seconds),
    }
    return head | {"spec": spec, "status": status}


def _wrong(seconds: int) -> Errors:
    path = "spec.expirationSeconds"
    if seconds < LEAST:
        yield invalid(path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > MOST:
        yield invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")
