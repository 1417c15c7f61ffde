"""YAML as kubectl reads it: types of plain values, merge keys, bounds, and errors with a place."""

from __future__ import annotations

import json
import time

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.manifests import read_manifests
from course_lib.objects.yaml_text import parse
from tests.conftest import ROOT

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


# What sigs.k8s.io/yaml v1.6.0 makes of each (YAMLToJSON).
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", True), ("Yes", True), ("y", True), ("on", True), ("TRUE", True),
        ("no", False), ("N", False), ("off", False),
        ("010", 8), ("0o10", 8), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("+1", 1), ("-0", 0),
        ("089", 89), ("1.", 1), (".5", 0.5), ("1e3", 1000), ("1.5e3", 1500), ("1.0", 1),
        ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2001-01-01", "2001-01-01"),
        ("~", None), ("Null", None), ("", None), ("=", "="), ("1e400", "1e400"), ("1e", "1e"),
        ("0x", "0x"), ("'yes'", "yes"), ("!!str 5", "5"), ('!!int "5"', 5), ("!mine x", "x"),
        ("!!binary aGVsbG8=", "hello"), ("-9223372036854775808", -(2**63)), ("\t1", 1),
    ],
)  # fmt: skip
def test_a_plain_value_has_the_type_that_kubectl_reads(written, value):
    (read,) = parse(f"a: {written}", "text")
    assert read == {"a": value}
    assert type(read["a"]) is type(value)


def test_keys_are_text_whatever_they_look_like():
    (read,) = read_manifests("kind: A\n1: a\n1.5: b\ntrue: c\n2001-01-01: d")
    assert read == {"kind": "A", "1": "a", "1.5": "b", "true": "c", "2001-01-01": "d"}


def test_a_merge_key_is_overridden_by_the_keys_beside_it_in_either_order():
    text = "base: &b {k: 1, m: 2}\none:\n  <<: *b\n  k: 9\ntwo:\n  k: 9\n  <<: *b\n"
    (read,) = parse(text, "text")
    assert read["one"] == read["two"] == {"k": 9, "m": 2}


def test_a_mapping_that_merges_may_be_merged_again():
    text = "a: &a {k: 1}\nb: &b {<<: *a, k: 2}\nc: {<<: *b, k: 3}\n"
    (read,) = parse(text, "text")
    assert read == {"a": {"k": 1}, "b": {"k": 2}, "c": {"k": 3}}


def laughs(levels: int, merge: bool = False) -> str:
    """Aliases of aliases: ten to the power of `levels` values in a few hundred bytes."""
    lines = ["a0: &a0 {k: lol}"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} " + (f"{{<<: [{inner}]}}" if merge else f"[{inner}]"))
    return "\n".join(lines)


@pytest.mark.parametrize("merge", [False, True])
def test_nested_aliases_are_refused_before_they_are_expanded(merge):
    text = laughs(10, merge)
    assert len(text) < 600 + 50 * merge
    start = time.process_time()
    with pytest.raises(CourseError, match="excessive aliasing") as problem:
        Cluster(nodes=0).apply(HEAD + text)
    assert time.process_time() - start < 2
    assert "line" in problem.value.where


def test_a_long_text_named_often_is_too_large_too():
    text = f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 1000)}]"
    with pytest.raises(CourseError, match="excessive aliasing"):
        parse(text, "text")


def test_aliases_of_an_ordinary_size_are_expanded():
    (read,) = parse("a: &a [1, 2]\nb: [" + ", ".join(["*a"] * 100) + "]", "text")
    assert read["b"] == [[1, 2]] * 100


def test_a_shared_python_object_is_bounded_in_the_same_way():
    shared: dict = {"k": "lol"}
    for _ in range(30):
        shared = {"a": shared, "b": shared}
    with pytest.raises(CourseError, match="too large: limit is 3145728"):
        read_manifests(shared)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("a: b\n\tc: d", "line 2, column 1", "'\\t'"),
        ("\ta: 1", "line 1, column 1", "'\\t'"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1", "'a' is set twice"),
        ("a: {b: 1, b: 2}", "line 1, column 11", "'b' is set twice"),
        ("? [a]\n: b", "line 1, column 3", "a key is text"),
        ("~: x", "line 1, column 1", "a key is text"),
        ("a: *x", "line 1, column 4", "undefined alias 'x'"),
        ("a: &a [*a]", "line 1, column 4", "contains itself"),
        ("a: 1\nb: \x01", "line 2, column 4", "U+0001"),
        ("a: !!int x", "line 1, column 4", "no number"),
        ("a: !!bool x", "line 1, column 4", "neither true nor false"),
        ("a: !!binary '*'", "line 1, column 4", "base64"),
        ("c: {<<: 5}", "line 1, column 9", "merging"),
        ("a: [" * 500, "text", "nested"),
        ("[" * 5000, "text", ""),
        ("- " * 5000, "text", ""),
    ],
)
def test_what_cannot_be_read_is_named_with_line_and_column(text, where, said):
    with pytest.raises(CourseError) as problem:
        read_manifests(text + "\n")
    assert where in problem.value.where
    assert said in str(problem.value)


@pytest.mark.parametrize("value", [".nan", ".inf", "-.Inf", "12345678901234567890"])
def test_numbers_that_json_or_the_api_lack_are_refused(value):
    with pytest.raises(CourseError, match="number"):
        read_manifests(f"a: {value}")


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(CourseError, match="Unicode"):
        Cluster(nodes=0).apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\ud800"}})


def test_json_may_be_indented_by_tabs_and_comes_in_rows():
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"n": "1"}}
    text = json.dumps(one, indent="\t")
    assert read_manifests(f"\ufeff{text}\n{text}") == [one, one]


def test_a_key_twice_in_json_is_refused_as_in_yaml():
    with pytest.raises(CourseError, match="'a' is set twice"):
        read_manifests('{"a": 1, "a": 2}')


def test_empty_documents_and_a_byte_order_mark_are_passed_over():
    assert read_manifests("\ufeff---\n# nothing\n---\nkind: A\n---\n") == [{"kind": "A"}]


def test_each_list_kind_is_unfolded():
    text = (
        "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]"
    )
    assert list(Cluster(nodes=0).apply(text).OBJECT) == ["configmap/a", "configmap/b"]


def test_a_folder_may_be_named_by_text(tmp_path, monkeypatch):
    (tmp_path / "two.yml").write_text(HEAD)
    (tmp_path / "one.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap"}')
    (tmp_path / "notes.txt").write_text("not a manifest")
    assert len(read_manifests(str(tmp_path))) == 2
    monkeypatch.chdir(ROOT)
    assert read_manifests("data")


def test_a_folder_without_manifests_is_refused(tmp_path):
    with pytest.raises(CourseError, match="recognized file extensions"):
        read_manifests(str(tmp_path))


def test_a_file_in_another_encoding_says_which_byte(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xff\xfea\x00")
    with pytest.raises(CourseError, match="0xff at position 0"):
        read_manifests(file)


@pytest.mark.parametrize("source", [5, None, b"kind: A", {1, 2}])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(CourseError, match="a manifest is a path"):
        read_manifests(source)
