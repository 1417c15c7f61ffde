"""Every widget in a browser tab, by the mouse and the keys that drive it in JupyterLab."""

from __future__ import annotations

import pytest

from tests.browser.test_widgets import (  # noqa: F401
    test_call_sequence_and_runtime_swap,
    test_control_plane,
    test_live_cluster_by_keyboard,
    test_live_cluster_by_mouse,
    test_packet_tracer,
    test_packing_workbench,
    test_service_rules,
)
from tests.site.test_visits import PHONE

NARROW = """() => {
  const panels = [...document.querySelectorAll(".course-panel")];
  return panels.length && panels.every((each) => each.getBoundingClientRect().right <= innerWidth);
}"""
CUT_OFF = """() => [...document.querySelectorAll(".course-panel")].flatMap((panel) => {
  const end = panel.getBoundingClientRect().right;
  const cut = (each) => each.getBoundingClientRect().right > end
    || (each.matches("button") && each.scrollWidth > each.clientWidth);
  const controls = [...panel.querySelectorAll("button, select, input, [role=slider]")];
  return controls.filter(cut).map((each) => each.innerText || each.title || each.ariaLabel);
})"""
SMALL = """() => [...document.querySelectorAll(".course-panel svg text")].filter(
  (each) => each.getBoundingClientRect().height < 9).map((each) => each.textContent)"""


@pytest.mark.parametrize("number", ["04", "05", "07", "09", "10"])
def test_on_a_phone_no_control_is_cut_off_and_no_text_is_tiny(number, opened):
    page = opened(number).page
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    try:
        page.wait_for_function(NARROW)
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(SMALL) == []
    finally:
        page.set_viewport_size(wide)
