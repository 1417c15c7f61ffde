"""The four other engines against the numbers of their own documentation."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from course_lib.orchestrators import ecs, marathon, nomad, swarm
from course_lib.orchestrators.model import Agent, Machine, Workload
from tests.oracles.harness import FOLDER, OWN, Case, cases

BIG = 10**6


def named(engine: str) -> list[Case]:
    every = [*cases(FOLDER, "orchestrators"), *cases(OWN, "orchestrators")]
    return [case for case in every if case["id"].startswith(engine)]


def by_id(case: Case) -> str:
    return case["id"]


@pytest.mark.parametrize("case", named("swarm"), ids=by_id)
def test_docker_swarm(case: Case):
    if case["rule"] == "constraint":
        host = Agent(Machine("node-1", BIG, BIG, case["labels"]))
        assert swarm.holds(case["constraint"], host) == case["expect"]
        return
    hosts = [Agent(Machine(name, BIG, BIG, labels)) for name, labels in case["hosts"].items()]
    service = swarm.SwarmService(
        "s", case["replicas"], 1, 1, (), tuple(case.get("spread", ())), case.get("max", 0)
    )
    found = swarm.schedule(service, hosts, {})
    if case["rule"] == "max":
        assert len(found) == case["expect"]["placed"]
        return
    label = case["expect"]["by"]
    assert Counter(h.machine.labels[label] for h in found) == case["expect"]["counts"]
    for value, most in case["expect"]["most"].items():
        on = Counter(h.name for h in found if h.machine.labels[label] == value)
        assert max(on.values()) == most


@pytest.mark.parametrize("case", [*named("marathon"), *named("drf")], ids=by_id)
def test_marathon_on_mesos(case: Case):
    if case["rule"] == "drf":
        frameworks = {
            name: marathon.Framework(marathon.App(name, 99, cpu, memory))
            for name, (cpu, memory) in case["demands"].items()
        }
        pool = [Agent(Machine("pool", case["cpu"], case["memory"]))]
        marathon.offer(list(frameworks.values()), pool, random.Random(0), most=1)
        assert {name: len(f.running) for name, f in frameworks.items()} == case["expect"]
        return
    field = case["constraint"][0]

    def host(value: str) -> Agent:
        name = value if field == "hostname" else "any"
        return Agent(Machine(name, 1, 1, {field: value}))

    running = [host(value) for value in case["running"]]
    said = marathon.meets(tuple(case["constraint"]), host(case["value"]), running)
    assert said == case["expect"]


@pytest.mark.parametrize("case", named("ecs"), ids=by_id)
def test_amazon_ecs(case: Case):
    if case["rule"] == "query":
        host = Agent(Machine("i-1", BIG, BIG, case["labels"]))
        assert ecs.query(case["query"], host) == case["expect"]
        return
    hosts = [Agent(Machine(name, BIG, free)) for name, free in case["free"].items()]
    rules = tuple(tuple(s) for s in case["strategies"])
    service = ecs.ECSService("s", 1, 1, case["memory"], (), rules)
    chosen = {ecs.choose(service, hosts, random.Random(i)).name for i in range(30)}
    assert sorted(chosen) == case["expect"]


@pytest.mark.parametrize("case", named("nomad"), ids=by_id)
def test_hashicorp_nomad(case: Case):
    rule, wanted = case["rule"], case["expect"]
    if rule in ("packing", "spreading"):
        assert getattr(nomad, rule)(*case["free"]) == pytest.approx(wanted, abs=5e-4)
    elif rule == "anti_affinity":
        host = Agent(Machine("n", BIG, BIG))
        for _ in range(case["there"]):
            host.take(Workload("web", case["count"], 1, 1))
        assert nomad.anti_affinity(nomad.NomadJob("web", case["count"], 1, 1), host) == wanted
    elif rule == "affinity":
        wishes = tuple(nomad.NomadAffinity(*wish) for wish in case["affinities"])
        job = nomad.NomadJob("web", 1, 1, 1, affinities=wishes)
        said = nomad.affinity(job, Agent(Machine("n", BIG, BIG, case["labels"])))
        assert said == pytest.approx(wanted, abs=5e-4)
    else:
        spread = nomad.Spread("dc", 100, case["targets"])
        job = nomad.NomadJob("web", case["count"], 1, 1, spreads=(spread,))
        hosts = [Agent(Machine(f"{dc}-{i}", BIG, BIG, {"dc": dc})) for dc in wanted for i in (1, 2)]
        for _ in range(case["count"]):
            ranked, _ = nomad.candidates(job, hosts, 0, "binpack")
            max(ranked, key=lambda found: found[0])[1].take(job.work)
        counts = Counter()
        for host in hosts:
            counts[host.label("dc")] += host.total
        assert counts == wanted
