"""What sets one runtime apart from the others: its flavour.

Who stands between the caller and the process (`paths`), what is kept of an image, what survives
the daemon, and how the processes of a node hang together. All else the runtimes share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.runtimes.calls import Paths
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.processes import ProcessRow
from course_lib.runtimes.sandbox import Sandbox

# Whether the daemon is up, the ready sandboxes, the running containers.
ProcessTree = Callable[[bool, Sequence[Sandbox], Sequence[RuntimeContainer]], list[ProcessRow]]
# The ID of the container (or of the attempt to run a command), the program, and why not.
ErrorText = Callable[[str, str, str], str]


class Flavour(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of runtime."""

    name: str
    version: str
    story: str  # its place in history, in a sentence
    shim: str  # who answers the CRI in front of it
    paths: Paths
    process_tree: ProcessTree
    cannot_start: ErrorText  # for a container whose program is not there, or may not be run
    cannot_execute: ErrorText  # for a command that cannot be run in a container
    pod_native: bool = False  # knows Pods by itself, without a pause container
    shares_layers: bool = True  # images that have a layer in common keep it once
    keeps_compressed: bool = True  # beside the unpacked files
    daemon: str = ""  # the process that must live for calls to be answered
    outlives_daemon: bool = True  # containers go on without it
