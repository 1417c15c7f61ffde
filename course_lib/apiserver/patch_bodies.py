"""What a PATCH is written in, and why one cannot be read.

Source: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`, and Go's `encoding/json`.
"""

from __future__ import annotations

import re

import msgspec
import yaml

from course_lib.apiserver.bodies import Request, text_of
from course_lib.apiserver.errors import BadRequest, TooLarge, Unsupported
from course_lib.apiserver.go_values import go_shape, go_text, go_type
from course_lib.apiserver.json_patches import MOST_OPERATIONS, json_patch
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.statuses import to_json
from course_lib.apiserver.strategic import strategic_merge
from course_lib.objects.api_types.faults import fault
from course_lib.objects.api_types.table import LEAVES, Type, fields_of
from course_lib.objects.field_errors import InvalidObject, invalid, required
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, Json
from course_lib.objects.yaml_text import lenient

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
DEEPEST = 100  # levels of a patch, as of a manifest
MAP, OPERATION = "map[string]interface {}", "handlers.jsonPatchOp"


def read_patch(request: Request, kind: Kind) -> Json:
    """A patch, which is always JSON; of a custom kind the server does not know which lists merge.

    Raises `Unsupported` for a format that the kind does not take, `BadRequest` for what cannot be
    read, `TooLarge` for a JSON patch with too many operations, and `InvalidObject` for a
    server-side apply by nobody.
    """
    if request.media_type == APPLY:
        return _read_apply(request)
    types = (JSON_PATCH, MERGE_PATCH) if kind.custom else (JSON_PATCH, MERGE_PATCH, STRATEGIC)
    if request.media_type not in types:
        said = "415: Unsupported Media Type"
        if "apply-patch" in request.media_type:  # which the real one takes
            said = f"only {APPLY} is simulated of the formats of an apply"
        raise Unsupported(said, do=f"send one of {', '.join(types)}")
    text_of(request.body)
    try:
        patch = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadRequest("invalid JSON patch", found=str(problem)) from None
    if not _shallow(patch, DEEPEST):
        raise BadRequest("the patch is nested too deep", expected=f"at most {DEEPEST} levels")
    if request.media_type == JSON_PATCH:
        _check_operations(patch)
    elif patch is None and request.media_type == MERGE_PATCH:
        raise BadRequest("Invalid JSON Patch")
    elif not isinstance(patch, dict | None):
        head = "error decoding patch: " if request.media_type == MERGE_PATCH else ""
        raise BadRequest(f"{head}{_unfit(patch, MAP)}")
    return {} if patch is None else patch


def _read_apply(request: Request) -> Json:
    """The configuration of a server-side apply.

    Raises `InvalidObject` where it does not say who applies, `BadRequest` for what is no object.
    """
    if not request.text("fieldManager"):
        options = {"apiVersion": "meta.k8s.io/v1", "kind": "PatchOptions"}
        raise InvalidObject(options, [required("fieldManager", "is required for apply patch")])
    try:
        found = lenient(text_of(request.body))
    except (yaml.YAMLError, ValueError) as problem:
        raise BadRequest(f"error decoding YAML: {problem}") from None
    if not isinstance(found, dict):
        raise BadRequest(f"error decoding YAML: {_unfit(found, MAP)}")
    return found


def _check_operations(patch: Json) -> None:
    if not isinstance(patch, list):
        raise BadRequest(f"error decoding patch: {_unfit(patch, f'[]{OPERATION}')}")
    for each in patch:
        if not isinstance(each, dict):
            raise BadRequest(f"error decoding patch: {_unfit(each, OPERATION)}")
    if len(patch) > MOST_OPERATIONS:
        raise TooLarge(
            "Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{MOST_OPERATIONS}, got {len(patch)}"
        )


def _unfit(value: Json, type: str) -> str:
    return f"json: cannot unmarshal {go_shape(value)} into Go value of type {type}"


def _shallow(value: Json, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_shallow(each, levels - 1) for each in inside)


def apply_patch(media_type: str, target: Json, patch: Json, type: Type | None) -> Json:
    """A document `target` of a `type` with a `patch` of a `media_type`.

    Raises what each kind of patch raises.
    """
    if media_type == STRATEGIC:
        return strategic_merge(target, patch, type)
    return (json_patch if media_type == JSON_PATCH else merge_patch)(target, patch)


def misfit_of(media_type: str, document: Document, type: Type) -> str:
    """Why a patched document does not fit its `type`, in the words of who reads it; or "".

    Who reads it depends on the `media_type` of the patch.
    """
    found = fault(document, type)
    if found is None:
        return ""
    if media_type != STRATEGIC:  # the patched object is written, its keys sorted, and read again
        again = fault(msgspec.json.decode(msgspec.json.encode(document, order="sorted")), type)
        return (again or found).message
    shape, is_part = _SHAPES.get(go_type(found.found), go_type(found.found)), found.wanted
    if is_part in ("list", "map"):
        return f"cannot restore {'slice' if is_part == 'list' else 'map'} from {shape}"
    if is_part not in LEAVES:
        return f"cannot restore struct from: {shape}"
    if is_part in _READ_BY_THEMSELVES or not found.message.startswith("json: cannot unmarshal"):
        said = _OF_FIELD.sub("Go value", found.message)
        return f"error decoding from json: {said}" if is_part == "bytes" else said
    if (shape, is_part) in _CONVERTED:
        return f"cannot convert {shape} to {is_part}"
    return f"unrecognized type: {is_part}"


# Types with a reader of their own, as for JSON; and those that Go can convert, but not in JSON.
_READ_BY_THEMSELVES = ("time", "microtime", "duration", "quantity", "intorstring")
_CONVERTED = (("int64", "string"), ("float64", "int32"), ("float64", "int64"))
_OF_FIELD = re.compile("Go struct field [^ ]*")


def narrowed(document: Json, type: Type) -> Json:
    """A patched document with whole numbers as a strategic patch cuts them off, at 32 bits.

    Source: `fromUnstructured` in `pkg/runtime/converter.go`. `type` is the document's.
    """
    if isinstance(document, list) and type.item is not None:
        return [narrowed(each, type.item) for each in document]
    if isinstance(document, dict) and type.shape == "map" and type.item is not None:
        return {key: narrowed(each, type.item) for key, each in document.items()}
    if isinstance(document, dict) and type.is_struct:
        fields = fields_of(type.shape)
        return {
            key: narrowed(each, fields[key].type) if key in fields else each
            for key, each in document.items()
        }
    if type.shape == "int32" and isinstance(document, int) and not isinstance(document, bool):
        return (document + 2**31) % 2**32 - 2**31
    return document


_SHAPES = {"[]interface {}": "slice", "map[string]interface {}": "map"}


def invalid_patch(media_type: str, patch: Json, document: Document, why: str) -> InvalidObject:
    """The refusal of a `patch` of a `media_type`: `why` the `document` that it makes is unread."""
    shown = go_text(patch) if media_type == STRATEGIC else to_json(document)
    return InvalidObject({}, [invalid("patch", shown, why)])
