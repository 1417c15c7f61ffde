"""Every chapter in a real JupyterLab: it runs to its end, and what it shows is accessible."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.browser.lab import CHAPTERS, KEPT, Chapter, missing
from tests.required import requires

pytestmark = requires(missing())
# What the course renders, in JupyterLab's frame: its texts, tables, pictures and widgets.
OURS = [".jp-Notebook .jp-RenderedHTMLCommon", ".jp-Notebook .jp-OutputArea-output"]
# Links in texts, and those that it makes of printed addresses, have no underline in JupyterLab's
# own themes: not the course's to change.
CHECK = """async (ours) => {
  const include = ours.filter((each) => document.querySelector(each)).map((each) => [each]);
  const found = await axe.run({include}, {resultTypes: ["violations"]});
  const serious = found.violations.filter((each) => ["serious", "critical"].includes(each.impact));
  const theirs = (rule, node) => rule.id === "link-in-text-block"
    && document.querySelector(node.target[0])?.closest(".jp-RenderedMarkdown, .jp-RenderedText");
  return serious.flatMap((rule) => rule.nodes.filter((node) => !theirs(rule, node))
    .map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`.slice(0, 500)));
}"""


def findings(chapter: Chapter) -> list[str]:
    """What axe-core calls serious or critical, screen by screen: it looks at what can be seen."""
    page = chapter.page
    # JupyterLab's body has no height of its own, for which axe-core takes all in it as hidden.
    page.add_style_tag(content="html, body {height: 100vh;}")
    axe = importlib.import_module("axe_playwright_python")
    page.add_script_tag(path=str(Path(axe.__file__).with_name("axe.min.js")))
    return sorted({each for _ in chapter.screens() for each in page.evaluate(CHECK, OURS)})


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_to_its_end_and_is_accessible(request, browser, colours, name):
    lab = request.getfixturevalue(colours)
    page = browser.new_page(viewport={"width": 1250, "height": 1000})
    chapter = Chapter(page, lab, name)
    chapter.run_all()
    assert chapter.errors() == []
    found = findings(chapter)
    chapter.keep(f"{name}-{colours}")
    page.close()
    lab.stop_kernels()
    assert found == [], "\n".join(found)
    assert (KEPT / f"{name}-{colours}-01.png").stat().st_size > 20_000


def test_what_is_hard_to_read_would_be_found(browser, light):
    page = browser.new_page()
    chapter = Chapter(page, light, CHAPTERS[0])
    chapter.run_all()
    pale = "e => { e.style.color = '#ccc'; }"
    page.locator(".jp-Notebook .jp-MarkdownOutput p").first.evaluate(pale)
    assert any(each.startswith("color-contrast") for each in findings(chapter))
    page.close()
