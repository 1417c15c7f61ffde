"""HashiCorp Nomad: a few candidates, each with the mean of several scores; the best one wins.

Sources: developer.hashicorp.com/nomad "Placement" (scheduling, affinity and spread blocks); the
scoring as described there and in Google's "Bin packing" work that it names (10 to the power of the
free share). Scores lie between -1 and 1.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import msgspec

from course_lib.orchestrators.model import (
    ZONE,
    Agent,
    AgentEngine,
    Definition,
    Placed,
    Workload,
    task_names,
)

MOST_FIT = 18.0  # the best value of the bin packing formula, to which scores are scaled
SKIPPED = 3  # so many candidates with a score of 0 or less are passed over, if others are left
WITH_PREFERENCES = 100  # candidates, for jobs with affinities or spreads


class NomadAffinity(msgspec.Struct, frozen=True):
    """A wish for nodes with a label's value; weights from -100 to 100."""

    attribute: str
    value: str
    weight: int = 50


class Spread(msgspec.Struct, frozen=True):
    """Even use of a label's values; a weight up to 100. `targets` are shares in per cent."""

    attribute: str
    weight: int = 100
    targets: dict[str, int] = {}


class NomadJob(Definition, frozen=True):
    """A service job of one task group."""

    id: str
    count: int
    cpu: int
    memory: int
    constraints: dict[str, str] = msgspec.field(default_factory=dict)
    distinct_hosts: bool = False
    affinities: tuple[NomadAffinity, ...] = ()
    spreads: tuple[Spread, ...] = ()


class Nomad(AgentEngine[NomadJob]):
    """Nomad's service scheduler; `algorithm` is `binpack` (the default) or `spread`."""

    name = "HashiCorp Nomad"
    calls_it = "job"

    def __init__(self, algorithm: str = "binpack") -> None:
        self.algorithm = algorithm

    def words(self, workload: Workload) -> str:
        """A job file in HCL2, for `nomad job run`.

        Nomad counts CPU in MHz: one MHz stands for a thousandth of a core. In HCL2 a block on one
        line holds one argument at most, so each argument has a line of its own.
        Source: developer.hashicorp.com/nomad "Job specification" (`driver` is required in a task).
        """
        job = self.translate(workload)
        rules = [
            _block("constraint", attribute=f'"${{meta.{key}}}"', value=f'"{value}"')
            for key, value in job.constraints.items()
        ]
        if job.distinct_hosts:
            rules.append(_block("constraint", operator='"distinct_hosts"', value='"true"'))
        for spread in job.spreads:
            attribute = f'"${{meta.{spread.attribute}}}"'
            rules.append(_block("spread", attribute=attribute, weight=str(spread.weight)))
        task = [
            'driver = "docker"',
            *_block("config", image=f'"course/{job.id}"'),
            *_block("resources", cpu=str(job.cpu), memory=str(job.memory)),
        ]
        group = [f"count = {job.count}", *itertools.chain(*rules), *_nested('task "main"', task)]
        return "\n".join(_nested(f'job "{job.id}"', _nested('group "main"', group)))

    def translate(self, workload: Workload) -> NomadJob:
        """The workload as a job."""
        spreads = (Spread(ZONE),) if workload.zones else ()
        return NomadJob.sized(workload, workload.only_on, workload.apart, (), spreads)

    def schedule(
        self, definition: NomadJob, agents: list[Agent], rng: random.Random
    ) -> list[Placed]:
        """One evaluation: the nodes are shuffled once, and looked at in that order."""
        placed: list[Placed] = []
        order, start = agents.copy(), 0
        rng.shuffle(order)
        for name in task_names(definition.work):
            ranked, start = candidates(definition, order, start, self.algorithm)
            if not ranked:
                placed.append(Placed(name, "", exhausted(definition, agents)))
                continue
            score, host = max(ranked, key=lambda candidate: candidate[0])
            host.take(definition.work)
            why = f"score {score:.3f}, the best of {len(ranked)} candidates"
            placed.append(Placed(name, host.name, why))
        return placed


def _block(name: str, **arguments: str) -> list[str]:
    """The lines of an HCL2 block, its arguments aligned as `nomad fmt` aligns them."""
    width = max(map(len, arguments))
    return _nested(name, [f"{key:<{width}} = {value}" for key, value in arguments.items()])


def _nested(head: str, lines: Sequence[str]) -> list[str]:
    return [f"{head} {{", *(f"  {line}" for line in lines), "}"]


def candidates(
    job: NomadJob, hosts: Sequence[Agent], start: int, algorithm: str
) -> tuple[list[tuple[float, Agent]], int]:
    """Some feasible nodes with their scores, and where to go on looking for the next allocation.

    A service job looks at log2 of the number of nodes, two at least; one with affinities or
    spreads at a hundred. Up to three nodes with scores of 0 or less are passed over, and only
    taken when there are not enough others (`LimitIterator`).

    `hosts` are looked at from the place `start` on; `algorithm` is `binpack` or `spread`.
    """
    limit = max(2, math.ceil(math.log2(len(hosts)))) if len(hosts) > 1 else len(hosts)
    if job.affinities or job.spreads:
        limit = max(limit, WITH_PREFERENCES)
    found: list[tuple[float, Agent]] = []
    passed: list[tuple[float, Agent]] = []
    seen = 0
    while len(found) < limit and seen < len(hosts):
        host = hosts[(start + seen) % len(hosts)]
        seen += 1
        if feasible(job, host):
            score = final_score(job, host, hosts, algorithm)
            if score <= 0 and len(passed) < SKIPPED:
                passed.append((score, host))
            else:
                found.append((score, host))
    found += passed[: limit - len(found)]
    return found, (start + seen) % max(1, len(hosts))


