"""Experiments: the same on every machine, cached by content, measured as plain sums measure."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.experiments import (
    DISTRIBUTIONS,
    POLICIES,
    fragmentation,
    generate,
    pods_table,
    read_trace,
    run,
    runs_table,
    sweep,
    utilisation,
)
from course_lib.experiments.measures import shapes_of
from course_lib.experiments.policies import framework_of
from course_lib.scheduler.plugins.gpu_share import COUNT, left
from tests.conftest import ROOT

OPENB = Path(os.environ.get("OPENB_DIR", ROOT.parent / "shared/data/openb"))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_workload_is_the_same_for_the_same_seed(name):
    assert generate(name, 30, seed=1).digest == generate(name, 30, seed=1).digest
    other = generate(name, 30, seed=2).digest
    assert (other == generate(name, 30, seed=1).digest) == (name in ("equal", "large last"))


def test_unknown_distributions_and_traces_are_explained(tmp_path):
    with pytest.raises(CourseError, match="no such distribution"):
        generate("normal", 3)
    with pytest.raises(CourseError, match="cannot read the trace"):
        read_trace(tmp_path)
    (tmp_path / "nodes.csv").write_text("name,size\nx,1\n")
    with pytest.raises(CourseError, match="not a trace"):
        read_trace(tmp_path)


@pytest.mark.parametrize("policy", POLICIES)
def test_measures_add_up(policy):
    scenario = generate("services", 200, nodes=6)
    made = run(policy, scenario)
    placed = [name for name in made.nodes if name]
    assert made.measures["placed"] == len(placed)
    assert made.measures["placed"] + made.measures["pending"] == 200
    assert made.measures["nodes_used"] == len(set(placed))
    cpu = {d["metadata"]["name"]: d for d in scenario.pods}
    asked = sum(
        int(d["spec"]["containers"][0]["resources"]["requests"]["cpu"][:-1])
        for d, node in zip(cpu.values(), made.nodes, strict=True)
        if node
    )
    assert made.measures["cpu_mean"] == pytest.approx(asked / (6 * 8000))
    assert [x for x, _ in made.curve][-1] == 1.0


def test_packing_uses_fewer_nodes_than_spreading():
    scenario = generate("services", 60)
    runs = {p: run(p, scenario).measures["nodes_used"] for p in ("pack", "spread", "random")}
    assert runs["pack"] < runs["random"] <= runs["spread"] == 20


def test_who_spreads_small_pods_has_no_room_for_large_ones():
    scenario = generate("large last", 94)
    pending = {p: run(p, scenario).measures["pending"] for p in ("pack", "spread")}
    assert pending["pack"] == 0
    assert pending["spread"] == 14


def test_what_no_pod_of_the_workload_can_use_is_fragmented():
    scenario = generate("equal", 100, nodes=3, cpu=8, memory=16)  # 0.5 cores, 1 GiB each
    framework, nodes = framework_of("pack"), scenario.snapshot()
    shapes = shapes_of(scenario.queue())
    assert fragmentation(framework, nodes, shapes, "cpu") == 0.0
    nodes.requested["cpu"][0] = 7800  # 0.2 cores left: too little
    free = 200 + 8000 + 8000
    assert fragmentation(framework, nodes, shapes, "cpu") == pytest.approx(200 / free)
    mean, spread = utilisation(nodes, "cpu")
    assert mean == pytest.approx(7800 / 24000)
    assert spread == pytest.approx(np.std([0.975, 0, 0]))


def test_a_sweep_is_cached_by_content_and_survives_damage(tmp_path):
    scenarios = [generate("batch", 20, nodes=4, seed=s) for s in (0,)]
    first = sweep(["pack", "spread"], scenarios, [0, 1], cache=tmp_path, progress=False, workers=1)
    files = sorted(tmp_path.iterdir())
    assert len(first) == len(files) == 4
    stamps = [f.stat().st_mtime_ns for f in files]
    again = sweep(["pack", "spread"], scenarios, [0, 1], cache=tmp_path, progress=False)
    assert again == first
    assert [f.stat().st_mtime_ns for f in files] == stamps
    files[0].write_text("{half a")
    third = sweep(["pack", "spread"], scenarios, [0, 1], cache=tmp_path, progress=False, workers=1)
    assert [r.nodes for r in third] == [r.nodes for r in first]
    assert files[0].stat().st_size > 100


def test_a_sweep_on_several_cores_is_the_sweep_on_one():
    scenarios = [generate("batch", 40, nodes=4), generate("services", 40, nodes=4)]
    one = sweep(["pack", "random"], scenarios, [0, 1], progress=False, workers=1)
    two = sweep(["pack", "random"], scenarios, [0, 1], progress=False, workers=2)
    assert [(r.policy, r.workload, r.seed, r.nodes) for r in one] == [
        (r.policy, r.workload, r.seed, r.nodes) for r in two
    ]
    table = runs_table(one)
    assert len(table) == 8
    assert {"policy", "workload", "seed", "placed", "cpu_mean"} <= set(table.columns)
    pods = pods_table(one, scenarios)
    assert len(pods) == 8 * 40


@pytest.mark.skipif(not (OPENB / "pods.csv").exists(), reason="the openb trace is not here")
def test_the_whole_openb_trace_is_placed_and_no_gpu_is_overcommitted():
    scenario = read_trace(OPENB)
    nodes, pods = scenario.snapshot(), scenario.queue()
    assert (len(nodes), len(pods)) == (1213, 8152)
    framework = framework_of("pack")
    import random

    from course_lib.scheduler.batch import place_all

    rows = place_all(framework, pods, nodes, random.Random(0))
    assert sum(row >= 0 for row in rows) > 7000
    assert left(nodes).min() >= 0
    by_device = nodes.capacity(COUNT) * 1000 - left(nodes).sum(axis=1)
    assert np.array_equal(by_device, nodes.requested["alibabacloud.com/gpu-milli"])
