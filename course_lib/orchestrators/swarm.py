"""Docker Swarm: filters, then spread; placement preferences as a tree; failure damping.

Sources: docs.docker.com "Deploy services to a swarm" (constraints, preferences, replicas-max);
github.com/moby/swarmkit `manager/scheduler` (`scheduler.go` nodeLess, scheduleNTasksOnSubtree;
`filter.go`; `nodeinfo.go` maxFailures).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import cmp_to_key

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

MAX_FAILURES = 5  # within MONITOR_SECONDS: from then on a node is tried last
MONITOR_SECONDS = 300.0


class SwarmService(Definition, frozen=True):
    """A replicated service: reservations, constraints, preferences (`node.labels.zone`)."""

    name: str
    replicas: int
    cpu: int
    memory: int
    constraints: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    max_replicas_per_node: int = 0  # 0: any number


class Swarm(AgentEngine[SwarmService]):
    """The scheduler of a swarm."""

    name = "Docker Swarm"
    calls_it = "service"

    def words(self, workload: Workload) -> str:
        """A `docker service create`."""
        service = self.translate(workload)
        options = [f"--replicas {service.replicas}"]
        options.append(f"--reserve-cpu {service.cpu / 1000:g}")
        options.append(f"--reserve-memory {service.memory}M")
        options += [f"--constraint '{c}'" for c in service.constraints]
        options += [f"--placement-pref 'spread={label}'" for label in service.spread]
        if service.max_replicas_per_node:
            options.append(f"--replicas-max-per-node {service.max_replicas_per_node}")
        lines = " \\\n  ".join([*options, f"--name {service.name} course/{service.name}"])
        return f"docker service create \\\n  {lines}"

    def translate(self, workload: Workload) -> SwarmService:
        """The workload as a service."""
        return SwarmService.sized(
            workload,
            tuple(f"node.labels.{key}=={value}" for key, value in workload.only_on.items()),
            (f"node.labels.{ZONE}",) if workload.zones else (),
            1 if workload.apart else 0,
        )

    def schedule(
        self, definition: SwarmService, agents: list[Agent], rng: random.Random
    ) -> list[Placed]:
        """All tasks of a service at once; chance is in the order of the swarm's maps alone."""
        order = agents.copy()
        rng.shuffle(order)
        hosts = schedule(definition, order, {})
        why = "the fewest tasks of the service, then the fewest in all"
        if definition.spread:
            why = f"branches of {definition.spread[0]} kept even; {why}"
        why_not = "no suitable node: " + refusals(definition, agents)
        return in_order(definition.work, hosts, why, why_not)


def schedule(
    service: SwarmService, hosts: Sequence[Agent], failures: dict[str, int]
) -> list[Agent]:
    """The `hosts` of a `service`'s tasks, in order; fewer than replicas when there is no room.

    `failures` counts the failed tasks of the service on each host.
    """
    tree = Branch(hosts, service, service.spread)
    return tree.schedule(service.replicas, failures)


