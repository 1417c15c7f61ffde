"""Arguments of the public commands: a wrong type is refused in words, not by a traceback.

Annotations say what a parameter takes; a class decorated with `checked` asks them at each call.
"""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any, TypeGuard, TypeVar, cast

from course_lib.client.limits import NO_LIMITS, UPSTREAM, ClientLimits, Rate
from course_lib.cluster.static_manifests import CONTROLLER_MANAGER, SCHEDULER
from course_lib.cri.simulated import runtime_named
from course_lib.engine.simulation import duration
from course_lib.errors import CourseError
from course_lib.network.addresses import LARGE_NODE_CIDR, NOT_FOR_NODES
from course_lib.objects.quantity import Quantity

MOST_NODES = LARGE_NODE_CIDR.num_addresses - NOT_FOR_NODES

LARGEST_INT32 = 2**31 - 1
LARGEST = {"cpu": "10k", "memory": "1Ei"}  # of a machine
REPLACEABLE = (CONTROLLER_MANAGER, SCHEDULER)  # clients of the API, which others can do without
METRICS_SERVER = "metrics-server"
ADD_ONS = (METRICS_SERVER,)  # what not every cluster has
T = TypeVar("T", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


def _text(value: object) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _whole(value: object) -> TypeGuard[int]:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        return False
    return -(2**63) <= int(value) < 2**63


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _list(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return False
    return all(isinstance(each, str) for each in value)


def _map(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, str) for pair in value.items() for each in pair
    )


_TYPES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "str": ("text", _text),
    "int": ("a whole number", _whole),
    "float": ("a number", _number),
    "bool": ("True or False", lambda value: isinstance(value, bool)),
    "list[str]": ("a list of texts", _list),
    "Sequence[str]": ("a list of texts", _list),
    "dict[str, str]": ("a dict of texts", _map),
    "None": ("None", lambda value: value is None),
}


def checked(cls: T) -> T:
    """Have the public methods of a class, and its constructor, refuse arguments of a wrong type.

    >>> @checked
    ... class Lamp:
    ...     def dim(self, share: float) -> None: ...
    >>> Lamp().dim("half")
    Traceback (most recent call last):
    course_lib.errors.CourseError: dim: an argument of the wrong type
      where:    share
      expected: a number
      found:    'half'
    """
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if name == "__init__" or not name.startswith("_"):
            setattr(cls, name, _checked(method, name if name != "__init__" else cls.__name__))
    return cls


