"""What was done to a cluster since it was made, and when.

One seed, one history: a cluster with the same settings, to which the same is done at the same
simulated times, is the same. So settings and acts are a whole cluster: a scene (`scenes.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.client.local import ServerClient
from course_lib.cluster.arguments import in_module_of
from course_lib.cluster.containers import ContainerAccess
from course_lib.cluster.nodes import start_draining
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.objects.manifests import Json, read_manifests

T = TypeVar("T", bound=type)
REQUEST, DRAIN = "request", "drain"  # acts that are no methods of a cluster
METHODS = (
    *("apply", "delete", "install_dns", "install_ingress", "exec", "add_node", "swap_runtime"),
    *("kill_node", "restore_node", "kill_process", "cut", "heal", "fail_disk", "replace_disk"),
    *("limit_etcd", "force_new_cluster", "renew_certificates"),
    *("trace", "load", "nslookup", "http"),
)
OF_PARTS = ("behaviours.set", "registry.push", "registry.withdraw")


class Act(msgspec.Struct, frozen=True, array_like=True):
    """Something that was done: when (simulated s), what, and with which arguments by name.

    `instant_over` is that of `Simulation` at this time.
    """

    at: float
    name: str
    arguments: dict[str, Json]
    instant_over: bool = False


class Acts:
    """All that was done to a cluster with certain `settings`.

    `untold` names the first that cannot be written down, such as a call with a function.
    """

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.done: list[Act] = []
        self.untold = ""
        self._within = False  # what one act does is not an act of its own
        kept = {name: value for name, value in settings.items() if name != "name"}
        self.settings = self._written("Cluster", kept) or {}

    @contextmanager
    def doing(self, sim: Simulation, name: str, arguments: Mapping[str, object]) -> Iterator[None]:
        """Within it the act happens: what it does itself is not noted.

        `sim` has the time, `name` and `arguments` are the act's.
        """
        if self._within:
            yield
            return
        self._note(sim, name, arguments)
        self._within = True
        try:
            yield
        finally:
            self._within = False

    def sent(self, sim: Simulation, request: Request) -> None:
        """Note a `request` that kubectl sent to the API server, if it changes something.

        With a layout each read does: it is a request to etcd. `sim` has the time.
        """
        reads = request.method == "GET" and self.settings.get("layout") is None
        if reads or self._within:
            return
        said = {name: getattr(request, name) for name in request.__struct_fields__}
        self._note(sim, REQUEST, {name: value for name, value in said.items() if value})

    def _note(self, sim: Simulation, name: str, arguments: Mapping[str, object]) -> None:
        written = self._written(name, arguments)
        if written is not None:
            self.done.append(Act(sim.now, name, written, sim.instant_over))

    def _written(self, name: str, arguments: Mapping[str, object]) -> dict[str, Json] | None:
        """The arguments as JSON has them; None, and it is noted, where JSON has nothing for one."""
        try:
            plain = {key: _plain(key, value) for key, value in arguments.items()}
            copied: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(plain))
        except CourseError:
            return None  # the act itself is refused with this error
        except (TypeError, ValueError):
            self.untold = self.untold or name
            return None
        return copied


def _plain(name: str, value: object) -> object:
    """Manifests as documents, since a file may be gone or changed later; a body as its text."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, msgspec.Struct) and name != "layout":
        raise TypeError(f"{name}: a {type(value).__name__}")  # it would be read again as a dict
    if name == "source" or (name == "scheduler" and isinstance(value, str | Path)):
        documents = read_manifests(value)  # type: ignore[arg-type]
        return documents if name == "source" else documents[0]
    return value


class Acting(Protocol):
    """What the record needs of a cluster."""

    acts: Acts
    sim: Simulation
    api: ServerClient
    containers: ContainerAccess


ActingT = TypeVar("ActingT", bound=Acting)


def recorded(cls: T) -> T:
    """Have a class of clusters note its settings and what is done to it, as its `acts`."""
    for name in ("__init__", *METHODS):
        method = getattr(cls, name)
        setattr(cls, name, _recorded(method, name))
    return cls


def _recorded(method: Callable[..., object], name: str) -> Callable[..., object]:
    parts = OF_PARTS  # what follows runs among the globals of `method`
    given, record_part = partial(_given, inspect.signature(method)), _record_part

    def made(self: Acting, *args: object, **kwargs: object) -> None:
        self.acts = Acts(given(self, *args, **kwargs))
        method(self, *args, **kwargs)
        for act in parts:
            record_part(self, act)

    def call(self: Acting, *args: object, **kwargs: object) -> object:
        with self.acts.doing(self.sim, name, given(self, *args, **kwargs)):
            return method(self, *args, **kwargs)

    return in_module_of(method, made if name == "__init__" else call)


def _record_part(cluster: Acting, act: str) -> None:
    """Have a part of a cluster note what is done to it: an act such as `registry.push`."""
    part, _, name = act.partition(".")
    owner, acts, sim = getattr(cluster, part), cluster.acts, cluster.sim
    method = getattr(owner, name)
    signature = inspect.signature(getattr(type(owner), name))

    @wraps(method)
    def call(*args: object, **kwargs: object) -> object:
        with acts.doing(sim, act, _given(signature, owner, *args, **kwargs)):
            return method(*args, **kwargs)

    setattr(owner, name, call)


def _given(signature: inspect.Signature, *args: object, **kwargs: object) -> dict[str, object]:
    """The arguments of a method by their names, without `self`."""
    _, *named = signature.bind(*args, **kwargs).arguments.items()
    plain = dict(named)
    others = plain.pop("settings", {})  # what both `Cluster` and `behaviours.set` call **settings
    assert isinstance(others, dict)
    return plain | others


def drain(cluster: Acting, node: str) -> None:
    """Begin to drain a `node` of a `cluster`: its Pods are evicted while time goes on."""
    with cluster.acts.doing(cluster.sim, DRAIN, {"node": node}):
        start_draining(cluster.sim, cluster.api, node)
