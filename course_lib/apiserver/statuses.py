"""Status objects: how the HTTP face says that something was done, or was not.

Source: `Status` in `k8s.io/apimachinery/pkg/apis/meta/v1/types.go`; `pkg/api/errors/errors.go`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec

from course_lib.apiserver.errors import (
    AlreadyExists,
    APIError,
    BadRequest,
    Compacted,
    Conflict,
    FieldConflict,
    Forbidden,
    NotAllowed,
    NotFound,
    PageTooOld,
    PlainText,
    RejectedPatch,
    StorageError,
    Terminating,
    TooLarge,
    TooManyRequests,
    TooNew,
    Unauthorized,
    Unnamed,
    Unreachable,
    Unsupported,
)
from course_lib.errors import CourseError, InvalidManifest, WrongType
from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import UnreadableSelector

SUCCESS: Document = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
# The words of a refusal that names an object: `deployments.apps "web" not found`.
_NAMED = re.compile(r'(?P<kind>[a-z]+)(?:\.(?P<group>[a-z0-9.-]+))? "(?P<name>[^"]*)" ')
# What a client raises for the reason of a Status; any other is an `APIError`.
_REASONS: dict[str, type[CourseError]] = {
    cls.reason: cls
    for cls in (NotFound, AlreadyExists, Conflict, Forbidden, NotAllowed, TooManyRequests,
                Unreachable, Unauthorized, BadRequest, TooLarge, Unsupported)
}  # fmt: skip
_REASONS |= {"Invalid": InvalidManifest, "Timeout": StorageError, "ServerTimeout": StorageError}
_PLAIN: dict[int, Callable[[], CourseError]] = {
    404: lambda: NotFound("the server could not find the requested resource"),
    405: NotAllowed,
}
_TOO_OLD = re.compile(r"too old resource version: (\d+) \((\d+)\)")


class HTTPResponse(msgspec.Struct):
    """The response to a request; warnings travel in headers, and kubectl prints them."""

    status: int
    document: Document
    warnings: list[str] = []
    text: str | None = None  # sent in place of the document


def refused(refusal: CourseError, about: Document | None = None) -> HTTPResponse:
    """A refusal as a Status object; `about` are the details of the object that was asked for."""
    code, reason = 400, "BadRequest"
    if isinstance(refusal, APIError):
        code, reason = refusal.code, refusal.reason
    elif isinstance(refusal, InvalidManifest) and not isinstance(refusal, WrongType):
        code, reason = 422, "Invalid"
    message = refusal.what
    if isinstance(refusal, PlainText):
        return HTTPResponse(code, failure(code, reason, message), text=message)
    if not isinstance(
        refusal, APIError | InvalidObject | WrongType | UnreadableSelector
    ):  # the rest is in its parts
        parts = (refusal.where, refusal.expected and f"expected {refusal.expected}",
                 refusal.found and f"found {refusal.found}", refusal.do)  # fmt: skip
        message = "; ".join([message, *(part for part in parts if part)])
    document = failure(code, reason, message, _details(refusal, code, dict(about or {})))
    if isinstance(refusal, PageTooOld):
        document["metadata"] = {"continue": refusal.token}
    if reason in (BadRequest.reason, Compacted.reason, Unnamed.reason):
        del document["details"]  # upstream gives it none
    return HTTPResponse(code, document)


def _details(refusal: CourseError, code: int, details: Document) -> Document:
    """What a refusal with a `code` tells beyond its words; at least what it is about."""
    named = _NAMED.match(refusal.what)
    if named and isinstance(refusal, NotFound | AlreadyExists | Conflict | Terminating):
        details = {key: text for key, text in named.groupdict().items() if text}
    if isinstance(refusal, NotAllowed):
        details = {}
    if isinstance(refusal, FieldConflict):
        details = {"causes": refusal.causes}
    if isinstance(refusal, InvalidObject):
        about = {"name": refusal.name, "group": refusal.group, "kind": refusal.kind}
        details = {key: text for key, text in about.items() if text}
        details["causes"] = [
            {"reason": error.cause, "message": error.body, "field": error.path}
            for error in refusal.errors
        ]
    elif isinstance(refusal, TooManyRequests):
        details["causes"] = [{"reason": "DisruptionBudget", "message": refusal.found}]
    elif isinstance(refusal, TooNew):
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        details = {"causes": [cause], "retryAfterSeconds": 1}
    elif isinstance(refusal, Terminating):
        details["causes"] = [refusal.cause]
    elif code == 422 and not isinstance(refusal, RejectedPatch):
        field = refusal.where.rpartition(": ")[2]
        details["causes"] = [
            {"reason": "FieldValueInvalid", "message": refusal.what, "field": field}
        ]
    return details


def failure(code: int, reason: str, message: str, details: Document | None = None) -> Document:
    """A Status that says no.

    `code` is that of HTTP, `reason` one word, `message` a sentence.

    >>> failure(404, "NotFound", "no such thing")["details"]
    {}
    """
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    named = {"reason": reason} if reason else {}
    return head | {"message": message, **named, "details": details or {}, "code": code}


def refusal_of(status: Document) -> CourseError:
    """The refusal that a Status tells of, as a client raises it; the inverse of `refused`.

    >>> refusal_of(failure(404, "NotFound", 'pods "web" not found'))
    NotFound('pods "web" not found')
    """
    reason, message = status.get("reason", ""), status.get("message", "")
    if status.get("code") == Compacted.code:
        numbers = _TOO_OLD.search(message)
        return Compacted(*map(int, numbers.groups())) if numbers else Compacted(0, 0)
    if not reason and status.get("code") in _PLAIN:  # no Status, but text: as client-go has it
        return _PLAIN[status["code"]]()
    causes = (status.get("details") or {}).get("causes") or [{}]
    refusal = _REASONS.get(reason, APIError)(message or reason)
    refusal.where = causes[0].get("field", "")
    if type(refusal) is APIError:
        refusal.code, refusal.reason = status.get("code", 500), reason
    return refusal


def to_json(document: Document) -> str:
    """A document as the API server writes JSON: without spaces, and safe within HTML.

    A ControllerRevision's data is compared byte by byte by the controller that wrote it.
    Source: `Encode` in Go's `encoding/json`.

    >>> to_json({"spec": {"args": ["1 < 2", "é"]}})
    '{"spec":{"args":["1 \\\\u003c 2","é"]}}'
    """
    written = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written