class Branch:
    """A node of the decision tree for a `service`: all `hosts` with the same values of the first
    labels; `spread` has the labels that are left.
    """

    def __init__(
        self, hosts: Sequence[Agent], service: SwarmService, spread: Sequence[str]
    ) -> None:
        self.hosts, self.service = hosts, service
        self.work = service.work
        self.tasks = sum(host.count(self.work) for host in hosts)
        self.branches: list[Branch] = []
        if spread:
            groups: dict[str, list[Agent]] = {}
            for host in hosts:
                groups.setdefault(value_of(spread[0], host) or "", []).append(host)
            self.branches = [Branch(group, service, spread[1:]) for group in groups.values()]

    def schedule(self, count: int, failures: dict[str, int]) -> list[Agent]:
        """Hosts for so many tasks: branches are made even, until all are full or all is placed."""
        if not self.branches:
            return self._on_hosts(count, failures)
        found: list[Agent] = []
        usable = list(self.branches)
        while usable and len(found) < count:
            all_tasks = sum(branch.tasks for branch in usable) + count - len(found)
            each, rest = divmod(all_tasks, len(usable))
            for branch in list(usable):
                have = branch.tasks
                if have < each or (have == each and rest > 0):
                    wanted = each - have + (1 if rest > 0 else 0)
                    got = branch.schedule(wanted, failures)
                    branch.tasks += len(got)
                    if len(got) < wanted:
                        usable.remove(branch)  # it is full
                    elif rest > 0:
                        rest -= 1
                    found += got
        return found

    def _on_hosts(self, count: int, failures: dict[str, int]) -> list[Agent]:
        """First fill up the hosts that have fewer, then one task each in turn."""
        hosts = [host for host in self.hosts if suits(self.service, host)]
        hosts.sort(key=cmp_to_key(less_than(self.work, failures)))
        found: list[Agent] = []
        turn = 0
        while hosts and len(found) < count:
            host = hosts[turn % len(hosts)]
            if not suits(self.service, host):
                hosts.remove(host)
                turn = turn % len(hosts) if hosts else 0
                continue
            host.take(self.work)
            found.append(host)
            following = hosts[(turn + 1) % len(hosts)]
            first_pass = turn + 1 < len(hosts)
            if not first_pass or less_than(self.work, failures)(following, host) < 0:
                turn += 1
        return found


def less_than(work: Workload, failures: dict[str, int]) -> Callable[[Agent, Agent], int]:
    """Which of two hosts comes first (`nodeLess`): the one with fewer recent failures, where
    either has many; with fewer tasks of this service; with fewer tasks.
    """

    def compare(a: Agent, b: Agent) -> int:
        fa, fb = failures.get(a.name, 0), failures.get(b.name, 0)
        if max(fa, fb) >= MAX_FAILURES and fa != fb:
            return fa - fb
        return (a.count(work) - b.count(work)) or (a.total - b.total)

    return compare


def suits(service: SwarmService, host: Agent) -> bool:
    """The filters: resources, constraints, replicas for each node."""
    work = service.work
    few = not service.max_replicas_per_node or host.count(work) < service.max_replicas_per_node
    return host.fits(work) and few and all(holds(text, host) for text in service.constraints)


def refusals(service: SwarmService, hosts: Sequence[Agent]) -> str:
    """What the filters that refused hosts are called, with counts."""
    work = service.work
    bad = sum(not all(holds(text, host) for text in service.constraints) for host in hosts)
    short = sum(not host.fits(work) for host in hosts)
    most = service.max_replicas_per_node
    crowded = sum(bool(most) and host.count(work) >= most for host in hosts)
    said = [
        (bad, "scheduling constraints not satisfied"),
        (short, "insufficient resources"),
        (crowded, "max replicas per node limit exceed"),
    ]
    return "; ".join(f"{text} on {n} node{'s' * (n > 1)}" for n, text in said if n)


def holds(constraint: str, host: Agent) -> bool:
    """Whether a host meets `node.labels.zone==a` or `node.hostname!=h1`; letters' case is equal.

    Raises `CourseError` for a text that is no constraint.

    >>> from course_lib.orchestrators import Machine
    >>> holds("node.labels.disk == SSD", Agent(Machine("h1", 1, 1, {"disk": "ssd"})))
    True
    """
    match = re.fullmatch(r"\s*([A-Za-z0-9._-]+)\s*(==|!=)\s*(\S.*?)\s*", constraint)
    if not match:
        raise CourseError("not a constraint", expected="key==value or key!=value", found=constraint)
    key, sign, value = match.groups()
    same = (value_of(key, host) or "").lower() == value.lower()
    return same if sign == "==" else not same


def value_of(key: str, host: Agent) -> str | None:
    """`node.hostname`, `node.id`, or `node.labels.…`."""
    if key in ("node.hostname", "node.id"):
        return host.name
    return host.machine.labels.get(key.removeprefix("node.labels."))
