"""What a container finds inside: its command line, its files, its environment.

Source: the OCI image specification, `conversion.md`; kubernetes.io "Define a Command and Arguments
for a Container" (what takes the place of ENTRYPOINT and CMD); containerd's mounts of /etc files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.engine.simulation import EPOCH
from course_lib.images.builder import PATH
from course_lib.images.layer import FOLDER, File, Files
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.logs import Disk
from course_lib.runtimes.spec import ContainerSpec
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.tools import Stdin, World

if TYPE_CHECKING:
    from course_lib.runtimes.container import Container

USUAL = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")
EXECUTABLE = 0o111
CREATING = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed"
)
EXECUTING = "failed to start exec: OCI runtime exec failed: exec failed"
USERS = {"root": (0, 0), "www-data": (33, 33), "nobody": (65534, 65534)}  # name: user, group


def command_line(spec: ContainerSpec, image: NodeImage) -> list[str]:
    """What is run: `command` instead of ENTRYPOINT, `args` instead of CMD; CMD goes with its own.

    A container that sets `command` alone does not get the image's CMD.
    """
    first = list(spec.command) or image.run.entrypoint
    rest = list(spec.args) or ([] if spec.command else image.run.cmd)
    if not [*first, *rest]:
        raise RuntimeFault("Unknown", "failed to generate container spec: no command specified")
    return [*first, *rest]


def find_executable(container: Container, argv: Sequence[str] = ()) -> str:
    """Why a command cannot be started, in runc's words; empty when it can.

    Of an image that is known by weight only, every program is taken to exist.
    """
    image, executing = container.image, bool(argv)
    argv = argv or container.command
    if not image.complete:
        return ""
    name, world = argv[0], container.world
    folders = world.env.get("PATH", PATH).split(":")
    places = [name] if "/" in name else [posixpath.join(folder, name) for folder in folders]
    files = [file for file in map(world.find, places) if file and file.kind == "file"]
    if any(file.mode & EXECUTABLE for file in files):
        return ""
    if files:
        why = "permission denied"
    elif "/" in name:
        why = f"stat {name}: no such file or directory"
    else:
        why = "executable file not found in $PATH"
    start = f'unable to start container process: exec: "{name}": {why}: unknown'
    return f"{EXECUTING if executing else CREATING}: {start}"


def world_of(container: Container, node: str, disk: Disk) -> World:
    """Everything that a program in this container sees at its start."""
    spec, sandbox, run = container.spec, container.sandbox.spec, container.image.run
    hostname = sandbox.hostname or node
    files = _files(container, hostname, disk)
    user, uid, gid = _user(spec, run.user, files)
    env = {"PATH": PATH, "HOSTNAME": hostname}
    env |= dict(v.split("=", 1) for v in run.env) | dict(spec.env)
    return World(
        files=files,
        env=env,
        cwd=spec.working_dir or run.working_dir or "/",
        hostname=hostname,
        uid=uid,
        user=user,
        gid=gid,
        groups=spec.supplemental_groups,
        read_only=spec.read_only,
        write=container.say,
        stdin=Stdin() if spec.stdin else None,
        date=lambda: f"{EPOCH.fromtimestamp(container.log.clock() // 10**9, EPOCH.tzinfo):%c}",
    )


def _user(spec: ContainerSpec, run_as: str, files: Files) -> tuple[str, int, int]:
    """Name and numbers of user and group: as the Pod says, or the image.

    Names are looked up in the image's /etc/passwd; of an image that has none, a few are known.
    """
    user, _, group = run_as.partition(":")
    if spec.user is not None or spec.user_name:
        user, group = spec.user_name or str(spec.user), ""
    known = dict(USERS)
    if (passwd := files.get("etc/passwd")) is not None:
        rows = (line.split(":") for line in passwd.data.decode(errors="replace").splitlines())
        known = {row[0]: (int(row[2]), int(row[3])) for row in rows if len(row) > 3}
    if user and not user.isdecimal() and user not in known:
        failed = "failed to generate container spec: unable to find user"
        raise RuntimeFault("Unknown", f"{failed} {user}: no matching entries in passwd file")
    uid, gid = known.get(user, (int(user) if user.isdecimal() else 0, 0))
    name = next((n for n, (number, _) in known.items() if number == uid), str(uid))
    if group.isdecimal():
        gid = int(group)
    return name, uid, gid if spec.group is None else spec.group


def _files(container: Container, hostname: str, disk: Disk) -> Files:
    spec, sandbox = container.spec, container.sandbox
    files = dict.fromkeys(USUAL, FOLDER) | container.image.files()
    address = sandbox.ip or "127.0.0.1"
    resolver = [f"search {' '.join(sandbox.spec.searches)}"] if sandbox.spec.searches else []
    resolver += [f"nameserver {server}" for server in sandbox.spec.nameservers]
    resolver += [f"options {' '.join(sandbox.spec.options)}"] if sandbox.spec.options else []
    files |= {
        "etc/hostname": File(f"{hostname}\n".encode()),
        "etc/hosts": File(f"127.0.0.1\tlocalhost\n{address}\t{hostname}\n".encode()),
        "etc/resolv.conf": File("".join(f"{line}\n" for line in resolver).encode()),
    }
    for name, value in sandbox.spec.sysctls.items():
        files[f"proc/sys/{name.replace('.', '/')}"] = File(f"{value}\n".encode())
    for mount in spec.mounts:
        target = mount.container_path.strip("/")
        files[target] = FOLDER
        for below, file in disk.tree(mount.host_path).items():
            files[f"{target}/{below}".rstrip("/")] = file
    return files
