"""The book: all that the notebooks have is there, links lead somewhere, the search finds."""

from __future__ import annotations

import doctest
import json
import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup

from docs.book.contents import APPENDICES, ROOT, chapters, read
from docs.book.index import prose
from docs.book.pages import WHOLE, Book
from docs.book.places import BrokenLink, Places

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [path.stem for path in [*NOTEBOOKS, *map(Path, APPENDICES)]]
LAB = "../lab-of-the-test/"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    made = Book(tmp_path_factory.mktemp("book") / "book", lab=LAB)
    made.write()
    made.first_page("book.pdf")
    return made


@pytest.fixture(scope="module")
def soups(book):
    return {
        path.stem: BeautifulSoup(path.read_text(), "html.parser")
        for path in sorted(book.folder.glob("*.html"))
    }


def seen(html: str) -> str:
    """What a reader of a piece of HTML sees, without spaces."""
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    return "".join(soup.get_text().split())


@pytest.mark.parametrize("module", ["contents", "writing", "outputs", "index", "pdf"])
def test_the_examples_of_the_builder(module):
    assert doctest.testmod(import_module(f"docs.book.{module}")).failed == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_and_each_output_is_there_in_order(path, soups):
    article = soups[path.stem].find("article")
    shown = iter(article.select(".cell"))
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            continue
        place = next(shown)
        assert place.select_one("pre.code").get_text().rstrip("\n") == cell.source
        found = "".join(each.get_text() for each in place.select(".output"))
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/markdown" not in data:
                said = seen(data["text/html"]) if "text/html" in data else ""
                said = said or (
                    "" if "text/html" in data else output.get("text") or data["text/plain"]
                )
                assert "".join(said.split()) in "".join(found.split()), cell.id
        drawn = sum(
            str(each.get("data", {}).get("text/html", "")).count("<img") for each in cell.outputs
        )
        assert len(place.select(".output img")) == drawn
        asked = [each for each in cell.outputs if "text/markdown" in each.get("data", {})]
        for each in asked:
            [title] = re.findall(r"^\*\*(.*?)\*\*", each["data"]["text/markdown"])
            assert title.replace("`", "") in found
    assert next(shown, None) is None


