"""The pages of the book, from the files in `templates/`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

import course_lib
from docs.book.contents import ROOT, Chapter, Code, Section, chapters, plain
from docs.book.index import indexed
from docs.book.outputs import Figures, Outputs
from docs.book.places import Places
from docs.book.writing import Writer, code

HERE = Path(__file__).parent / "templates"
TITLE = "Introduction to Kubernetes"
WHOLE = "whole.html"
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


@dataclass(frozen=True)
class Written:
    """A section as HTML."""

    id: str
    title: str
    heading: str
    body: str
    runs: str  # the address that opens it in JupyterLite; empty when it has no code


class Book:
    """The book in a folder; `lab` is the way from there to a JupyterLite with the notebooks."""

    def __init__(self, folder: Path, lab: str = "") -> None:
        self.folder, self.lab = folder, lab
        self.chapters = chapters()
        self.places, self.on_one_page = Places(self.chapters), Places(self.chapters, whole=True)
        self.figures = {chapter.name: Figures() for chapter in self.chapters}

    def write(self) -> None:
        """Write all pages but the first one, and what they need."""
        self.folder.mkdir(parents=True)
        last = len(self.chapters) - 1
        for at, chapter in enumerate(self.chapters):
            values = {
                "chapter": chapter,
                "sections": self.sections(chapter, self.places),
                "styles": "\n".join(self.figures[chapter.name].styles),
                "previous": self.chapters[at - 1] if at else None,
                "next": self.chapters[at + 1] if at < last else None,
                "run": self.run(chapter),
            }
            self.page("chapter.html", f"{chapter.name}.html", values)
        whole = [(each, self.sections(each, self.on_one_page)) for each in self.chapters]
        styles = {style: None for each in self.figures.values() for style in each.styles}
        self.page("whole.html", WHOLE, {"whole": whole, "styles": "\n".join(styles)})
        self.files()

    def first_page(self, pdf: str) -> None:
        """Write the first page; `pdf` is the name of the book as a PDF, if there is one."""
        self.page(
            "index.html",
            "index.html",
            {"pdf": pdf, "goals": [goal(each) for each in self.chapters]},
        )

    def sections(self, chapter: Chapter, places: Places) -> list[Written]:
        """The sections of a chapter as HTML."""
        writer = Writer(chapter.source, places)
        outputs = Outputs(writer, self.figures[chapter.name], chapter.name)
        return [
            Written(
                id=places.id(chapter.source, each.anchor),
                title=each.title,
                heading=writer.text_of(each.heading),
                body="".join(part(each, writer, outputs)),
                runs=self.run(chapter, each.anchor) if each.runs else "",
            )
            for each in chapter.sections
        ]

    def run(self, chapter: Chapter, anchor: str = "") -> str:
        """The address that opens a notebook, at one of its sections, in JupyterLite."""
        if not self.lab or not chapter.is_notebook:
            return ""
        address = f"{self.lab}notebooks/index.html?path=notebooks/{chapter.source.name}"
        return f"{address}#{quote(anchor)}" if anchor else address

    def page(self, template: str, name: str, values: dict[str, Any]) -> None:
        """Fill in a template and write it."""
        common = {"book": TITLE, "chapters": self.chapters, "version": course_lib.__version__}
        common |= {"repository": self.places.repository, "lab": self.lab, "name": name}
        text = _templates.get_template(template).render(common | values)
        (self.folder / name).write_text(text, encoding="utf-8")

    def files(self) -> None:
        """Copy what the pages load or link to, and write the figures and the search index."""
        for name in ("book.css", "book.js"):
            shutil.copy(HERE / name, self.folder)
        shutil.copy(ROOT / "docs" / "site" / "pages" / "favicon.svg", self.folder)
        for path in sorted(self.places.files):
            target = self.folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        (self.folder / "figures").mkdir()
        for figures in self.figures.values():
            for name, drawing in figures.drawn.items():
                (self.folder / name).write_text(drawing, encoding="utf-8")
        index = indexed(self.chapters, self.places)
        (self.folder / "search.js").write_text(index, encoding="utf-8")


def part(section: Section, writer: Writer, outputs: Outputs) -> list[str]:
    """The text, code and outputs of a section."""
    made = []
    for each in section.parts:
        if isinstance(each, Code):
            made.append(f'<div class="cell">{code(each.source)}')
            made.append(f"{outputs.written(each.outputs, each.number)}</div>\n")
        else:
            made.append(writer.text_of(each.tokens))
    return made


def goal(chapter: Chapter) -> str:
    """What a reader of a chapter will be able to do; empty for a page that is no chapter."""
    first = chapter.sections[0].parts[0]
    if isinstance(first, Code) or not chapter.is_notebook:
        return ""
    text = plain(first.tokens).removeprefix("You will be able to ").partition(" Time ")[0]
    return text[0].upper() + text[1:]
