"""One cluster at one moment as a short text: for the address of a page that shows it.

The text has the settings, and all that was done, with its times; the rest is simulated again. What
was typed into a container's shell is not part of it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable
from itertools import zip_longest
from operator import attrgetter
from typing import Any

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.cluster import acts
from course_lib.cluster.acts import Act, Acting, ActingT
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.layout import Layout
from course_lib.engine.simulation import StepsUsedUp
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document, Json

SITE = "https://OWNER.github.io/REPO"  # where the course is published
LONGEST = 8000  # characters of an address that every web server takes (RFC 9110, section 4.1)
# What a browser builds in about a minute, in which the page answers nobody. Its Python needs four
# times as long as one at home.
MOST_MACHINES = 1000  # 5 ms each at home
MOST_STEPS = 30_000  # of the simulation: from 0.1 to 1.4 ms each at home
MOST_ACTS = 500  # about as many as an address has room for, when each differs from the others
MOST_BYTES = 200_000  # of what a text unpacks to: zlib makes 6 MB into an address


class Scene(msgspec.Struct, array_like=True):
    """A cluster's settings, what was done to it, and when (simulated s) one looks at it.

    `checksum` is that of its log: another release of the course may simulate another history.

    >>> from course_lib import Cluster
    >>> cluster = Cluster(nodes=2, seed=7)
    >>> cluster.kill_node("node-2")
    >>> cluster.run(seconds=70)
    >>> again = Scene.read(Scene.of(cluster).text).build(Cluster)
    >>> again.now, list(again.get("nodes").STATUS)
    (70.0, ['Ready', 'NotReady'])
    """

    settings: dict[str, Json]
    done: list[Act]
    now: float
    instant_over: bool = False
    checksum: int | None = None

    @classmethod
    def of(cls, cluster: Acting) -> Scene:
        """The scene that a cluster shows now.

        Raises `CourseError` where something was done to it that cannot be written down.
        """
        if cluster.acts.untold:
            raise _untold(f"{cluster.acts.untold}(...), with an argument that is no plain value")
        acts, sim = cluster.acts, cluster.sim
        return cls(acts.settings, list(acts.done), sim.now, sim.instant_over, _checksum(cluster))

    @classmethod
    def read(cls, text: str) -> Scene:
        """The scene of a text; raises `CourseError` for a text that is none."""
        if len(text) > LONGEST:
            raise _no_scene(f"{len(text):,} characters, of {LONGEST:,} at most")
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(_unpacked(packed), type=cls)
        except (
            binascii.Error, zlib.error, msgspec.MsgspecError, ValueError, RecursionError
        ) as problem:  # fmt: skip
            raise _no_scene(f"{text[:40]!r}: {problem}") from None

    @property
    def text(self) -> str:
        """The scene in letters that an address may have."""
        packed = zlib.compress(msgspec.json.encode(self), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def shown_by(self, cluster: Acting) -> bool:
        """Whether a `cluster` that was built from the scene has the history that the scene had."""
        return self.checksum in (None, _checksum(cluster))

    def build(self, make: Callable[..., ActingT]) -> ActingT:
        """Make the cluster, by `make` with its settings, and do again what was done.

        Raises `CourseError` for settings and acts that no cluster has, and for more than a browser
        can build.
        """
        settings = dict(self.settings)
        try:
            if (layout := settings.pop("layout", None)) is not None:
                settings["layout"] = msgspec.convert(layout, Layout)
            self._bound(settings)
            cluster = make(**settings)
            with cluster.sim.at_most(MOST_STEPS):
                self._do_all(cluster)
        except StepsUsedUp:
            found = f"more, after {cluster.sim.now:.0f} of {self.now:g} simulated seconds"
            raise _too_much(f"{MOST_STEPS:,} steps of the simulation", found) from None
        except (TypeError, KeyError, msgspec.ValidationError) as problem:
            raise _no_scene(f"{type(problem).__name__}: {problem}") from None
        return cluster

    def _bound(self, settings: dict[str, Any]) -> None:
        layout, nodes = settings.get("layout"), settings.get("nodes")
        machines = len(layout.machines) if layout else nodes
        if isinstance(machines, int) and machines > MOST_MACHINES:
            raise _too_much(f"{MOST_MACHINES:,} machines", f"{machines:,}")
        if len(self.done) > MOST_ACTS:
            raise _too_much(f"{MOST_ACTS:,} acts", f"{len(self.done):,}")

    def _do_all(self, cluster: Acting) -> None:
        for act in self.done:
            cluster.sim.go_to(act.at, act.instant_over)
            _do(cluster, act)
        cluster.sim.go_to(self.now, self.instant_over)


def link(cluster: Acting, site: str) -> str:
    """The address of a page of the `site` that shows the `cluster` as it is now.

    Raises `CourseError` where the page would show something else, and for an address that is too
    long.
    """
    scene = Scene.of(cluster)
    with CONTEXTS.aside():
        again = scene.build(type(cluster))
    if difference := _difference(cluster, again):
        raise _untold(difference)
    address = f"{site.rstrip('/')}/embed.html?scene={scene.text}"
    if len(address) > LONGEST:
        raise CourseError(
            "the address is too long",
            expected=f"at most {LONGEST:,} characters",
            found=f"{len(address):,}, for {len(scene.done):,} acts",
            do="make a cluster to which less was done",
        )
    return address


def _checksum(cluster: Acting) -> int:
    return zlib.crc32(msgspec.json.encode(cluster.sim.log.entries))


def _difference(cluster: Acting, again: Acting) -> str:
    """The first line of the log that two clusters do not share, else the first object, if any."""
    for ours, theirs in zip_longest(cluster.sim.log.entries, again.sim.log.entries):
        if ours != theirs:
            first = ours or theirs
            return f"at {first.time:.0f} s: {first.component}: {first.message}"
    objects, others = _objects(cluster), _objects(again)
    keys = sorted(objects.keys() | others.keys())
    return next((key for key in keys if objects.get(key) != others.get(key)), "")


def _objects(cluster: Acting) -> dict[str, Document]:
    """The objects by their keys in etcd; none with a layout, where etcd notices each read."""
    if cluster.acts.settings.get("layout") is not None:
        return {}
    store = cluster.api.reach().store
    return {key: _unversioned(entry.document) for key, entry in store.range("/")}


def _unversioned(document: Document) -> Document:
    """Without the resourceVersion: one change moves those of all later changes."""
    return document | {"metadata": document["metadata"] | {"resourceVersion": ""}}


def _unpacked(packed: bytes) -> bytes:
    """What zlib packed, up to `MOST_BYTES`."""
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise _no_scene(f"a text that unpacks to more than {MOST_BYTES:,} bytes")
    if not unpacker.eof:
        raise zlib.error("it is not complete")
    return text


def _too_much(most: str, found: str) -> CourseError:
    return CourseError(
        "a browser needs too long to build this scene",
        expected=f"at most {most}",
        found=found,
        do="make the scene with fewer machines and Pods, or look at it earlier",
    )


def _no_scene(found: str) -> CourseError:
    return CourseError(
        "this is no scene",
        expected="what cluster.link() writes",
        found=found,
        do="copy the whole address",
    )


def _untold(found: str) -> CourseError:
    return CourseError(
        "a link cannot tell all that was done to this cluster",
        expected="manifests, kubectl, and the commands of a cluster",
        found=found,
        do="make the scene with these alone, in a new cluster",
    )


def _do(cluster: Acting, act: Act) -> None:
    """Do again what was done; refusals are part of the history."""
    if act.name == acts.REQUEST:
        body = msgspec.convert(act.arguments.get("body", ""), str).encode()
        request = msgspec.convert(act.arguments | {"body": body}, Request)
        Face(cluster.api.reach, cluster.containers.kubelets).answer(request)
    elif act.name == acts.DRAIN:
        acts.drain(cluster, **act.arguments)
    elif act.name in acts.METHODS + acts.OF_PARTS:
        try:
            attrgetter(act.name)(cluster)(**act.arguments)
        except CourseError:
            return
    else:
        raise CourseError("there is no such act in a scene", found=repr(act.name))
