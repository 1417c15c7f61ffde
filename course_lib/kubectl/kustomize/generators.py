"""ConfigMaps and Secrets that a kustomization generates, and the hash of what is in them.

Source: `internal/generators`, `kv/kv.go` and `hasher/hasher.go` of kustomize.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator

from course_lib.apiserver.statuses import to_json
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kustomize.resources import KustomizedResource
from course_lib.objects.manifests import Document, sorted_keys

LINE = 70  # characters of base64 in a line
_LETTERS = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})
Load = Callable[[str], bytes]  # the content of a file of the kustomization


def generated(kind: str, args: Document, options: Document, load: Load) -> KustomizedResource:
    """A ConfigMap or Secret (`kind`) of the `args` of a generator; raises `CommandError`.

    `options` are those of all generators; `load` reads a file.
    """
    own = args.get("options") or {}
    both = {**options, **own}
    for field in ("labels", "annotations"):
        both[field] = {**(options.get(field) or {}), **(own.get(field) or {})}
    name = args.get("name")
    if not name:
        raise CommandError("a configmap must have a name")
    meta: Document = {"name": name}
    if args.get("namespace"):
        meta["namespace"] = args["namespace"]
    meta |= {field: both[field] for field in ("labels", "annotations") if both[field]}
    document: Document = {"apiVersion": "v1", "kind": kind, "metadata": meta}
    if kind == "Secret":
        document["type"] = args.get("type") or "Opaque"
    _fill(document, _pairs(args, load), str(name))
    if both.get("immutable"):
        document["immutable"] = True
    hashed = not both.get("disableNameSuffixHash")
    return KustomizedResource(document, hashed, str(args.get("behavior") or ""))


def _fill(document: Document, pairs: Iterator[tuple[str, bytes]], name: str) -> None:
    """Write pairs into a document as data, in the order of their keys."""
    found: dict[str, bytes] = {}
    for key, value in pairs:
        if key in found:
            raise CommandError(f"configmap {name} illegally repeats the key `{key}`")
        found[key] = value
    for key in sorted(found):
        value = found[key]
        try:
            text = value.decode()
            field = "data"
        except UnicodeDecodeError:
            text, field = _base64(value), "binaryData"
        if document["kind"] == "Secret":
            text, field = _base64(value), "data"
        document.setdefault(field, {})[key] = text


def _base64(value: bytes) -> str:
    text = base64.b64encode(value).decode()
    if len(text) < LINE:
        return text
    return "".join(text[at : at + LINE] + "\n" for at in range(0, len(text), LINE))


def _pairs(args: Document, load: Load) -> Iterator[tuple[str, bytes]]:
    envs = [*(args.get("envs") or []), *([args["env"]] if args.get("env") else [])]
    for path in envs:
        for line in load(path).decode("utf-8-sig").splitlines():
            if (line := line.lstrip()) and not line.startswith("#"):
                key, _, value = line.partition("=")
                yield key, value.encode()
    for literal in args.get("literals") or []:
        key, sign, value = str(literal).partition("=")
        if not key or not sign:
            listed = " ".join(map(str, args["literals"]))
            raise CommandError(
                f"loading KV pairs: literal sources [{listed}]: invalid literal source {literal}, "
                "expected key=value"
            )
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        yield key, (value[1:-1] if quoted else value).encode()
    for source in args.get("files") or []:
        key, sign, path = str(source).partition("=")
        path = path if sign else key
        yield (key if sign else path.rpartition("/")[2]), load(path)


def name_suffix(document: Document) -> str:
    """The hash of the content of a ConfigMap or Secret, as its name gets it.

    >>> name_suffix({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}})
    'hmg6f82fh6'
    """
    kind = document["kind"]
    # Upstream looks for the name where it is not (`metadata/name`), and finds none.
    hashed = {"kind": kind, "name": "", "data": document.get("data") or ""}
    if kind == "Secret":
        hashed["type"] = document.get("type") or ""
        extra = "stringData"
    else:
        extra = "binaryData"
    if document.get(extra):
        hashed[extra] = document[extra]
    digest = hashlib.sha256(to_json(sorted_keys(hashed)).encode()).hexdigest()
    return digest[:10].translate(_LETTERS)
