"""Small images to try things with, built on the spot."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.images.builder import build
from course_lib.images.image import Image
from course_lib.images.layer import FOLDER, File

APPLETS = "sh sleep echo cat ls touch rm mkdir id hostname env ps"
RECIPE = """
FROM scratch
COPY root /
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo nothing to do"]
"""


def tools(platforms: Sequence[str] = ("linux/amd64",)) -> Image:
    """A shell and a few tools, one program under many names as in BusyBox; and a plain file.

    The program is a stand-in: simulated runtimes know what the tools do, a real one would not.

    >>> sorted(tools().variants[0].files())[:3]
    ['bin', 'bin/busybox', 'bin/cat']
    """
    root = {"root/bin": FOLDER, "root/bin/busybox": File(b"stands for busybox\n", mode=0o755)}
    for name in APPLETS.split():
        root[f"root/bin/{name}"] = File(kind="link", mode=0o777, target="busybox")
    root |= {"root/tmp": File(kind="folder", mode=0o777), "root/plain": File(b"no program\n")}
    return build(RECIPE, root, platforms).image
