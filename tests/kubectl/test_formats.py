"""Text in YAML, KYAML and JSON, and templates: what no story of a cluster shows."""

from __future__ import annotations

import pytest
import yaml

from course_lib.command_line.yaml_writer import to_yaml
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.go_sort import go_sorted
from course_lib.kubectl.printers.choice import printer_of
from course_lib.kubectl.printers.kyaml import to_kyaml

TEXTS = [
    "", " ", "a b", "- a", "-a", "#a", "a #b", "a: b", "a:b", ":a", "?x", "'", '"', "a'b", "yes",
    "1", "1e3", "0x1f", "12:30", "2026-01-02", "null", "~", "<<", "a\nb", "a\nb\n", "a\n\n", "\n",
    "  a\nb", "a \nb", "a\n b", "tab\there", "é", "\x00", "\u2028", "%a", "@a", "`a", "---", "...",
    "word " * 40, "x" * 200, "a  " * 60, "'quoted' " * 20, "\t" + "word " * 40, "key: " + "v " * 60,
    "trailing ", "a\r\nb", "🙂", "[a]", "a,b", "{a}", "!a", "&a", "*a", "|", ">", "a\\b",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_in_yaml_is_read_back_as_it_was(text):
    document = {"a": {"b": [text, {"c": text}]}, "d": text}
    assert yaml.safe_load(to_yaml(document)) == document


@pytest.mark.parametrize("text", [each for each in TEXTS if "\x00" not in each])
def test_text_in_kyaml_is_read_back_as_it_was(text):
    document = {"a": {"b": [text, {"c": text}]}, "d": text}
    assert yaml.safe_load(to_kyaml(document)) == document


def test_a_long_text_is_broken_at_blanks_below_its_key():
    lines = to_yaml({"message": "word " * 30 + "end"}).splitlines()
    assert [len(line) > 80 for line in lines] == [True, False]
    assert lines[1].startswith("  word")


def test_keys_with_numbers_are_in_natural_order():
    assert to_yaml({"a10": 1, "a9": 2, "b": 3, "a-b": 4}) == "a-b: 4\na9: 2\na10: 1\nb: 3\n"


def written(output, document):
    parts = []
    printer_of(output).print(document, parts.append)
    return "".join(parts)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", "a=1;b=<no value>;"),
        ("{{range .l}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{else}}none{{end}}", "13"),
        ("{{range .nosuch}}x{{else}}none{{end}}", "none"),
        ("{{with .s}}{{.}}{{else}}no{{end}}", "text"),
        ("{{if and .s (gt (len .l) 2)}}yes{{else if .m}}m{{end}}", "yes"),
        ("{{$x := 1}}{{range .l}}{{$x = .}}{{end}}{{$x}}", "3"),
        ("{{printf \"%5.2f|%-4s|%q|%v\" .f .s .s .l}}", " 0.50|text|\"text\"|[1 2 3]"),
        ("{{`raw`}} {{'a'}} {{1.5}} {{index .m \"a\"}}", "raw 97 1.5 1"),
        ("a {{- 1 -}} b", "a1b"),
    ],
)  # fmt: skip
def test_a_template_does_what_go_does(template, text):
    document = {"m": {"a": 1, "b": None}, "l": [1, 2, 3], "s": "text", "f": 0.5}
    assert written(f"go-template={template}", document) == text


def test_equal_items_stand_as_go_leaves_them():
    rows = [(n % 3, n) for n in range(40)]
    ordered = go_sorted(rows, lambda one, other: one[0] < other[0])
    assert [key for key, _ in ordered] == sorted(key for key, _ in rows)
    assert ordered != sorted(rows)


def test_templates_within_templates_are_refused():
    with pytest.raises(CommandError, match="define"):
        written('go-template={{define "a"}}{{end}}', {})