@pytest.mark.parametrize("name", PAGES)
def test_each_word_of_the_texts_is_there(name, book, soups):
    [chapter] = [each for each in book.chapters if each.name == name]
    shown = seen(str(soups[name].find("main")))
    source = chapter.source.read_text()
    if chapter.is_notebook:
        cells = nbformat.reads(source, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*#>|]", r" ", source)  # links are tested apart
    for word in re.findall(r"(?<!\S)[A-Za-z][a-z]{2,}(?!\S)", words):
        assert word in shown, word


def test_each_image_has_a_text_a_size_and_a_file(book, soups):
    count = 0
    for name, soup in soups.items():
        for image in soup.find_all("img"):
            count += name != Path(WHOLE).stem
            assert len(image["alt"]) > 20, (name, image["src"])
            assert float(image["width"]) > 99 and float(image["height"]) > 99
            assert (book.folder / image["src"]).is_file()
    stored = sum(
        path.read_text().count("<img") + len(re.findall(r"!\[", path.read_text()))
        for path in NOTEBOOKS
    )
    assert count == stored


def test_each_link_leads_to_a_page_and_a_place_in_it(book, soups):
    ids = {name: {each["id"] for each in soup.find_all(id=True)} for name, soup in soups.items()}
    notebooks = {path.name: {s.anchor for s in read(path).sections} for path in NOTEBOOKS}
    (book.folder / "book.pdf").touch()
    for name, soup in soups.items():
        for link in soup.find_all("a", href=True):
            address, _, anchor = unquote(link["href"]).partition("#")
            if address.startswith("https://"):
                continue
            if address.startswith(LAB):
                opened = address.partition("path=notebooks/")[2]
                assert address == f"{LAB}index.html" or opened in notebooks, link
                assert not anchor or anchor in notebooks[opened], link
                continue
            assert not address or (book.folder / address).is_file(), link
            page = Path(address).stem if address else name
            assert not anchor or anchor in ids[page], link
    for link in soups[Path(WHOLE).stem].select("main a[href]"):  # the PDF is a file alone
        assert link["href"].startswith(("#", "https://")), link


def test_an_id_is_on_a_page_once_and_headings_are_in_order(soups):
    for name, soup in soups.items():
        ids = [each["id"] for each in soup.find_all(id=True)]
        assert len(set(ids)) == len(ids), name
        levels = [int(each.name[1]) for each in soup.find_all(re.compile("^h[1-6]$"))]
        assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
        assert levels.count(1) == (1 + len(PAGES) if f"{name}.html" == WHOLE else 1)


def test_no_page_loads_anything_from_another_host(book, soups):
    for name, soup in soups.items():
        loaded = [*soup.find_all(src=True), *soup.find_all("link", href=True)]
        assert loaded and not [each for each in loaded if ":" in (each.get("src") or each["href"])]
        for style in soup.find_all("style"):
            assert not re.search(r"url\(|@import", style.get_text()), name
    for path in [*book.folder.glob("book.*s"), *book.folder.glob("*/*.svg")]:
        text = re.sub(
            r'xmlns(:\w+)?="[^"]*"|<metadata>.*?</metadata>|<!DOCTYPE[^>]*>',
            "",
            path.read_text(),
            flags=re.S,
        )
        assert not re.search(r"""(url\(|@import|href=["']|fetch\()\s*["']?(https?:)?//""", text), (
            path
        )


def test_a_section_with_code_can_be_run_and_no_other(book, soups):
    for chapter in book.chapters:
        links = soups[chapter.name].select(".heading a.run")
        running = [each.title for each in chapter.sections[1:] if each.runs and chapter.is_notebook]
        assert [link["aria-label"] for link in links] == [f"Run this: {each}" for each in running]
        assert len(soups[chapter.name].select(".running a")) == chapter.is_notebook
    alone = Book(book.folder.with_name("alone"))
    assert alone.run(alone.chapters[0], "A-cluster-in-five-lines") == ""


def index(book) -> dict:
    text = (book.folder / "search.js").read_text()
    return json.loads(text.removeprefix("window.bookIndex = ").rstrip(";\n"))


@pytest.mark.parametrize(
    ("word", "page", "section"),
    [
        ("reconciling", "00-start-here", "Break something small"),
        ("cri", "05-container-runtimes", "05 · Container runtimes and the CRI"),
        ("eviction", "glossary", "Glossary"),
        ("00-scale", "00-start-here", "Exercises"),
        ("killnode", "", ""),
        ("successfulcreate", "00-start-here", "Break something small"),
    ],
)
def test_the_index_knows_where_a_word_stands(word, page, section, book):
    found = index(book)
    pairs = found["words"].get(word, [])
    places = [found["sections"][at] for at in pairs[::2]]
    names = [
        (address.partition(".html")[0], title or chapter) for address, chapter, title, _ in places
    ]
    assert ((page, section) in names) == bool(page)
    assert bool(names) == bool(page)


def test_the_index_leads_to_all_sections(book):
    told = [each[0] for each in index(book)["sections"]]
    assert len(told) == sum(len(chapter.sections) for chapter in book.chapters) == len(set(told))


TABLE = "| Part | Job |\n|---|---|\n| kubelet | starts Pods |\n"


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (
            "It has two:\n\n- one.\n- another.\n\nBoth\nwork.",
            "It has two: one. another. Both work.",
        ),
        (TABLE + "\nSentences come first.", "Sentences come first."),
        (TABLE, "Part Job kubelet starts Pods"),
        ("word " * 29 + "words", "word " * 29 + "words"),
        ("word " * 30 + "words", "word " * 30 + "…"),
        ("", ""),
    ],
    ids=["blocks", "table and text", "table", "just short enough", "too long", "nothing"],
)
def test_a_result_of_the_search_shows_how_its_section_begins(text, excerpt, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# A heading\n\n{text}\n")
    assert prose(read(page).sections[0]) == excerpt


def test_a_link_to_nothing_stops_the_build():
    places = Places(chapters())
    source = ROOT / "notebooks" / "glossary.md"
    assert places.link(source, "00-start-here.ipynb#Now-you") == "00-start-here.html#Now-you"
    assert places.link(source, "../SUPPORT.md").endswith("/blob/HEAD/SUPPORT.md")
    for target in ("00-start-here.ipynb#Nowhere", "nothing.md"):
        with pytest.raises(BrokenLink):
            places.link(source, target)


def test_a_text_before_the_first_heading_stops_the_build(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("No heading.\n\n# A heading\n")
    with pytest.raises(ValueError, match="must begin with a heading"):
        read(page)


def test_a_second_build_is_the_same(book):
    again = Book(book.folder.with_name("again"), lab=LAB)
    again.write()
    for path in sorted(again.folder.rglob("*.*")):
        assert path.read_bytes() == (book.folder / path.relative_to(again.folder)).read_bytes()
