"""What holds for every engine, whatever it is given; and what sets each apart."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.orchestrators import (
    ECS,
    Machine,
    Marathon,
    Nomad,
    Workload,
    compare,
    engines,
    marathon,
    swarm,
)
from course_lib.orchestrators.ecs import query
from course_lib.orchestrators.model import Agent

machines = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 8), st.sampled_from("abc"), st.booleans()),
    min_size=1,
    max_size=6,
).map(
    lambda rows: [
        Machine(f"m{i}", c * 1000, g * 1024, {"zone": z} | ({"disk": "ssd"} if ssd else {}))
        for i, (c, g, z, ssd) in enumerate(rows)
    ]
)
workloads = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from([100, 500, 1500]),
        st.sampled_from([128, 1024, 3000]),
        st.booleans(),
        st.booleans(),
        st.sampled_from([0, 2, 3]),
    ),
    min_size=1,
    max_size=3,
).map(
    lambda rows: [
        Workload(f"w{i}", n, c, m, {"disk": "ssd"} if ssd else {}, apart, zones)
        for i, (n, c, m, ssd, apart, zones) in enumerate(rows)
    ]
)


@given(workloads, machines, st.integers(0, 3))
def test_no_engine_overcommits_a_machine_or_breaks_a_rule(work, given_machines, seed):
    by_name = {w.name: w for w in work}
    labels = {m.name: m.labels for m in given_machines}
    for placed in compare(work, given_machines, seed).values():
        assert [p.task for p in placed] == [
            f"{w.name}.{n}" for w in work for n in range(1, w.count + 1)
        ]
        for machine in given_machines:
            mine = [by_name[p.task.split(".")[0]] for p in placed if p.machine == machine.name]
            assert sum(w.cpu for w in mine) <= machine.cpu
            assert sum(w.memory for w in mine) <= machine.memory
            for name, count in Counter(w.name for w in mine).items():
                assert count == 1 or not by_name[name].apart
        for p in placed:
            rules = by_name[p.task.split(".")[0]].only_on
            assert not p.machine or rules.items() <= labels[p.machine].items()
            assert p.why


@given(workloads, machines)
def test_the_same_seed_gives_the_same_placement(work, given_machines):
    assert compare(work, given_machines, 7) == compare(work, given_machines, 7)


FOUR = [Machine(f"m{i}", 4000, 8192, {"zone": "ab"[i % 2]}) for i in range(4)]


def counts(placed) -> list[int]:
    on = Counter(p.machine for p in placed)
    return sorted(on.values(), reverse=True)


def test_some_engines_spread_by_default_and_some_pack():
    found = compare([Workload("web", 8, 500, 1024)], FOUR, seed=1)
    assert counts(found["Docker Swarm"]) == [2, 2, 2, 2]
    assert counts(found["Kubernetes"]) == [2, 2, 2, 2]
    assert counts(found["Mesos Marathon"]) == [8]
    assert counts(found["Amazon ECS"]) == [8]
    # Anti-affinity among the allocations of one job works against packing.
    assert len(counts(found["HashiCorp Nomad"])) > 1


def test_all_engines_keep_zones_even_when_asked():
    for name, placed in compare([Workload("web", 8, 500, 512, zones=2)], FOUR).items():
        zones = Counter({m.name: m.labels["zone"] for m in FOUR}[p.machine] for p in placed)
        assert zones == {"a": 4, "b": 4}, name


def test_marathon_must_be_told_how_many_groups_there_are():
    """Its documentation says so: it knows of no value before a task runs there."""
    hosts = [Agent(m) for m in FOUR]
    app = marathon.App("web", 8, 500, 512, (("zone", "GROUP_BY"),))
    alone = marathon.Framework(app)
    marathon.offer([alone], hosts, random.Random(0))
    assert len({host.label("zone") for host in alone.running}) == 1


def test_mesos_gives_two_frameworks_equal_dominant_shares():
    hosts = [Agent(m) for m in FOUR]  # 16 cores and 32 GiB
    cores = marathon.Framework(marathon.App("cores", 99, 1000, 256))
    memory = marathon.Framework(marathon.App("memory", 99, 100, 2048))
    marathon.offer([cores, memory], hosts, random.Random(0), most=1)
    shares = [f.dominant_share(16000, 32768) for f in (cores, memory)]
    assert abs(shares[0] - shares[1]) <= 0.1
    assert min(shares) > 0.7, "what one wants little of, the other gets"


def test_every_engine_says_the_workload_in_its_own_words():
    work = Workload("web", 3, 250, 512, {"disk": "ssd"}, apart=True, zones=2)
    said = {engine.name: engine.words(work) for engine in engines()}
    assert "--replicas-max-per-node 1" in said["Docker Swarm"]
    assert "podAntiAffinity" in said["Kubernetes"]
    assert '"GROUP_BY"' in said["Mesos Marathon"]
    assert "distinctInstance" in said["Amazon ECS"]
    assert "distinct_hosts" in said["HashiCorp Nomad"]


SIZED = Workload("web", 3, 250, 512, {"disk": "ssd"}, apart=True, zones=2)


def test_a_nomad_job_is_valid_hcl_and_names_its_driver():
    lines = Nomad().words(SIZED).splitlines()
    for line in lines:  # one argument, or the head of a block, or its end
        assert len(re.findall(r"= |(?<![$]){", line)) <= 1, line
    assert sum(line.endswith("{") for line in lines) == sum(line.strip() == "}" for line in lines)
    task = lines[lines.index('    task "main" {') :]
    assert '      driver = "docker"' in task and '        image = "course/web"' in task
    assert "        cpu    = 250" in task and "        memory = 512" in task


def test_an_ecs_service_names_a_task_definition_that_has_the_image_and_the_sizes():
    commands = re.findall(r"aws ecs (\S+) --cli-input-json '(.*?)'", ECS().words(SIZED), re.DOTALL)
    (register, task), (create, service) = [(name, json.loads(body)) for name, body in commands]
    assert (register, create) == ("register-task-definition", "create-service")
    (container,) = task["containerDefinitions"]
    assert container == {"name": "main", "image": "course/web", "cpu": 256, "memory": 512}
    assert service["taskDefinition"] == task["family"]
    assert not {"cpu", "memory"} & set(service), "those belong to the task definition"
    assert service["placementConstraints"] == [
        {"type": "memberOf", "expression": "attribute:disk == ssd"},
        {"type": "distinctInstance"},
    ]


def test_a_marathon_app_names_its_image():
    app = json.loads(Marathon().words(SIZED))
    assert app["container"] == {"type": "DOCKER", "docker": {"image": "course/web"}}
    assert (app["cpus"], app["mem"], app["instances"]) == (0.25, 512, 3)


def test_a_node_that_keeps_failing_a_swarms_tasks_is_tried_last():
    hosts = [Agent(m) for m in FOUR]
    found = swarm.schedule(swarm.SwarmService("s", 3, 100, 64), hosts, {"m0": 5})
    assert "m0" not in [h.name for h in found]
    found = swarm.schedule(swarm.SwarmService("t", 3, 100, 64), [Agent(m) for m in FOUR], {"m0": 4})
    assert "m0" in [h.name for h in found], "four failures are not many yet"


def test_nomad_looks_at_few_candidates_of_a_large_cluster():
    many = [Machine(f"m{i}", 4000, 8192) for i in range(64)]
    placed = Nomad().place([Workload("web", 4, 500, 256)], many, random.Random(0))
    assert placed[0].why.endswith("of 6 candidates")


def test_marathon_launches_what_an_offer_can_hold():
    placed = Marathon().place([Workload("web", 9, 2000, 64)], FOUR, random.Random(0))
    assert counts(placed)[:4] == [2, 2, 2, 2]
    assert [p.why for p in placed if not p.machine] == [
        "no offer matched: insufficient resources in 4 offers"
    ]


@pytest.mark.parametrize("text", ["attribute:a", "attribute:a ==", "(attribute:a == b", "a == b c"])
def test_a_bad_cluster_query_is_refused(text):
    with pytest.raises(CourseError):
        query(text, Agent(FOUR[0]))


def test_a_bad_swarm_constraint_is_refused():
    with pytest.raises(CourseError, match="not a constraint"):
        swarm.holds("node.labels.a=b", Agent(FOUR[0]))
