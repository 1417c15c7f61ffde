"""One learner's visits: the first, the second, one without a network, one on a phone."""

from __future__ import annotations

import importlib
import json
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest

from docs.site.__main__ import SITE
from tests.required import requires
from tests.site.host import Host
from tests.site.visit import IDLE, PageKernel, Visitor, keep, lacking, report

pytestmark = requires(lacking())
MOST_AT_FIRST = 30.0  # MB, compressed
MOST_SECONDS = 10.0  # until the first chapter can be used, on the second visit
PHONE = {"width": 390, "height": 844}
FIRST = "notebooks/index.html?path=notebooks/00-start-here.ipynb"
CONTAINERS = "notebooks/index.html?path=notebooks/01-containers.ipynb"
BAR = "#course-loading"
SAVED = "!window.jupyterapp.shell.currentWidget.content.model.dirty"
CACHES = "caches.keys().then((all) => all.filter((each) => each.startsWith('introduction')).sort())"
AXE = "axe.run().then((found) => found.violations.map((each) => `${each.id}: ${each.help}`))"


@pytest.fixture(scope="module")
def place():
    made = Host()
    yield made
    made.close()
    assert made.complaints() == []


@pytest.fixture(scope="module")
def learner(playwright, place, tmp_path_factory):
    made = Visitor(playwright, place, tmp_path_factory.mktemp("learner"))
    yield made
    made.close()


@pytest.fixture
def page(learner):
    made = learner.new_page({"width": 1250, "height": 900})
    yield made
    made.close()


def wait_until(page, promised, seconds=60):
    """Wait until what is promised is true; another page may come in the meantime."""
    for _ in range(seconds * 5):
        with suppress(importlib.import_module("playwright.sync_api").Error):
            if page.evaluate(promised):
                return
        page.wait_for_timeout(200)
    raise AssertionError(promised)


def run_cell(page, text):
    """Replace the text of the cell with a part of it by keys, run it, and return what it shows."""
    cell = page.locator(".jp-CodeCell", has_text=text.partition(").check")[0]).first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")
    prompt = cell.locator(".jp-InputArea-prompt")
    page.wait_for_timeout(300)
    playwright = importlib.import_module("playwright.sync_api")
    playwright.expect(prompt).not_to_contain_text("*", timeout=60_000)
    return cell.locator(".jp-OutputArea").inner_text()


def test_the_start_page_is_accessible_in_light_and_dark_and_on_a_phone(page, place):
    axe = importlib.import_module("axe_playwright_python")
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        page.goto(place.url)
        page.add_script_tag(path=str(Path(axe.__file__).with_name("axe.min.js")))
        assert page.evaluate(AXE) == []
        keep(page, f"start-{colours}", full_page=True)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    keep(page, "start-phone", full_page=True)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Go to the chapters"
    assert page.locator("[data-chapter] a").count() == 12


def test_the_first_visit_is_small_and_shows_how_far_it_is(page, place):
    place.bytes.clear()
    started = time.perf_counter()
    page.goto(place.url)
    page.get_by_role("link", name="Start here, in this browser").click()
    page.locator(f"{BAR} >> text=Python loads:").wait_for(timeout=60_000)
    assert page.locator(f"{BAR} progress").get_attribute("max") == "1"
    page.locator(BAR).wait_for(state="detached", timeout=120_000)
    page.wait_for_function(IDLE)
    took, sent = time.perf_counter() - started, place.megabytes()
    report(f"first visit: {sent:.1f} MB, compressed; Python is ready after {took:.0f} s")
    page.wait_for_timeout(3000)  # what was fetched before the service worker came is kept now
    assert place.megabytes() <= MOST_AT_FIRST


def visited(learner, place):
    """The seconds of one visit to the first chapter: to its text, its first cell, a cluster."""
    page = learner.new_page({"width": 1250, "height": 900})
    started = time.perf_counter()
    page.goto(place.url + FIRST)
    text = 'print(open("../data/web.yaml")'
    page.locator(".jp-CodeCell", has_text=text).wait_for(timeout=60_000)
    seconds = [time.perf_counter() - started]
    page.wait_for_function(IDLE, timeout=60_000)
    kernel = PageKernel(page)
    assert "kind: Deployment" in kernel.run('print(open("../data/web.yaml").read())')
    seconds.append(time.perf_counter() - started)
    kernel.run("from course_lib import Cluster, plots; Cluster(nodes=3)")
    seconds.append(time.perf_counter() - started)
    page.close()
    return seconds


def test_the_second_visit_is_quick_and_takes_nothing_from_the_host(learner, place):
    """The quickest of three counts: other programs on this machine take their time, too."""
    place.bytes.clear()
    readable, usable, cluster = map(
        min, zip(*(visited(learner, place) for _ in range(3)), strict=True)
    )
    report(
        f"second visit: the text after {readable:.1f} s, the first cell after {usable:.1f} s, "
        f"a cluster after {cluster:.1f} s; {place.megabytes():.2f} MB in three visits"
    )
    assert usable <= MOST_SECONDS
    assert place.megabytes() < 0.1


