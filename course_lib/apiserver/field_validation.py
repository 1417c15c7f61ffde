"""Fields that do not exist, and fields that stand twice: refused, told in warnings, or dropped.

Source: `fieldValidation` in kubernetes.io "Kubernetes API Concepts"; `create.go` in
`pkg/endpoints/handlers` of k8s.io/apiserver.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest
from course_lib.objects.field_errors import InvalidObject, not_supported
from course_lib.objects.kind import Kind, title
from course_lib.objects.manifests import Document
from course_lib.objects.typed import hint, known_alone, unhandled, unknown_fields

STRICT, WARN, IGNORE = "Strict", "Warn", "Ignore"
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


STRICT_ERROR = "strict decoding error: "


class FieldValidation(msgspec.Struct, frozen=True):
    """What a request wants done with such fields; `twice` are the paths of those that repeat."""

    mode: str = WARN
    twice: tuple[str, ...] = ()

    def settle(self, document: Document, kind: Kind) -> list[str]:
        """Take fields that do not exist out of a `document` of a `kind`; the warnings for it.

        Raises `BadRequest` where the request is strict.
        """
        unknown = unknown_fields(document, kind)
        errors = [f'unknown field "{path}"' for path in unknown]
        errors += [f'duplicate field "{path}"' for path in self.twice]
        if errors and self.mode == STRICT:
            raise BadRequest(
                f"{unhandled(kind)}: {STRICT_ERROR}{', '.join(errors)}",
                where=title(document),
                do=hint(unknown, kind),
            )
        if unknown and not kind.custom:
            kept = known_alone(document, kind)
            document.clear()
            document.update(kept)
        return errors if self.mode == WARN else []


WARNING = FieldValidation()


def field_validation(request: Request) -> FieldValidation:
    """What a request says of it; Raises `InvalidObject` for a word that says nothing."""
    mode = request.text("fieldValidation")
    if mode not in ("", STRICT, WARN, IGNORE):
        options = {"apiVersion": "meta.k8s.io/v1", "kind": _OPTIONS.get(request.method, "")}
        error = not_supported("fieldValidation", mode, ("", IGNORE, STRICT, WARN))
        raise InvalidObject(options, [error])
    twice = tuple(_twice(request.body)) if mode != IGNORE else ()
    return FieldValidation(mode or WARN, twice)


class _Pairs(dict[str, object]):
    twice: list[str]


def _twice(body: bytes) -> Iterator[str]:
    """The paths of the fields that stand twice in a text of JSON; nothing for another text."""
    try:
        yield from _repeated(json.loads(body, object_pairs_hook=_noted), "")
    except (ValueError, RecursionError):
        return


def _noted(pairs: list[tuple[str, object]]) -> _Pairs:
    found = _Pairs(pairs)
    seen: set[str] = set()
    found.twice = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    return found


def _repeated(value: object, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        for key, item in value.items():
            here = f"{path}.{key}".removeprefix(".")
            yield from _repeated(item, here)
            yield from [here] * value.twice.count(key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _repeated(item, f"{path}[{position}]")
