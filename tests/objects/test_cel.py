"""Rules in CEL: what can be compiled is kept, and what cannot is told as the compiler tells it."""

from __future__ import annotations

import pytest

from course_lib.objects.cel.checking import check_rule
from course_lib.objects.cel.syntax import CompileFault, parse, told

PART = {"type": "object", "properties": {"n": {"type": "integer"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "size": {"type": "integer"},
        "share": {"type": "number"},
        "name": {"type": "string"},
        "since": {"type": "string", "format": "date-time"},
        "on": {"type": "boolean"},
        "port": {"x-kubernetes-int-or-string": True},
        "parts": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "namespace": {"type": "string"},
        "a-b.c": {"type": "integer"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def compiled(text, schema=SCHEMA, root=False):
    return check_rule(parse(text), schema, root)


@pytest.mark.parametrize(
    "text",
    [
        "self.size > 0",
        "self.size > 0.5 && self.share < 2",
        "!has(self.name) || self.name.matches('^[a-z]+$')",
        "has(self.name) ? self.name.size() <= 63 : true",
        "self.parts.all(p, p.n > 0) || self.parts.exists_one(p, p.n == 1)",
        "self.parts.map(p, p.n).exists(n, n == 3)",
        "self.labels.all(k, k.startsWith('a') && self.labels[k] != '')",
        "'x' in self.labels && self.size in [1, 2, 3]",
        "self == oldSelf",
        "self.port == 80 || self.port == 'http'",
        "self.__namespace__ == 'shop' && self.a__dash__b__dot__c == 1",
        "self.free.whatever.there == 3",
        "self.since < timestamp('2026-01-01T00:00:00Z')",
        "type(self.size) == int",
        'self.name == r"\\d" || self.name == """long\n""" // why not',
        "{'a': 1, 'b': [2u, 0x1F]}.size() == 2",
        "isURL(self.name) && url(self.name).getHost() == 'x'",
        "self.?name.orValue('') == ''",
        "-self.size % 2 == 1",
    ],
)
def test_a_rule_that_can_be_compiled_is_taken(text):
    assert compiled(text)


@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("self >", "mismatched input '<EOF>' expecting {'[', '{', '('", 6),
        ("self.size > 0)", "mismatched input ')' expecting <EOF>", 13),
        ("self.size = 1", "token recognition error at: '='", 10),
        ("self.name == 'a", "token recognition error", 13),
        ("size > 0", "undeclared reference to 'size' (in container '')", 0),
        ("self.sizes > 0", "undefined field 'sizes'", 4),
        ("self.size == 'a'", "no matching overload for '_==_' applied to '(int, string)'", 10),
        ("self.name > 1", "no matching overload for '_>_' applied to '(string, int)'", 10),
        ("self.name + 1 == 'a'", "overload for '_+_' applied to '(string, int)'", 10),
        ("self.on && self.size", "overload for '_&&_' applied to '(bool, int)'", 8),
        ("self.size.x == 1", "type 'int' does not support field selection", 9),
        ("has(self)", "invalid argument to has() macro", 0),
        ("self.parts.all(p, p.n)", "overload for '_&&_' applied to '(bool, int)'", 19),
        ("(" * 60 + "true" + ")" * 60, "recursion limit", 50),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_compiled_is_refused_at_its_place(text, what, at):
    with pytest.raises(CompileFault) as found:
        compiled(text)
    assert what in found.value.what
    assert found.value.at == at


def test_a_fault_is_shown_below_its_line():
    fault = CompileFault("Syntax error", 8)
    assert told("true &&\n > 1", fault) == "ERROR: <input>:2:1: Syntax error\n |  > 1\n | ^"


def test_a_rule_has_to_be_true_or_false():
    assert not compiled("self.size + 1")
    assert compiled("self.on")


def test_a_whole_object_has_its_kind_and_its_metadata():
    assert compiled("self.metadata.name == self.name && self.kind == 'X'", root=True)
    with pytest.raises(CompileFault, match="undefined field 'kind'"):
        compiled("self.kind == 'X'")
