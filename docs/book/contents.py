"""What the book contains: its chapters, each with sections of text, code and outputs, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mistune
import nbformat

ROOT = Path(__file__).parents[2]
APPENDICES = ("notebooks/glossary.md", "docs/curricula.md", "notebooks/for-teachers.md")
APPENDICES += ("docs/elsewhere.md", "docs/accessibility.md")
Token = dict[str, Any]
_parse = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough", "url"])


@dataclass(frozen=True)
class Text:
    """Paragraphs, lists, tables and smaller headings, as mistune's tokens."""

    tokens: list[Token]


@dataclass(frozen=True)
class Code:
    """A code cell with its stored outputs, and its number among the cells of the notebook."""

    source: str
    outputs: list[Any]
    number: int


@dataclass
class Section:
    """A heading and all below it; the first section of a chapter is headed by its title."""

    heading: list[Token]
    anchor: str
    parts: list[Text | Code] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The heading without its formatting."""
        return plain(self.heading)

    @property
    def runs(self) -> bool:
        """Whether it has code to run."""
        return any(isinstance(part, Code) for part in self.parts)


@dataclass(frozen=True)
class Chapter:
    """A notebook or a page of text."""

    source: Path
    sections: list[Section]

    @property
    def name(self) -> str:
        """The name of its page and of its source, without the ending."""
        return self.source.stem

    @property
    def title(self) -> str:
        """Its first heading."""
        return self.sections[0].title

    @property
    def is_notebook(self) -> bool:
        """Whether it can be run."""
        return self.source.suffix == ".ipynb"


def chapters() -> list[Chapter]:
    """All chapters in reading order: the notebooks by number, then the appendices."""
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return [read(path) for path in [*notebooks, *(ROOT / name for name in APPENDICES)]]


def read(path: Path) -> Chapter:
    """Read a notebook, or a page in Markdown, and divide it into sections.

    Raises:
        ValueError: if text or code stands before the first heading.
    """
    sections: list[Section] = []
    seen: dict[str, int] = {}
    for number, (source, outputs) in enumerate(cells(path)):
        if outputs is not None:
            if source.strip():
                last(sections, path).parts.append(Code(source, outputs, number))
            continue
        for token in parsed(source):
            if token["type"] == "heading" and token["attrs"]["level"] <= 2:
                anchor = anchored(plain(token["children"]), path.suffix)
                seen[anchor] = seen.get(anchor, 0) + 1
                anchor += f"-{seen[anchor]}" if seen[anchor] > 1 else ""
                sections.append(Section(token["children"], anchor))
            elif token["type"] != "blank_line":
                last(sections, path).parts.append(Text([token]))
    return Chapter(path, sections)


def last(sections: list[Section], path: Path) -> Section:
    """The section to which the next part belongs."""
    if not sections:
        raise ValueError(f"{path}: the first cell must begin with a heading")
    return sections[-1]


def cells(path: Path) -> list[tuple[str, list[Any] | None]]:
    """Source and outputs of each cell; text has no outputs (`None`)."""
    if path.suffix == ".md":
        return [(path.read_text(encoding="utf-8"), None)]
    found = nbformat.read(path, as_version=4).cells
    return [(cell.source, cell.outputs if cell.cell_type == "code" else None) for cell in found]


def parsed(text: str) -> list[Token]:
    """The tokens of a text in Markdown."""
    tokens = _parse(text)
    assert isinstance(tokens, list)
    return tokens


BREAKS = ("softbreak", "linebreak", "blank_line")
BLOCKS = (
    "paragraph",
    "block_text",
    "list_item",
    "block_code",
    "table_cell",
    "table_row",
    "table_head",
)


def plain(tokens: list[Token]) -> str:
    """The text of tokens, without formatting.

    >>> plain(parsed("A **Pod** has `one` address.")), plain(parsed("- a\\n- b\\n"))
    ('A Pod has one address.', 'a b')
    """
    said = []
    for token in tokens:
        text = plain(token["children"]) if "children" in token else token.get("raw", "")
        said.append(" " if token["type"] in BREAKS else text)
    return (" " if any(token["type"] in BLOCKS for token in tokens) else "").join(said)


def anchored(title: str, suffix: str) -> str:
    """The fragment that leads to a heading: JupyterLab's in a notebook, GitHub's in a page.

    >>> anchored("A cluster, now", ".ipynb"), anchored("A cluster, now", ".md")
    ('A-cluster,-now', 'a-cluster-now')
    """
    if suffix == ".ipynb":
        return title.replace(" ", "-")
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
