"""tar: `kubectl cp` copies with it, in both directions.

Source: POSIX.1-2017, pax, "ustar Interchange Format"; `staging/src/k8s.io/kubectl/pkg/cmd/cp`.
"""

from __future__ import annotations

import io
import posixpath
import tarfile

from course_lib.images.layer import FOLDER, File, gzipped
from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.files import MISSING, paths_below
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

_KINDS = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def packed(world: World, names: list[str]) -> tuple[bytes, list[str]]:
    """A tar file of files and folders in a world, and the names that are not there."""
    out, missing = io.BytesIO(), []
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in names:
            if world.find(name) is None:
                missing.append(name)
                continue
            top = world.path(name).lstrip("/")
            for path in paths_below(world, name) or [top]:
                shown = posixpath.join(name.lstrip("/"), path[len(top) :].lstrip("/")).rstrip("/")
                file = world.files.get(path, FOLDER)
                entry = tarfile.TarInfo(shown or ".")
                entry.type, entry.mode, entry.linkname = _KINDS[file.kind], file.mode, file.target
                entry.uid, entry.gid, entry.mtime = file.uid, file.gid, world.clock() // 10**9
                entry.size = len(file.data) if file.kind == "file" else 0
                tar.addfile(entry, io.BytesIO(file.data))
    return out.getvalue(), missing


def unpack(world: World, data: bytes) -> list[str]:
    """Write the files of a tar file into a world; returns why some could not be written."""
    refused = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for entry in tar:
            path = posixpath.normpath(posixpath.join(world.cwd, entry.name.lstrip("/")))
            if entry.isdir():
                if world.find(path) is None:
                    refused += _folder(world, path, entry.mode)
                continue
            refused += _folder(world, posixpath.dirname(path), 0o755)
            if entry.issym():
                world.files[path.lstrip("/")] = File(kind="link", mode=0o777, target=entry.linkname)
                continue
            content = tar.extractfile(entry)
            if why := world.put(path, content.read() if content is not None else b""):
                refused.append(f"{entry.name}: {why}")
            elif world.mounted(path) is None:
                made = world.files[world.resolve(path)]
                world.files[world.resolve(path)] = File(
                    made.data, mode=entry.mode, uid=world.uid, gid=world.gid
                )
    return refused


def _folder(world: World, path: str, mode: int) -> list[str]:
    """Make a folder and those above it; returns why that was refused."""
    if world.find(path) is not None:
        return []
    refused = _folder(world, posixpath.dirname(path), 0o755)
    if why := world.refusal(path):
        return [*refused, f"{path}: {why}"]
    world.files[path.lstrip("/")] = File(kind="folder", mode=mode, uid=world.uid, gid=world.gid)
    return refused


_LONG = {"file": "f", "directory": "C", "create": "c", "extract": "x", "list": "t", "gzip": "z",
         "verbose": "v", "no-same-permissions": "p", "no-same-owner": "o"}  # fmt: skip


def _tar(world: World, arguments: list[str]) -> Running:
    """`tar cf`, `tar xf` and `tar tf`, of files, of the input and to the output."""
    if arguments and not arguments[0].startswith("-"):
        arguments = [f"-{arguments[0]}", *arguments[1:]]
    options = Options(arguments, "cxtvzmpok", "fCX", _LONG)
    if "C" in options:
        folder = options.value("C")
        if world.find(folder) is None:
            raise _fault(world, f"can't change directory to '{folder}': {MISSING}",
                         f"{folder}: Cannot open: {MISSING}")  # fmt: skip
        world.cwd = world.path(folder)
    if "c" in options:
        return _create(world, options)
    if not {"x", "t"} & set(options.given):
        raise _fault(world, "must specify one of -c, -x, -t",
                     "You must specify one of the '-Acdtrux' options")  # fmt: skip
    name = options.value("f", "-")
    if name == "-":
        data: bytes = yield from world.all_input()
    else:
        file = world.find(name)
        if file is None:
            raise _fault(world, f"can't open '{name}': {MISSING}",
                         f"{name}: Cannot open: {MISSING}")  # fmt: skip
        data = file.data
    try:
        return _extract(world, options, data)
    except tarfile.TarError:
        raise _fault(world, "short read", "This does not look like a tar archive") from None


def _fault(world: World, busybox: str, gnu: str) -> ToolFault:
    """The same in the words of BusyBox and of GNU."""
    return ToolFault(busybox, 1) if world.busybox else ToolFault(gnu, 2)


def _create(world: World, options: Options) -> int:
    if not options.operands:
        raise _fault(world, "empty archive", "Cowardly refusing to create an empty archive")
    absolute = any(name.startswith("/") for name in options.operands)
    if absolute:
        what = "removing leading '/' from member names"
        said = what if world.busybox else f"{what[0].upper()}{what[1:].replace(chr(39), '`', 1)}"
        world.complain(f"tar: {said}")
    data, missing = packed(world, options.operands)
    for name in missing:
        said = f"{name}: {MISSING}" if world.busybox else f"{name}: Cannot stat: {MISSING}"
        world.complain(f"tar: {said}")
    data = gzipped(data) if "z" in options else data
    target = options.value("f", "-")
    if target == "-":
        world.write("stdout", data)
    elif why := world.put(target, data):
        raise ToolFault(f"can't open '{target}': {why}")
    if missing:
        last = "error exit delayed from previous errors" if world.busybox else (
            "Exiting with failure status due to previous errors")  # fmt: skip
        return world.complain(f"tar: {last}", 1 if world.busybox else 2)
    return 0


def _extract(world: World, options: Options, data: bytes) -> int:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        names = [f"{entry.name}/" if entry.isdir() else entry.name for entry in tar]
    if "t" in options or "v" in options:
        world.say("".join(f"{name}\n" for name in names))
    refused = unpack(world, data) if "x" in options else []
    for each in refused:
        world.complain(f"tar: can't open {each}" if world.busybox else f"tar: {each}")
    return (1 if world.busybox else 2) if refused else 0


ARCHIVE_TOOLS: dict[str, Tool] = {"tar": _tar}
