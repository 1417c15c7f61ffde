"""The ways across nodes, one module each, by name.

Each module of this package that has a class derived from `NetworkPlugin`, with a `name`, adds a
plugin: to add one, put its file here. `register` adds one from elsewhere, such as a notebook.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

from course_lib.errors import CourseError
from course_lib.network.cni import on_bridge
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.plugins.base import Fabric, NetworkPlugin

PLUGINS: dict[str, type[NetworkPlugin]] = {}
P = TypeVar("P", bound=type[NetworkPlugin])


def register(plugin: P) -> P:
    """Make a plugin known by its `name`, for `Cluster(network=name)` and `PodNetwork(name)`.

    Usable as a decorator. A class of the same module and class name takes the place of its older
    self. Raises `CourseError` for what is no subclass of `NetworkPlugin`, for a `name` that is no
    text or that another plugin has, and for a `place` that is no whole number.

    >>> @register
    ... class Nameless(NetworkPlugin): ...
    Traceback (most recent call last):
    course_lib.errors.CourseError: a network plugin needs a name
      where:    Nameless
      do:       set its attribute `name`, such as name = "host-routes"
    """
    _check(plugin)
    existing = PLUGINS.get(plugin.name)
    if plugin.name == "flat" or (existing is not None and _path(existing) != _path(plugin)):
        raise CourseError(
            "there is a network of this name already", found=plugin.name, do="choose another name"
        )
    PLUGINS[plugin.name] = plugin
    ordered = sorted(PLUGINS.values(), key=lambda each: (each.place, each.name))
    PLUGINS.clear()
    PLUGINS.update({each.name: each for each in ordered})
    return plugin


def _check(plugin: object) -> None:
    """Raise `CourseError` for what cannot be a plugin; nothing is stored yet."""
    if not isinstance(plugin, type) or not issubclass(plugin, NetworkPlugin):
        raise CourseError(
            "a network plugin is a class",
            expected="a subclass of NetworkPlugin",
            found=repr(plugin)[:60],
        )
    if plugin.name == "":
        raise CourseError(
            "a network plugin needs a name",
            where=plugin.__qualname__,
            do='set its attribute `name`, such as name = "host-routes"',
        )
    for attribute, kind, wanted in (("name", str, "text"), ("place", int, "a whole number")):
        value: object = getattr(plugin, attribute)
        if not isinstance(value, kind):
            raise CourseError(
                "a network plugin has an attribute of the wrong type",
                where=f"{plugin.__qualname__}.{attribute}",
                expected=wanted,
                found=repr(value)[:60],
            )


def _path(plugin: type[NetworkPlugin]) -> tuple[str, str]:
    return plugin.__module__, plugin.__qualname__


def _register_modules() -> None:
    """Register the plugins of this package's modules."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, NetworkPlugin) and each.name:
                register(each)


_register_modules()


def plugin_named(name: str) -> type[NetworkPlugin]:
    """A plugin by its name; raises `CourseError`."""
    if name not in PLUGINS:
        known = ", ".join(PLUGINS)
        raise CourseError("no such network plugin", expected=f"one of {known}", found=repr(name))
    return PLUGINS[name]


__all__ = [
    "PLUGINS",
    "Attachment",
    "Fabric",
    "NodeHost",
    "NetworkPlugin",
    "on_bridge",
    "plugin_named",
    "register",
]
