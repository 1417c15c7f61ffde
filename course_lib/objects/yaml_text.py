"""YAML and JSON text as kubectl reads it: into JSON's types, bounded, with line and column.

Source: sigs.k8s.io/yaml 1.6 on go.yaml.in/yaml/v2 (the types of plain scalars, which were asked of
it one by one); apimachinery `pkg/util/yaml` (text that begins with `{` is tried as JSON first).
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, cast

import yaml

from course_lib.errors import InvalidManifest

# The API server reads no larger request (`MaxRequestBodyBytes` in apiserver `server/config.go`).
MAX_BYTES = 3 * 1024 * 1024
MAX_DEPTH = 100

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOL = {
    word: truth
    for truth, words in ((True, "y yes true on"), (False, "n no false off"))
    for lower in words.split()
    for word in (lower, lower.capitalize(), lower.upper())
}


class _Loader(yaml.SafeLoader):
    """One YAML document after the other, each checked before it is expanded."""

    keys_once = True

    def construct_document(self, node: yaml.Node) -> Any:
        _check(node, self.keys_once)
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are text, merged ones first."""
        self.flatten_mapping(node)
        return {
            _key(self.construct_object(key, deep=True)): self.construct_object(value, deep=deep)
            for key, value in node.value
        }

    def scan_to_next_token(self) -> None:
        """Skip what separates tokens: tabs too, but not where they would be indentation."""
        before = -1
        while before != self.index:
            before = self.index
            super().scan_to_next_token()
            while (self.flow_level or not self.allow_simple_key) and self.peek() == "\t":
                self.forward()

    def number(self, node: yaml.ScalarNode) -> Any:
        """A whole number or a decimal one; JSON writes 3.0 as 3, so both are whole here."""
        text = self.construct_scalar(node).replace("_", "")
        sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-").lower()
        for prefix, base in (("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)):
            if digits.startswith(prefix) and digits != "0" and _INT.fullmatch(digits):
                return sign * int(digits.removeprefix(prefix) or "0", base)
        if digits.isdecimal():
            return sign * int(digits) if len(digits) <= 40 else float(text)
        try:
            value = float(digits.replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            raise _problem(node, f"{text!r} is no number") from None
        if abs(value) == float("inf") and "inf" not in digits:
            return text  # too large for a number: text, as with go-yaml
        return sign * int(value) if value.is_integer() and abs(value) < 2**63 else sign * value

    def truth(self, node: yaml.ScalarNode) -> bool:
        """true or false, in the words of YAML 1.1."""
        text = self.construct_scalar(node)
        if text not in _BOOL:
            raise _problem(node, f"{text!r} is neither true nor false")
        return _BOOL[text]

    def binary(self, node: yaml.ScalarNode) -> str:
        """The text that stands in base64 after `!!binary`."""
        try:
            written = "".join(self.construct_scalar(node).split())
            return base64.b64decode(written, validate=True).decode()
        except ValueError:
            raise _problem(node, "!!binary value contains invalid base64 data") from None

    def untagged(self, _: str, node: yaml.Node) -> Any:
        """A value with a tag of somebody's own: the tag is passed over."""
        if isinstance(node, yaml.MappingNode):
            return self.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        return self.construct_scalar(node)  # type: ignore[arg-type]


# Dates stay text: JSON has none. So do 1:30, which YAML 1.1 reads in base 60, and a plain `=`.
_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("bool", re.compile("|".join(_BOOL)), list("yYnNtTfFoO")),
    ("int", _INT, list("-+0123456789")),
    ("float", re.compile(f"{_FLOAT.pattern}|{_NOT_FINITE.pattern}"), list("-+.0123456789")),
    ("merge", re.compile("<<"), ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern.pattern})$"), _first)
_Loader.add_constructor(_TAG + "int", _Loader.number)
_Loader.add_constructor(_TAG + "float", _Loader.number)
_Loader.add_constructor(_TAG + "bool", _Loader.truth)
_Loader.add_constructor(_TAG + "binary", _Loader.binary)
_Loader.add_constructor(_TAG + "set", cast(Any, _Loader.construct_yaml_map))
_Loader.add_constructor(_TAG + "omap", cast(Any, _Loader.construct_yaml_seq))
_Loader.add_constructor(_TAG + "pairs", cast(Any, _Loader.construct_yaml_seq))
_Loader.add_multi_constructor("!", _Loader.untagged)


class _Lenient(_Loader):
    """As kubectl reads a document: of keys that are set twice, the last counts."""

    keys_once = False


def lenient(text: str) -> Any:
    """The value of one document in YAML, as kubectl reads it; raises `yaml.YAMLError`.

    >>> lenient("a: 1\\na: 2")
    {'a': 2}
    """
    return yaml.load(text, Loader=_Lenient)


def parse(text: str, name: str) -> list[Any]:
    """The values of all documents in a text; `name` says in messages where it comes from.

    Raises `InvalidManifest` with line and column for what is neither YAML nor JSON, for keys that
    are set twice, and for aliases that expand to more than the API server reads.

    >>> parse("ports: [1:30, 0o10, yes]", "text")
    [{'ports': ['1:30', 8, True]}]
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            return _json_documents(text)
        except (json.JSONDecodeError, RecursionError):
            pass  # YAML's own mappings begin so, too
        except ValueError as problem:
            raise _not_yaml(name, "", str(problem)) from None
    try:
        return list(yaml.load_all(text, Loader=_Loader))
    except RecursionError:
        raise _too_deep(name) from None
    except yaml.reader.ReaderError as problem:
        before = text[: problem.position]
        place = f", line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
        found = f"control characters are not allowed: U+{problem.character:04X}"
        raise _not_yaml(name, place, found) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = getattr(problem, "problem", None) or str(problem)
        raise _not_yaml(name, line, str(said)) from None
    except ValueError as problem:
        raise _not_yaml(name, "", str(problem)) from None


def _json_documents(text: str) -> list[Any]:
    """JSON values one after the other, as `kubectl get -o json` writes them."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ValueError(f"key {twice!r} is set twice")
        return made

    decoder = json.JSONDecoder(object_pairs_hook=once)
    found, at, text = [], 0, text.lstrip("\ufeff").rstrip()
    while at < len(text):
        while text[at].isspace():
            at += 1
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def _check(root: yaml.Node, keys_once: bool) -> None:
    """Refuse aliases that nest too deep or expand to too much, and with `keys_once` keys set twice.

    Each node is looked at once, however often aliases name it; sizes are in characters.
    """
    sizes: dict[int, int] = {}
    above: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in above:
            raise _problem(node, "an anchor contains itself: nested too deep")
        if depth > MAX_DEPTH:
            raise _problem(node, f"nested too deep: at most {MAX_DEPTH} levels")
        total = len(node.value) + 2
        if not isinstance(node, yaml.ScalarNode):
            above.add(id(node))
            parts = node.value
            if isinstance(node, yaml.MappingNode):
                _keys(node, keys_once)
                parts = [part for pair in node.value for part in pair]
            total += sum(size(part, depth + 1) for part in parts)
            above.discard(id(node))
        if total > MAX_BYTES:
            said = f"the document expands to more than {MAX_BYTES} bytes: excessive aliasing"
            raise _problem(node, said)
        sizes[id(node)] = total
        return total

    size(root, 0)


def _keys(node: yaml.MappingNode, once: bool) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _problem(key, "a key is text, not a list or a mapping")
        if key.tag == _TAG + "null":
            raise _problem(key, "a key is text, not null")
        if key.tag != _MERGE:
            if once and key.value in seen:
                raise _problem(key, f"key {key.value!r} is set twice")
            seen.add(key.value)


def _key(key: Any) -> str:
    """A key as JSON has it: 1 and true become text, and stay two keys."""
    return str(key).lower() if isinstance(key, bool) else str(key)


def _problem(node: yaml.Node, said: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, said, node.start_mark)


def _not_yaml(name: str, line: str, said: str) -> InvalidManifest:
    where, expected = name + line, "YAML or JSON documents"
    return InvalidManifest("not YAML", where=where, expected=expected, found=said)


def _too_deep(name: str) -> InvalidManifest:
    return InvalidManifest("nested too deep", where=name, expected=f"at most {MAX_DEPTH} levels")
