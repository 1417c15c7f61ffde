"""Documents and patches that nobody wrote: drawn from valid ones by the types of their fields.

`compared` asks the real API server and the course's, and says which answers differ.
"""

from __future__ import annotations

import copy
import json
import math
import re
from contextlib import suppress
from functools import cache
from http.client import InvalidURL
from random import Random
from typing import Any

from course_lib.errors import CourseError
from course_lib.objects.api_types.table import Field, Type, fields_of, type_of
from tests.oracles.plane.asking import ASK, NAMESPACE, Plane, path_of
from tests.oracles.plane.differences import level
from tests.oracles.plane.files import Case, read

NODE_PORT = re.compile(r"\b3[0-2][0-9]{3}\b")  # of nobody's choice
DEPTH = 3  # how deep a value of nothing but random parts may be
# Namespaces and definitions do not go at once. A ControllerRevision keeps the bytes in which its
# data were written, white space too, and a patch writes them anew.
NOT_CHANGED = ("Namespace", "CustomResourceDefinition", "ControllerRevision")
NOT_SERVED = ("autoscaling/v1",)  # beside the version that is
# Kinds of which messages or rules are simplified: see `test_plane_drawn`.
APART = (
    "CustomResourceDefinition", "ResourceSlice", "ResourceClaim", "ResourceClaimTemplate",
    "DeviceClass", "DeviceTaintRule",
)  # fmt: skip
NOT_DRAWN = ("apiVersion", "kind", "managedFields", "namespace")  # a request's, not a document's
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON = "application/json-patch+json"
TEXTS = (
    "", "a", "web", "Web", "web-1", "-web", "web_1", "web.example", "example.com/web", "a/b/c",
    "w" * 15, "w" * 16, "w" * 63, "w" * 64, "w" * 253, "w" * 254, "é", " a", "a b", "80", "1a",
    "10.1.2.3", "010.1.2.3", "10.1.2.300", "2001:db8::1", "10.1.0.0/16", "10.1.0.5/16",
    "/data", "data/../up", "$(NAME)", "*.example", "http", "true", "*",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 3, 10, 30, 80, 100, 101, 1024, 65535, 65536, 2147483647, 2147483648, 1.5)
AMOUNTS = ("1", "0", "-1", "1.5", "100m", "0.5m", "2Gi", "1e3", "1KB", "", "many", 1, 1.5, "1000k")
TIMES = ("2025-06-01T00:00:00Z", "2025-06-01T02:00:00.25+02:00", "2025-06-01", "", "soon", 5)
PORTS = (0, 1, -1, 80, 65535, 65536, "http", "50%", "101%", "-1%", "0%", "", "w" * 16, "80", 1.5)
KEYS = (
    "app", "a/b", "example.com/app", "Bad Key", "", "cpu", "memory", "w" * 64, "kubernetes.io/x",
)  # fmt: skip
OF_SHAPE: dict[str, tuple[Any, ...]] = {
    "string": TEXTS,
    "bool": (True, False),
    "int32": NUMBERS,
    "int64": NUMBERS,
    "uint64": NUMBERS,
    "float64": NUMBERS,
    "quantity": AMOUNTS,
    "time": TIMES,
    "microtime": TIMES,
    "duration": ("1h", "0s", "-1s", "long", 5),
    "bytes": ("YQ==", "", "a", "?"),
    "intorstring": PORTS,
    "raw": ({}, {"a": 1}, "a", []),
    "any": ({}, {"a": 1}, "a", [], 1, True),
}
WRONG: tuple[Any, ...] = (5, "a", True, [], {}, [{}], {"a": "b"}, [None], 1.5)
Step = str | int
Document = dict[str, Any]


def accepted() -> list[Document]:
    """The stored documents that the real API server accepts as they are, of all kinds.

    Each is by itself: it needs no other objects, no path or text of its own.
    """
    return [
        case["document"]
        for case in read("creates")[1]
        if case["answer"]["code"] == 201
        and set(case) == {"name", "document", "answer"}
        and isinstance(case["document"], dict)
        and _type(case["document"]) is not None
        and case["document"]["apiVersion"] not in NOT_SERVED
    ]


def _type(document: Document) -> Type | None:
    return type_of(str(document.get("apiVersion")), str(document.get("kind")))


@cache
def seen() -> dict[str, list[Any]]:
    """The values that stored documents have, by field (`core/v1.Pod.spec`) or name of a type."""
    found: dict[str, dict[str, Any]] = {}
    for case in read("creates")[1]:
        kind = _type(case["document"]) if isinstance(case["document"], dict) else None
        for _, type_, owner, value in places(case["document"], kind) if kind else ():
            for name in {owner, type_.go if "." in type_.go else owner}:
                found.setdefault(name, {})[json.dumps(value)] = value
    return {name: list(values.values()) for name, values in found.items()}


