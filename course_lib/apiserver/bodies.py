"""Requests to the HTTP face, and what their query and body say.

What cannot be read is a `BadRequest` (400), `Unsupported` (415) or `Invalid` (422), as the real
API server has it. Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`create.go`, `delete.go`,
`patch.go`, `negotiation`); `k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from course_lib.apiserver import protobuf
from course_lib.apiserver.deletion import BACKGROUND, FOREGROUND, ORPHAN
from course_lib.apiserver.errors import BadRequest, Invalid, TooLarge, TooNew, Unnamed, Unsupported
from course_lib.apiserver.go_values import go_number_problem, go_shape
from course_lib.apiserver.pages import LATEST, ContinueToken
from course_lib.errors import CourseError
from course_lib.objects.field_errors import Errors, InvalidObject, forbidden, not_supported, shown
from course_lib.objects.manifests import Document, plain, read_manifests
from course_lib.objects.validation.json_text import syntax_problem

JSON, YAML = "application/json", "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
LARGEST = 3 * 2**20  # bytes of a body (`MaxRequestBodyBytes` in `pkg/server/config.go`)
LIST_OPTIONS = {"apiVersion": "meta.k8s.io/v1", "kind": "ListOptions"}
ALL = "All"  # the one value of dryRun: all stages but the last
OTHER_FORMAT = (
    "the body of the request was in an unknown format - accepted media types include: {types}"
)


class Request(msgspec.Struct):
    """One HTTP request; header names in lower case, each query parameter with all its values."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def as_table(self) -> bool:
        """Whether the client wants rows to print rather than objects."""
        return "as=Table" in self.headers.get("accept", "")

    def text(self, name: str) -> str:
        """A query parameter; the first counts, as in the real one."""
        return next(iter(self.query.get(name, ())), "")

    def flag(self, name: str) -> bool | None:
        """A query parameter that is on or off; None where it is absent.

        Source: `Convert_Slice_string_To_bool` in `k8s.io/apimachinery/pkg/runtime/conversion.go`.

        >>> asked = Request("GET", "/", {"watch": ["1"], "follow": ["False"]})
        >>> asked.flag("watch"), asked.flag("follow"), asked.flag("previous")
        (True, False, None)
        """
        return self.text(name).lower() not in ("false", "0") if name in self.query else None

    def number(self, name: str) -> int | None:
        """A query parameter that is a whole number of 64 bits; None where it is absent.

        Raises `BadRequest` for anything else.
        """
        if name not in self.query:
            return None
        text = self.text(name)
        if problem := go_number_problem(text, signed=True):
            raise BadRequest(problem, where=name, expected="a whole number", found=repr(text))
        return int(text)

    @property
    def media_type(self) -> str:
        """What the body is written in, without parameters such as the character set."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_body(request: Request, wanted: str = "DeleteOptions") -> Document:
    """The one document of a body, in JSON (or nothing said of it), YAML or Protocol Buffers.

    Raises `Unsupported` for another media type, and `BadRequest` for what is not one document. It
    should be of the `wanted` kind.
    """
    written = request.media_type or JSON
    if written == PROTOBUF:
        return protobuf.decode(request.body)
    if written not in (JSON, YAML):
        types = f"{JSON}, {YAML}, {PROTOBUF}"
        raise Unsupported(OTHER_FORMAT.format(types=types), found=written)
    text = text_of(request.body)
    try:
        if written == JSON:
            document = plain(_document(request.body, wanted), "body", nulls=True)
        else:  # the line feed makes clear that this is text, and not the path of a file
            documents = read_manifests(text + "\n")
            document = documents[0] if len(documents) == 1 else documents
    except CourseError as problem:
        raise BadRequest(
            problem.what,
            where=problem.where,
            expected=problem.expected,
            found=problem.found,
            do=problem.do,
        ) from None
    if not isinstance(document, dict):
        raise BadRequest("the body is not one object", expected="a mapping", found=_short(document))
    return document


SUMMARY = 30  # bytes of a body that a refusal shows (`transformDecodeError`)
_HEAD = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
    'Kind string "json:\\"kind,omitempty\\"" }'
)  # the type by which Go finds out the kind of a body


def _document(body: bytes, wanted: str) -> Any:
    """A body in JSON, whose null is an object without fields."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as problem:
        text = body.decode()
        why = syntax_problem(text) if len(text) < LONGEST_EXPLAINED else ""
        raise unrecognized(body, wanted, f"{why or problem}") from None
    if isinstance(found, dict | None):
        return found or {}
    why = f"json: cannot unmarshal {go_shape(found)} into Go value of type {_HEAD}"
    raise unrecognized(body, wanted, why)


