"""A figure has the same bytes on every machine."""

from __future__ import annotations

import re

import pytest

from course_lib.plots.picture import picture


@pytest.mark.parametrize("panels", [1, 2])
def test_the_names_of_clips_do_not_tell_their_places(panels):
    figure, axes = picture(panels=panels)
    for each in axes:
        each.plot([0, 1], [0, 1])
    text = figure.svg()
    named = re.findall(r'<clipPath id="(\w+)"', text)
    assert named == [f"clip{number}" for number in range(panels)]
    assert set(re.findall(r"url\(#(\w+)\)", text)) == set(named)