def test_an_exercise_is_answered_and_a_reload_keeps_text_and_progress(page, place):
    page.goto(place.url + CONTAINERS)
    page.wait_for_function(IDLE, timeout=60_000)
    PageKernel(page).run("from course_lib.course import exercise, progress")
    wrong = run_cell(page, 'exercise("01-exit-code").check(9)')
    assert "not right" in wrong and "128 plus this number" in wrong
    assert "Right!" in run_cell(page, 'exercise("01-exit-code").check(137)')
    page.wait_for_function(SAVED, timeout=20_000)  # by itself
    page.reload()
    page.wait_for_function(IDLE, timeout=60_000)
    assert page.locator(".jp-CodeCell", has_text='"01-exit-code").check(137)').count() == 1
    told = PageKernel(page).run("from course_lib.course import progress; print(progress())")
    assert re.search(r"Containers +1 of 5 +2 ", told)  # solved, after two tries


def test_progress_is_saved_in_a_file_and_loaded_from_one(page, place, tmp_path):
    page.goto(place.url)
    page.locator('[data-chapter="1"] .solved', has_text="1 of 5").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the progress file").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved == {"exercises": {"01-exit-code": {"tries": 2, "solved": True}}}
    brought = tmp_path / "introduction-to-kubernetes.json"
    chooser = page.get_by_label("Load a progress file")
    brought.write_text('{"exercises": 3}')
    chooser.set_input_files(brought)
    page.locator("#told", has_text="not a progress file").wait_for()
    beyond = '{"tries": 1e30, "solved": true}', '{"tries": -1, "solved": true}', "{}", "null"
    for damage in beyond:
        brought.write_text(f'{{"exercises": {{"00-scale": {damage}}}}}')
        page.evaluate("document.getElementById('told').textContent = ''")
        chooser.set_input_files(brought)
        page.locator("#told", has_text="is not loaded").wait_for()
    both = {"01-exit-code": {"tries": 1, "solved": False}, "00-scale": {"tries": 3, "solved": True}}
    brought.write_text(json.dumps({"exercises": both}))
    chooser.set_input_files(brought)
    page.locator("#told", has_text="solved 2 of").wait_for()
    page.goto(place.url + FIRST)
    page.wait_for_function(IDLE, timeout=60_000)
    kernel = PageKernel(page)
    kernel.run("from course_lib.course.progress import Progress, where_progress_lives")
    read = "Progress(where_progress_lives()).read().items()"
    found = kernel.ask(f"{{name: [each.tries, each.solved] for name, each in {read}}}")
    assert found == {"01-exit-code": [2, True], "00-scale": [3, True]}


def test_a_chapter_reads_well_on_a_phone(learner, place):
    page = learner.new_page(PHONE)
    page.goto(place.url + FIRST)
    page.wait_for_function(IDLE, timeout=60_000)
    page.locator(BAR).wait_for(state="detached")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    text = page.locator(".jp-MarkdownOutput p").first.bounding_box()
    assert text["x"] >= 0 and text["x"] + text["width"] <= PHONE["width"]
    assert text["width"] > 0.7 * PHONE["width"]
    keep(page, "chapter-phone")
    page.close()


def test_jupyterlab_opens_beside_the_pages(page, place):
    page.goto(f"{place.url}lab/index.html")
    page.get_by_text("Launcher", exact=True).first.wait_for(timeout=60_000)
    page.locator(BAR).wait_for(state="detached", timeout=60_000)


@pytest.mark.parametrize(
    ("link", "heading"), [("01 · Containers", "01 · Containers"), ("glossary", "Glossary")]
)
def test_a_link_in_a_chapter_opens_what_it_names(link, heading, page, place):
    page.goto(place.url + FIRST)
    found = page.locator(".jp-Notebook a", has_text=link).last
    found.wait_for(timeout=60_000)
    page.wait_for_function("navigator.serviceWorker.controller !== null", timeout=60_000)
    page.locator(BAR).wait_for(state="detached", timeout=120_000)
    with page.context.expect_page() as opened:
        found.click()
    opened.value.get_by_role("heading", name=heading).first.wait_for(timeout=60_000)
    keep(opened.value, f"opened-{link[:2]}")
    opened.value.close()


def test_a_request_for_another_host_would_be_found(page, place):
    page.goto(place.url)
    ask = "(url) => fetch(url, {mode: 'no-cors'}).then(() => 'answered', () => 'refused')"
    page.evaluate(ask, "http://example.org/a")
    assert page.evaluate(ask, "https://cdn.example.org/b") == "refused"
    assert place.complaints() == ["http://example.org/a", "cdn.example.org:443"]


