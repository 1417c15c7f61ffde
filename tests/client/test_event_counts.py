"""Events: repeated ones are counted, old ones are forgotten."""

from __future__ import annotations

from tests.conftest import container, pod


def test_events_are_counted_and_forgotten_after_an_hour(cluster):
    cluster.apply(pod(containers=[container(image="registry.invalid/x:1")]))
    cluster.run(seconds=600)
    events = cluster.get("events", wide=True)
    assert events.query("REASON == 'BackOff'").COUNT.iloc[0] > 1
    cluster.delete("pod", "web")
    cluster.run(seconds=3700)
    cluster.apply(pod("other"))
    cluster.run(seconds=20)
    assert "BackOff" not in set(cluster.get("events").REASON)