def _checked(method: FunctionType, title: str) -> Any:
    signature = inspect.signature(method)
    kinds = {
        name: [_TYPES.get(part.strip()) for part in str(parameter.annotation).split("|")]
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    known = {name: kind for name, kind in kinds.items() if all(kind)}
    bind = signature.bind

    def check(*args: Any, **kwargs: Any) -> None:
        try:
            given = bind(*args, **kwargs).arguments
        except TypeError as problem:
            raise CourseError(
                f"{title}: {problem}", expected=f"{title}{_shown(signature)}"
            ) from None
        for name, value in given.items():
            wanted = known.get(name)
            if wanted and not any(kind[1](value) for kind in wanted if kind):
                raise CourseError(
                    f"{title}: an argument of the wrong type",
                    where=name,
                    expected=" or ".join(kind[0] for kind in wanted if kind),
                    found=repr(value)[:60],
                )

    def call(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return method(*args, **kwargs)

    return in_module_of(method, call)


def in_module_of(method: Callable[..., Any], call: F) -> F:
    """A function that stands for another one: with its name, signature, docstring and module.

    `call` is what runs, in place of `method`. doctest looks for functions by their globals, so
    that the examples of a docstring run once, where they are written.
    """
    assert isinstance(call, FunctionType) and isinstance(method, FunctionType)
    made = FunctionType(call.__code__, method.__globals__, method.__name__, None, call.__closure__)
    made.__kwdefaults__ = call.__kwdefaults__
    return cast(F, functools.update_wrapper(made, method))


def _shown(signature: inspect.Signature) -> str:
    names = [str(parameter) for parameter in list(signature.parameters.values())[1:]]
    return f"({', '.join(names)})"


def count(value: object, name: str, least: int = 0, most: int = LARGEST_INT32, do: str = "") -> int:
    """A whole number within bounds; raises `CourseError`.

    `value` is called `name` in the error; `least` and `most` are the bounds; `do` is what the error
    advises.
    """
    if not _whole(value) or not least <= value <= most:
        raise _out_of_bounds(value, name, f"a whole number from {least} to {most}", do)
    return int(value)


def number(value: object, name: str, least: float, most: float, do: str = "") -> float:
    """A number within bounds; raises `CourseError`.

    `value`, `name`, `least`, `most` and `do` are those of `count`.
    """
    if not _number(value) or not least <= value <= most:
        raise _out_of_bounds(value, name, f"a number from {least:,.15g} to {most:,.15g}", do)
    return float(value)


def _out_of_bounds(value: object, name: str, expected: str, do: str) -> CourseError:
    return CourseError(
        "a number out of bounds", where=name, expected=expected, found=repr(value)[:60], do=do
    )


def amount(value: object, name: str) -> Quantity:
    """A machine's `cpu` (cores) or `memory` (bytes); raises `CourseError`."""
    if not isinstance(value, str | int | float | Quantity) or isinstance(value, bool):
        raise CourseError(
            "not a quantity", where=name, expected="such as 4 or 8Gi", found=repr(value)[:60]
        )
    found = Quantity(value)
    most = Quantity(LARGEST[name])
    if not 0 < found.nano <= most.nano:
        raise CourseError(
            "there is no such machine",
            where=name,
            expected=f"a quantity above 0, such as 4 or 8Gi, and at most {most}",
            found=repr(value)[:60],
        )
    return found


def check_settings(
    nodes: int | None,
    zones: Sequence[str],
    cpu: object,
    memory: object,
    runtime: str,
    layout: object,
    start: float,
    certificates: float,
) -> None:
    """Raise `CourseError` for settings that no cluster can have.

    `nodes` is how many machines there are, `zones` are where, `cpu` and `memory` are quantities,
    `runtime` is a name of `RUNTIMES`, `layout` is a `Layout` or None, and says `nodes` and `zones`
    itself; `start` is the hour of the day, `certificates` how long they are good for (s).
    """
    if nodes is not None:
        count(nodes, "nodes", most=MOST_NODES, do="no more machines have an address of their own")
    amount(cpu, "cpu")
    amount(memory, "memory")
    runtime_named(runtime)
    duration(start, "start")
    duration(certificates, "certificates")
    if layout is not None and not hasattr(layout, "control_planes"):
        raise CourseError(
            "a layout says what runs where",
            where="layout",
            expected="None, or one of course_lib.cluster.layout",
            found=repr(layout)[:60],
            do="use Cluster.all_in_one(), .single_master(), .ha_masters() or .ha_etcd()",
        )
    for name, value in () if layout is None else (("nodes", nodes), ("zones", zones or None)):
        if value is not None:
            raise CourseError(
                "a layout says itself which machines there are, and where",
                where=name,
                expected=f"no {name} beside a layout",
                found=repr(value)[:60],
                do="leave it out, or make another layout, such as Cluster.single_master(workers=5)",
            )


def left_out(names: Sequence[str]) -> frozenset[str]:
    """The components that a cluster does without.

    Raises `CourseError` for `names` of anything else.
    """
    for name in [names] if isinstance(names, str) else names:
        if name not in (*REPLACEABLE, *ADD_ONS):
            raise CourseError(
                "no such component to leave out",
                where="without",
                expected=f"a list of {', '.join((*REPLACEABLE, *ADD_ONS))}, or of one of them",
                found=repr(name)[:60],
            )
    return frozenset([names] if isinstance(names, str) else names)


def limits_of(said: bool | Mapping[str, tuple[float, int]]) -> ClientLimits:
    """The limits of the control plane's clients: none, upstream's defaults, or others in part.

    Raises `CourseError` for another component, and for a rate that lets nothing pass.
    """
    if isinstance(said, bool):
        return UPSTREAM if said else NO_LIMITS
    expected = f"True, or a dict such as {{{SCHEDULER!r}: (50, 100)}}: requests a second, at once"
    if not isinstance(said, Mapping):
        raise _no_limit(said, expected)
    if others := [name for name in said if name not in REPLACEABLE]:
        raise _no_limit(others[0], f"limits of {' or '.join(REPLACEABLE)}")
    rates = {}
    for name, rate in said.items():
        if not isinstance(rate, Sequence) or len(rate) != 2 or not all(map(_number, rate)):
            raise _no_limit(rate, expected)
        qps, burst = float(rate[0]), rate[1]
        if not 0 < qps < float("inf") or not _whole(burst) or not 1 <= burst <= LARGEST_INT32:
            bounds = f"a whole number from 1 to {LARGEST_INT32:,}"
            raise _no_limit(rate, f"a rate above 0, and {bounds}")
        rates[name] = Rate(qps, burst)
    return ClientLimits(
        rates.get(SCHEDULER, UPSTREAM.scheduler),
        rates.get(CONTROLLER_MANAGER, UPSTREAM.controllers),
    )


def _no_limit(found: object, expected: str) -> CourseError:
    return CourseError(
        "not a limit of the control plane's clients",
        where="client_limits",
        expected=expected,
        found=repr(found)[:60],
    )
