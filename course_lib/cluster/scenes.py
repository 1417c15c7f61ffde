"""One cluster at one moment as a short text: for the address of a page that shows it.

The text has the settings, and all that was done, with its times; the rest is simulated again. What
was typed into a container's shell is not part of it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from course_lib.cluster import acts
from course_lib.cluster.acts import Act, Acting, ActingT
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.layout import Layout
from course_lib.errors import CourseError
from course_lib.objects.manifests import Json

SITE = "https://OWNER.github.io/REPO"  # where the course is published
LONGEST = 8000  # characters of an address that every web server takes (RFC 9110, section 4.1)


class Scene(msgspec.Struct, array_like=True):
    """A cluster's settings, what was done to it, and when (simulated s) one looks at it.

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

    @classmethod
    def of(cls, cluster: Acting) -> Scene:
        """The scene that a cluster shows now.

        Raises `CourseError` where something was done to it that cannot be written down.
        """
        if cluster.acts.untold:
            raise _untold(f"{cluster.acts.untold}(...), with an argument that is no plain value")
        return cls(cluster.acts.settings, list(cluster.acts.done), cluster.sim.now)

    @classmethod
    def read(cls, text: str) -> Scene:
        """The scene of a text; raises `CourseError` for a text that is none."""
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            return msgspec.json.decode(zlib.decompress(packed), type=cls)
        except (binascii.Error, zlib.error, msgspec.MsgspecError, ValueError) as problem:
            raise _no_scene(f"{text[:40]!r}: {problem}") from None

    @property
    def text(self) -> str:
        """The scene in letters that an address may have."""
        packed = zlib.compress(msgspec.json.encode(self), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def build(self, make: Callable[..., ActingT]) -> ActingT:
        """Make the cluster, by `make` with its settings, and do again what was done.

        Raises `CourseError` for settings and acts that no cluster has.
        """
        settings = dict(self.settings)
        try:
            if (layout := settings.pop("layout", None)) is not None:
                settings["layout"] = msgspec.convert(layout, Layout)
            cluster = make(**settings)
            for act in self.done:
                cluster.run(max(0.0, act.at - cluster.sim.now))
                _do(cluster, act)
        except (TypeError, KeyError, msgspec.ValidationError) as problem:
            raise _no_scene(f"{type(problem).__name__}: {problem}") from None
        cluster.run(max(0.0, self.now - cluster.sim.now))
        return cluster


def link(cluster: Acting, site: str) -> str:
    """The address of a page of the `site` that shows the `cluster` as it is now.

    Raises `CourseError` where the page would show something else, and for an address that is too
    long.
    """
    scene = Scene.of(cluster)
    with CONTEXTS.aside():
        again = scene.build(type(cluster))
    ours, theirs = cluster.sim.log.entries, again.sim.log.entries
    if ours != theirs:
        both = zip(ours, theirs, strict=False)
        first = next((a for a, b in both if a != b), [*ours, *theirs][min(len(ours), len(theirs))])
        raise _untold(f"at {first.time:.0f} s: {first.component}: {first.message}")
    address = f"{site.rstrip('/')}/embed.html?scene={scene.text}"
    if len(address) > LONGEST:
        raise CourseError(
            "the address is too long",
            expected=f"at most {LONGEST:,} characters",
            found=f"{len(address):,}, for {len(scene.done):,} acts",
            do="make a cluster to which less was done",
        )
    return address


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
        body = act.arguments.get("body", "").encode()
        request = Request(**act.arguments | {"body": body})
        Face(cluster.api.reach, cluster.containers.kubelets).answer(request)
    elif act.name == acts.DRAIN:
        acts.drain(cluster, **act.arguments)
    elif act.name in acts.METHODS:
        try:
            getattr(cluster, act.name)(**act.arguments)
        except CourseError:
            return
    else:
        raise CourseError("there is no such act in a scene", found=repr(act.name))
