"""What a runtime is asked for: a sandbox, a container, its resources.

The same facts as in the CRI's `PodSandboxConfig` and `ContainerConfig`, without the wire.
"""

from __future__ import annotations

import msgspec

POD, CONTAINER, NODE, TARGET = "POD", "CONTAINER", "NODE", "TARGET"  # whose namespace it is


class Namespaces(msgspec.Struct, frozen=True):
    """Whose network, process and IPC namespaces a container lives in."""

    network: str = POD
    pid: str = CONTAINER
    ipc: str = POD


class Resources(msgspec.Struct, frozen=True):
    """Limits as the kernel takes them; 0: none."""

    cpu_period: int = 0  # microseconds
    cpu_quota: int = 0  # microseconds of CPU time in each period
    cpu_shares: int = 0  # weight among those that compete
    memory_limit: int = 0  # bytes
    oom_score_adj: int = 0

    @property
    def cores(self) -> float | None:
        """The limit in cores; None where there is none."""
        return self.cpu_quota / self.cpu_period if self.cpu_quota > 0 and self.cpu_period else None


class Mount(msgspec.Struct, frozen=True, gc=False):
    """A path of the node, shown inside a container."""

    container_path: str
    host_path: str
    read_only: bool = False


class SandboxSpec(msgspec.Struct, frozen=True, gc=False):
    """What the containers of a Pod are to share."""

    name: str
    namespace: str
    uid: str
    attempt: int = 0
    hostname: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    log_directory: str = ""
    cgroup_parent: str = ""
    namespaces: Namespaces = Namespaces()
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    sysctls: dict[str, str] = {}

    @property
    def key(self) -> str:
        """Under which no second sandbox may exist."""
        return f"{self.name}_{self.namespace}_{self.uid}_{self.attempt}"


class ContainerSpec(msgspec.Struct, frozen=True, gc=False):
    """What one container is to be.

    `image` finds it on the node, `image_name` is how the user wrote it. `ports` are those that its
    program listens on (empty: any), and `ends` says that it is expected to end: both stand in for
    what a real image would bring (see `Behaviour`).
    """

    name: str
    image: str
    image_name: str = ""
    attempt: int = 0
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[tuple[str, str], ...] = ()
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    log_path: str = ""
    mounts: tuple[Mount, ...] = ()
    resources: Resources = Resources()
    namespaces: Namespaces = Namespaces()
    user: int | None = None
    group: int | None = None
    user_name: str = ""
    supplemental_groups: tuple[int, ...] = ()
    read_only: bool = False
    stdin: bool = False  # kept open: somebody may attach to it
    stdin_once: bool = False  # closed when the first who attached has left
    tty: bool = False  # its streams are a terminal: one output
    ports: frozenset[int] = frozenset()
    ends: bool = False
