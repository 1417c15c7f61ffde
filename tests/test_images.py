"""The figures: what the script draws, and text alternatives wherever they are shown."""

from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
spec = importlib.util.spec_from_file_location("draw", ROOT / "images" / "draw.py")
assert spec is not None and spec.loader is not None
draw = importlib.util.module_from_spec(spec)
spec.loader.exec_module(draw)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", draw.FIGURES)
def test_a_figure_is_what_the_script_draws(name):
    assert (ROOT / "images" / f"{name}.svg").read_text() == draw.FIGURES[name]().svg()


@pytest.mark.parametrize("name", draw.FIGURES)
def test_a_figure_tells_what_it_shows_and_keeps_its_words_inside(name):
    root = ET.fromstring(draw.FIGURES[name]().svg())
    title, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and told is not None and told.text and len(told.text) > 80
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        half = 0.28 * float(text.attrib["font-size"]) * len(text.text or "")
        left = half if text.attrib["text-anchor"] == "middle" else 0
        right = half if text.attrib["text-anchor"] == "middle" else 2 * half
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        assert x - left >= 0 and x + right <= width and 0 < y < height, text.text


def pages() -> dict[str, str]:
    """The Markdown of each chapter, and of the page about the package."""
    texts = {"ARCHITECTURE.md": (ROOT / "ARCHITECTURE.md").read_text()}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        texts[path.name] = "\n".join(cell.source for cell in cells)
    return texts


def test_every_figure_is_shown_with_alt_text():
    shown = {}
    for name, text in pages().items():
        for alt, target in re.findall(r"!\[([^]]*)\]\((?:\.\./)?images/([^)]+)\)", text):
            assert len(alt) > 20, f"{name}: {target}"
            shown[target.removesuffix(".svg")] = name
    assert set(shown) == set(draw.FIGURES)
