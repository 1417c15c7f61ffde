"""OpenAPI v3: the schemas of the kinds, which `kubectl explain` reads.

The schemas have the fields, their types and which of them are required; descriptions and defaults
are left out. Source: kubernetes.io "The Kubernetes API", "OpenAPI V3"; the documents in
`api/openapi-spec/v3` of k8s.io/kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

from course_lib.objects.api_types.table import Type, fields_of, table
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document
from course_lib.objects.release import VERSION

PREFIX = "#/components/schemas/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
_GROUPS = {"meta/v1": META, "apiextensions/v1": EXTENSIONS}
_LEAVES: dict[str, Document] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "uint64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
}
# Values that are no structs in documents, and have schemas of their own.
_NAMED: dict[str, tuple[str, Document]] = {
    "quantity": (
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        {"oneOf": [{"type": "string"}, {"type": "number"}]},
    ),
    "time": (f"{META}Time", {"type": "string", "format": "date-time"}),
    "microtime": (f"{META}MicroTime", {"type": "string", "format": "date-time"}),
    "duration": (f"{META}Duration", {"type": "string"}),
    "intorstring": (
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
    "raw": ("io.k8s.apimachinery.pkg.runtime.RawExtension", {"type": "object"}),
    "fields": (f"{META}FieldsV1", {"type": "object"}),
    "any": (f"{EXTENSIONS}JSON", {}),
    "items": (f"{EXTENSIONS}JSONSchemaPropsOrArray", {}),
    "dependencies": (f"{EXTENSIONS}JSONSchemaPropsOrStringArray", {}),
    "or": (f"{EXTENSIONS}JSONSchemaPropsOrBool", {}),
}
# Fields whose type the table of types does not tell apart from others.
_SPECIAL = {"fieldsV1": "fields", "items": "items", "dependencies": "dependencies"}


def index(group_versions: list[str]) -> Document:
    """`/openapi/v3`: where the document of each version is."""
    paths = [root(each) for each in group_versions]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


def document(
    kinds: Kinds, group_version: str, schema_of: Callable[[Kind], Document | None] | None = None
) -> Document:
    """The document of one `group_version` of these `kinds`: paths, and the schemas of objects.

    `schema_of` gives the schema of a custom kind, as its definition has it.
    """
    paths: Document = {}
    schemas: Document = {}
    for kind in kinds.all_versions():
        if kind.api_version == group_version:
            paths |= _path(kind)
            schemas |= dict(_schemas(kind, schema_of))
    info = {"title": "The course's API server", "version": VERSION}
    head = {"openapi": "3.0.0", "info": info, "paths": paths}
    return head | {"components": {"schemas": dict(sorted(schemas.items()))}}


def root(group_version: str) -> str:
    """The path below which a version is served.

    >>> root("v1"), root("apps/v1")
    ('api/v1', 'apis/apps/v1')
    """
    return f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"


def schema_name(struct: str) -> str:
    """The name of a struct's schema.

    >>> schema_name("apps/v1.Deployment")
    'io.k8s.api.apps.v1.Deployment'
    """
    group, _, name = struct.rpartition(".")
    return _GROUPS.get(group, f"io.k8s.api.{group.replace('/', '.')}.") + name


def _path(kind: Kind) -> Document:
    """The path of one object: kubectl finds the kind there, and whether fields are validated."""
    parameter = {"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}
    which = {"x-kubernetes-group-version-kind": _identity(kind)}
    answer = {"responses": {"200": {"description": "OK"}}}
    scope = "namespaces/{namespace}/" if kind.namespaced else ""
    path = f"/{root(kind.api_version)}/{scope}{kind.plural}/{{name}}"
    return {path: {"get": which | answer, "patch": which | {"parameters": [parameter]} | answer}}


def _identity(kind: Kind) -> dict[str, str]:
    group, _, version = kind.api_version.rpartition("/")
    return {"group": group, "version": version, "kind": kind.kind}


def _schemas(
    kind: Kind, schema_of: Callable[[Kind], Document | None] | None
) -> Iterator[tuple[str, Document]]:
    """The schema of a kind, and of all that it holds."""
    name = table().kinds.get((kind.api_version, kind.kind))
    if name is not None:
        for struct in _held(name):
            schema = _of_struct(struct)
            if struct == name:
                schema = schema | {"x-kubernetes-group-version-kind": [_identity(kind)]}
            yield schema_name(struct), schema
        for own, schema in _NAMED.values():
            if _is_used(name, own):
                yield own, schema
    elif kind.custom and schema_of is not None:
        custom = schema_of(kind)
        if custom is not None:
            yield from _custom(kind, custom)


def _custom(kind: Kind, schema: Document) -> Iterator[tuple[str, Document]]:
    """The schema of a custom kind with the fields that every object has.

    Source: `apiextensions-apiserver/pkg/controller/openapi/builder`.
    """
    common: Document = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [_reference(f"{META}ObjectMeta")]},
    }
    properties = dict(sorted((common | (schema.get("properties") or {}) | common).items()))
    group, _, version = kind.api_version.rpartition("/")
    parts = [*reversed(group.split(".")), version, kind.kind]
    which = {"x-kubernetes-group-version-kind": [_identity(kind)]}
    yield ".".join(parts), schema | {"type": "object", "properties": properties} | which
    for struct in _held("meta/v1.ObjectMeta"):
        yield schema_name(struct), _of_struct(struct)
    for own, named in _NAMED.values():
        if _is_used("meta/v1.ObjectMeta", own):
            yield own, named


@cache
def _held(struct: str) -> tuple[str, ...]:
    """A struct and all structs that are inside it."""
    found: dict[str, None] = {struct: None}
    left = [struct]
    while left:
        for field in fields_of(left.pop()).values():
            inner = _innermost(field.type)
            if inner.is_struct and inner.shape not in found:
                found[inner.shape] = None
                left.append(inner.shape)
    return tuple(found)


def _innermost(type: Type) -> Type:
    while type.shape in ("list", "map") and type.item is not None:
        type = type.item
    return type


@cache
def _is_used(struct: str, name: str) -> bool:
    """Whether a schema that is no struct's is used somewhere inside a struct."""
    reference = f'"{PREFIX}{name}"'
    return any(reference in repr(_of_struct(each)).replace("'", '"') for each in _held(struct))


