"""One cluster in a page of its own: its address, what is shown, and what is clicked."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from course_lib import Cluster
from course_lib.cluster.scenes import Scene
from docs.site.__main__ import SITE
from tests.required import requires
from tests.site.test_visits import AXE, PHONE
from tests.site.visit import keep, lacking

pytestmark = requires(lacking())
LONGEST = 120_000  # ms until Python is there, and the cluster


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(nodes=3, seed=4)
    made.apply("data/web.yaml")
    made.run(seconds=30)
    made.kubectl("scale deployment/web --replicas=5").checked()
    made.kill_node("node-2")
    made.run(seconds=60)
    return made


@pytest.fixture
def page(browser, host):
    made = browser.new_page()
    yield made
    made.close()


@pytest.fixture
def shown(page, cluster, host):
    page.goto(cluster.link(host.url))
    page.wait_for_selector(".course-live .node", timeout=LONGEST)
    return page


def test_a_link_shows_the_cluster_as_it_was_and_does_what_is_typed(shown, cluster):
    titles = [each.inner_text() for each in shown.query_selector_all(".course-live .node b")]
    assert titles == ["node-1: Ready", "node-2: NotReady", "node-3: Ready"]
    on_node = shown.query_selector_all(".course-live .node >> nth=0 >> .pod")
    field = "spec.nodeName=node-1"
    assert len(on_node) == len(cluster.get("pods", field_selector=field))
    assert f"{cluster.now:.0f} s" in shown.inner_text(".course-live .bar >> nth=0")
    shown.focus(".course-live .node >> nth=0")
    shown.keyboard.press("k")
    shown.wait_for_function("document.body.innerText.includes('node node-1 loses power')")
    shown.keyboard.press("s")
    shown.wait_for_function(f"document.body.innerText.includes('{cluster.now + 5:.0f} s')")
    shown.click("text=Run")
    shown.wait_for_function("document.body.innerText.includes('Pause')")


def test_the_page_is_accessible_in_light_and_dark_and_fits_a_phone(shown):
    axe = importlib.import_module("axe_playwright_python")
    shown.add_script_tag(path=str(Path(axe.__file__).with_name("axe.min.js")))
    for scheme in ("light", "dark"):
        shown.emulate_media(color_scheme=scheme)
        keep(shown, f"embed-{scheme}")
        assert shown.evaluate(AXE) == []
    shown.set_viewport_size(PHONE)
    keep(shown, "embed-phone", full_page=True)
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("address", ["embed.html", "embed.html?scene=nonsense"])
def test_an_address_without_a_scene_says_what_is_wrong(page, host, address):
    page.goto(host.url + address)
    page.wait_for_selector("#told.problem", timeout=LONGEST)
    assert "scene" in page.inner_text("#told") and "cluster.link()" in page.inner_text("#told")


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"nodes": -1}, "a number out of bounds"),
        ({"nodes": 65_533}, "at most 1,000 machines"),
        ({"labels": {"disk": "<img src=x>"}}, "<img src=x>"),
    ],
)
def test_a_scene_that_no_cluster_has_is_refused_in_words(page, host, settings, what):
    page.goto(f"{host.url}embed.html?scene={Scene(settings, [], 0.0).text}")
    page.wait_for_selector("#told.problem", timeout=LONGEST)
    told = page.inner_text("#told")
    assert what in told and "CourseError" not in told and "copy the whole" not in told


def test_a_link_of_another_release_says_so(page, host):
    page.goto(f"{host.url}embed.html?scene={Scene({'nodes': 1}, [], 0.0, checksum=1).text}")
    page.wait_for_selector(".course-live .node", timeout=LONGEST)
    assert "another release of the course" in page.inner_text("#told")


@pytest.mark.parametrize("part", ["embed.js", "live.js", "runtime/pyodide.js"])
def test_what_does_not_load_is_told(part, stranger, cluster):
    """To a first visitor: for others the service worker has kept it."""
    stranger.host.failing.add(SITE / part)
    page = stranger.new_page()
    page.goto(cluster.link(stranger.host.url))
    page.wait_for_selector("#told.problem", timeout=LONGEST)
    assert part in page.inner_text("#told") and "Load the page again" in page.inner_text("#told")
