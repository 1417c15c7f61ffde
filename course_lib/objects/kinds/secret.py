"""Secret: base64-encoded by key, encoded and not encrypted (API reference, `core/v1`)."""

from __future__ import annotations

import base64
import json

from course_lib.objects.field_rules import config_key, encoded
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.kinds.config_map import MAX_DATA
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object
from course_lib.objects.names import Problem
from course_lib.objects.rules import immutable_data


class Secret(Object, frozen=True, kw_only=True):
    """Secrets, base64-encoded by key (encoded, not encrypted)."""

    data: dict[str, str] | None = None
    string_data: dict[str, str] | None = None
    type: str = "Opaque"
    immutable: bool = False


_REQUIRED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _complete(document: Document) -> None:
    """`stringData` is a convenience of writing: it is stored encoded, under `data`.

    Source: `Convert_v1_Secret_To_core_Secret` in `pkg/apis/core/v1/conversion.go`.
    """
    plain = document.get("stringData")
    if plain == {}:
        del document["stringData"]
    elif isinstance(plain, dict) and all(isinstance(text, str) for text in plain.values()):
        for data in places(document, "data"):
            del document["stringData"]
            for key, text in plain.items():
                data[key] = base64.b64encode(text.encode()).decode()


def _relations(document: Document) -> Problems:
    data = (document.get("data") or {}) | (document.get("stringData") or {})
    size = sum(len(str(value).encode()) for value in data.values())
    if size > MAX_DATA:
        yield Problem("data", f"Too long: may not be more than {MAX_DATA} bytes", f"{size} bytes")
    kind = document.get("type", "")
    for key in _REQUIRED.get(kind, ()):
        if key not in data or (key == "ssh-privatekey" and not data[key]):
            yield Problem(f"data[{key}]", f"Required value in a Secret of type {kind}", None)
        elif key.startswith(".docker") and not _is_json(data[key]):
            yield Problem(f"data[{key}]", "JSON", "<secret contents redacted>")
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & {*data}:
        yield Problem("data[username]", "Required value, or data[password]", None)
    account = "kubernetes.io/service-account.name"
    annotations = document["metadata"].get("annotations") or {}
    if kind == "kubernetes.io/service-account-token" and not annotations.get(account):
        yield Problem(f"metadata.annotations[{account}]", "Required value", None)


def _is_json(data: str) -> bool:
    try:
        json.loads(base64.b64decode(data))
    except ValueError:
        return False
    return True


SECRET = Kind(
    "v1",
    Secret,
    defaults={"type": "Opaque"},
    complete=_complete,
    fields={"data.~": config_key, "data.*": encoded, "stringData.~": config_key},
    relations=_relations,
    fixed=("type",),
    transition=immutable_data,
    columns=table_columns("Name  Type  Data  Age"),
    row=lambda secret, now: (secret.name, secret.type, len(secret.data or ())),
    counted=True,
)
