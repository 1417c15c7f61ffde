"""A live cluster in a page without a notebook: the page draws it, and tells what is clicked.

JupyterLab plays this part for a notebook's widgets; here the page does, with texts of JSON
(`docs/site/pages/embed.js`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.cluster import Cluster
from course_lib.cluster.scenes import Scene
from course_lib.widgets.live import LiveCluster

OTHER_RELEASE = (
    "This link was made with another release of the course, which simulates some details "
    "differently: its author may have seen another state."
)


class Embedded:
    """The cluster of a scene, live; `changed` is called when there is something new to draw.

    `scene` is the text that `cluster.link()` puts into an address. Raises `CourseError` for any
    other text. `warning` says when the cluster is not the one of which the link was made.

    >>> from course_lib import Cluster
    >>> page = Embedded(Scene.of(Cluster(nodes=2)).text, lambda: None)
    >>> page.hear('{"do": "kill", "node": "node-1"}')
    >>> page.hear('{"do": "step"}')
    >>> "node node-1 loses power" in page.value("scene")
    True
    """

    def __init__(self, scene: str, changed: Callable[[], None]) -> None:
        told = Scene.read(scene)
        self._view = LiveCluster(lambda: told.build(Cluster))
        self.warning = "" if told.shown_by(self._view.cluster) else OTHER_RELEASE
        self._view.observe(lambda change: changed(), "scene")

    def value(self, name: str) -> str:
        """A part of what is drawn, as JSON; its `name` is `scene` or `looks`."""
        return msgspec.json.encode(getattr(self._view, name)).decode()

    def hear(self, message: str) -> None:
        """Do what was clicked; `message` is JSON."""
        self._view.hear(msgspec.json.decode(message))
