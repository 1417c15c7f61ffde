"""Images: what is in them, how they are built, named, kept and sent (chapter 02)."""

from course_lib.images.builder import Builder, Built, build
from course_lib.images.image import Image, PlatformImage
from course_lib.images.layer import File, Files, Layer, changes, union
from course_lib.images.layout import read_archive, write_archive, write_layout
from course_lib.images.registry import Pushed, Registry, RegistryError
from course_lib.objects.image_names import Reference

__all__ = [
    "Builder",
    "Built",
    "File",
    "Files",
    "Image",
    "Layer",
    "Pushed",
    "Reference",
    "Registry",
    "RegistryError",
    "PlatformImage",
    "build",
    "changes",
    "read_archive",
    "union",
    "write_archive",
    "write_layout",
]