def places(value: Any, type_: Type, owner: str = "", path: tuple[Step, ...] = ()) -> list[Any]:
    """Each place of a document: its path, type, field, and value."""
    found = [(path, type_, owner, value)] if path else []
    if type_.is_struct and isinstance(value, dict):
        for field in _fields(type_):
            if field.name in value:
                name = f"{type_.shape}.{field.name}"
                found += places(value[field.name], field.type, name, (*path, field.name))
    elif type_.item is not None and type_.shape in ("list", "map"):
        pairs = value.items() if isinstance(value, dict) else ()
        of = enumerate(value) if isinstance(value, list) else pairs
        for key, item in of:
            found += places(item, type_.item, owner + "[]", (*path, key))
    return found


def _fields(type_: Type) -> list[Field]:
    return [each for each in fields_of(type_.shape).values() if each.name not in NOT_DRAWN]


class Draws:
    """Draws of documents and patches, by one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.bases: dict[str, list[Document]] = {}
        for document in accepted():
            self.bases.setdefault(document["kind"], []).append(document)
        self.kinds = sorted(self.bases)
        sizes = {kind: {owner for document in self.bases[kind]
                        for _, _, owner, _ in places(document, _known(document))}
                 for kind in self.kinds}  # fmt: skip
        self.weights = [math.sqrt(len(sizes[kind])) for kind in self.kinds]

    def create(self) -> Case:
        """A document with one to three changes."""
        kind = self.random.choices(self.kinds, self.weights)[0]
        base = self.random.choice(self.bases[kind])
        document, told = self._changed(base)
        path = path_of(base, NAMESPACE)
        return {"name": f"{kind} {told}", "document": document, "path": path}

    def update(self) -> Case:
        """A patch of an object, in one of three kinds."""
        kinds = [kind for kind in self.kinds if kind not in NOT_CHANGED]
        weights = [self.weights[self.kinds.index(kind)] for kind in kinds]
        kind = self.random.choices(kinds, weights)[0]
        base = copy.deepcopy(self.random.choice(self.bases[kind]))
        base["metadata"].pop("generateName", None)
        if " " in base["metadata"].setdefault("name", "drawn"):  # a path has none
            base["metadata"]["name"] = "drawn"
        document, told = self._changed(base)
        how = self.random.choice((MERGE, STRATEGIC, JSON))
        if how == JSON:
            patch: Any = _operations(base, document)
        else:
            patch = _patch(base, document, _known(base) if how == STRATEGIC else None)
        name = f"{kind} {told} by {how.partition('/')[2]}"
        return {"name": name, "object": base, "patch": patch, "contentType": how}

    def _changed(self, base: Document) -> tuple[Document, str]:
        document, told = copy.deepcopy(base), []
        for _ in range(self.random.choices((1, 2, 3), (65, 30, 5))[0]):
            told.append(self._change(document, _known(base)))
        return document, ", ".join(told)

    def _change(self, document: Document, kind: Type) -> str:
        """Change one place of a document, and tell what was done."""
        structs = [((), kind, "", document)] + [
            each for each in places(document, kind)
            if (each[1].is_struct and isinstance(each[3], dict))
            or (each[1].item is not None and isinstance(each[3], dict | list))
        ]  # fmt: skip
        path, type_, owner, value = self.random.choice(structs)
        if not type_.is_struct:
            return self._change_item(path, type_, owner, value)
        if self.random.random() < 0.02:
            value["unheardOf"] = 1
            return f"{_text(path)}.unheardOf"
        there = [field for field in _fields(type_) if field.name in value]
        chosen = there if there and self.random.random() < 0.5 else _fields(type_)
        if not chosen:
            return "nothing"
        field = self.random.choice(chosen)
        if field.name in value and self.random.random() < 0.2:
            del value[field.name]
            return f"{_text((*path, field.name))} absent"
        value[field.name] = self.value(field.type, f"{type_.shape}.{field.name}")
        return f"{_text((*path, field.name))} = {json.dumps(value[field.name])[:80]}"

    def _change_item(self, path: tuple[Step, ...], type_: Type, owner: str, value: Any) -> str:
        """Add, double, remove or change an item of a list or map."""
        assert type_.item is not None
        if isinstance(value, dict):
            key = self.random.choice([*KEYS, *value])
            value[key] = self.value(type_.item, owner + "[]")
            return f"{_text((*path, key))} = {json.dumps(value[key])[:80]}"
        act = self.random.choice(("double", "remove", "add", "change") if value else ("add",))
        index = self.random.randrange(len(value)) if value else 0
        if act == "double":
            value.append(copy.deepcopy(value[index]))
        elif act == "remove":
            del value[index]
        elif act == "add":
            value.append(self.value(type_.item, owner + "[]"))
        else:
            value[index] = self.value(type_.item, owner + "[]")
        return f"{_text((*path, index))} {act}"

    def value(self, type_: Type, owner: str, depth: int = 0) -> Any:
        """A value for a field: mostly of its type, often one that other documents have."""
        luck = self.random.random()
        if luck < 0.04:
            return None
        if luck < 0.09:
            return copy.deepcopy(self.random.choice(WRONG))
        known = seen().get(owner) or seen().get(type_.go)
        if known and luck < 0.6:
            return copy.deepcopy(self.random.choice(known))
        return self._of_type(type_, owner, depth)

    def _of_type(self, type_: Type, owner: str, depth: int) -> Any:
        if type_.shape == "or" or type_.shape in OF_SHAPE:
            return copy.deepcopy(self.random.choice(OF_SHAPE.get(type_.shape, WRONG)))
        if type_.item is not None:
            items = [self.value(type_.item, owner + "[]", depth + 1)
                     for _ in range(self.random.choice((0, 1, 1, 2)))]  # fmt: skip
            if type_.shape == "list":
                return items
            return {self.random.choice(KEYS): item for item in items}
        fields = _fields(type_)
        count = 0 if depth > DEPTH else min(len(fields), self.random.choice((0, 1, 2, 2, 3)))
        return {field.name: self.value(field.type, f"{type_.shape}.{field.name}", depth + 1)
                for field in self.random.sample(fields, count)}  # fmt: skip


def _known(document: Document) -> Type:
    found = _type(document)
    if found is None:
        raise CourseError("a document of an unknown kind", expected="a kind of the release")
    return found


def _text(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


def _patch(old: Any, new: Any, type_: Type | None) -> Any:
    """A merge patch; with a type a strategic one, which names the items of lists by their keys."""
    patch: Document = {name: None for name in old if name not in new}
    for name, value in new.items():
        field = fields_of(type_.shape).get(name) if type_ and type_.is_struct else None
        before, inner = old.get(name), field.type if field else None
        if name in old and before == value:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            patch[name] = _patch(before, value, inner)
        elif field and field.merge_key and _items(before) and _items(value):
            assert inner is not None
            patch[name] = _merged(before, value, inner, field.merge_key)
        else:
            patch[name] = value
    return patch


def _items(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _merged(old: list[Any], new: list[Any], type_: Type, key: str) -> list[Any]:
    """What a strategic patch says of a list: each changed item, with its key."""
    before = {json.dumps(item.get(key)): item for item in old}
    said = []
    for item in new:
        known = before.get(json.dumps(item.get(key)), {})
        if item != known:
            own = {key: item[key]} if key in item else {}
            said.append(own | _patch(known, item, type_.item))
    return said


def _operations(old: Any, new: Any, path: str = "") -> list[Document]:
    """A JSON patch from one document to another."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[Document] = []
        for name in [*old, *(name for name in new if name not in old)]:
            inner = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in new:
                found.append({"op": "remove", "path": inner})
            elif name not in old:
                found.append({"op": "add", "path": inner, "value": new[name]})
            else:
                found += _operations(old[name], new[name], inner)
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [each for index, pair in enumerate(zip(old, new, strict=True))
                for each in _operations(*pair, f"{path}/{index}")]  # fmt: skip
    return [] if old == new else [{"op": "replace", "path": path, "value": new}]


def compared(real: Plane, ours: Plane, cases: list[tuple[str, Case]]) -> list[tuple[str, str]]:
    """How near the answers to drawn cases are, and what was asked.

    A case comes with its group, `creates` or `updates`. What does not come to a question is left
    out: an update of an object that cannot be created.
    """
    found = []
    for group, case in cases:
        answers = []
        for plane in (real, ours):
            with suppress(AssertionError, InvalidURL):
                answers.append(told(ASK[group](plane, copy.deepcopy(case))))
        if len(answers) == 2:
            found.append((level(*answers), case["name"]))
    return found


def told(answer: Case) -> Case:
    """An answer without what is random in it.

    That is the order in which Go takes a map, a name's end, and a port of a node.
    """
    head, found, _ = answer.get("message", "").partition(" is invalid: ")
    if not found or not answer.get("causes"):
        return answer
    title, _, name = head.partition(' "')
    causes = []
    for cause in answer["causes"]:
        text = NODE_PORT.sub("<port>", json.dumps(cause, sort_keys=True))
        causes.append(text.replace(name.rstrip('"'), "<name>") if name != '"' else text)
    return answer | {"causes": sorted(causes), "message": title}
