"""Amazon ECS: constraints say where a task may go, strategies where it should.

Sources: the Amazon ECS Developer Guide, "How Amazon ECS places tasks on container instances",
"Task placement strategies", "Task placement constraints", "Cluster query language".
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from operator import attrgetter

from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.orchestrators.model import (
    ZONE,
    Agent,
    AgentEngine,
    Definition,
    Placed,
    Workload,
    task_names,
)

AVAILABILITY_ZONE = "attribute:ecs.availability-zone"
Strategy = tuple[str, str]  # type and field: ("spread", "instanceId"), ("binpack", "memory")


class ECSService(Definition, frozen=True):
    """An ECS service: `constraints` are `distinctInstance` or cluster queries (`memberOf`)."""

    name: str
    desired_count: int
    cpu: int
    memory: int
    constraints: tuple[str, ...] = ()
    strategies: tuple[Strategy, ...] = ()


class ECS(AgentEngine[ECSService]):
    """The ECS scheduler on container instances (EC2)."""

    name = "Amazon ECS"
    calls_it = "task definition and service"

    def __init__(self, default: Sequence[Strategy] = (("binpack", "memory"),)) -> None:
        self.default = tuple(default)  # of services that ask for nothing else

    def words(self, workload: Workload) -> str:
        """A task definition, which says what runs, and a service of it, as two AWS commands.

        Source: the AWS CLI's reference of `ecs register-task-definition` and `create-service`: CPU
        and memory belong to the task definition.
        """
        service = self.translate(workload)
        rules = [
            {"type": r} if r == "distinctInstance" else {"type": "memberOf", "expression": r}
            for r in service.constraints
        ]
        order = [{"type": t, "field": f} if f else {"type": t} for t, f in service.strategies]
        container = {
            "name": "main",
            "image": f"course/{service.name}",
            "cpu": service.cpu * 1024 // 1000,  # CPU units: 1,024 for a core
            "memory": service.memory,
        }
        task = {
            "family": service.name,
            "requiresCompatibilities": ["EC2"],
            "containerDefinitions": [container],
        }
        asked = {
            "serviceName": service.name,
            "taskDefinition": service.name,
            "desiredCount": service.desired_count,
            "launchType": "EC2",
            "placementConstraints": rules,
            "placementStrategy": order,
        }
        return f"{command('register-task-definition', task)}\n{command('create-service', asked)}"

    def translate(self, workload: Workload) -> ECSService:
        """The workload as a service."""
        rules = [f"attribute:{key} == {value}" for key, value in workload.only_on.items()]
        if workload.apart:
            rules.append("distinctInstance")
        zones = (("spread", AVAILABILITY_ZONE),) if workload.zones else ()
        return ECSService.sized(workload, tuple(rules), (*zones, *self.default))

    def schedule(
        self, definition: ECSService, agents: list[Agent], rng: random.Random
    ) -> list[Placed]:
        """Task by task."""
        placed: list[Placed] = []
        order = ", then ".join(f"{t}({f})" if f else t for t, f in definition.strategies)
        for name in task_names(definition.work):
            host = choose(definition, agents, rng)
            if host is None:
                placed.append(Placed(name, "", missing(definition, agents)))
            else:
                host.take(definition.work)
                placed.append(Placed(name, host.name, order))
        return placed


def command(name: str, request: Document) -> str:
    """An `aws ecs` command with its request as JSON, a field a line."""
    fields = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in request.items())
    return f"aws ecs {name} --cli-input-json '{{\n{fields}\n}}'"


def choose(service: ECSService, hosts: Sequence[Agent], rng: random.Random) -> Agent | None:
    """The guide's steps for a task of a `service`: `hosts` with enough CPU and memory, the
    constraints, the strategies in order; `rng` breaks ties.
    """
    work = service.work
    left = [host for host in hosts if host.fits(work)]
    left = [host for host in left if all(meets(rule, host, work) for rule in service.constraints)]
    for kind, field in service.strategies:
        left = best(kind, field, left, work)
    return rng.choice(left) if left else None


def best(kind: str, field: str, hosts: Sequence[Agent], work: Workload) -> list[Agent]:
    """The `hosts` that a strategy prefers for `work`; those that it holds equal stay together.

    `kind` is `spread`, `binpack` or `random`, `field` what it goes by. Raises `CourseError` for
    others.
    """
    if kind == "random" or not hosts:
        return list(hosts)
    amount: Callable[[Agent], int]
    if kind == "binpack":
        amount = attrgetter("free_memory" if field == "memory" else "free_cpu")
    elif kind == "spread":
        groups: dict[str | None, int] = {}
        for host in hosts:
            value = attribute(field, host)
            groups[value] = groups.get(value, 0) + host.count(work)
        amount = lambda h: groups[attribute(field, h)]  # noqa: E731
    else:
        raise CourseError("no such strategy", expected="binpack, spread or random", found=kind)
    least = min(map(amount, hosts))
    return [host for host in hosts if amount(host) == least]


def missing(service: ECSService, hosts: Sequence[Agent]) -> str:
    """Why no instance would do, in the words of a service event."""
    work = service.work
    said = f"(service {service.name}) was unable to place a task because no container instance "
    said += "met all of its requirements."
    if not any(host.fits(work) for host in hosts):
        short = "CPU" if not any(h.free_cpu >= work.cpu for h in hosts) else "memory"
        said += f" The closest matching container instance has insufficient {short} available."
    return said


def meets(rule: str, host: Agent, work: Workload) -> bool:
    """Whether a `host` keeps a `rule` for `work`: `distinctInstance`, or a cluster query."""
    if rule == "distinctInstance":
        return host.count(work) == 0
    return query(rule, host)


def attribute(subject: str, host: Agent) -> str | None:
    """`instanceId`, or `attribute:…` of an instance."""
    name = subject.removeprefix("attribute:")
    return host.label(ZONE if name == "ecs.availability-zone" else name)


_TERM = re.compile(
    r"\s*(?P<subject>[\w.:-]+)\s*"
    r"(?:(?P<sign>==|!=|=~|!~|>=|<=|>|<|equals|not_equals)\s*(?P<value>[^\s()]+)"
    r"|(?P<isin>in|not_in|!in)\s*\[(?P<values>[^\]]*)\]"
    r"|(?P<there>exists|!exists|not_exists))\s*"
)


def query(text: str, host: Agent) -> bool:
    """An expression: terms joined by `and` (&&), `or` (||), `not` (!), with parentheses.

    Raises `CourseError` for a text that is no expression.

    >>> from course_lib.orchestrators import Machine
    >>> host = Agent(Machine("i-1", 1, 1, {"ecs.instance-type": "t2.small", "stack": "prod"}))
    >>> query("attribute:ecs.instance-type =~ t2.* and attribute:stack == prod", host)
    True
    >>> query("not(attribute:stack in [prod, qa])", host)
    False
    """
    value, rest = _any_of(text.strip(), host)
    if rest.strip():
        raise CourseError("not a cluster query", expected="subject operator value", found=text)
    return value


def _any_of(text: str, host: Agent) -> tuple[bool, str]:
    value, text = _all_of(text, host)
    while match := re.match(r"\s*(or\b|\|\|)\s*", text):
        other, text = _all_of(text[match.end() :], host)
        value = value or other
    return value, text


def _all_of(text: str, host: Agent) -> tuple[bool, str]:
    value, text = _one(text, host)
    while match := re.match(r"\s*(and\b|&&)\s*", text):
        other, text = _one(text[match.end() :], host)
        value = value and other
    return value, text


def _one(text: str, host: Agent) -> tuple[bool, str]:
    if match := re.match(r"\s*(not\b|!(?!exists|in))\s*", text):
        value, rest = _one(text[match.end() :], host)
        return not value, rest
    if match := re.match(r"\s*\(", text):
        value, rest = _any_of(text[match.end() :], host)
        if not rest.lstrip().startswith(")"):
            raise CourseError("a parenthesis is not closed", found=text)
        return value, rest.lstrip()[1:]
    term = _TERM.match(text)
    if term is None:
        raise CourseError(
            "not a cluster query",
            expected="subject operator value, such as attribute:stack == prod",
            found=text,
        )
    return _term(term, host), text[term.end() :]


def _term(term: re.Match[str], host: Agent) -> bool:
    found = attribute(term["subject"], host)
    if term["there"]:
        return (found is not None) == (term["there"] == "exists")
    if term["isin"]:
        listed = [value.strip() for value in term["values"].split(",")]
        return (found in listed) == (term["isin"] == "in")
    sign, value = term["sign"], term["value"]
    if found is None:
        return sign in ("!=", "not_equals", "!~")
    if sign in ("=~", "!~"):
        return (re.fullmatch(value, found) is not None) == (sign == "=~")
    if sign in (">", "<", ">=", "<="):
        left, right = float(found), float(value)
        order = {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}
        return order[sign]
    return (found == value) == (sign in ("==", "equals"))
