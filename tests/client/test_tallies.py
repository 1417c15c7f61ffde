"""An indexer counts what it keeps: each tally is what counting all objects gives."""

from __future__ import annotations

from collections import Counter

import pytest

from course_lib.client.cache import Indexer, by_label
from course_lib.engine import Simulation
from course_lib.objects.kinds.pod import Pod, PodStatus
from course_lib.objects.meta import ObjectMeta
from course_lib.objects.selectors import parse_selector

OWNERS, PHASES, APPS = ("a", "b"), ("Pending", "Running", "Failed"), ("web", "db")


def pod(name: str, phase: str, owner: str, app: str) -> Pod:
    meta = ObjectMeta(name=name, namespace="shop", labels={"app": app, "owner": owner})
    return Pod(metadata=meta, spec=None, status=PodStatus(phase=phase))  # type: ignore[arg-type]


def by_phase(seen: Pod) -> list[tuple[str, str]]:
    return [(seen.labels["owner"], seen.status.phase)]


def by_app(seen: Pod) -> list[str]:
    return [seen.labels["app"]]


@pytest.mark.parametrize("seed", range(5))
def test_tallies_counts_and_selected_lists_are_those_of_a_look_at_all_objects(seed):
    rng, cache = Simulation(seed).random("pods"), Indexer[Pod]()
    for _ in range(300):
        name = f"pod-{rng.randrange(20)}"
        if rng.random() < 0.3:
            cache.remove(f"shop/{name}")
        else:
            new = pod(name, rng.choice(PHASES), rng.choice(OWNERS), rng.choice(APPS))
            cache.put(f"shop/{name}", new)
        every = cache.list()
        for owner in OWNERS:
            expected = Counter(p.status.phase for p in every if p.labels["owner"] == owner)
            assert dict(cache.tally(by_phase, owner)) == dict(expected)
        for app in APPS:
            chosen = [p for p in every if p.labels["app"] == app]
            assert cache.count(by_app, app) == len(chosen)
            for namespace in ("", "shop"):
                assert cache.list(namespace, parse_selector(f"app={app}")) == chosen
                assert cache.list(namespace, parse_selector(f"app in ({app},x)")) == chosen


def test_a_selector_without_a_label_of_one_value_looks_at_all_objects():
    cache = Indexer[Pod]()
    for number, app in enumerate(("web", "db", "web")):
        cache.put(f"shop/{number}", pod(str(number), "Running", "a", app))
    assert [p.name for p in cache.list("shop", parse_selector("app!=db"))] == ["0", "2"]
    assert [p.name for p in cache.list("", parse_selector("owner=a,app notin (web)"))] == ["1"]
    assert cache.list("bank", parse_selector("app=web")) == []


def test_a_group_without_objects_has_an_empty_tally_and_none_counts_zero():
    cache = Indexer[Pod]()
    cache.put("shop/a", pod("a", "Running", "a", "web"))
    assert dict(cache.tally(by_phase, "a")) == {"Running": 1}
    cache.put("shop/a", pod("a", "Failed", "a", "web"))
    assert dict(cache.tally(by_phase, "a")) == {"Failed": 1}
    cache.remove("shop/a")
    assert dict(cache.tally(by_phase, "a")) == {}
    assert cache.count(by_label("app"), "web") == 0
