"""What an experiment cannot do it refuses: at once, and in words that say what it can do."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from course_lib import experiments as x
from course_lib.errors import CourseError, SimulationTimeout
from course_lib.experiments import Reliability, clusters
from course_lib.experiments.arguments import several
from course_lib.experiments.availability import MOST_MEMBERS, MOST_RUNS, MOST_YEARS, MOST_ZONES
from course_lib.experiments.clusters import ROOM


def _name(part: object) -> str | None:
    """The name of a case: the same in each process."""
    return getattr(part, "__name__", part if isinstance(part, str) else None)


MILD = Reliability(mtbf=99, mttr=1)
EQUAL = x.generate("equal", pods=2, nodes=2)
NO_PODS, NO_NODES = (msgspec.structs.replace(EQUAL, **{part: []}) for part in ("pods", "nodes"))
ONE_RUN = x.run("pack", EQUAL)

# A list of cases that is none, or is empty: every parameter that takes several values.
LISTS = [
    (x.rollouts, "limits"),
    (x.drains, "budgets"),
    (x.zone_failures, "zones"),
    (x.autoscaling, "targets"),
    (x.sizes, "nodes"),
    (x.sizes, "client_limits"),
    (x.default_limits, "nodes"),
    (x.availability, "sizes"),
    (x.availability, "zones"),
    (x.closed_form, "spread"),
    (x.latency_by_size, "sizes"),
    (x.overhead, "payloads"),
    (x.state_growth, "nodes"),
    (x.state_growth, "pods"),
    (x.state_growth, "plugins"),
    (x.network_events, "plugins"),
    (x.rule_cost, "counts"),
    (x.rule_cost, "modes"),
    (x.balance, "traces"),
    (x.chi_squared, "counts"),
    (x.runs_table, "runs"),
]


@pytest.mark.parametrize("values", [(), 3, "web", {3, 5}], ids=repr)
@pytest.mark.parametrize(("experiment", "name"), LISTS, ids=_name)
def test_cases_are_a_list_with_one_or_more(experiment, name, values):
    with pytest.raises(CourseError, match="one case or more") as refused:
        experiment(**{name: values})
    assert refused.value.where == name
    assert bool(refused.value.do) == (values != ())


def test_cases_may_be_any_list_that_has_an_order():
    for values in ([3, 5], (3, 5), range(3, 6, 2), np.array([3, 5]), {3: "a", 5: "b"}):
        assert several(values, "sizes", lambda value, name: (value, name)) == [
            (3, "sizes[0]"),
            (5, "sizes[1]"),
        ]


# What is refused, and where the error says that it is.
REFUSED = [
    (x.rollouts, {"limits": [1]}, "limits[0]"),
    (x.rollouts, {"limits": [(1, 0), (1, 0, 1)]}, "limits[1]"),
    (x.rollouts, {"limits": ["10"]}, "limits[0]"),
    (x.rollouts, {"nodes": 0}, "nodes"),
    (x.rollouts, {"replicas": 0}, "replicas"),
    (x.rollouts, {"nodes": 2, "replicas": 2 * ROOM}, "replicas"),
    (x.drains, {"nodes": 1}, "nodes"),
    (x.drains, {"at_once": 0}, "at_once"),
    (x.drains, {"nodes": 4, "at_once": 4}, "at_once"),
    (x.drains, {"nodes": 4, "at_once": 3, "replicas": ROOM + 1}, "replicas"),
    (x.drains, {"budgets": [None, 20]}, "budgets[1]"),
    (x.drains, {"budgets": ["96%"]}, "budgets[0]"),  # 19.2 of 20 are rounded up
    (x.zone_failures, {"zones": [2, 1]}, "zones[1]"),
    (x.zone_failures, {"zones": [0]}, "zones[0]"),
    (x.zone_failures, {"zones": [-2]}, "zones[0]"),
    (x.zone_failures, {"zones": ["a"]}, "zones[0]"),
    (x.zone_failures, {"zones": [True]}, "zones[0]"),
    (x.zone_failures, {"zones": [5], "nodes": 4}, "zones[0]"),
    (x.zone_failures, {"nodes": 1}, "nodes"),
    (x.zone_failures, {"zones": [3], "nodes": 4, "replicas": 2 * ROOM + 1}, "replicas"),
    (x.zone_failures, {"controller_flags": {"x": 1}}, "controller_flags"),
    (x.autoscaling, {"targets": [0]}, "targets[0]"),
    (x.autoscaling, {"seconds": 0}, "seconds"),
    (x.autoscaling, {"seconds": 0.9}, "seconds"),
    (x.autoscaling, {"seconds": float("nan")}, "seconds"),
    (x.autoscaling, {"rate": 0}, "rate"),
    (x.autoscaling, {"rate": "a"}, "rate"),
    (x.autoscaling, {"nodes": 0}, "nodes"),
    (x.autoscaling, {"most": 1}, "most"),
    (x.sizes, {"nodes": [0]}, "nodes[0]"),
    (x.sizes, {"nodes": [5, 2]}, "nodes[1]"),
    (x.sizes, {"pods_per_node": 0}, "pods_per_node"),
    (x.sizes, {"nodes": [6, 4], "pods_per_node": ROOM // 2 + 1}, "pods_per_node"),
    (x.sizes, {"client_limits": ["yes"]}, "client_limits[0]"),
    (x.default_limits, {"nodes": [-5]}, "nodes[0]"),
    (x.default_limits, {"nodes": ["a"]}, "nodes[0]"),
    (x.default_limits, {"pods_per_node": -1}, "pods_per_node"),
    (Reliability, {"mtbf": 0.9, "mttr": 1}, "mtbf"),
    (Reliability, {"mtbf": 1, "mttr": -1}, "mttr"),
    (Reliability, {"mtbf": "a", "mttr": 1}, "mtbf"),
    (x.closed_form, {"spread": (0, 0)}, "members in spread"),
    (x.closed_form, {"spread": (-1, 2)}, "spread[0]"),
    (x.closed_form, {"spread": [1] * (MOST_ZONES + 1)}, "zones in spread"),
    (x.closed_form, {"spread": (3,), "member": 5}, "member"),
    (x.closed_form, {"spread": (3,), "zone": None}, "zone"),
    (x.availability, {"sizes": [0]}, "sizes[0]"),
    (x.availability, {"sizes": [MOST_MEMBERS + 1]}, "sizes[0]"),
    (x.availability, {"zones": [0]}, "zones[0]"),
    (x.availability, {"zones": [MOST_ZONES + 1]}, "zones[0]"),
    (x.availability, {"sizes": [1], "zones": [2]}, "zones"),
    (x.availability, {"years": 0}, "years"),
    (x.availability, {"years": MOST_YEARS + 1}, "years"),
    (x.availability, {"runs": 1}, "runs"),
    (x.availability, {"runs": MOST_RUNS + 1}, "runs"),
    (x.availability, {"seed": -1}, "seed"),
    (x.availability, {"member": 5}, "member"),
    (x.latency_by_size, {"sizes": [0]}, "sizes[0]"),
    (x.latency_by_size, {"sizes": [MOST_MEMBERS + 1]}, "sizes[0]"),
    (x.latency_by_size, {"writes": 0}, "writes"),
    (x.latency_by_size, {"seed": "a"}, "seed"),
    (x.failure_table, {"configurations": ["all-in-two"]}, "configurations[0]"),
    (x.failure_table, {"configurations": "all-in-one"}, "configurations"),
    (x.overhead, {"payloads": [0]}, "payloads[0]"),
    (x.overhead, {"payloads": ["a"]}, "payloads[0]"),
    (x.state_growth, {"nodes": [0]}, "nodes[0]"),
    (x.state_growth, {"pods": [0]}, "pods[0]"),
    (x.state_growth, {"plugins": ["callico"]}, "plugins[0]"),
    (x.network_event, {"plugin": "calico", "event": "rain"}, "event"),
    (x.network_events, {"plugins": [3]}, "plugins[0]"),
    (x.rule_cost, {"counts": [0]}, "counts[0]"),
    (x.rule_cost, {"counts": [1.5]}, "counts[0]"),
    (x.rule_cost, {"modes": [3]}, "modes[0]"),
    (x.balance, {"traces": [3]}, "traces[0]"),
    (x.chi_squared, {"counts": [0, 0]}, "counts"),
    (x.chi_squared, {"counts": [5, -1]}, "counts[1]"),
    (x.generate, {"distribution": "normal", "pods": 3}, "distribution"),
    (x.generate, {"distribution": "equal", "pods": 0}, "pods"),
    (x.generate, {"distribution": "equal", "pods": 1, "nodes": 0}, "nodes"),
    (x.generate, {"distribution": "equal", "pods": 1, "cpu": 0}, "cpu"),
    (x.generate, {"distribution": "equal", "pods": 1, "memory": "16Gi"}, "memory"),
    (x.read_trace, {"folder": 3}, "folder"),
    (x.run, {"policy": "stack", "scenario": EQUAL}, "policy"),
    (x.run, {"policy": "pack", "scenario": "equal"}, "scenario"),
    (x.run, {"policy": "pack", "scenario": NO_PODS}, "Pods in scenario"),
    (x.run, {"policy": "pack", "scenario": NO_NODES}, "nodes in scenario"),
    (x.sweep, {"policies": "pack", "scenarios": [EQUAL]}, "policies"),
    (x.sweep, {"policies": ["stack"], "scenarios": [EQUAL]}, "policies[0]"),
    (x.sweep, {"policies": {"mine": "pack"}, "scenarios": [EQUAL]}, "policies: mine"),
    (x.sweep, {"policies": ["pack"], "scenarios": EQUAL}, "scenarios"),
    (x.sweep, {"policies": ["pack"], "scenarios": ["equal"]}, "scenarios[0]"),
    (x.sweep, {"policies": ["pack"], "scenarios": [EQUAL], "seeds": 5}, "seeds"),
    (x.sweep, {"policies": ["pack"], "scenarios": [EQUAL], "workers": 0}, "workers"),
    (x.sweep, {"policies": ["pack"], "scenarios": [EQUAL], "cache": 3}, "cache"),
    (x.runs_table, {"runs": [3]}, "runs[0]"),
    (x.pods_table, {"runs": [ONE_RUN], "scenarios": []}, "scenarios"),
    (x.pods_table, {"runs": [ONE_RUN], "scenarios": [NO_PODS]}, "Pods of workload of runs[0]"),
    (
        x.pods_table,
        {"runs": [ONE_RUN], "scenarios": [msgspec.structs.replace(EQUAL, name="other")]},
        "workload of runs[0]",
    ),
    (x.utilisation, {"nodes": EQUAL, "resource": "cpu"}, "nodes"),
    (x.utilisation, {"nodes": EQUAL.snapshot(), "resource": 3}, "resource"),
]


@pytest.mark.parametrize(("experiment", "given", "where"), REFUSED, ids=_name)
def test_an_argument_out_of_bounds_is_named(experiment, given, where):
    with pytest.raises(CourseError) as refused:
        experiment(**given)
    assert refused.value.where == where
    assert refused.value.expected


def test_the_largest_numbers_of_pods_have_room():
    assert x.rollouts([(1, 0)], nodes=1, replicas=ROOM - 1)["FEWEST READY"][0] == ROOM - 1
    assert x.drains([None], nodes=2, at_once=1, replicas=ROOM).SECONDS[0] > 0
    assert x.zone_failures([2], nodes=2, replicas=ROOM).LOST[0] == ROOM / 2
    assert x.sizes([4], pods_per_node=ROOM // 2, client_limits=[False]).PODS[0] == 2 * ROOM


def test_a_budget_may_keep_all_pods_but_one():
    found = x.drains([3, "75%"], nodes=2, replicas=4, at_once=1)
    assert list(found["FEWEST READY"]) == [3, 3]


def test_the_least_that_is_measured():
    assert list(x.autoscaling([50], seconds=1, nodes=1).PODS) == [2]
    assert list(x.availability([1], [1], years=0.1, runs=2).MEMBERS) == [1]
    assert list(x.latency_by_size([1], writes=1).MEMBERS) == [1] * 3
    assert set(x.rule_cost([1]).SERVICES) == {1}
    assert x.chi_squared([5]) == (0.0, 1.0)


def test_what_never_fails_is_always_available():
    never = Reliability(mtbf=float("inf"), mttr=1)
    assert x.closed_form((3,), never) == 1.0
    assert x.closed_form((1, 1, 1), MILD, never) == x.closed_form((3,), MILD)


def test_no_experiment_waits_for_ever(monkeypatch):
    monkeypatch.setattr(clusters, "LONGEST", 30.0)  # a dead node is noticed after 40 s or more
    with pytest.raises(SimulationTimeout, match="the loss of the zone is not noticed"):
        x.zone_failures([2], nodes=2, replicas=2)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("sn,cpu_milli,memory_mib,model\nx,1,1,\n", "nodes.csv"),  # without GPUs
        ("sn,cpu_milli,memory_mib,gpu,model\nx,1,many,0,\n", "nodes.csv, line 2: memory_mib"),
        ("sn,cpu_milli,memory_mib,gpu,model\nx,1,1,0,\ny,1\n", "nodes.csv, line 3: memory_mib"),
    ],
)
def test_a_trace_with_a_wrong_row_is_refused_with_its_line(tmp_path, text, where):
    (tmp_path / "nodes.csv").write_text(text)
    with pytest.raises(CourseError, match="not a trace") as refused:
        x.read_trace(tmp_path)
    assert refused.value.where == f"{tmp_path}/{where}"
