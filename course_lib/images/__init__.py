"""Images: names, and the registries that serve them (chapter 02)."""

from course_lib.images.reference import Reference
from course_lib.images.registry import Registry, RegistryError

__all__ = ["Reference", "Registry", "RegistryError"]
