"""Where `kubectl cp` copies from and to: a path here, or one in a container.

Source: kubectl `pkg/cmd/cp/filespec.go`, and `extractFileSpec` of `cp.go`.
"""

from __future__ import annotations

import posixpath

import msgspec

from course_lib.kubectl.failures import CommandError

FORMAT = "filespec must match the canonical format: [[namespace/]pod:]file/path"


class FileSpec(msgspec.Struct, frozen=True):
    """A path; `pod` is empty for one of this machine.

    >>> FileSpec.read("shop/web:/tmp/x/")
    FileSpec(path='/tmp/x', pod='web', namespace='shop')
    """

    path: str
    pod: str = ""
    namespace: str = ""

    @classmethod
    def read(cls, text: str) -> FileSpec:
        """Read `PATH`, `POD:PATH` or `NAMESPACE/POD:PATH`; raises `CommandError` for another."""
        pod, colon, path = text.partition(":")
        if not colon:
            return cls(without_slash(text))
        pieces = pod.split("/")
        if not pod or len(pieces) > 2:
            raise CommandError(
                "filespec must match the canonical format: [[namespace/]pod:]file/path"
            )
        namespace = pieces[0] if len(pieces) == 2 else ""
        return cls(without_slash(path.replace("\\", "/")), pieces[-1], namespace)


def without_slash(path: str) -> str:
    """A path without a slash at its end."""
    return path if path == "/" else path.removesuffix("/")


def without_shortcuts(path: str) -> str:
    """A path that leads nowhere above.

    >>> without_shortcuts("../../etc"), without_shortcuts("..")
    ('etc', '')
    """
    while path.startswith("../"):
        path = path.removeprefix("../")
    return "" if path in (".", "..") else path.removeprefix("/")


def joined(base: str, path: str) -> str:
    """A path below another, cleaned as Go's `filepath.Join` does."""
    return posixpath.normpath(f"{base}/{path}") if path else posixpath.normpath(base)


def is_below(base: str, path: str) -> bool:
    """Whether a path is at or below another (`isRelative`)."""
    relative = posixpath.relpath(path or ".", base or ".")
    return relative == "." or relative == without_shortcuts(relative)
