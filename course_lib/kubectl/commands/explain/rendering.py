"""Schemas as text: a description, and a list of fields with their types.

Source: kubectl `pkg/explain/v2/templates/plaintext.tmpl`, `funcs.go`; the wrapping of lines
`github.com/mitchellh/go-wordwrap`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.manifests import Document

Schema = Document
MOST_VALUES = 4  # of an enumeration that a list of fields shows
_DESCRIPTION = 76  # characters of a line


class Explanation:
    """Explains the schemas of an OpenAPI `document`.

    With `recursive` the fields of fields are listed, too, down to a `depth`; 0: all.
    """

    def __init__(self, document: Document, recursive: bool, depth: int) -> None:
        self._schemas: dict[str, Schema] = document.get("components", {}).get("schemas", {})
        self._recursive, self._depth = recursive, depth

    def of_kind(self, kind: dict[str, str], path: Sequence[str]) -> str:
        """What the field at a `path` of a `kind` is; empty where there is none."""
        for schema in self._schemas.values():
            if kind in (schema.get("x-kubernetes-group-version-kind") or ()):
                return self._at(schema, list(path), frozenset())
        return ""

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref", "")
        return self._schemas.get(reference.rpartition("/")[2], schema) if reference else schema

    def _at(self, schema: Schema, path: list[str], seen: frozenset[str]) -> str:
        reference, resolved = schema.get("$ref", ""), self._resolved(schema)
        if not path:
            return self._whole(resolved)
        if reference and reference in seen:
            return ""
        seen = seen | {reference}
        properties = resolved.get("properties") or {}
        if path[0] in properties:
            inner = properties[path[0]]
            head = ""
            if len(path) == 1:
                values = _values(inner, "\n    ", "ENUM:", -1, "\n    ")
                head = f"FIELD: {path[0]} <{self._type(inner)}>\n{values}\n\n"
            found = self._at(inner, path[1:], frozenset())
            return head + found if found or head else ""
        for inner in (resolved.get("items"), resolved.get("additionalProperties")):
            if isinstance(inner, dict) and inner:
                return self._at(inner, path, seen)
        for each in resolved.get("allOf") or ():
            if found := self._at(each, path, seen):
                return found
        return ""

    def _whole(self, schema: Schema) -> str:
        description = _wrapped(self._description(schema) or "<empty>", _DESCRIPTION)
        text = f"DESCRIPTION:\n{_indented(description, 4)}\n"
        if docs := _external(schema, 0):
            text += f"\n{docs}"
        fields = self._fields(schema, 1, frozenset())
        return text + (f"FIELDS:\n{fields}" if fields else "")

    def _description(self, schema: Schema) -> str:
        """The description of a schema and of all that it stands for."""
        found = self._resolved(schema)
        text = f"{found['description']}\n" if found.get("description") else ""
        inner = [*(found.get("allOf") or ()), found.get("items"), found.get("additionalProperties")]
        return text + "".join(self._description(each) for each in inner if isinstance(each, dict))

    def _fields(self, schema: Schema, level: int, seen: frozenset[str]) -> str:
        reference, resolved = schema.get("$ref", ""), self._resolved(schema)
        if reference and reference in seen:
            return ""
        seen = seen | {reference}
        deeper = self._recursive and (not self._depth or level < self._depth)
        text = ""
        for name, each in sorted((resolved.get("properties") or {}).items()):
            text += self._field(resolved, name, each, level)
            if deeper:
                text += self._fields(each, level + 1, seen)
        inner = [*(resolved.get("allOf") or ()), resolved.get("items")]
        inner.append(resolved.get("additionalProperties"))
        return text + "".join(
            self._fields(each, level, seen) for each in inner if isinstance(each, dict)
        )

    def _field(self, schema: Schema, name: str, field: Schema, level: int) -> str:
        indent = level * 2
        blanks = " " * indent
        required = " -required-" if name in (schema.get("required") or ()) else ""
        values = _values(field, f"\n{blanks}", "enum: ", MOST_VALUES, ", ")
        line = f"{blanks}{name}\t<{self._type(field)}>{required}{values}\n"
        if self._recursive:
            return line
        description = _wrapped(field.get("description") or "<no description>", 78 - indent)
        docs = _external(field, indent + 2)
        described = f"{_indented(description, indent + 2)}\n"
        return line + described + (f"\n{docs}" if docs else "") + "\n"

    def _type(self, schema: Schema) -> str:
        """The type of a field as people write it: `[]Container`, `map[string]string`."""
        if schema.get("items"):
            return f"[]{self._type(schema['items'])}"
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and more:
            return f"map[string]{self._type(more)}"
        parts: Sequence[Schema] = schema.get("allOf") or ()
        if len(parts) == 1 and not schema.get("properties"):
            return self._type(parts[0])
        if reference := schema.get("$ref"):
            named = self._schemas.get(reference.rpartition("/")[2])
            kind = str((named or {}).get("type") or "object")
            return reference.rpartition(".")[2] if kind == "object" else kind
        kind = str(schema.get("type") or "Object")
        return "Object" if kind == "object" else kind


def _values(schema: Schema, before: str, title: str, most: int, between: str) -> str:
    """The values of an enumeration, not more than `most`; empty where it is none."""
    values = schema.get("enum") or []
    if not values:
        return ""
    shown = [str(each) or '""' for each in values]
    if most >= 0:
        more = ", ...." if len(shown) > most else ""
        return f"{before}{title}{between.join(shown[:most])}{more}"
    return title + "".join(between + each for each in shown)


def _external(schema: Schema, indent: int) -> str:
    """Where more is written about a schema."""
    docs = schema.get("externalDocs")
    if not docs:
        return ""
    text = _indented("EXTERNAL DOCS:", indent) + "\n"
    if docs.get("description"):
        wrapped = _wrapped(docs["description"], _DESCRIPTION - indent)
        text += _indented(wrapped, indent + 4 if not indent else indent + 2) + "\n"
    if docs.get("url"):
        text += _indented(f"URL: {docs['url']}", indent + 4 if not indent else indent + 2) + "\n"
    return text


def _indented(text: str, amount: int) -> str:
    blanks = " " * amount
    return blanks + text.replace("\n", "\n" + blanks)


def _wrapped(text: str, width: int) -> str:
    """A text whose lines end before a width, at blanks."""
    out, spaces, word, column = "", "", "", 0
    for letter in text:
        if letter == "\n":
            if word or column + len(spaces) <= width:
                out += spaces + word
            out += "\n"
            spaces, word, column = "", "", 0
        elif letter.isspace() and letter != "\xa0":
            if not spaces or word:
                column += len(spaces) + len(word)
                out += spaces + word
                spaces, word = "", ""
            spaces += letter
        else:
            word += letter
            if column + len(word) + len(spaces) > width and len(word) < width:
                out += "\n"
                spaces, column = "", 0
    return out + spaces + word if word or column + len(spaces) <= width else out