@cache
def _of_struct(struct: str) -> Document:
    fields = fields_of(struct)
    properties = {name: _of_type(fields[name].type, name) for name in sorted(fields)}
    schema: Document = {"type": "object", "properties": properties} if properties else {}
    schema.setdefault("type", "object")
    names = required().get(struct)
    return schema | ({"required": list(names)} if names else {})


def _of_type(type: Type, name: str = "") -> Document:
    if type.shape == "list" and type.item is not None:
        return {"type": "array", "items": _item(type.item, name)}
    if type.shape == "map" and type.item is not None:
        return {"type": "object", "additionalProperties": _item(type.item, name)}
    if type.shape in _LEAVES:
        return _LEAVES[type.shape]
    if type.is_struct:
        return {"allOf": [_reference(schema_name(type.shape))]}
    shape = _SPECIAL.get(name, type.shape) if type.shape in ("any", "or") else type.shape
    return {"allOf": [_reference(_NAMED[shape][0])]}


def _item(type: Type, name: str) -> Document:
    """The schema of what a list or a map holds: a reference stands there by itself."""
    schema = _of_type(type, "" if name == "items" else name)
    only: Document = schema["allOf"][0] if "allOf" in schema else schema
    return only


def _reference(name: str) -> Document:
    return {"$ref": PREFIX + name}


@cache
def required() -> dict[str, tuple[str, ...]]:
    """The required fields of each struct that has some."""
    text = (
        files("course_lib.objects.api_types").joinpath("required.txt").read_text(encoding="utf-8")
    )
    found = {}
    for line in text.splitlines():
        struct, *names = line.split()
        found[struct] = tuple(names)
    return found
