"""How many replicas metrics ask for, and how far an autoscaler follows them."""

from __future__ import annotations

import pytest

from course_lib.controllers.replica_calculator import Replicas, Tolerance, request
from course_lib.controllers.scaling import ScalingHistory, next_size, note_change
from course_lib.errors import CourseError
from course_lib.objects.decode import decode
from course_lib.objects.kinds.horizontal_pod_autoscaler import HORIZONTAL_POD_AUTOSCALER
from course_lib.objects.kinds.pod import POD, Pod
from tests.conftest import container, pod

NOW = 1000.0  # s: after the first minutes of all Pods


def pods(count: int, phase: str = "Running", ready: str = "True", first: int = 0) -> list[Pod]:
    """Pods that request half a core and were started long ago."""
    since = "2026-01-01T00:00:00Z"
    stated = {"type": "Ready", "status": ready, "lastTransitionTime": since}
    status = {"phase": phase, "conditions": [stated], "startTime": since}
    box = container(resources={"requests": {"cpu": "500m"}})
    documents = [pod(f"web-{first + each}", [box]) for each in range(count)]
    return [decode(each | {"status": status}, POD) for each in documents]


def calculator(chosen: list[Pod], current: int | None = None) -> Replicas:
    size = len(chosen) if current is None else current
    return Replicas(chosen, size, Tolerance(), scraped=NOW, now=NOW)


def values(chosen: list[Pod], milli: int) -> dict[str, int]:
    return {each.name: milli for each in chosen}


@pytest.mark.parametrize(
    ("milli", "replicas", "utilization"),
    [(300, 4, 60), (329, 4, 65), (330, 4, 66), (331, 4, 66), (335, 5, 67), (269, 4, 53)],
)
def test_usage_within_a_tenth_of_the_target_changes_nothing(milli, replicas, utilization):
    chosen = pods(4)
    proposal = calculator(chosen).by_utilization(values(chosen, milli), "cpu", 60)
    assert (proposal.replicas, proposal.utilization) == (replicas, utilization)


def test_pods_without_a_value_count_as_idle_on_the_way_up_and_as_busy_on_the_way_down():
    chosen = pods(4)
    some = values(chosen[:2], 600)
    assert calculator(chosen).by_utilization(some, "cpu", 60).replicas == 4, "60 % with two idle"
    some = values(chosen[:2], 50)
    assert calculator(chosen).by_utilization(some, "cpu", 60).replicas == 4


def test_pods_that_are_not_ready_count_as_idle_on_the_way_up_alone():
    chosen = [*pods(2), *pods(2, phase="Pending", first=2)]
    assert calculator(chosen).by_utilization(values(chosen[:2], 900), "cpu", 60).replicas == 6
    assert calculator(chosen).by_utilization(values(chosen[:2], 150), "cpu", 60).replicas == 1


def test_pods_that_have_failed_do_not_count():
    chosen = [*pods(2), *pods(1, phase="Failed", first=2)]
    assert calculator(chosen, 3).by_utilization(values(chosen, 600), "cpu", 60).replicas == 4


@pytest.mark.parametrize(
    ("chosen", "seen", "why"),
    [
        ([], {}, "no pods returned by selector while calculating replica count"),
        (
            pods(1, phase="Pending"),
            {"web-0": 1},
            "did not receive metrics for targeted pods (pods might be unready)",
        ),
    ],
)
def test_without_values_there_is_a_reason(chosen, seen, why):
    with pytest.raises(CourseError) as refused:
        calculator(chosen, 1).by_utilization(seen, "cpu", 60)
    assert refused.value.what == why


def test_requests_are_needed_of_each_container_or_of_the_one_that_counts():
    both = [container(resources={"requests": {"cpu": "1"}}), container("side")]
    found = decode(pod("web", both), POD)
    assert request(found, "cpu", "main") == 1000
    for name, why in (
        ("", "missing request for cpu in container side of Pod web"),
        ("none", "container none not found in Pod web"),
    ):
        with pytest.raises(CourseError) as refused:
            request(found, "cpu", name)
        assert refused.value.what == why


