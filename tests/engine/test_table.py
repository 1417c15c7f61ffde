"""Tables as text and as HTML: text to the left, numbers to the right, headings with them."""

from __future__ import annotations

import re

from course_lib.engine.table import Table


def test_text_and_its_heading_stand_to_the_left_numbers_to_the_right():
    table = Table(
        [("web", 3, "a long message"), ("api", 12, "short")], columns=["NAME", "N", "SAID"]
    )
    assert str(table).splitlines() == [
        "   NAME   N  SAID",
        "0  web    3  a long message",
        "1  api   12  short",
    ]


def test_in_html_each_heading_is_on_the_side_of_its_cells():
    table = Table([("web", 3, "x")], columns=["NAME", "N", "SAID"])
    head, row = re.findall(r"<tr.*?</tr>", table._repr_html_(), re.DOTALL)
    sides = [re.findall('text-align: (left|right)[;"]', part) for part in (head, row)]
    assert sides[0][-4:] == sides[1] == ["left", "left", "right", "left"]


def test_names_are_not_broken_and_messages_are():
    table = Table([("web-0", "a long message")], columns=["NAME", "MESSAGE"])
    shown = table._repr_html_()
    assert 'nowrap">web-0<' in shown and 'nowrap">a long message' not in shown


def test_a_table_without_rows_keeps_its_columns():
    assert "NAME" in str(Table([], columns=["NAME"]))