def test_a_new_release_begins_and_leaves_an_open_chapter_its_files(page, place):
    worker = SITE / "service-worker.js"
    newer = re.sub(r'VERSION = "\w+"', 'VERSION = "newer"', worker.read_text())
    page.goto(place.url + FIRST)
    page.wait_for_function(IDLE, timeout=120_000)
    [old] = page.evaluate(CACHES)
    place.instead[worker] = newer.encode()
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    both = sorted([old, "introduction-to-kubernetes-newer"])
    wait_until(page, f"{CACHES}.then((all) => all.join() === '{','.join(both)}')")
    page.wait_for_timeout(3000)  # the new release has begun
    assert page.evaluate(CACHES) == both
    assert PageKernel(page).ask("__import__('course_lib').Cluster(nodes=2).now") == 0
    page.goto(place.url)
    page.reload()
    wait_until(page, f"{CACHES}.then((all) => all.join() === 'introduction-to-kubernetes-newer')")
    page.get_by_role("heading", name="The map").wait_for()
    page.goto(place.url + FIRST)
    page.wait_for_function(IDLE, timeout=120_000)
    page.locator(BAR).wait_for(state="detached", timeout=60_000)
    page.wait_for_timeout(3000)


def test_a_visit_without_a_network(page, place):
    place.close()
    page.goto(place.url + FIRST)
    page.wait_for_function(IDLE, timeout=60_000)
    assert PageKernel(page).ask("__import__('course_lib').Cluster(nodes=2).now") == 0
    page.goto(f"{place.url}book/whole.html")
    page.get_by_role("heading", name="This page needs a network").wait_for()
    page.get_by_role("link", name="The start page").click()
    page.get_by_role("link", name="Start here, in this browser").wait_for()


@pytest.mark.parametrize("kind", ["has no folders", "shortens addresses"])
def test_a_host_may_answer_folders_and_pages_in_its_own_way(kind, stranger):
    host = stranger.host
    host.answers_folders = kind != "has no folders"
    host.shortens = kind == "shortens addresses"
    page = stranger.new_page()
    for visit in range(2):
        page.goto(f"{host.url}index.html")
        assert page.get_by_role("link", name="Start here, in this browser").count() == 1
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        page.goto(f"{host.url}book/glossary.html")
        page.get_by_role("heading", name="Glossary").first.wait_for()
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") != "32px"
        assert visit == 1 or page.evaluate(CACHES) != []


def test_the_bar_counts_what_has_come_of_a_file_that_takes_long(stranger):
    files = json.loads((SITE / "runtime.json").read_text())["files"]
    name, size, _ = max(files, key=lambda each: each[1])
    everything = sum(each[1] for each in files)
    stranger.host.held.add(SITE / name)
    page = stranger.new_page()
    page.goto(stranger.host.url + FIRST)
    shown = f"document.querySelector('{BAR} progress')?.value"
    page.wait_for_function(f"{shown} > {1 - 0.7 * size / everything}", timeout=120_000)
    assert page.evaluate(shown) < 1 - 0.3 * size / everything
    stranger.host.go_on.set()
    page.locator(BAR).wait_for(state="detached", timeout=120_000)


def test_a_learner_is_told_when_python_cannot_come_and_what_to_do(stranger):
    stranger.host.failing.add(SITE / "runtime.json")
    page = stranger.new_page()
    page.goto(stranger.host.url + FIRST)
    page.locator(f"{BAR} >> text=did not send all of it").wait_for(timeout=60_000)
    page.get_by_role("link", name="read the book").wait_for()
    stranger.host.failing.clear()
    page.get_by_role("link", name="Reload the page").click()
    page.locator(f"{BAR} >> text=Python loads:").wait_for(timeout=60_000)


def test_a_learner_is_told_when_the_browser_keeps_nothing(stranger):
    page = stranger.new_page()
    page.add_init_script("indexedDB.databases = () => Promise.reject(new Error('refused'))")
    page.add_init_script("Object.defineProperty(navigator, 'serviceWorker', {value: undefined})")
    page.goto(stranger.host.url)
    page.locator("#told", has_text="This browser keeps no data").wait_for()
    page.goto(stranger.host.url + FIRST)
    page.locator(f"{BAR} >> text=Cells cannot run here").wait_for(timeout=60_000)


def test_a_learner_is_told_when_jupyterlite_does_not_come(stranger):
    stranger.host.failing.update(SITE.glob("build/notebooks/*.js"))
    page = stranger.new_page()
    page.clock.install()
    page.goto(stranger.host.url + FIRST)
    page.locator(f"{BAR} >> text=JupyterLite starts").wait_for()
    page.clock.fast_forward("01:01")
    page.locator(f"{BAR} >> text=has not started yet").wait_for()