def test_one_value_counts_for_all_pods_or_is_shared_by_them():
    chosen = pods(4)
    assert calculator(chosen).by_total(20_000, 10_000).replicas == 8
    assert calculator(chosen).by_total(10_500, 10_000).replicas == 4
    shared = calculator(chosen).by_share(21_000, 3_000, size=4)
    assert (shared.replicas, shared.usage) == (7, 5_250)
    assert calculator([], 0).by_total(25_000, 10_000).replicas == 3, "from zero"


# How far and how fast


def autoscaler(behavior: dict | None = None, most: int = 100, least: int = 1):
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    spec |= {"minReplicas": least, "maxReplicas": most}
    if behavior is not None:
        spec["behavior"] = behavior
    head = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    document = head | {"metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    HORIZONTAL_POD_AUTOSCALER.set_defaults(document)
    return decode(document, HORIZONTAL_POD_AUTOSCALER)


def history(current: int) -> ScalingHistory:
    return ScalingHistory([(0.0, current)], [])


@pytest.mark.parametrize(
    ("current", "asked", "size", "limit"),
    [
        (1, 4, 4, "DesiredWithinRange"),
        (1, 5, 4, "ScaleUpLimit"),
        (3, 6, 6, "DesiredWithinRange"),
        (3, 7, 6, "ScaleUpLimit"),
        (60, 101, 100, "TooManyReplicas"),
        (3, 0, 3, "DesiredWithinRange"),
    ],
)
def test_without_policies_a_workload_at_most_doubles(current, asked, size, limit):
    found = next_size(autoscaler(), history(current), 1.0, current, asked)
    assert (found.size, found.limit[0]) == (size, limit)


@pytest.mark.parametrize(("now", "size", "able"), [
    (300.0, 8, "ScaleDownStabilized"), (301.0, 2, "ReadyForNewScale"),
])  # fmt: skip
def test_the_highest_recommendation_of_five_minutes_counts(now, size, able):
    found = next_size(autoscaler(), history(8), now, 8, 2)
    assert (found.size, found.able[0]) == (size, able)


@pytest.mark.parametrize(
    ("rules", "asked", "size", "limit"),
    [
        ({"scaleUp": {"selectPolicy": "Disabled"}}, 20, 10, "ScaleUpLimit"),
        ({"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}, 20, 12,
         "ScaleUpLimit"),
        ({"scaleUp": {"policies": [{"type": "Percent", "value": 15, "periodSeconds": 60}]}}, 20, 12,
         "ScaleUpLimit"),
        ({"scaleDown": {"stabilizationWindowSeconds": 0,
                        "policies": [{"type": "Pods", "value": 3, "periodSeconds": 60}]}}, 1, 7,
         "ScaleDownLimit"),
        ({"scaleDown": {"stabilizationWindowSeconds": 0}}, 0, 1, "TooFewReplicas"),
    ],
)  # fmt: skip
def test_policies_say_how_fast(rules, asked, size, limit):
    found = next_size(autoscaler(rules), history(10), 1000.0, 10, asked)
    assert (found.size, found.limit[0], found.limited) == (size, limit, True)


@pytest.mark.parametrize(("now", "size"), [(1059.0, 12), (1060.0, 14)])
def test_what_was_done_within_the_period_of_a_policy_counts(now, size):
    rules = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}}
    hpa, known = autoscaler(rules), history(10)
    note_change(hpa, known, 1000.0, +2)
    assert next_size(hpa, known, now, 12, 30).size == size


@pytest.mark.parametrize(("now", "size"), [(60.0, 10), (61.0, 12)])
def test_a_window_upwards_takes_the_lowest_recommendation(now, size):
    rules = {"scaleUp": {"stabilizationWindowSeconds": 61}}
    found = next_size(autoscaler(rules), ScalingHistory([(0.0, 9)], []), now, 10, 12)
    assert found.size == size
