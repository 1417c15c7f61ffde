"""What a container finds inside: its command line, its files, its environment.

Source: the OCI image specification, `conversion.md`; kubernetes.io "Define a Command and Arguments
for a Container" (what takes the place of ENTRYPOINT and CMD); containerd's mounts of /etc files.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from functools import lru_cache

from course_lib.images.layer import FOLDER, File
from course_lib.images.oci import PATH
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.kernel import Pipe
from course_lib.runtimes.mounts import Overlay, Tree
from course_lib.runtimes.sandbox import Sandbox
from course_lib.runtimes.spec import ContainerSpec
from course_lib.runtimes.store import NodeImage
from course_lib.runtimes.world import EXECUTABLE, World

# Folders that a runtime makes in every container.
_FOLDERS = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var")
USUAL = dict.fromkeys(_FOLDERS, FOLDER) | {"tmp": File(kind="folder", mode=0o1777)}
USERS = {"root": (0, 0), "www-data": (33, 33), "nobody": (65534, 65534)}  # name: user, group


def command_line(spec: ContainerSpec, image: NodeImage) -> list[str]:
    """What runs: `command` instead of ENTRYPOINT, `args` instead of CMD; `command` alone drops CMD.

    Raises `RuntimeFault` where neither names a program.
    """
    first = list(spec.command) or image.run.entrypoint
    rest = list(spec.args) or ([] if spec.command else image.run.cmd)
    if not [*first, *rest]:
        raise RuntimeFault("Unknown", "failed to generate container spec: no command specified")
    return [*first, *rest]


def find_executable(world: World, image: NodeImage, argv: Sequence[str]) -> tuple[str, str] | None:
    """The program of `argv` that cannot be started, and why, in Go's words; None when it can.

    In `world` are the files; where those of `image` are not known, every program is taken to exist.
    Source: Go's `os/exec.LookPath`, which runc calls; runc 1.5, `libcontainer/process_linux.go`.
    """
    name = argv[0]
    file = world.locate(name) if name else None
    if not image.known and file is None:
        return None
    if file is not None and file.kind == "folder":
        why = "is a directory"
    elif file is not None and not file.mode & EXECUTABLE:
        why = "permission denied"
    elif file is not None:
        return None
    elif "/" in name:
        why = f"stat {name}: no such file or directory"
    else:
        why = "executable file not found in $PATH"
    return name, why


def world_of(
    spec: ContainerSpec, sandbox: Sandbox, image: NodeImage, node: str, disk: FileSystem
) -> World:
    """What a program of a container finds at its start: files, environment, user.

    `spec` is the container's, `sandbox` its Pod's; `image` has the files and `disk` the mounted
    ones; `node` is the machine's name.
    """
    hostname = sandbox.spec.hostname or node
    files = _files(spec, sandbox, image, hostname, disk)
    user, uid, gid = _user(spec, image.run.user, files)
    env = {"PATH": PATH, "HOSTNAME": hostname}
    env |= dict(v.split("=", 1) for v in image.run.env) | dict(spec.env)
    contents = image.contents
    return World(
        files=files,
        env=env,
        cwd=spec.working_dir or image.run.working_dir or "/",
        hostname=hostname,
        uid=uid,
        user=user,
        gid=gid,
        groups=(*_groups(user, files), *spec.supplemental_groups),
        read_only=spec.read_only,
        stdin=Pipe() if spec.stdin else None,
        tty=spec.tty,
        mounts=spec.mounts,
        known=image.known,
        busybox=contents.busybox if contents is not None else True,
    )


def names_user(spec: ContainerSpec, image: NodeImage) -> bool:
    """Whether a container, or its image, names a user."""
    return spec.user is not None or bool(spec.user_name or image.run.user)


def _user(spec: ContainerSpec, run_as: str, files: Mapping[str, File]) -> tuple[str, int, int]:
    """Name and numbers of user and group: as the Pod says, or the image.

    Names are looked up in the image's /etc/passwd; of an image that has none, a few are known.
    """
    user, _, group = run_as.partition(":")
    if spec.user is not None or spec.user_name:
        user, group = spec.user_name or str(spec.user), ""
    passwd = files.get("etc/passwd")
    known = USERS
    if passwd is not None:
        rows = _rows(passwd.data)
        known = {row[0]: (int(row[2]), int(row[3])) for row in rows if len(row) > 3}
    if user and not user.isdecimal() and user not in known:
        failed = "failed to generate container spec: unable to find user"
        raise RuntimeFault("Unknown", f"{failed} {user}: no matching entries in passwd file")
    uid, gid = known.get(user, (int(user) if user.isdecimal() else 0, 0))
    name = next((n for n, (number, _) in known.items() if number == uid), str(uid))
    if group.isdecimal():
        gid = int(group)
    return name, uid, gid if spec.group is None else spec.group


def named(world: World, user: str) -> int:
    """A user's number, from the container's /etc/passwd; 0 for one that is not there."""
    passwd = world.files.get("etc/passwd")
    rows = _rows(passwd.data) if passwd else ()
    return next((int(row[2]) for row in rows if len(row) > 2 and row[0] == user), 0)


def _groups(user: str, files: Mapping[str, File]) -> tuple[int, ...]:
    """The groups that the image's /etc/group gives a user, which the runtime adds."""
    group = files.get("etc/group")
    rows = _rows(group.data) if group else ()
    return tuple(int(row[2]) for row in rows if len(row) > 3 and user in row[3].split(","))


@lru_cache(maxsize=256)
def _rows(table: bytes) -> tuple[list[str], ...]:
    """The rows of /etc/passwd or /etc/group; containers of an image have the same."""
    return tuple(line.split(":") for line in table.decode(errors="replace").splitlines())


def hosts(address: str, names: str) -> str:
    """The usual file of hosts of a container, as the kubelet writes it.

    `address` is the Pod's, which has these `names`.
    """
    return f"""# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
{address}\t{names}
"""


def _files(
    spec: ContainerSpec, sandbox: Sandbox, image: NodeImage, hostname: str, disk: FileSystem
) -> MutableMapping[str, File]:
    address = sandbox.ip or "127.0.0.1"
    resolver = [f"search {' '.join(sandbox.spec.searches)}"] if sandbox.spec.searches else []
    resolver += [f"nameserver {server}" for server in sandbox.spec.nameservers]
    resolver += [f"options {' '.join(sandbox.spec.options)}"] if sandbox.spec.options else []
    files = {
        "etc/hostname": File(f"{hostname}\n".encode()),
        "etc/hosts": File(hosts(address, hostname).encode()),
        "etc/resolv.conf": File("".join(f"{line}\n" for line in resolver).encode()),
    }
    for name, value in sandbox.spec.sysctls.items():
        files[f"proc/sys/{name.replace('.', '/')}"] = File(f"{value}\n".encode())
    mounts = {mount.container_path.strip("/"): mount.host_path for mount in spec.mounts}
    for target, path in mounts.items():
        files[target] = FOLDER
        if not disk.live:
            files |= {f"{target}/{b}".rstrip("/"): file for b, file in disk.tree(path).items()}
    own = Overlay(Overlay(USUAL, image.tree), files)
    return Tree(own, disk, mounts) if disk.live and mounts else own
