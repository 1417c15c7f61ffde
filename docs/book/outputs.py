"""The stored outputs of a cell as parts of a page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from docs.book.contents import parsed
from docs.book.writing import Writer, picture, scrolling, width

DRAWN = re.compile(r'<img alt="([^"]*)" src="data:image/svg\+xml,([^"]*)"[^>]*>')
SIZE = re.compile(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"')
STYLE = re.compile(r"<style>(.*?)</style>", re.S)
OF_PANDAS = re.compile(r"<style scoped>.*?</style>\s*", re.S)
TABLE = re.compile(
    r'(?:<div[^>]*>\s*)?<table border="1" class="dataframe">(.*?)</table>(?:\s*</div>)?', re.S
)
TEXT = re.compile(r'<pre tabindex="0" style="[^"]*">(.*?)</pre>', re.S)
POINT = 4 / 3  # CSS pixels


@dataclass
class Figures:
    """What outputs need beside the page: drawn figures by name, and the styles of widgets."""

    drawn: dict[str, str] = field(default_factory=dict)
    styles: dict[str, None] = field(default_factory=dict)  # in order, each once


class Outputs:
    """Writes outputs; figures get names that begin with `name`."""

    def __init__(self, writer: Writer, figures: Figures, name: str) -> None:
        self.writer, self.figures, self.name = writer, figures, name

    def written(self, outputs: list[Any], number: int) -> str:
        """The outputs of cell `number`, in a group that says so."""
        parts = [self._one(each, f"{number:02d}-{at}") for at, each in enumerate(outputs, 1)]
        if not parts:
            return ""
        return f'<div class="output" role="group" aria-label="Output">{"".join(parts)}</div>\n'

    def _one(self, output: Any, place: str) -> str:
        """One output, in the richest of its forms."""
        if output.output_type == "stream":
            return text(output.text)
        if output.output_type == "error":
            return text(f"{output.ename}: {output.evalue}")
        data = output.data
        if "text/html" in data:
            return self._html(data["text/html"], place)
        if "text/markdown" in data:
            return self.writer.text_of(parsed(data["text/markdown"]))
        return text(data["text/plain"])

    def _html(self, source: str, place: str) -> str:
        """HTML without what only a notebook needs: figures are files, tables have one form."""
        source = OF_PANDAS.sub("", source)
        for style in STYLE.findall(source):
            self.figures.styles[style.replace(" h4 ", " .name ").strip()] = None
        source = STYLE.sub("", source)
        source = re.sub(r"<h4>(.*?)</h4>", r'<p class="name">\1</p>', source, flags=re.S)
        source = TEXT.sub(lambda found: text(html.unescape(found[1])), source)
        source = source.replace('<pre tabindex="0">', "<pre>")  # book.js knows which ones scroll
        source = TABLE.sub(lambda found: scrolling(f"<table>{found[1]}</table>"), headed(source))
        return DRAWN.sub(self._drawn(place), source)

    def _drawn(self, place: str) -> Callable[[re.Match[str]], str]:
        """How a figure inside an output becomes a file."""

        def file(found: re.Match[str]) -> str:
            drawing = unquote(found[2])
            name = f"figures/{self.name}-{place}.svg"
            self.figures.drawn[name] = drawing
            size = SIZE.search(drawing)
            assert size, name
            width, height = (round(float(each) * POINT) for each in size.groups())
            return picture(name, found[1], f'width="{width}" height="{height}"')

        return file


def text(said: str) -> str:
    """What a program printed."""
    return f'<pre class="text{width(said)}">{html.escape(said.rstrip(), quote=False)}</pre>\n'


def headed(table: str) -> str:
    """The rows of a table; an empty cell is no heading.

    >>> headed("<th></th><th>REQUESTS</th>")
    '<td></td><th>REQUESTS</th>'
    """
    return re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", table)
