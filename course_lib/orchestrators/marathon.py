"""Marathon on Mesos: offers at two levels, shared out by dominant resource fairness.

Mesos decides which framework is offered a machine's free resources; the framework, here Marathon,
decides what to start on them, within its constraints.
Sources: Ghodsi and others, "Dominant Resource Fairness" (NSDI 2011); mesos.apache.org
"Architecture"; mesosphere.github.io/marathon "Constraints".
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from course_lib.errors import CourseError
from course_lib.orchestrators.model import (
    ZONE,
    Agent,
    AgentEngine,
    Definition,
    Placed,
    Workload,
    in_order,
)

Host = Agent  # the name by which chapter 04 imports it
Constraint = tuple[str, ...]  # field, operator, and for most operators a value


class App(Definition, frozen=True):
    """A Marathon app."""

    id: str
    instances: int
    cpu: int
    memory: int
    constraints: tuple[Constraint, ...] = ()


class Framework(msgspec.Struct):
    """A framework that Mesos serves: the app that it wants to run, and where its tasks run."""

    app: App
    running: list[Agent] = []

    @property
    def done(self) -> bool:
        """Whether all its tasks run."""
        return len(self.running) >= self.app.instances

    def dominant_share(self, cpu: int, memory: int) -> float:
        """The largest share of any resource of the whole cluster that it holds."""
        held = len(self.running)
        return max(held * self.app.cpu / cpu, held * self.app.memory / memory)

    def launch(self, host: Agent, most: int) -> int:
        """Start tasks on an offer, as its constraints and the room allow; returns how many."""
        work, started = self.app.work, 0
        while started < most and not self.done and host.fits(work):
            if not all(meets(rule, host, self.running) for rule in self.app.constraints):
                break
            host.take(work)
            self.running.append(host)
            started += 1
        return started


def offer(
    frameworks: Sequence[Framework], hosts: Sequence[Agent], rng: random.Random, most: int = 100
) -> None:
    """Rounds of offers, until one in which no task is started.

    In each round every agent's free resources are offered, in drawn order, to the framework with
    the smallest dominant share; when it declines, to the next. One offer serves at most so many
    tasks (`most`; in Marathon --max_instances_per_offer).

    `frameworks` get the offers, `hosts` are the agents, `rng` draws their order.

    >>> from course_lib.orchestrators import Machine
    >>> pool = [Agent(Machine("m", 9000, 18))]  # the example of the paper
    >>> a = Framework(App("A", 9, cpu=1000, memory=4))
    >>> b = Framework(App("B", 9, cpu=3000, memory=1))
    >>> offer([a, b], pool, random.Random(0), most=1)
    >>> len(a.running), len(b.running)
    (3, 2)
    """
    cpu = sum(host.machine.cpu for host in hosts)
    memory = sum(host.machine.memory for host in hosts)
    started = True
    while started:
        started = False
        agents = list(hosts)
        rng.shuffle(agents)
        for host in agents:
            poorest = sorted(frameworks, key=lambda f: f.dominant_share(cpu, memory))
            started |= any(framework.launch(host, most) for framework in poorest)


class Marathon(AgentEngine[App]):
    """Marathon, as the only framework of its cluster."""

    name = "Mesos Marathon"
    calls_it = "app"

    def words(self, workload: Workload) -> str:
        """An app definition for `POST /v2/apps`; its image's own command runs.

        Source: mesosphere.github.io/marathon "Running Docker containers".
        """
        app = self.translate(workload)
        image = json.dumps({"type": "DOCKER", "docker": {"image": f"course/{app.id}"}})
        rules = json.dumps([list(rule) for rule in app.constraints])
        head = f'"id": "/{app.id}", "instances": {app.instances}'
        size = f'"cpus": {app.cpu / 1000:g}, "mem": {app.memory}'
        container = f'"container": {image}'
        return f'{{\n  {head},\n  {size},\n  {container},\n  "constraints": {rules}\n}}'

    def translate(self, workload: Workload) -> App:
        """The workload as an app."""
        rules: list[Constraint] = [(key, "CLUSTER", v) for key, v in workload.only_on.items()]
        if workload.apart:
            rules.append(("hostname", "UNIQUE"))
        if workload.zones:
            # Without the number Marathon knows of no zone before a task runs there, and stays.
            rules.append((ZONE, "GROUP_BY", str(workload.zones)))
        return App.sized(workload, tuple(rules))

    def schedule(self, definition: App, agents: list[Agent], rng: random.Random) -> list[Placed]:
        """Offers come agent by agent; Mesos shuffles the agents in each round."""
        marathon = Framework(definition)
        offer([marathon], agents, rng)
        why = "the first offer with room that meets the constraints"
        why_not = "no offer matched: " + unmatched(definition, agents, marathon.running)
        return in_order(definition.work, marathon.running, why, why_not)


def unmatched(app: App, hosts: Sequence[Agent], running: Sequence[Agent]) -> str:
    """Why offers of `hosts` were declined for an `app`, whose tasks are `running` on some."""
    work = app.work
    short = sum(not host.fits(work) for host in hosts)
    other = sum(
        host.fits(work) and not all(meets(rule, host, running) for rule in app.constraints)
        for host in hosts
    )
    said = ((short, "insufficient resources"), (other, "unfulfilled constraint"))
    return "; ".join(f"{text} in {count} offers" for count, text in said if count)


def meets(rule: Constraint, host: Agent, running: Sequence[Agent]) -> bool:
    """Whether one more task on a `host` keeps a `rule` (constraint), beside those `running`.

    A host without the field meets UNLIKE alone. Raises `CourseError` for an operator that Marathon
    does not have.
    """
    field, operator, *rest = rule
    argument = rest[0] if rest else ""
    value = host.label(field)
    if value is None:
        return operator == "UNLIKE"
    groups = Counter(other.label(field) for other in running)
    if operator == "UNIQUE":
        return groups[value] == 0
    if operator == "CLUSTER":
        return value == argument if argument else set(groups) <= {value}
    if operator == "GROUP_BY":
        least = int(argument or 0)  # so many groups are known to exist
        smallest = min(groups.values(), default=0)
        return value not in groups or (len(groups) >= least and groups[value] == smallest)
    if operator == "LIKE":
        return re.fullmatch(argument, value) is not None
    if operator == "UNLIKE":
        return re.fullmatch(argument, value) is None
    if operator == "MAX_PER":
        return groups[value] < int(argument)
    raise CourseError(
        "no such operator",
        expected="UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE or MAX_PER",
        found=operator,
    )
