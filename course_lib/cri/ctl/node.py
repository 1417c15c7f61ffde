"""What `crictl` works on: a runtime, the node's files, and the time there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course_lib.command_line import Terminal
from course_lib.cri.client import CRIClient
from course_lib.cri.ctl.options import Given
from course_lib.cri.ctl.screen import CrictlError
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.files import FileSystem


@dataclass(frozen=True)
class RuntimeHost:
    """A node with its runtime.

    `client` reaches the runtime, in this process or on a socket; `disk` has the logs; `clock`
    gives the time (ns since 1970), with which ages are counted; `sleep` lets seconds pass.
    """

    client: CRIClient
    disk: FileSystem
    clock: Callable[[], int]
    sleep: Callable[[float], None]


@dataclass
class TypedCommand:
    """One command: where it is typed, its options and arguments, and the screen."""

    host: RuntimeHost
    given: Given
    terminal: Terminal
    args: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.args = self.given.args

    def rpc(self, method: str, before: str = "", **fields: object) -> Any:
        """Call the runtime; raises `CrictlError` with its fault after `before`."""
        try:
            return self.host.client.call(method, **fields)
        except RuntimeFault as fault:
            raise CrictlError(f"{before}{fault}") from None

    def ago(self, nanoseconds: int) -> int:
        """How long ago a time of the runtime is (ns)."""
        return self.host.clock() - nanoseconds


class HelpAsked(Exception):
    """The command is typed so that it shows its help and does nothing."""


def within(what: str, act: Callable[[], None]) -> None:
    """Do a part of a command; its trouble is told as that of `what`. Raises `CrictlError`."""
    try:
        act()
    except CrictlError as trouble:
        raise CrictlError(f"{what}: {trouble}") from None


def labels(given: Given) -> dict[str, str]:
    """The labels that `--label` asks for; raises `CrictlError`."""
    found = {}
    for text in given.texts("label"):
        parts = text.split("=")
        if len(parts) != 2:
            raise CrictlError(f"incorrectly specified label: {text}")
        found[parts[0]] = parts[1]
    return found