def unrecognized(body: bytes, wanted: str, why: str) -> BadRequest:
    """The refusal of a `body` that does not say its kind, which should be the `wanted` one.

    `why` is what the reader of JSON said. Source: `transformDecodeError` in
    `pkg/endpoints/handlers/rest.go`.
    """
    shown, more = body[:SUMMARY], " ..." if len(body) > SUMMARY else ""
    text = shown.decode(errors="replace") if body.startswith(b"{") else shown.hex()
    return BadRequest(
        f"the object provided is unrecognized (must be of type {wanted}): couldn't get "
        f"version/kind; json parse error: {why} ({f'{text}{more}' if body else '<empty>'})",
        expected=f"one object of the kind {wanted}",
    )


LONGEST_EXPLAINED = 100_000  # characters of a text whose fault is looked for


def text_of(body: bytes) -> str:
    """The text of a body; raises `TooLarge`, or `BadRequest` for what is not UTF-8."""
    if len(body) > LARGEST:
        raise TooLarge(f"Request entity too large: limit is {LARGEST}")
    try:
        return body.decode()
    except UnicodeDecodeError as problem:
        raise BadRequest("the body is not UTF-8 text", found=f"byte {problem.start}") from None


def _short(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:60]!r}"


def asks_for_dry_run(request: Request, *bodies: Any) -> bool:
    """Whether nothing is to be stored: by the query, or by a `dryRun` in one of the bodies.

    Raises `Invalid` for any value but `All` (`ValidateDryRun`).
    """
    found: list[Any] = list(request.query.get("dryRun", ()))
    for body in bodies:
        written = body.get("dryRun") if isinstance(body, dict) else None
        if written is not None and not isinstance(written, list):
            raise BadRequest("dryRun is a list", expected=f'["{ALL}"]', found=_short(written))
        found += written or []
    if any(each != ALL for each in found):
        raise Invalid(
            f'dryRun: Unsupported value: {str(found)[:60]}: supported values: "{ALL}"',
            where="dryRun",
        )
    return bool(found)


class DeleteOptions(msgspec.Struct):
    """How to delete: see `APIServer.delete`."""

    told: bool = False  # whether the propagation is that of the request
    propagation: str = BACKGROUND
    grace_period: int | None = None
    uid: str = ""
    revision: str = ""


def delete_options(request: Request, body: Any, unsaid: str = BACKGROUND) -> DeleteOptions:
    """The options of a DELETE or an eviction: those of its body or, without one, of its query.

    `request` has the query; `unsaid` is the propagation where neither says one.

    Raises `BadRequest` for a body of another kind, and `Invalid` for options that contradict each
    other.
    """
    given = body if body is not None else _of_query(request)
    if not isinstance(given, dict):
        raise BadRequest("DeleteOptions are an object", expected="a mapping", found=_short(given))
    policy, orphan = given.get("propagationPolicy"), given.get("orphanDependents")
    grace, conditions = given.get("gracePeriodSeconds"), given.get("preconditions") or {}
    if not isinstance(conditions, dict):
        raise BadRequest("preconditions are an object", found=_short(conditions))
    wants = {"uid": conditions.get("uid"), "resourceVersion": conditions.get("resourceVersion")}
    for name, value, shape in (
        ("propagationPolicy", policy, str),
        ("orphanDependents", orphan, bool),
        ("gracePeriodSeconds", grace, int),
        *((name, value, str) for name, value in wants.items()),
    ):
        if value is not None and type(value) is not shape:
            raise BadRequest(f"{name} has the wrong type", where=name, found=_short(value))
    if policy is not None and policy not in (FOREGROUND, BACKGROUND, ORPHAN):
        raise Invalid(
            f'propagationPolicy: Unsupported value: "{policy}": supported values: '
            f'"{FOREGROUND}", "{BACKGROUND}", "{ORPHAN}"',
            where="propagationPolicy",
        )
    if policy is not None and orphan is not None:
        raise Invalid(
            "orphanDependents and deletionPropagation cannot be both set", where="propagationPolicy"
        )
    if grace is not None and grace < 0:
        grace = 1  # `BeforeDelete` in `pkg/registry/rest/delete.go`
    chosen = policy or (unsaid if orphan is None else ORPHAN if orphan else BACKGROUND)
    told = policy is not None or orphan is not None
    return DeleteOptions(told, chosen, grace, wants["uid"] or "", wants["resourceVersion"] or "")


