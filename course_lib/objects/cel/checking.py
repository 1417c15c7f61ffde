"""Which type each part of an expression has, as far as a schema tells; a wrong one is a fault.

What cannot be known, such as the result of a function, is `dyn`, and fits everywhere. Source:
`checker` of https://github.com/google/cel-go; `pkg/apiserver/schema/cel` of
k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from course_lib.objects.cel.syntax import CompileFault, Expr
from course_lib.objects.manifests import Document

NUMBERS = ("int", "uint", "double")
SIMPLE = (*NUMBERS, "string", "bool", "bytes")
TYPE_NAMES = (*SIMPLE, "list", "map", "null_type", "type", "dyn", "optional", "math", "strings",
              "sets", "base64", "quantity", "ip", "cidr", "lists", "format", "duration",
              "timestamp", "google", "kubernetes", "net", "optional_type")  # fmt: skip
_LOOPS = ("all", "exists", "exists_one", "existsOne", "map", "filter", "transformList",
          "transformMap", "transformMapEntry", "sortBy", "bind")  # fmt: skip
_COMPARED = ("_<_", "_<=_", "_>=_", "_>_")
_SUMS = ("_-_", "_*_", "_/_", "_%_")
_WORDS = ("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for",
          "function", "if", "import", "let", "loop", "package", "namespace", "return", "var",
          "void", "while")  # fmt: skip
_NAMES = {"integer": "int", "number": "double", "string": "string", "boolean": "bool"}
_FORMATS = ("date", "date-time", "duration", "byte")  # strings that are of another type here


class ValueType(msgspec.Struct, frozen=True):
    """A type: its name, and the schema of what has fields or items."""

    name: str
    schema: Mapping[str, Any] = {}


DYN, BOOL = ValueType("dyn"), ValueType("bool")


def check_rule(tree: Expr, schema: Document, root: bool) -> bool:
    """Whether a rule about values of a `schema` may be true or false; raises `CompileFault`.

    `tree` is the rule.

    `root` says whether the schema is that of a whole object.
    """
    self = _of(schema, root)
    return _type(tree, {"self": self, "oldSelf": DYN}).name in ("bool", "dyn")


def _of(schema: Mapping[str, Any], root: bool = False) -> ValueType:
    """The type of the values of a schema."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("nullable"):
        return DYN
    name = schema.get("type", "")
    if name in _NAMES:
        dynamic = name == "string" and schema.get("format") in _FORMATS
        return DYN if dynamic else ValueType(_NAMES[name])
    if name == "array" and isinstance(schema.get("items"), dict):
        return ValueType("list", schema)
    if name == "object":
        if isinstance(schema.get("additionalProperties"), dict):
            return ValueType("map", schema)
        if schema.get("x-kubernetes-preserve-unknown-fields") or not schema.get("properties"):
            return DYN
        whole = root or schema.get("x-kubernetes-embedded-resource")
        return ValueType("object", {**schema, "root": whole})
    return DYN


def _type(node: Expr, names: Mapping[str, ValueType]) -> ValueType:
    if node.sort == "literal":
        return ValueType(node.text)
    if node.sort == "name":
        if node.text in names:
            return names[node.text]
        if node.text in TYPE_NAMES:
            return DYN
        raise CompileFault(f"undeclared reference to '{node.text}' (in container '')", node.at)
    if node.sort == "select":
        return _selected(node, names)
    if node.sort == "call":
        return _called(node, names)
    inner = [_type(part, names) for part in node.parts]
    if node.sort == "if":
        if inner[0].name not in ("bool", "dyn"):
            raise _mismatch("_?_:_", inner, node.at)
        return inner[1] if inner[1] == inner[2] else DYN
    if node.sort == "index" and inner[0].name in ("list", "map"):
        field = "items" if inner[0].name == "list" else "additionalProperties"
        return _of(inner[0].schema[field])
    return DYN


