"""The ways across nodes, one module each, by name."""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.network.plugins.base import Attachment, Host, Plugin
from course_lib.network.plugins.calico import Calico, CalicoIPIP
from course_lib.network.plugins.flannel import VXLAN, HostGateway
from course_lib.network.plugins.routable import Routable
from course_lib.network.plugins.weave import Weave

PLUGINS: dict[str, type[Plugin]] = {
    plugin.name: plugin for plugin in (Routable, HostGateway, VXLAN, Calico, CalicoIPIP, Weave)
}


def plugin_named(name: str) -> type[Plugin]:
    """A plugin by its name; raises `CourseError`."""
    if name not in PLUGINS:
        raise CourseError(
            "no such network plugin", expected=f"one of {', '.join(PLUGINS)}", found=repr(name)
        )
    return PLUGINS[name]


__all__ = ["PLUGINS", "Attachment", "Host", "Plugin", "plugin_named"]
