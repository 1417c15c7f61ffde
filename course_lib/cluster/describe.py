"""`cluster.describe`: what `kubectl describe` says of one object, as a text in Python."""

from __future__ import annotations

from course_lib.client.local import ServerClient
from course_lib.command_line import Text
from course_lib.engine.ages import since
from course_lib.kubectl.describing.kinds import Describing
from course_lib.kubectl.local import LocalConnection
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.server import ServerAPI


def describe(api: ServerClient, kind: str, name: str, namespace: str) -> Text:
    """What the object is, in what state, and its events; raises `CourseError` if there is none.

    `api` reads the object; `kind`, `name` and `namespace` say which.
    """
    served = api.resource(kind)
    api.get(served, name, namespace)
    group, _, version = served.api_version.rpartition("/")
    resource = Resource(
        group, version, served.kind, served.plural, served.singular, served.namespaced
    )
    server = ServerAPI(LocalConnection(api, ""), warn=lambda text: None)
    describing = Describing(server, lambda stamp: since(stamp, api.sim.now))
    return Text(describing.text(resource, namespace, name).removesuffix("\n"))
