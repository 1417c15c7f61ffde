"""What the API server answers when it refuses: HTTP code, reason and message as the real one's.

Source: k8s.io/apimachinery `pkg/api/errors/errors.go`.
"""

from __future__ import annotations

from course_lib.errors import CourseError


class APIError(CourseError):
    """A refused request; `code` is the HTTP status, `reason` its name in a Status object."""

    code = 500
    reason = "InternalError"


class NoReason(APIError):
    """A failure behind the API server, which it passes on without a reason of its own."""

    reason = ""


class NotFound(APIError):
    """No such object."""

    code, reason = 404, "NotFound"


class AlreadyExists(APIError):
    """The name is taken."""

    code, reason = 409, "AlreadyExists"


class FieldConflict(APIError):
    """An apply would change fields that others manage; `causes` are those of the Status."""

    code, reason = 409, "Conflict"
    causes: list[dict[str, str]]


class Conflict(APIError):
    """The object changed since it was read: read it again, and decide again."""

    code, reason = 409, "Conflict"


class StaleRead(Conflict):
    """The API server's cache was behind etcd: it reads again by itself."""


class Forbidden(APIError):
    """Admission said no: a quota, a limit, a namespace that is going away."""

    code, reason = 403, "Forbidden"


class Terminating(Forbidden):
    """Nothing new in a namespace that is going away; clients look for this cause.

    `kind` and `name` say what was to be created in the `namespace`.
    """

    def __init__(self, kind: str, name: str, namespace: str) -> None:
        super().__init__(
            f'{kind} "{name}" is forbidden: unable to create new content in namespace '
            f"{namespace} because it is being terminated"
        )
        self.cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }


class NotAllowed(APIError):
    """A method that means nothing here, or not now."""

    code, reason = 405, "MethodNotAllowed"

    def __init__(self, why: str = "", *, do: str = "") -> None:
        super().__init__(
            why or "the server does not allow this method on the requested resource", do=do
        )


class TooManyRequests(APIError):
    """An eviction that a PodDisruptionBudget does not allow now."""

    code, reason = 429, "TooManyRequests"


class SeveralBudgets(APIError):
    """An eviction of a Pod that more than one PodDisruptionBudget covers."""

    code, reason = 500, ""

    def __init__(self) -> None:
        super().__init__(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does "
            "not support."
        )


class Unavailable(APIError):
    """Nothing wrong with what was asked, but nobody could do it now: ask again later."""


class StorageError(Unavailable):
    """etcd did not answer, or refused; what is asked for may or may not be done.

    Its Status has no reason: the API server passes on an error that it does not know.
    """

    reason = ""


class Unreachable(Unavailable):
    """No API server answers: nothing was asked."""

    code, reason = 503, "ServiceUnavailable"


class Unauthorized(Unreachable):
    """The API server does not know who asks: its certificate is no good."""

    code, reason = 401, "Unauthorized"


class Compacted(APIError):
    """The watch asked for changes that are forgotten: list again, and watch from there."""

    code, reason = 410, "Expired"

    def __init__(self, since: int, compacted: int) -> None:
        super().__init__(
            f"too old resource version: {since} ({compacted})",
            do="list the objects again, and watch from the revision of that list",
        )


class ListTooOld(APIError):
    """The list asked for a state that is forgotten.

    Source: `interpretListError` in `k8s.io/apiserver/pkg/storage/etcd3/errors.go`.
    """

    code, reason = 410, "Expired"

    def __init__(self) -> None:
        super().__init__("The resourceVersion for the provided list is too old.")


class PageTooOld(APIError):
    """The next part of a list, whose first part is of a forgotten state; a `token` goes on anyway.

    Source: `handleCompactedErrorForPaging` in `k8s.io/apiserver/pkg/storage/etcd3/errors.go`.
    """

    code, reason = 410, "Expired"

    def __init__(self, token: str) -> None:
        super().__init__(
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter, or use the continue token in "
            "this response to retrieve the remainder of the results. Continuing with the provided "
            "token results in an inconsistent list - objects that were created, modified, or "
            "deleted between the time the first chunk was returned and now may show up in the list."
        )
        self.token = token


# Refused by the HTTP face, before the API server is asked


class BadRequest(APIError):
    """A request that cannot be read."""

    code, reason = 400, "BadRequest"


class NotAuthenticated(APIError):
    """A request without the token."""

    code, reason = 401, "Unauthorized"


class TooLarge(APIError):
    """A body beyond the limit."""

    code, reason = 413, "RequestEntityTooLarge"


class Unsupported(APIError):
    """A media type that this server does not take."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(APIError):
    """A request that can be read, and asks for what cannot be."""

    code, reason = 422, "Invalid"


class Unnamed(APIError):
    """A refusal to which upstream gives no reason."""

    code, reason = 500, ""


class TooNew(APIError):
    """A resourceVersion that the store has not reached.

    `since` is the revision that the request names, `now` that of the store. Source:
    `NewTooLargeResourceVersionError` in `k8s.io/apiserver/pkg/storage/errors.go`.
    """

    code, reason = 504, "Timeout"

    def __init__(self, since: int, now: int) -> None:
        super().__init__(f"Timeout: Too large resource version: {since}, current: {now}")


class RejectedPatch(APIError):
    """A patch that can be read and not be done; the real API server does not say `why`.

    `where` it cannot be done, what was `expected` there, and `found`.
    """

    code, reason = 422, "Invalid"

    def __init__(self, why: str, *, where: str = "", expected: str = "", found: str = "") -> None:
        said = "the server rejected our request due to an error in our request"
        super().__init__(said, where=where, expected=expected, found=found, do=why)


class Unclassified(APIError):
    """An error that the API server passes on as it is, without a reason."""

    reason = ""


class PlainText(APIError):
    """An answer with a `code` that is no Status but text: nobody looks at such a path or format.

    `where` and `do` are for the learner.
    """

    reason = ""

    def __init__(self, code: int, text: str, *, where: str = "", do: str = "") -> None:
        super().__init__(text, where=where, do=do)
        self.code = code