def feasible(job: NomadJob, host: Agent) -> bool:
    """Constraints and room."""
    labelled = all(host.label(key) == value for key, value in job.constraints.items())
    apart = not job.distinct_hosts or host.count(job.work) == 0
    return labelled and apart and host.fits(job.work)


def final_score(job: NomadJob, host: Agent, hosts: Sequence[Agent], algorithm: str) -> float:
    """The mean of the scores of a `host` among `hosts` for a `job`, by one `algorithm`."""
    scores = [fit_score(job, host, algorithm) / MOST_FIT]
    scores += [s for s in (anti_affinity(job, host), affinity(job, host)) if s is not None]
    if job.spreads:
        scores.append(sum(spread_boost(job, s, host, hosts) for s in job.spreads))
    return sum(scores) / len(scores)


def fit_score(job: NomadJob, host: Agent, algorithm: str) -> float:
    """Bin packing or spreading (`algorithm`), 0 to 18, with a task of the `job` on `host`."""
    free_cpu = 1 - (host.machine.cpu - host.free_cpu + job.cpu) / host.machine.cpu
    used_memory = host.machine.memory - host.free_memory + job.memory
    free_memory = 1 - used_memory / host.machine.memory
    return (
        packing(free_cpu, free_memory)
        if algorithm == "binpack"
        else spreading(free_cpu, free_memory)
    )


def packing(free_cpu: float, free_memory: float) -> float:
    """20 less 10 to the power of each free share: 18 for a full node, 0 for an empty one.

    >>> packing(0, 0), packing(1, 1), round(packing(0.5, 0.5), 3)
    (18.0, 0.0, 13.675)
    """
    return min(MOST_FIT, max(0.0, 20.0 - (math.pow(10, free_cpu) + math.pow(10, free_memory))))


def spreading(free_cpu: float, free_memory: float) -> float:
    """The opposite: 10 to the power of each free share, less 2.

    >>> spreading(0, 0), spreading(1, 1), round(spreading(0.5, 0.5), 3)
    (0.0, 18.0, 4.325)
    """
    return min(MOST_FIT, max(0.0, math.pow(10, free_cpu) + math.pow(10, free_memory) - 2.0))


def anti_affinity(job: NomadJob, host: Agent) -> float | None:
    """Allocations of one job shun each other: minus (those there + 1) of those wanted.

    >>> from course_lib.orchestrators import Machine
    >>> host = Agent(Machine("n1", 4000, 8192))
    >>> work = Workload("web", 4, 500, 256)
    >>> host.take(work); host.take(work)
    >>> anti_affinity(NomadJob("web", 4, 500, 256), host)
    -0.75
    """
    there = host.count(job.work)
    return -(there + 1) / job.count if there else None


def affinity(job: NomadJob, host: Agent) -> float | None:
    """The weights of the affinities that a node meets, of all weights; None where none is met."""
    total = sum(abs(wish.weight) for wish in job.affinities)
    met = sum(w.weight for w in job.affinities if host.label(w.attribute) == w.value)
    return met / total if met else None


def spread_boost(job: NomadJob, spread: Spread, host: Agent, hosts: Sequence[Agent]) -> float:
    """From -1 to 1, weighted: how far the value of a `host` is below its share, or below other
    `hosts`, by a `spread` of the `job`.
    """
    work, value = job.work, host.label(spread.attribute)
    if value is None:
        return -1.0
    used: dict[str, int] = {}
    for other in hosts:
        label = other.label(spread.attribute)
        if label is not None and other.count(work):
            used[label] = used.get(label, 0) + other.count(work)
    weight = spread.weight / sum(s.weight for s in job.spreads)
    if spread.targets:
        wanted = spread.targets.get(value, 0) / 100 * job.count
        return weight * (wanted - used.get(value, 0) - 1) / wanted if wanted else -1.0
    return even_boost(value, used)


def even_boost(value: str, used: dict[str, int]) -> float:
    """Without targets: 1 for the value used least, where others are used more; else less."""
    if not used:
        return 0.0
    low, high = min(used.values()), max(used.values())
    here = used.get(value, 0)
    if here == 0:
        return 1.0
    if here != low:
        return (low - here) / low if low else -1.0
    if low == high:
        return -1.0
    return (high - low) / low if low else 1.0


def exhausted(job: NomadJob, hosts: Sequence[Agent]) -> str:
    """Why no node would do, as `nomad job plan` puts it."""
    filtered = sum(any(h.label(k) != v for k, v in job.constraints.items()) for h in hosts)
    short = [h for h in hosts if not h.fits(job.work)]
    cpu = sum(h.free_cpu < job.cpu for h in short)
    said = [f"Constraint filtered {filtered} nodes"] if filtered else []
    if short:
        dimension = "cpu" if cpu else "memory"
        said.append(f'Dimension "{dimension}" exhausted on {len(short)} nodes')
    apart = sum(job.distinct_hosts and h.count(job.work) > 0 for h in hosts)
    said += [f'Constraint "distinct_hosts" filtered {apart} nodes'] if apart else []
    return "; ".join(said) or "no node is left"