def _selected(node: Expr, names: Mapping[str, ValueType]) -> ValueType:
    inside = _type(node.parts[0], names)
    if inside.name == "map":
        return _of(inside.schema["additionalProperties"])
    if inside.name in SIMPLE or inside.name == "list":
        raise CompileFault(f"type '{_shown(inside)}' does not support field selection", node.at)
    if inside.name != "object":
        return DYN
    properties = inside.schema["properties"]
    name = _unescaped(node.text)
    if name in properties:
        return _of(properties[name])
    if inside.schema["root"] and name in ("apiVersion", "kind", "metadata"):
        return DYN if name == "metadata" else ValueType("string")
    raise CompileFault(f"undefined field '{node.text}'", node.at)


def _unescaped(name: str) -> str:
    """The name of a property whose letters, or which as a word, CEL does not take."""
    if name.startswith("__") and name.endswith("__") and name[2:-2] in _WORDS:
        return name[2:-2]
    for written, letter in (("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"),
                            ("__slash__", "/")):  # fmt: skip
        name = name.replace(written, letter)
    return name


def _called(node: Expr, names: Mapping[str, ValueType]) -> ValueType:
    if node.text in _LOOPS and len(node.parts) > 2:
        return _loop(node, names)
    if node.text == "has" and len(node.parts) == 1:
        if node.parts[0].sort != "select":
            raise CompileFault("invalid argument to has() macro", node.at)
        _type(node.parts[0], names)
        return BOOL
    inner = [_type(part, names) for part in node.parts]
    known = [each.name for each in inner]
    if node.text in ("_&&_", "_||_", "!_"):
        if any(name not in ("bool", "dyn") for name in known):
            raise _mismatch(node.text, inner, node.at)
        return BOOL
    if node.text in ("_==_", "_!=_", *_COMPARED):
        if _apart(known) or (node.text in _COMPARED and {*known} & {"object", "list", "map"}):
            raise _mismatch(node.text, inner, node.at)
        return BOOL
    if node.text == "_+_" or node.text in _SUMS:
        return _sum(node, inner)
    return BOOL if node.text == "@in" else DYN


def _apart(names: list[str]) -> bool:
    """Whether two types can never be compared."""
    left, right = names
    if "dyn" in names or "null" in names or left == right:
        return False
    return not (left in NUMBERS and right in NUMBERS)


def _sum(node: Expr, inner: list[ValueType]) -> ValueType:
    left, right = (each.name for each in inner)
    if "dyn" in (left, right):
        return DYN
    fits = (*NUMBERS, "string", "list", "bytes") if node.text == "_+_" else NUMBERS
    if left != right or left not in fits:
        raise _mismatch(node.text, inner, node.at)
    return inner[0]


def _loop(node: Expr, names: Mapping[str, ValueType]) -> ValueType:
    """A macro that binds names of its own to the items of a list or the keys of a map."""
    inside, *bound, body = node.parts
    over = _type(inside, names) if node.text != "bind" else DYN
    item = _of(over.schema["items"]) if over.name == "list" else DYN
    own = {each.text: item if len(bound) == 1 else DYN for each in bound if each.sort == "name"}
    found = _type(body, {**names, **own})
    tests = node.text in ("all", "exists", "exists_one", "existsOne")
    if tests and found.name not in ("bool", "dyn"):
        raise _mismatch("_&&_", [BOOL, found], body.at)
    return BOOL if tests else DYN


def _mismatch(name: str, inner: list[ValueType], at: int) -> CompileFault:
    shown = ", ".join(map(_shown, inner))
    return CompileFault(f"found no matching overload for '{name}' applied to '({shown})'", at)


def _shown(kind: ValueType) -> str:
    if kind.name == "list":
        return f"list({_shown(_of(kind.schema['items']))})"
    if kind.name == "map":
        return f"map(string, {_shown(_of(kind.schema['additionalProperties']))})"
    return kind.name
