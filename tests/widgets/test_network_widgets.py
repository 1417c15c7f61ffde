"""The packet tracer, and Services with their rules."""

from __future__ import annotations

import pytest

from course_lib.network import PLUGINS
from course_lib.widgets import PacketTracer, ServiceRules


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_tracer_walks_there_and_back(plugin: str):
    tracer = PacketTracer(plugin)
    tracer.destination.value = "pod-5"
    assert tracer.trace.ok
    for _ in range(len(tracer.hops)):
        tracer.next.click()
    assert tracer.at == len(tracer.hops) - 1 and tracer.hop.action == "deliver"
    tracer.back.click()
    assert tracer.at == len(tracer.hops) - 2
    tracer.way.value = "answer"
    assert tracer.at == 0 and tracer.hop.at == "pod-5"
    assert 'aria-label="Hop 1 of' in tracer.picture.value


def test_another_plugin_or_payload_is_another_packet():
    tracer = PacketTracer("flannel-host-gw")
    tracer.destination.value = "pod-5"
    plain = tracer.trace.on_the_wire.size
    tracer.plugin.value = "flannel-vxlan"
    assert tracer.trace.on_the_wire.size == plain + 50
    tracer.size.value = 1000
    assert tracer.trace.on_the_wire.payload == 1000


def test_what_does_not_arrive_is_shown_too():
    tracer = PacketTracer("flannel-host-gw")
    tracer.source.value = "outside"
    assert "unreachable" in tracer.picture.value and "no route" in tracer.picture.value


@pytest.mark.parametrize("mode", ["iptables", "ipvs", "nftables"])
def test_endpoints_are_added_and_removed(mode: str):
    view = ServiceRules()
    view.mode.value = mode
    assert len(view.counts) == 3 and view.failed == 0
    view.add_one.click()
    assert len(view.counts) == 4
    assert any(line.startswith("+ ") for line in view.picture.value.splitlines())
    for _ in range(4):
        view.remove_one.click()
    assert view.failed == 300 and "rejected" in view.picture.value
    view.remove_one.click()  # there is nothing left to remove
    assert view.replicas == 0


def test_a_change_of_mode_keeps_the_endpoints_and_a_removed_rule_is_shown():
    view = ServiceRules()
    view.add_one.click()
    view.add_one.click()
    view.mode.value = "nftables"
    assert len(view.counts) == 5 and "5 endpoints answered 300 of 300" in view.picture.value
    view.remove_one.click()
    assert any(line.startswith("- ") for line in view.picture.value.splitlines())


def test_a_page_without_a_kernel_keeps_a_still_picture():
    for widget in (PacketTracer(), ServiceRules()):
        bundle = widget._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert "course-packet" in data["text/html"] and "run this cell" in data["text/html"]


def test_every_list_can_be_walked_by_buttons_alone():
    tracer = PacketTracer()
    for choice, step in (pair.children for pair in tracer.children[1].children):
        seen = {choice.value}
        for _ in range(len(choice.options) - 1):
            step.click()
            seen.add(choice.value)
        assert seen == set(choice.options)
        step.click()
        assert choice.index is not None
