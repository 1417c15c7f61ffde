"""Text and code as HTML: Markdown's tokens, and highlighted programs."""

from __future__ import annotations

import html
import re
from pathlib import Path

from ipython_pygments_lexers import IPython3Lexer
from mistune.core import BlockState
from mistune.renderers.html import HTMLRenderer
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import BashLexer, IniLexer, PythonLexer, TextLexer, YamlLexer

from docs.book.contents import Token
from docs.book.places import Places

FORMAT = HtmlFormatter(nowrap=True)
LEXERS: dict[str, type[Lexer]] = {
    "bash": BashLexer,
    "ini": IniLexer,
    "python": PythonLexer,
    "sh": BashLexer,
    "yaml": YamlLexer,
}
SIZE = re.compile(r'<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Writer(HTMLRenderer):
    """Writes the tokens of one source file; `places` says where its links lead."""

    def __init__(self, source: Path, places: Places) -> None:
        super().__init__(escape=False, allow_harmful_protocols=True)  # the text is ours
        self.source, self.places = source, places

    def text_of(self, tokens: list[Token]) -> str:
        """The HTML of some tokens."""
        return self.render_tokens(tokens, BlockState())

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link to a page of the book, a file beside it, or another host."""
        return super().link(text, self.places.link(self.source, url), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A figure of the course with its alt text and its size."""
        address = self.places.link(self.source, url)
        found = SIZE.search((self.source.parent / url).read_text(encoding="utf-8"))
        size = 'width="{}" height="{}"'.format(*found.groups()) if found else ""
        return picture(address, text, size)

    def block_code(self, code: str, info: str | None = None) -> str:
        """A program or a text of a terminal."""
        return block(code, LEXERS.get((info or "").strip(), TextLexer)())

    def table(self, text: str) -> str:
        """A table that scrolls by itself when the page is narrow."""
        return scrolling(f"<table>{text}</table>")

    def table_head(self, text: str) -> str:
        """The names of the columns."""
        return f"<thead><tr>{text}</tr></thead>"

    def table_body(self, text: str) -> str:
        """All other rows."""
        return f"<tbody>{text}</tbody>"

    def table_row(self, text: str) -> str:
        """One row."""
        return f"<tr>{text}</tr>\n"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """One cell."""
        kind = "th" if head and text else "td"
        style = f' style="text-align: {align}"' if align else ""
        return f"<{kind}{style}>{text}</{kind}>"


def code(source: str) -> str:
    """The code of a cell; below `%%kubectl apply -f -` it is a manifest.

    >>> 'class="nt">kind' in code("%%kubectl apply -f -\\nkind: Pod")
    True
    """
    first, _, rest = source.partition("\n")
    if first.startswith("%%kubectl"):
        inner = highlight(first, IPython3Lexer(), FORMAT) + highlight(rest, YamlLexer(), FORMAT)
        return f'<pre class="code{width(source)}"><code>{inner}</code></pre>'
    return block(source, IPython3Lexer())


def block(source: str, lexer: Lexer) -> str:
    """A block of code in the colours of its language."""
    return f'<pre class="code{width(source)}"><code>{highlight(source, lexer, FORMAT)}</code></pre>'


def width(text: str) -> str:
    """A further class of a block whose lines are too long for paper in the usual size.

    >>> width("kubectl get pods"), width("x" * 120), width("x" * 130)
    ('', ' wide', ' wider')
    """
    longest = max(map(len, text.splitlines()), default=0)
    return "" if longest <= 100 else " wide" if longest <= 120 else " wider"


def picture(address: str, alt: str, size: str) -> str:
    """An image on a white ground, since its colours are made for one."""
    return (
        f'<img class="picture" loading="lazy" decoding="async" src="{html.escape(address)}" '
        f'alt="{html.escape(html.unescape(alt))}" {size}>'
    )


def scrolling(table: str) -> str:
    """A table in a frame that scrolls, with the names of its columns as its label."""
    heads = re.findall(r"<th[^>]*>(.*?)</th>", table.partition("</thead>")[0], re.S)
    names = [re.sub(r"<[^>]+>", "", head).strip() for head in heads]
    label = "Table: " + ", ".join(html.unescape(name) for name in names if name)
    return f'<div class="table" role="group" aria-label="{html.escape(label)}">{table}</div>\n'
