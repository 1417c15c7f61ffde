"""Secret: base64-encoded by key, encoded and not encrypted (API reference, `core/v1`)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from course_lib.objects.field_errors import Errors, forbidden, invalid, required, too_long
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, by_path
from course_lib.objects.kinds.config_map import FIXED, MAX_DATA, decoded_size
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object
from course_lib.objects.validation import formats
from course_lib.objects.validation.json_text import object_problem
from course_lib.objects.validation.meta import (
    all_invalid,
    object_meta,
    object_meta_update,
    unchanged,
)
from course_lib.objects.validation.pem import key_pair_problem


class Secret(Object, frozen=True, kw_only=True):
    """Secrets, base64-encoded by key (encoded, not encrypted)."""

    data: dict[str, str] | None = None
    string_data: dict[str, str] | None = None
    type: str = "Opaque"
    immutable: bool = False


TLS = "kubernetes.io/tls"
ACCOUNT = "kubernetes.io/service-account.name"
HIDDEN = "<secret contents redacted>"
_JSON = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}


def _complete(document: Document) -> None:
    """`stringData` is a convenience of writing: it is stored encoded, under `data`.

    Source: `Convert_v1_Secret_To_core_Secret` in `pkg/apis/core/v1/conversion.go`.
    """
    plain = document.get("stringData")
    if isinstance(plain, dict) and all(isinstance(text, str) for text in plain.values()):
        for data in places(document, "data"):
            del document["stringData"]
            for key, text in plain.items():
                data[key] = base64.b64encode(text.encode()).decode()


def _validate(document: Document) -> Errors:
    """Source: `ValidateSecret` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    data = document.get("data") or {}
    for key in data:
        yield from all_invalid(f"data[{key}]", key, formats.config_key(key))
    if sum(decoded_size(text) for text in data.values()) > MAX_DATA:
        yield too_long("data", MAX_DATA)
    yield from _of_type(document, data)


def _of_type(document: Document, data: dict[str, str]) -> Errors:
    """What Secrets of some types must have."""
    kind = document.get("type", "")
    if kind == "kubernetes.io/service-account-token":
        if not (document["metadata"].get("annotations") or {}).get(ACCOUNT):
            yield required(f"metadata.annotations[{ACCOUNT}]")
    elif key := _JSON.get(kind):
        if key not in data:
            yield required(f"data[{key}]")
        elif problem := object_problem(_decoded(data, key)):
            yield invalid(f"data[{key}]", HIDDEN, problem)
    elif kind == "kubernetes.io/basic-auth":
        if not {"username", "password"} & {*data}:
            yield required("data[username]")
            yield required("data[password]")
    elif kind == "kubernetes.io/ssh-auth":
        if not data.get("ssh-privatekey"):
            yield required("data[ssh-privatekey]")
    elif kind == TLS:
        for key in ("tls.crt", "tls.key"):
            if key not in data:
                yield required(f"data[{key}]")


def _decoded(data: dict[str, str], key: str) -> str:
    return base64.b64decode(data.get(key, "")).decode(errors="replace")


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateSecretUpdate` in `pkg/apis/core/validation`."""
    yield from object_meta_update(new, old)
    yield from unchanged("type", new.get("type", ""), old.get("type", ""))
    if old.get("immutable"):
        if not new.get("immutable"):
            yield forbidden("immutable", FIXED)
        if (new.get("data") or {}) != (old.get("data") or {}):
            yield forbidden("data", FIXED)
    yield from _validate(new)


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `warningsForSecret` in `pkg/registry/core/secret/strategy.go`."""
    if new.get("type") == TLS:
        data = new.get("data") or {}
        if problem := key_pair_problem(_decoded(data, "tls.crt"), _decoded(data, "tls.key")):
            yield problem


SECRET = Kind(
    "v1",
    Secret,
    selectable=by_path("type"),
    defaults={"type": "Opaque"},
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns("Name  Type  Data  Age"),
    row=lambda secret, now: (secret.name, secret.type, len(secret.data or ())),
    counted=True,
)
