"""What a program printed, as a terminal and a notebook show it."""

from __future__ import annotations

from course_lib.command_line import Result, Terminal, quoted


def test_a_result_shows_as_its_text():
    result = Result("NAME\nweb\n", "Warning: old\n", 1)
    assert str(result) == repr(result) == "NAME\nweb\nWarning: old"
    assert result.text == "NAME\nweb\nWarning: old\n"


def test_a_notebook_shows_the_text_as_it_is_and_scrolls_long_lines():
    shown = Result("a  <none>\n")._repr_html_()
    assert "a  &lt;none&gt;</pre>" in shown and "white-space: pre;" in shown


def test_both_streams_show_in_the_order_of_writing():
    terminal = Terminal()
    terminal.out("one\n")
    terminal.error("two\n")
    terminal.out("three\n")
    result = terminal.result(2)
    assert (result.stdout, result.stderr, result.code) == ("one\nthree\n", "two\n", 2)
    assert result.text == "one\ntwo\nthree\n"


def test_a_text_is_quoted_as_in_go():
    assert quoted('a"\\\t\x00é\u200b') == r'"a\"\\\t\x00é\u200b"'
