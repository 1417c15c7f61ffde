"""Every chapter in a browser tab, from its first cell to its last, and what it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from nbval.plugin import transform_streams_for_comparison

from course_lib.cluster.served_here import NO_PORT
from course_lib.cri.local_server import NO_SOCKET
from tests.browser.lab import CHAPTERS, ROOT
from tests.required import requires
from tests.site.visit import KEPT, lacking

pytestmark = requires(lacking())
# As nbval compares outputs: all but these.
SKIPPED = {
    "metadata",
    "traceback",
    "prompt_number",
    "output_type",
    "name",
    "execution_count",
    "application/vnd.jupyter.widget-view+json",
    "image/png",
    "image/jpeg",
}
SOURCE = r' src="data:image/svg\+xml,[^"]*"'


def figure(text: str) -> str:
    """A picture as the texts in it: matplotlib 3.10 draws it here, 3.11 at home."""
    return re.sub(SOURCE, words, text)


def figure_with_other_ticks(text: str) -> str:
    """The same without numbers: the two releases choose other ticks for a logarithmic axis."""
    return re.sub(SOURCE, lambda found: re.sub(r"\b\d+\b *", "", words(found)), text)


def words(picture: re.Match[str]) -> str:
    return " ".join(re.findall(r">([^<>]*\S[^<>]*)</", unquote(picture[0])))


def socket(text: str) -> str:
    """Without the line that says that a browser has no sockets."""
    return text.replace(NO_SOCKET + "\n", "")


def port(text: str) -> str:
    """Without the line that says that a browser has no ports."""
    return text.replace(NO_PORT + "\n", "")


# The cells that differ from home, by chapter and place, and what of them does. Each of them must.
DIFFERENT: dict[str, dict[int, Callable[[str], str]]] = {
    "00": {20: figure},
    "03": dict.fromkeys((6, 10, 12, 18, 34, 36), figure),
    "04": dict.fromkeys((18, 19, 22, 30, 35, 38, 40), figure),
    "05": {11: socket, 14: figure},
    "07": dict.fromkeys((18, 41), figure),
    "08": dict.fromkeys((16, 17), figure),
    "09": {**dict.fromkeys((6, 14, 15), figure), 31: figure_with_other_ticks},
    "10": dict.fromkeys((2, 8, 10, 14, 24, 35, 39, 41), figure),
    "11": {15: figure, 28: port},
}


def shown(outputs: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """What nbval compares of a cell's outputs."""
    found: dict[str, list[Any]] = {}
    for output in transform_streams_for_comparison(nbformat.from_dict(outputs)):
        for key, value in {**output, **output.get("data", {})}.items():
            if key != "data" and key not in SKIPPED:
                found.setdefault(key, []).append(value)
    return found


def seen(outputs: dict[str, list[Any]], part: Callable[[str], str]) -> dict[str, list[Any]]:
    """What is left of outputs when `part` has taken out what may differ."""
    kept = {key: [left for text in texts if (left := part(text))] for key, texts in outputs.items()}
    return {key: texts for key, texts in kept.items() if texts}


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_to_its_end_and_shows_what_it_shows_at_home(opened, name):
    chapter = opened(name[:2])
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    cells = nbformat.reads(chapter.after, as_version=4).cells
    found = {
        place: (shown(cell.get("outputs", [])), shown(before.get("outputs", [])))
        for place, (cell, before) in enumerate(zip(cells, stored, strict=True))
    }
    differing = {place: both for place, both in found.items() if both[0] != both[1]}
    (KEPT / f"{name}.json").write_text(json.dumps(differing, indent=1))
    expected = DIFFERENT.get(name[:2], {})
    assert sorted(differing) == sorted(expected)
    for place, part in expected.items():
        here, home = (seen(outputs, part) for outputs in differing[place])
        assert here == home, place
    opened.close_unless_driven(name[:2])
