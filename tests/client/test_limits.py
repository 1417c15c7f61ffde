"""Token buckets: so many requests at once, and so many a second."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.limited import one_for_each
from course_lib.client.limits import UNLIMITED, UPSTREAM, Rate, TokenBucket, limiter_of
from course_lib.engine import Simulation


@pytest.fixture
def sim() -> Simulation:
    return Simulation()


@pytest.mark.parametrize(("sent", "wait"), [(2, 0.0), (3, 0.0), (4, 0.5), (5, 1.0)])
def test_a_burst_is_sent_at_once_and_what_is_beyond_it_waits(sim, sent, wait):
    bucket = TokenBucket(sim, qps=2.0, burst=3)
    waits = [bucket.reserve() for _ in range(sent)]
    assert waits[-1] == wait


@pytest.mark.parametrize(("seconds", "wait"), [(0.4, 0.1), (0.5, 0.0), (0.6, 0.0)])
def test_a_token_comes_when_its_time_has_passed(sim, seconds, wait):
    bucket = TokenBucket(sim, qps=2.0, burst=1)
    bucket.reserve()
    sim.run(seconds)
    assert bucket.wait() == pytest.approx(wait)
    assert bucket.reserve() == pytest.approx(wait)


def test_an_idle_client_saves_a_burst_and_no_more(sim):
    bucket = TokenBucket(sim, qps=2.0, burst=3)
    sim.run(3600)
    assert [bucket.reserve() for _ in range(4)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize(("taken", "left"), [(0, 3), (1, 2), (2, 1), (3, 1), (9, 1)])
def test_the_allowance_is_what_can_be_sent_now_and_at_least_the_next_request(sim, taken, left):
    bucket = TokenBucket(sim, qps=2.0, burst=3)
    for _ in range(taken):
        bucket.reserve()
    assert bucket.allowance() == left


def test_borrowed_tokens_are_paid_back_before_the_next_request(sim):
    bucket = TokenBucket(sim, qps=2.0, burst=1)
    for _ in range(5):
        bucket.reserve()
    assert bucket.wait() == 2.5
    sim.run(2.5)
    assert bucket.wait() == 0.0


def test_without_a_rate_nothing_waits(sim):
    limiter = limiter_of(None, sim)
    assert limiter is UNLIMITED
    assert [limiter.reserve() for _ in range(1000)] == [0.0] * 1000
    assert (limiter.wait(), limiter.allowance() > 10**9) == (0.0, True)


def test_the_defaults_are_upstreams():
    assert UPSTREAM.scheduler == Rate(50, 100)
    assert UPSTREAM.controllers == Rate(20, 30)


def test_each_client_has_its_own_bucket_and_only_its_writes_take_tokens(sim):
    shared = LocalClient(APIServer(sim))
    one, other = (one_for_each(shared, Rate(1, 10))() for _ in range(2))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    one.create(space)
    one.patch("Namespace", "shop", "", {"metadata": {"labels": {"a": "b"}}})
    one.get("Namespace", "shop")
    one.list("Namespace")
    assert (one.limiter.allowance(), other.limiter.allowance()) == (8, 10)
    assert other.find("Namespace", "shop") is not None
    one.delete("Namespace", "shop")
    assert one.limiter.allowance() == 7
    assert one_for_each(shared, None)() is shared
