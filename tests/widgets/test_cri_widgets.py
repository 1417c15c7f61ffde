"""The two widgets of chapter 05: what they show, and what pressing does to the cluster."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from course_lib.cluster import Cluster
from course_lib.cri import simulated
from course_lib.runtimes import RUNTIMES, RuntimeFault
from course_lib.widgets import CallSequence, RuntimeSwap
from tests.conftest import pod


def drawn(widget: CallSequence) -> ET.Element:
    """The sequence diagram: it is sound XML."""
    text = widget.picture.value
    start, end = text.index("<svg"), text.index("</svg>") + 6
    return ET.fromstring(text[start:end])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_call_of_a_pod_is_drawn_with_its_lifelines_and_messages(runtime):
    cluster = Cluster(nodes=1, runtime=runtime)
    cluster.apply(pod())
    cluster.run(seconds=20)
    widget = CallSequence(cluster.kubelets["node-1"].cri)
    seen = []
    for place in range(1, len(widget.calls) + 1):
        widget.place.value = place
        call = widget.call
        texts = [element.text for element in drawn(widget).iter("text")]
        assert texts[0] == "kubelet" and RUNTIMES[runtime].shim in texts
        assert call.request.DESCRIPTOR.name in widget.picture.value
        seen.append(call.method)
    assert seen == ["RunPodSandbox", "PullImage", "CreateContainer", "StartContainer"]


def test_stepping_stops_at_the_ends_and_a_refresh_finds_new_calls():
    client = simulated("containerd")
    widget = CallSequence(client)
    assert widget.call is None and widget.picture.value == "no calls yet"
    client.call("PullImage", image={"image": "busybox:1.36"})
    client.call("ListImages")
    widget.refresh()
    widget.forth.click()
    assert widget.call.method == "PullImage" and len(widget.calls) == 1
    widget.everything.value = True
    widget.forth.click()
    assert widget.call.method == "ListImages"
    widget.back.click()
    widget.back.click()
    assert widget.place.value == 1


def test_a_refused_call_shows_its_code():
    client = simulated("rkt")
    with pytest.raises(RuntimeFault):
        client.call("StartContainer", container_id="<none>")
    widget = CallSequence(client)
    assert "error: NotFound" in widget.picture.value
    assert "&lt;none&gt;" in widget.picture.value and "<none>" not in widget.picture.value


def test_a_still_picture_stays_for_pages_without_a_kernel():
    client = simulated("lxd")
    client.call("PullImage", image={"image": "busybox:1.36"})
    bundle = CallSequence(client)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "<svg" in data["text/html"] and data["text/plain"].startswith("CallSequence: 1 calls")


def test_swapping_changes_the_runtime_and_keeps_the_pod():
    cluster = Cluster(nodes=1)
    cluster.apply(pod())
    cluster.run(seconds=20)
    widget = RuntimeSwap(cluster, "node-1")
    before = widget.facts()
    widget.choice.value = "lxd"
    widget.do.click()
    widget.more.click()
    after = widget.facts()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "Node: container runtime",
        "web: IP",
        "web/main: container ID",
        "web/main: restarts",
    }
    assert after["web: status"] == "Running"
    assert "lxc monitor" in widget.picture.value and "(changed)" in widget.picture.value