def _of_query(request: Request) -> Document:
    return {
        "gracePeriodSeconds": request.number("gracePeriodSeconds"),
        "orphanDependents": request.flag("orphanDependents"),
        "propagationPolicy": request.text("propagationPolicy") or None,
    }


class ListOptions(msgspec.Struct):
    """What a list or a watch is asked for."""

    since: int | None = None  # the revision to watch from, or to be at least as new as
    exact: bool = False  # whether a list is as it was at that revision
    initial: bool = False  # whether a watch begins with all that is there
    bookmark: bool = False  # whether it then says that this was all
    seconds: int | None = None  # how long a watch lasts, at most
    limit: int = 0  # objects that a list has at most; 0: all
    token: ContinueToken | None = None  # where a list goes on

    @property
    def as_of(self) -> int | None:
        """The revision of which a list is to be; None for the latest."""
        if self.token is not None:
            return None if self.token.rv == LATEST else self.token.rv
        return self.since if self.exact else None


def list_options(request: Request) -> ListOptions:
    """The options of a list or a watch.

    A watch with `sendInitialEvents` is a list and a watch in one; without a revision it is that
    unless told otherwise. A list with a `limit` and a revision is exact unless told otherwise.
    Source: `SetListOptionsDefaults`, `ValidateListOptions` in
    `k8s.io/apimachinery/pkg/apis/meta/internalversion`; `ShouldDelegateList` in
    `k8s.io/apiserver/pkg/storage/cacher/delegator`.

    Raises `BadRequest` for what cannot be read, and `Invalid` for options that contradict each
    other.
    """
    version, match = request.text("resourceVersion"), request.text("resourceVersionMatch")
    watch, initial = bool(request.flag("watch")), request.flag("sendInitialEvents")
    limit = request.number("limit") or 0
    if watch and initial is None and not match and version in ("", "0"):
        initial, match = True, "NotOlderThan"
    if errors := list(_mismatches(watch, initial, match, version, bool(request.text("continue")))):
        raise InvalidObject(LIST_OPTIONS, errors)
    since = revision_of(version) if watch else _since(version)
    token = ContinueToken.read(request.text("continue")) if request.text("continue") else None
    if token and since:
        raise BadRequest("specifying resource version is not allowed when using continue")
    return ListOptions(
        since=since,
        exact=bool(since) and not watch and (match == "Exact" or (not match and limit > 0)),
        initial=bool(initial),
        bookmark=bool(request.flag("allowWatchBookmarks")),
        seconds=request.number("timeoutSeconds"),
        limit=0 if version == "0" and not token else max(limit, 0),  # 0: from the cache, whole
        token=token,
    )


def _since(version: str) -> int | None:
    try:
        return revision_of(version)
    except Unnamed as problem:
        raise BadRequest(
            f"invalid resource version: {problem.what}",
            where="resourceVersion",
            expected="a revision of the store",
            found=repr(version),
        ) from None


def revision_of(version: str) -> int | None:
    """The revision that a resourceVersion names; None for any. Raises `Unnamed`."""
    if version and (problem := go_number_problem(version)):
        raise Unnamed(f"resourceVersion: Invalid value: {shown(version)}: {problem}")
    return int(version or 0) or None


def not_older_than(since: int | None, now: int) -> None:
    """Raise `TooNew` where an answer has to be newer than the store is.

    `since` is the revision that the request names, `now` that of the store.
    """
    if since is not None and since > now:
        raise TooNew(since, now)


def _mismatches(
    watch: bool, initial: bool | None, match: str, version: str, continued: bool
) -> Errors:
    """The fields that do not go with the others, and why."""
    field, needed = "resourceVersionMatch", "NotOlderThan"
    if watch and initial is not None and match != needed:
        yield forbidden(field, f"sendInitialEvents requires setting {field} to {needed}")
    if watch and match and initial is None:
        yield forbidden(
            field, f"{field} is forbidden for watch unless sendInitialEvents is provided"
        )
    if watch and match and match != needed:
        yield not_supported(field, match, (needed,))
    if watch:
        return
    if match and not version:
        yield forbidden(field, f"{field} is forbidden unless resourceVersion is provided")
    if match and continued:
        yield forbidden(field, f"{field} is forbidden when continue is provided")
    if match and match not in ("Exact", needed):
        yield not_supported(field, match, ("Exact", needed, ""))
    if match == "Exact" and version == "0":
        yield forbidden(field, f'{field} "exact" is forbidden for resourceVersion "0"')
    if initial is not None:
        yield forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
