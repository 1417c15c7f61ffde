"""The container runtime that a kubelet speaks to, through the CRI."""

from __future__ import annotations

from course_lib.cri import CRIClient
from course_lib.cri.client import Done
from course_lib.node.steps import Begin
from course_lib.runtimes import RuntimeFault


class NodeRuntime:
    """A node's runtime: who it is, whether it is well, and the CRI client for it."""

    def __init__(self, cri: CRIClient) -> None:
        self.connect(cri)

    def connect(self, cri: CRIClient) -> None:
        """Speak to this runtime from now on."""
        self.cri = cri
        version = cri.call("Version")
        self.name, self.version = version.runtime_name, version.runtime_version
        self._block = ""  # the addresses that the runtime was told of

    def tell_address_block(self, block: str) -> None:
        """Tell the runtime from which block its Pods get their addresses, once it is given."""
        if block and block != self._block:
            network = {"network_config": {"pod_cidr": block}}
            try:
                self.cri.call("UpdateRuntimeConfig", runtime_config=network)
            except RuntimeFault:  # it does not answer: it is told with the next heartbeat
                return
            self._block = block

    def network_problem(self) -> str:
        """Why no Pod can get an address now; empty when all is well (`networkErrors`)."""
        if self._block:
            return ""
        try:
            conditions = self.cri.call("Status").status.conditions
        except RuntimeFault:
            return ""  # it is not known to be worse than before
        down = [c for c in conditions if c.type == "NetworkReady" and not c.status]
        return "".join(
            f"container runtime network not ready: {c.type}=false "
            f"reason:{c.reason} message:{c.message}"
            for c in down
        )

    def memory_used(self) -> dict[str, int] | None:
        """Bytes that each running container uses; None when the runtime does not answer."""
        try:
            found = self.cri.call("ListContainerStats").stats
        except RuntimeFault:
            return None
        return {s.attributes.id: s.memory.working_set_bytes.value for s in found}

    def stays_below(self, limit: float) -> bool:
        """Whether the containers are known to use less memory (bytes) until one starts."""
        return self.cri.transport.stays_below(limit)

    def problem(self) -> str:
        """Why no Pod can be run now; empty when all is well (`runtimeState`)."""
        try:
            conditions = self.cri.call("Status").status.conditions
        except RuntimeFault:
            return "container runtime is down"
        down = [c for c in conditions if c.type == "RuntimeReady" and not c.status]
        return f"container runtime is down: {down[0].message}" if down else ""


class PodCalls:
    """The CRI calls for one Pod; what comes back after the Pod has gone is of no use."""

    __slots__ = ("_runtime", "open")

    def __init__(self, runtime: NodeRuntime) -> None:
        self._runtime = runtime
        self.open = True

    def begin(self, method: str, done: Done, **fields: object) -> None:
        """Begin a call; `done` gets its response or a `RuntimeFault`, while the Pod is here."""
        cri = self._runtime.cri

        def ended(result: object) -> None:
            if self.open and cri is self._runtime.cri:
                done(result)

        cri.begin(method, ended, **fields)

    def step(self, method: str, **fields: object) -> Begin:
        """A call as a step that others wait for."""
        return lambda done: self.begin(method, done, **fields)
