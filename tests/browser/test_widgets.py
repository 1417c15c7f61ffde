"""Every widget, by mouse and by keyboard: what is done in the page happens in the kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.lab import CHAPTERS, Chapter


@pytest.fixture(scope="module")
def opened(browser, light):
    """A chapter, run to its end; opened once for all tests that ask for it."""
    made: dict[str, Chapter] = {}

    def opens(number: str) -> Chapter:
        if number not in made:
            [name] = [each for each in CHAPTERS if each.startswith(number)]
            page = browser.new_page(viewport={"width": 1250, "height": 1000})
            made[number] = Chapter(page, light, name)
            made[number].run_all()
            assert made[number].errors() == []
        return made[number]

    yield opens
    for chapter in made.values():
        chapter.page.close()


class Driver:
    """One widget in its chapter: clicks, keys, and what the kernel has to say."""

    def __init__(self, chapter: Chapter, widget: str, marker: str) -> None:
        self.chapter, self.widget, self.page = chapter, widget, chapter.page
        output = ".jp-OutputArea-output"
        self.root = self.page.locator(f"{output}:has({marker})").last
        self.root.locator("button, select").first.wait_for()  # drawn, not a still picture
        self.root.scroll_into_view_if_needed()
        self.kernel = chapter.kernel

    def see(self, expression: str) -> Any:
        """The value of an expression of `w`, the widget in the kernel."""
        return self.kernel.widget(self.widget, expression)

    def expect(self, expression: str, holds: Callable[[Any], bool]) -> Any:
        """Wait until it holds in the kernel."""
        for _ in range(100):
            found = self.see(expression)
            if holds(found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{self.widget}: {expression} is {found!r}")

    def click(self, name: str) -> None:
        """Click the button with this tip or text."""
        self.root.locator(f'button[title="{name}"], button:text-is("{name}")').first.click()

    def press_on(self, text: str, *keys: str) -> None:
        """Tab to something, and press keys there."""
        self.chapter.tab_to(text)
        for key in keys:
            self.page.keyboard.press(key)

    def start(self) -> None:
        """Put the keyboard's focus at the widget's beginning."""
        self.root.locator("button, input, select, [tabindex]").first.focus()


def cells(chapter: Chapter) -> int:
    return chapter.page.locator(".jp-Notebook .jp-Cell").count()


def test_live_cluster_by_mouse(opened):
    live = Driver(opened("00"), "LiveCluster", ".course-live")
    live.root.get_by_text("node-2: Ready").click()
    live.click("Cordon/uncordon (c)")
    live.expect("w.scene['nodes'][1]['state']", lambda said: said == "Ready,SchedulingDisabled")
    kill = live.root.get_by_text("Kill (k)")
    kill.drag_to(live.root.get_by_role("button", name="node-3"))
    for _ in range(3):
        live.click("Let five simulated seconds pass (s)")
    live.expect("w.cluster.now", lambda now: now == 35)
    assert live.see("len(w.done)") == 2
    live.click("60 simulated seconds in each real one")
    live.click("Run")
    live.expect("w.scene['nodes'][2]['state']", lambda said: said == "NotReady")
    live.click("Pause")
    live.click("deployment/web: one replica more")
    live.expect("w.scene['workloads'][0][1]", lambda wanted: wanted == 4)
    now = live.see("w.cluster.now")
    live.click("Replay all but the last 30 simulated seconds (b)")
    live.expect("w.cluster.now", lambda then: abs(now - 30 - then) < 1e-6)
    live.expect("w.scene['workloads'][0][1]", lambda wanted: wanted == 3)


def test_live_cluster_by_keyboard(opened):
    chapter = opened("00")
    live = Driver(chapter, "LiveCluster", ".course-live")
    before = cells(chapter)
    live.start()
    live.press_on("^node-", "ArrowRight")
    name = live.chapter.focused().partition(":")[0]
    at = live.see(f"[n['name'] for n in w.scene['nodes']].index('{name}')")
    state = live.see(f"w.scene['nodes'][{at}]['state']")
    live.page.keyboard.press("c")
    live.expect(f"w.scene['nodes'][{at}]['state']", lambda said: said != state)
    live.page.keyboard.press("k")
    live.page.keyboard.press("r")
    live.expect("len(w.done)", lambda count: count >= 3)
    pods = live.see("list(w.cluster.get('pods').NAME)")
    for _ in range(4):  # whichever node has a Pod
        live.page.keyboard.press("n")
        live.page.keyboard.press("x")
        live.page.keyboard.press("ArrowRight")
    now = live.see("w.cluster.now")
    live.page.keyboard.press("s")
    live.expect("w.cluster.now", lambda then: then > now)
    live.expect("list(w.cluster.get('pods').NAME)", lambda names: names != pods)
    live.page.keyboard.press("Space")
    live.expect("w.running", bool)
    live.page.keyboard.press("Space")
    live.expect("w.running", lambda running: not running)
    live.page.keyboard.press("b")
    assert cells(chapter) == before  # JupyterLab's own keys were kept out


def test_packing_workbench(opened):
    chapter = opened("04")
    bench = Driver(chapter, "PackingWorkbench", ".course-engines")
    before = cells(chapter)
    bench.root.get_by_text("each on a machine of its own").click()
    bench.expect("w.apart.value", bool)
    bench.expect("sum(bool(p.machine) for p in w.placed['Kubernetes'])", lambda n: n == 4)
    bench.start()
    bench.chapter.page.keyboard.press("ArrowRight")
    bench.expect("w.replicas.value", lambda value: value == 9)
    bench.root.locator("select").focus()
    bench.page.keyboard.press("ArrowDown")
    bench.expect("w.engine.value", lambda value: value != "Kubernetes")
    bench.page.keyboard.press("d")  # twice it would delete the cell in JupyterLab
    bench.page.keyboard.press("d")
    bench.page.keyboard.press("c")
    assert cells(chapter) == before


def test_call_sequence_and_runtime_swap(opened):
    chapter = opened("05")
    calls = Driver(chapter, "CallSequence", ".course-sequence")
    first = calls.see("w.place.value")
    calls.click("The next call")
    calls.expect("w.place.value", lambda place: place == first + 1)
    calls.start()
    calls.press_on("The next call", "Space")
    calls.expect("w.place.value", lambda place: place == first + 2)
    swap = Driver(chapter, "RuntimeSwap", ".course-swap")
    swap.root.locator("select").select_option("lxd")
    swap.click("Put this runtime on the node")
    swap.expect("w.cluster.runtimes[w.node].name", lambda name: name == "lxd")
    now = swap.see("w.cluster.now")
    swap.root.locator("select").focus()
    swap.press_on("simulated seconds pass", "Space")
    swap.expect("w.cluster.now", lambda then: then > now)


def test_service_rules(opened):
    rules = Driver(opened("07"), "ServiceRules", ".course-packet")
    rules.click("One endpoint more")
    rules.expect("len(w.counts)", lambda count: count == 4)
    rules.start()
    rules.press_on("One endpoint less", "Space")
    rules.expect("len(w.counts)", lambda count: count == 3)
    rules.root.get_by_text("nftables").click()
    rules.expect("w.mode.value", lambda mode: mode == "nftables")


def test_packet_tracer(opened):
    tracer = Driver(opened("09"), "PacketTracer", ".course-packet .place")
    tracer.click("The next hop")
    tracer.expect("w.at", lambda at: at == 1)
    tracer.start()
    tracer.press_on("The next hop", "Space", "Space")
    tracer.expect("w.at", lambda at: at == 3)
    tracer.root.get_by_text("calico", exact=True).click()
    tracer.expect("w.network.plugin.name", lambda name: "calico" in name.lower())
    tracer.root.locator("select").nth(1).select_option("outside")
    tracer.expect("w.trace.outcome", lambda outcome: outcome == "answered")


def test_control_plane(opened):
    chapter = opened("10")
    plane = Driver(chapter, "ControlPlaneView", ".course-plane")
    before = cells(chapter)
    machines = plane.see("[str(name) for name in w.machine.options]")
    plane.root.locator("select").nth(3).select_option(machines[0])
    plane.click("Cut the machine's power")
    plane.root.locator("select").nth(3).focus()
    plane.page.keyboard.press("ArrowDown")
    plane.expect("w.machine.value", lambda name: name == machines[1])
    plane.press_on("Cut the machine's power", "Space")
    plane.root.locator("button").first.focus()
    plane.press_on("simulated seconds pass", *["Space"] * 5)
    plane.expect("list(w.answers[-1])", lambda answer: answer == [False, False])
    plane.click("Give the machine its power back")
    plane.click("Let simulated time run, one second in each real one")
    plane.expect("list(w.answers[-1])", lambda answer: answer == [True, True])
    plane.click("Let simulated time run, one second in each real one")
    assert cells(chapter) == before


LARGE = """c = Cluster(nodes=40, cpu="16", memory="64Gi")
c.apply("../data/web.yaml")
c.kubectl("scale deployment/web --replicas=1000")
c.run(60)
LiveCluster(c)"""
GROUPS = """c = Cluster(nodes=90)
c.apply("../data/web.yaml")
c.kubectl("scale deployment/web --replicas=180")
c.run(60)
LiveCluster(c)"""


def instead(browser, light, code: str, drawn: str) -> Chapter:
    """The first chapter, with this code in its last cell, run until `drawn` holds in the page."""
    page = browser.new_page(viewport={"width": 1250, "height": 1000})
    chapter = Chapter(page, light, CHAPTERS[0])
    chapter.run_all()
    page.locator(".jp-Notebook .jp-CodeCell").last.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(drawn, timeout=480_000)
    return chapter


def test_a_click_is_answered_in_the_page_at_once_with_40_nodes_and_1000_pods(browser, light):
    """Not timed here (see `python -m tests.bench.widgets`): the page must not lose any of it."""
    drawn = "document.querySelectorAll('.course-live .pod').length >= 1000"
    chapter = instead(browser, light, LARGE, drawn)
    live = Driver(chapter, "LiveCluster", ".course-live .node:nth-child(40)")
    live.root.get_by_text("node-7: Ready").click()
    live.click("Kill (k)")
    live.page.keyboard.press("Escape")
    live.expect("len(w.done)", lambda count: count == 1)
    chapter.page.close()


def test_live_cluster_groups_many_nodes_by_mouse_and_keyboard(browser, light):
    drawn = "document.querySelectorAll('.course-live .count').length >= 3"
    chapter = instead(browser, light, GROUPS, drawn)
    live = Driver(chapter, "LiveCluster", ".course-live")
    page, focus = chapter.page, "document.activeElement.getAttribute('aria-label')"

    def focused(begin: str) -> None:
        page.wait_for_function(f"({focus} ?? '').startsWith({begin!r})", timeout=20_000)

    live.root.get_by_text("node-41 … node-80 (40 nodes)").click()
    live.expect("w.scene['opened']", lambda titles: titles == ["node-41 … node-80"])
    focused("node-41: Ready, ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")  # what is cordoned stays in its group, and keeps the keyboard
    focused("node-42: Ready,SchedulingDisabled, ")
    page.keyboard.press("k")
    for _ in range(13):
        page.keyboard.press("s")
    focused("node-42: NotReady,SchedulingDisabled, ")
    page.keyboard.press("Escape")
    focused("NotReady,SchedulingDisabled (1 node)")
    page.keyboard.press("ArrowRight")
    focused("Ready (89 nodes)")
    page.keyboard.press("k")
    live.expect("w.scene['said']", lambda said: "open it first" in said)
    assert live.see("len(w.done)") == 2
    page.keyboard.press("o")
    live.expect("w.scene['opened']", lambda titles: titles == ["Ready"])
    focused("node-1 … node-40 (40 nodes)")
    page.keyboard.press("Enter")
    focused("node-1: Ready, ")
    live.click("Back to the groups around")
    focused("node-1 … node-40 (40 nodes)")
    page.keyboard.press("u")
    focused("Ready (89 nodes)")
    live.expect("w.scene['opened']", lambda titles: titles == [])
    chapter.page.close()
