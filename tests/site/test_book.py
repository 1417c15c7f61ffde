"""The book in a real browser: by keyboard, on a phone, in the dark, and on paper."""

from __future__ import annotations

import functools
import importlib
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from docs.book.__main__ import PDF
from docs.book.contents import APPENDICES, ROOT, chapters
from docs.book.index import WORD, folded
from docs.site.__main__ import SITE
from tests.browser.lab import FLAGS, chromium
from tests.required import require

KEPT = ROOT / "build" / "site-test"
NAMES = [each.stem for each in sorted((ROOT / "notebooks").glob("*.ipynb"))]
NAMES += [Path(each).stem for each in APPENDICES]
PAGES = ["index", "whole", *NAMES]
LOOKED_AT = ["index", "00-start-here", "05-container-runtimes", "09-pods-across-nodes", "glossary"]
LEAST_PAGES = 120  # of the PDF


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *told: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address():
    """The book on a host, in a folder below its domain."""
    require("" if (SITE / "book").is_dir() else "no site (`make site` builds it)")
    handler = functools.partial(Quiet, directory=str(SITE.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_address[1]}/{SITE.name}/book"
        host.shutdown()


@pytest.fixture(scope="module")
def chrome(playwright):
    made = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield made
    made.close()


@pytest.fixture
def opened(chrome, address):
    """Opens a page of the book; at the end no request has left the host, and none has failed."""
    pages, elsewhere = [], []

    def open_page(name: str, scheme: str = "light", width: int = 1366, base: str = address):
        page = chrome.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("request", lambda sent: sent.url.startswith(base) or elsewhere.append(sent.url))
        page.on("response", lambda got: got.ok or elsewhere.append(f"{got.status} {got.url}"))
        page.on("pageerror", lambda error: elsewhere.append(str(error)))
        page.goto(f"{base}/{name}.html")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert elsewhere == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_axe_finds_nothing(name, scheme, opened):
    page = opened(name, scheme)
    page.keyboard.press("/")
    page.keyboard.type("kubelet")
    page.wait_for_selector("#results a")
    axe = importlib.import_module("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    KEPT.mkdir(parents=True, exist_ok=True)
    page.keyboard.press("Escape")
    page.screenshot(path=KEPT / f"book-{name}-{scheme}.png")


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_only_frames_scroll_sideways_and_by_keyboard(name, opened):
    page = opened(name, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    frames = (
        "[...document.querySelectorAll('main *')].filter((e) => e.scrollWidth > e.clientWidth + 1"
    )
    frames += " && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))"
    assert page.evaluate(f"{frames}.filter((e) => e.tabIndex !== 0).map((e) => e.outerHTML)") == []
    assert page.evaluate(f"{frames}.length") > 0 or name in {"index", *NAMES[-5:]}
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=KEPT / f"book-{name}-phone.png")
    assert page.locator("#contents details[open]").count() == 0


@pytest.mark.parametrize("from_a_file", [False, True])
def test_the_search_leads_to_a_section_by_keyboard_alone(from_a_file, opened, address):
    base = (SITE / "book").as_uri() if from_a_file else address
    page = opened("index", base=base)
    page.keyboard.press("/")
    page.keyboard.type("reconciling")
    page.wait_for_selector("#results a")
    said = page.locator("#count").inner_text()
    assert re.fullmatch(r"\d+ sections?", said)
    assert int(said.split()[0]) == page.locator("#results a").count()
    links = page.locator("#results a").evaluate_all(
        "(all) => all.map((e) => e.getAttribute('href'))"
    )
    page.keyboard.press("ArrowDown")
    for _ in range(links.index("00-start-here.html#Break-something-small")):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/00-start-here.html#Break-something-small")
    top = page.locator("#Break-something-small").evaluate("(e) => e.getBoundingClientRect().top")
    assert 50 < top < 200  # below the head of the page


def test_the_search_finds_what_has_all_words_and_says_when_there_is_nothing(opened):
    page = opened("glossary")
    query = page.locator("#query")
    query.fill("kube-proxy rules iptables")
    page.wait_for_selector("#results a")
    first = page.locator("#results a").first
    assert first.get_attribute("href").startswith("07-services-and-kube-proxy.html")
    query.fill("kube-proxy zebra")
    page.wait_for_function("document.querySelector('#count').textContent === 'No sections'")
    query.press("Escape")
    assert query.input_value() == "" and not page.locator("#found").is_visible()
    query.fill("Probes")  # as a probe, too
    page.wait_for_selector("#results a >> text=probes")


@pytest.mark.parametrize("asked", ["naïve", "Ünder-Stand", "µs", "ﬁlter", "日本 x²", "a_b--c d.e"])
def test_the_search_reads_words_as_the_index_has_them(asked, opened):
    read = opened("index").evaluate("(text) => folded(text).match(WORD)", asked)
    assert read == WORD.findall(folded(asked))


def test_accents_do_not_cut_a_word(opened):
    page = opened("index")
    page.locator("#query").fill("reconcïling")
    page.wait_for_selector("#results a")
    plain = page.locator("#count").inner_text()
    page.locator("#query").fill("reconciling")
    page.wait_for_function(f"document.querySelector('#count').textContent === '{plain}'")
    page.locator("#query").fill("naïve")
    page.wait_for_function("document.querySelector('#count').textContent === 'No sections'")


def test_a_search_that_does_not_load_says_so_and_tries_again(chrome, address):
    page = chrome.new_page()
    held = []
    page.route("**/search.js", lambda route: held.append(route))
    page.goto(f"{address}/index.html")
    page.locator("#query").fill("kubelet")
    page.locator("#count", has_text="The index of the book loads").wait_for()
    held.pop().abort()
    page.locator("#count", has_text="search.js does not load").wait_for()
    page.unroute("**/search.js")
    page.locator("#query").fill("kubelets")
    page.wait_for_selector("#results a")
    page.close()


def test_the_switch_changes_the_colours_and_they_stay(opened):
    page = opened("01-containers", "dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("#scheme").press("Enter")
    light = page.evaluate(ground)
    assert light != dark and page.locator("#scheme").inner_text() == "Dark"
    page.reload()
    assert page.evaluate(ground) == light
    page.goto(page.url.replace("01-containers", "00-start-here"))
    assert page.evaluate(ground) == light
    page.locator("#scheme").press("Enter")
    figure = page.locator(".picture").first.evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert page.evaluate(ground) == dark and figure == "rgb(255, 255, 255)"


def test_run_this_opens_the_same_section_in_jupyterlite(chrome, address):
    page = chrome.new_page(viewport={"width": 1366, "height": 900})
    page.goto(f"{address}/03-why-orchestrate.html")
    page.get_by_role("link", name="Run this: 5 · Access from outside").click()
    heading = page.locator(".jp-Notebook h2").filter(has_text="5 · Access from outside")
    heading.wait_for(timeout=60_000)
    page.wait_for_function(
        "(e) => Math.abs(e.getBoundingClientRect().top - document.querySelector("
        "'.jp-WindowedPanel-outer').getBoundingClientRect().top) < 60",
        arg=heading.element_handle(),
        timeout=60_000,
    )
    page.close()


def test_the_pdf_has_all_chapters_and_sections():
    data = (SITE / "book" / PDF).read_bytes()
    assert len(re.findall(rb"/Type /Page\b", data)) >= LEAST_PAGES
    titles = [text.decode() for text in re.findall(rb"/Title \(((?:[^()\\]|\\.)*)\)", data)]
    coded = re.findall(rb"/Title <FEFF([0-9A-F]+)>", data)
    titles += [bytes.fromhex(text.decode()).decode("utf-16-be") for text in coded]
    assert b"file://" not in data
    plain = {re.sub(r"[\s\\]", "", title) for title in titles}
    for chapter in chapters():
        for section in chapter.sections:
            assert re.sub(r"\s", "", section.title) in plain, section.title
